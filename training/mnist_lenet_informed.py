"""mnist-lenet-informed, the plain network that saw corrupted images of many kinds in training."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {"mnist-lenet-informed": (Stage("only", RECIPES["lenet-informed"]),)}

if __name__ == "__main__":
    stages_program(MODELS)
