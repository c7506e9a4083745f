"""What the evaluation of the training's parts compares (`python -m evaluation.ablation`).

None of these ships. With the adversarial loss alone a generator is trained as the paper does it;
`separation` adds class separation, `joint` an encoder that is trained together with the generator.
Two that ship complete the comparison: `mnist-cagan-compact`; and, at the paper's size and with
separation, `mnist-cagan-paper`.
"""

from dataclasses import replace

from igc_tf.search import SearchSettings
from igc_tf.training import RECIPES
from igc_tf.training.class_separation import ClassSeparation
from training.mnist_cagan_paper import MODELS as PAPER_SIZE
from training.stages import Stage, stages_program

_COMPACT = replace(RECIPES["cagan-compact"], precision="mixed_bfloat16")
(_PAPER_SIZE,) = PAPER_SIZE.values()
_ADVERSARIAL_STAGE = _PAPER_SIZE[0]

MODELS = {
    "compact-adversarial": (
        Stage(
            "adversarial",
            # At the rate of the others, 2e-3, the discriminator wins at once: the generator learns
            # nothing. Judged by the paper's settings, which take long.
            replace(
                _COMPACT,
                separation=None,
                learning_rate=2e-4,
                validation_images=500,
                validation_sigmas=(0.0,),
            ),
        ),
    ),
    "compact-separation": (Stage("separation", _COMPACT),),
    # the author's published settings, for 30 of 100 epochs
    "paper-adversarial": (
        Stage(
            "adversarial",
            replace(
                RECIPES["cagan-paper"],
                stop_after=30,
                precision="mixed_bfloat16",
                validation_images=50,
            ),
        ),
    ),
    # as many epochs as mnist-cagan-paper has
    "paper-joint": (
        Stage(
            "joint",
            replace(
                _ADVERSARIAL_STAGE.recipe,
                epochs=6,
                final_learning_rate=1e-5,
                encoder="compact",
                joint=ClassSeparation(
                    settings=SearchSettings(steps=0, start="encoder"),
                    images=8,
                    reconstruction_weight=5.0,
                    distortion=True,
                    sigma=0.4,
                ),
                validation_images=500,
                validation_sigmas=(0.0, 0.4),
            ),
        ),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
