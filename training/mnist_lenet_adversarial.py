"""mnist-lenet-adversarial, the plain network that was trained on images which deceive it."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {"mnist-lenet-adversarial": (Stage("only", RECIPES["lenet-adversarial"]),)}

if __name__ == "__main__":
    stages_program(MODELS)
