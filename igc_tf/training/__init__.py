"""Training runs: resumable, watched in TensorBoard, judged on the validation digits."""

from igc_tf.training.cagan_recipe import CAGAN_RECIPES, CAGANRecipe
from igc_tf.training.train_cagan import train_cagan

__all__ = ["CAGAN_RECIPES", "CAGANRecipe", "train_cagan"]
