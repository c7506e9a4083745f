"""mnist-cagan-compact, the generator that the examples use.

The first stage took at most an hour on two CPU cores.
"""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

_RECIPE = replace(RECIPES["cagan-compact"], precision="mixed_bfloat16")

MODELS = {
    "mnist-cagan-compact": (
        Stage("distorted", _RECIPE),
        # on the digits as they are, their classes pushed further apart
        Stage(
            "undistorted",
            replace(
                _RECIPE,
                epochs=2,
                learning_rate=4e-4,
                averaging_decay=0.99,
                separation=replace(_RECIPE.separation, distortion=False, weight=2.0),
                validation_images=2000,
            ),
        ),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
