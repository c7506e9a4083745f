"""Classifiers as programs that run without this package: SavedModel, and HLO for any XLA device.

Imported when first asked for: `HLOProgram` needs no TensorFlow.
"""

from igc_tf.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "HLOProgram": "hlo_program",
        "export_hlo": "hlo",
        "export_saved_model": "saved_model",
    },
)
