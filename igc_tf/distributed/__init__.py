"""Classification of very much data: parts that stay, made in one process or on Ray.

Importing this package imports neither TensorFlow nor Ray.
"""

import importlib

# name -> module; imported when first asked for: what reads pictures takes its time
_PUBLIC = {
    "WorkerOptions": "options",
    "chosen_engine": "classify",
    "classify_dataset": "classify",
}

__all__ = [*_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__():
    return sorted(__all__)
