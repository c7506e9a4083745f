"""mnist-cagan-observed, the generator that reads what the camera and the page have spoilt.

It goes on from mnist-cagan-compact: its encoder also learns what is seen through a blur, as an
outline, or under light that was undone.
"""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {
    "mnist-cagan-observed": (
        Stage(
            "observed",
            replace(RECIPES["cagan-observed"], epochs=8, precision="mixed_bfloat16"),
            start_from="mnist-cagan-compact",
        ),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
