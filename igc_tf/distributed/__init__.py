"""Classification of very much data: parts that stay, made in one process or on Ray.

Importing this package imports neither TensorFlow nor Ray.
"""

from igc_tf.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "WorkerOptions": "ray_engine",
        "chosen_engine": "classify",
        "classify_dataset": "classify",
    },
)
