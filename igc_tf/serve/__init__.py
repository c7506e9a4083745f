"""Classifiers behind an HTTP server."""

from igc_tf.serve.rest import PredictionServer

__all__ = ["PredictionServer"]
