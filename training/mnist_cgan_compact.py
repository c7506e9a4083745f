"""mnist-cgan-compact-10 … -200, the generators for inverse classification, by their noise size."""

from dataclasses import replace

from igc_tf.training import RECIPES
from training.stages import Stage, stages_program

LATENT_SIZES = (10, 25, 50, 100, 200)
_RECIPE = replace(RECIPES["cgan-compact"], precision="mixed_bfloat16")

MODELS = {
    f"mnist-cgan-compact-{size}": (Stage("only", replace(_RECIPE, latent_size=size)),)
    for size in LATENT_SIZES
}

if __name__ == "__main__":
    stages_program(MODELS)
