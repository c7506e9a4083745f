"""Figures that judge a classifier or a generator."""

from igc_tf.metrics.wilson_interval import wilson_interval

__all__ = ["wilson_interval"]
