"""Training runs: resumable, watched in TensorBoard, judged on the validation digits."""

import importlib

# name -> module; imported when first asked for: models import the losses that lie beside them
_PUBLIC = {
    "CAGAN_RECIPES": "cagan_recipe",
    "CONDITIONAL_GAN_RECIPES": "conditional_gan_recipe",
    "CAGANRecipe": "cagan_recipe",
    "ConditionalGANRecipe": "conditional_gan_recipe",
    "LeNetRecipe": "lenet_recipe",
    "SequenceRecipe": "sequence_recipe",
    "fit_lenet": "fit_lenet",
    "fit_sequence_network": "fit_sequence_network",
    "train_cagan": "train_cagan",
    "train_conditional_gan": "train_conditional_gan",
    "train_lenet": "train_lenet",
    "train_trajectories": "train_trajectories",
}

__all__ = [*_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # all at once: a function has the name of its module, and replaces it here
    for public, module in _PUBLIC.items():
        globals()[public] = getattr(importlib.import_module(f"{__name__}.{module}"), public)
    return globals()[name]
