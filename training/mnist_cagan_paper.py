"""mnist-cagan-paper, the generator of the paper's size.

The author trained it for 100 epochs at a low learning rate. Here few epochs at a higher one have
to do, and the classifier's own searches follow, first among few classes and at last among all.
"""

from dataclasses import replace

from igc_tf.search import SearchSettings
from igc_tf.training import RECIPES
from igc_tf.training.class_separation import ClassSeparation
from training.stages import Stage, stages_program

_RECIPE = replace(
    RECIPES["cagan-paper"], learning_rate=2e-4, beta_1=0.5, precision="mixed_bfloat16"
)
# the reach of the paper's search, 100 steps of 0.001, in four steps
_SEPARATION = ClassSeparation(
    settings=SearchSettings(steps=4, learning_rate=0.025),
    decision="deformation",
    reconstruction_weight=5.0,
    sigma=0.4,
)

MODELS = {
    "mnist-cagan-paper": (
        Stage("adversarial", replace(_RECIPE, epochs=3, validation_images=10)),
        Stage(
            "nearest-classes",
            replace(
                _RECIPE,
                epochs=2,
                final_learning_rate=1e-5,
                averaging_decay=0.995,
                separation=replace(_SEPARATION, images=16, candidates=4),
                validation_images=200,
                validation_sigmas=(0.0, 0.4),
            ),
        ),
        Stage(
            "all-classes",
            replace(
                _RECIPE,
                epochs=1,
                batch_size=64,
                learning_rate=1e-4,
                final_learning_rate=1e-6,
                averaging_decay=0.99,
                separation=replace(_SEPARATION, images=6),
                validation_images=100,
                validation_sigmas=(0.0, 0.4),
            ),
        ),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
