"""mnist-cagan-compact, the generator that the examples use, and its encoder.

It took 50 minutes on two CPU cores that had other work, too.
"""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {
    "mnist-cagan-compact": (
        Stage("joint", replace(RECIPES["cagan-joint"], precision="mixed_bfloat16")),
    ),
}

if __name__ == "__main__":
    stages_program(MODELS)
