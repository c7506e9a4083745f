"""Generators that this project trained, each with a card that says how."""

from igc_tf.pretrained.best_settings import best_settings
from igc_tf.pretrained.generator_card import generator_card, generator_names
from igc_tf.pretrained.load_generator import load_generator, weights_digest
from igc_tf.pretrained.publish_generator import publish_generator

__all__ = [
    "best_settings",
    "generator_card",
    "generator_names",
    "load_generator",
    "publish_generator",
    "weights_digest",
]
