"""mnist-cagan-observed, the generator that reads what the camera and the page have spoilt.

It goes on from mnist-cagan-compact: its encoder also learns what is seen through a blur, as an
outline, or under light that was undone; then what is seen where pixels are missing.
"""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

_RECIPE = replace(RECIPES["cagan-observed"], precision="mixed_bfloat16")
MODELS = {
    "mnist-cagan-observed": (
        Stage(
            "observed",
            replace(_RECIPE, epochs=8, joint=replace(_RECIPE.joint, missing=0.0)),
            start_from="mnist-cagan-compact",
        ),
        Stage("missing", replace(_RECIPE, epochs=16)),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
