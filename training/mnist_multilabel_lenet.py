"""mnist-multilabel-lenet, the plain network that reads four binary labels of a digit."""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {
    "mnist-multilabel-lenet": (Stage("only", replace(RECIPES["lenet"], labels="digit_labels")),)
}

if __name__ == "__main__":
    stages_program(MODELS)
