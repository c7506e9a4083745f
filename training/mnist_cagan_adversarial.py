"""mnist-cagan-adversarial, the generator that withstands images changed to deceive it.

It goes on from mnist-cagan-compact: first with images as they are, changed in all pixels; then with
images seen at more contrast, changed in few pixels, too; at last most often in these.
"""

from dataclasses import replace

from igc_tf.training import RECIPES
from igc_tf.training.adversarial import Perturbation
from training.stages import Stage, stages_program

_RECIPE = replace(RECIPES["cagan-adversarial"], precision="mixed_bfloat16", validation_images=500)
_AS_THEY_ARE = replace(
    _RECIPE.joint,
    settings=replace(_RECIPE.joint.settings, observation=None),
    perturbation=Perturbation(linf=0.3, l2=1.5),
)
_FEW_PIXELS = replace(_RECIPE.joint, perturbation=RECIPES["lenet-adversarial-fair"].perturbation)

MODELS = {
    "mnist-cagan-adversarial": (
        Stage(
            "as-they-are",
            replace(_RECIPE, epochs=3, joint=_AS_THEY_ARE),
            start_from="mnist-cagan-compact",
        ),
        Stage("contrast", _RECIPE),
        Stage("few-pixels", replace(_RECIPE, epochs=4, joint=_FEW_PIXELS)),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
