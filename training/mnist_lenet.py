"""mnist-lenet, the plain network that reads digits."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {"mnist-lenet": (Stage("only", RECIPES["lenet"]),)}

if __name__ == "__main__":
    stages_program(MODELS)
