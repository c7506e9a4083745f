"""mnist-lenet-adversarial-fair, trained against what mnist-cagan-adversarial is trained against."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {"mnist-lenet-adversarial-fair": (Stage("only", RECIPES["lenet-adversarial-fair"]),)}

if __name__ == "__main__":
    stages_program(MODELS)
