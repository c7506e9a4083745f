"""Classifiers as programs that run without this package: SavedModel, and HLO for any XLA device."""

from igc_tf.export.export_hlo import export_hlo
from igc_tf.export.export_saved_model import export_saved_model
from igc_tf.export.prediction_server import PredictionServer

__all__ = ["PredictionServer", "export_hlo", "export_saved_model"]
