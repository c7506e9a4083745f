"""Classifiers as programs that run without this package: SavedModel, and HLO for any XLA device.

Imported when first asked for: `HLOProgram` needs no TensorFlow.
"""

import importlib

_PUBLIC = {
    "HLOProgram": "igc_tf.export.hlo_program",
    "export_hlo": "igc_tf.export.hlo",
    "export_saved_model": "igc_tf.export.saved_model",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'igc_tf.export' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
