"""Training runs: resumable, watched in TensorBoard, judged on the validation digits."""

from igc_tf.training.cagan_recipe import CAGAN_RECIPES, CAGANRecipe
from igc_tf.training.conditional_gan_recipe import CONDITIONAL_GAN_RECIPES, ConditionalGANRecipe
from igc_tf.training.fit_lenet import fit_lenet
from igc_tf.training.fit_sequence_network import fit_sequence_network
from igc_tf.training.lenet_recipe import LeNetRecipe
from igc_tf.training.sequence_recipe import SequenceRecipe
from igc_tf.training.train_cagan import train_cagan
from igc_tf.training.train_conditional_gan import train_conditional_gan
from igc_tf.training.train_lenet import train_lenet
from igc_tf.training.train_trajectories import train_trajectories

__all__ = [
    "CAGAN_RECIPES",
    "CONDITIONAL_GAN_RECIPES",
    "CAGANRecipe",
    "ConditionalGANRecipe",
    "LeNetRecipe",
    "SequenceRecipe",
    "fit_lenet",
    "fit_sequence_network",
    "train_cagan",
    "train_conditional_gan",
    "train_lenet",
    "train_trajectories",
]
