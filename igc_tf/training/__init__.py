"""Training runs: resumable, watched in TensorBoard, judged on the validation digits."""

from igc_tf.training.cagan_recipe import CAGAN_RECIPES, CAGANRecipe
from igc_tf.training.conditional_gan_recipe import CONDITIONAL_GAN_RECIPES, ConditionalGANRecipe
from igc_tf.training.fit_lenet import fit_lenet
from igc_tf.training.lenet_recipe import LeNetRecipe
from igc_tf.training.train_cagan import train_cagan
from igc_tf.training.train_conditional_gan import train_conditional_gan
from igc_tf.training.train_lenet import train_lenet

__all__ = [
    "CAGAN_RECIPES",
    "CONDITIONAL_GAN_RECIPES",
    "CAGANRecipe",
    "ConditionalGANRecipe",
    "LeNetRecipe",
    "fit_lenet",
    "train_cagan",
    "train_conditional_gan",
    "train_lenet",
]
