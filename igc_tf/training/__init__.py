"""Training: resumable, watched in TensorBoard, judged on validation data."""

import importlib

# name -> module; imported when first asked for, because most of them import TensorFlow
_PUBLIC = {
    "RECIPES": "named_recipes",
    "CAGANRecipe": "recipes",
    "ConditionalGANRecipe": "recipes",
    "DCGANRecipe": "recipes",
    "LeNetRecipe": "recipes",
    "Recipe": "recipes",
    "SequenceRecipe": "recipes",
    "fit_sequence_network": "sequence",
    "joined_workers": "workers",
    "suited_recipe": "own_recipe",
    "train_generator": "train_gan",
    "train_lenet": "lenet",
    "train_own_pictures": "own_pictures",
    "train_trajectories": "sequence",
}

__all__ = [*_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__():
    return sorted(__all__)
