"""Classification of very much data: parts that stay, made in one process or on Ray.

Importing this package imports neither TensorFlow nor Ray.
"""

from igc_tf.distributed.classify import chosen_engine, classify_dataset
from igc_tf.distributed.options import WorkerOptions

__all__ = ["WorkerOptions", "chosen_engine", "classify_dataset"]
