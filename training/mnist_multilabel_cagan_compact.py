"""mnist-multilabel-cagan-compact, the generator conditioned on four binary labels of a digit."""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

_RECIPE = replace(
    RECIPES["cagan-compact"],
    labels="digit_labels",
    validation_images=300,
    precision="mixed_bfloat16",
)

MODELS = {
    "mnist-multilabel-cagan-compact": (
        # the learning rate is that of the first of four epochs
        Stage("first-epoch", replace(_RECIPE, epochs=4, stop_after=1)),
        Stage(
            "separated",
            replace(
                _RECIPE,
                epochs=2,
                learning_rate=1.5e-3,
                averaging_decay=0.99,
                separation=replace(_RECIPE.separation, weight=2.0),
            ),
        ),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
