"""Models that this project trained, each with a card that says how."""

from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.store import generator_card, generator_names
from igc_tf.pretrained.best_settings import best_settings
from igc_tf.pretrained.load_generator import load_generator
from igc_tf.pretrained.load_lenet import lenet_card, lenet_names, load_lenet
from igc_tf.pretrained.named_settings import named_settings

__all__ = [
    "best_settings",
    "generator_card",
    "generator_names",
    "lenet_card",
    "lenet_names",
    "load_generator",
    "load_lenet",
    "named_settings",
    "weights_digest",
]
