"""mnist-lenet-fair, the plain network that saw distortions and noise in training."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {"mnist-lenet-fair": (Stage("only", RECIPES["lenet-fair"]),)}

if __name__ == "__main__":
    stages_program(MODELS)
