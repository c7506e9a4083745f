"""mnist-cgan-shallow, -medium, -medium-ls: three of the coursework's dense conditional GANs."""

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

MODELS = {
    f"mnist-{name}": (Stage("only", RECIPES[name]),)
    for name in ("cgan-shallow", "cgan-medium", "cgan-medium-ls")
}

if __name__ == "__main__":
    stages_program(MODELS)
