"""Conditional generators, and what belongs to them."""

from igc_tf.generators.generator import Generator, Prior

__all__ = ["Generator", "Prior"]
