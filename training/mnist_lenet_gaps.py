"""mnist-lenet-gaps, the plain network that saw images of which pixels are missing in training."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {"mnist-lenet-gaps": (Stage("only", RECIPES["lenet-gaps"]),)}

if __name__ == "__main__":
    stages_program(MODELS)
