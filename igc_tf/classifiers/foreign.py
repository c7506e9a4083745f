"""Notices data that the generator does not make: of another kind, or scaled in another way."""

import warnings

import numpy as np
import tensorflow as tf

# fewer examples may all be odd ones
_ENOUGH = 10


def distances_of_best(batch, result):
    """How far the best reproduction of each example is, as a mean absolute difference.

    Args:
        batch: the `Batch` of N examples.
        result: its `Result`.

    Returns:
        float32 (N,), in TensorFlow operations.
    """
    compared = tf.expand_dims(batch.data, 1) if result.compared is None else result.compared
    distances = tf.abs(compared - result.observed)
    return tf.reduce_min(tf.reduce_mean(distances, range(2, distances.shape.rank)), axis=1)


def warn_of_foreign(data, distances):
    """Warns where the best reproductions are no better than an evenly coloured picture.

    Args:
        data: a batch (N, ...), as NumPy arrays; of a few examples nothing is said.
        distances: (N,), from `distances_of_best`.
    """
    if len(data) < _ENOUGH:
        return
    data = data.reshape(len(data), -1)
    even = np.abs(data - np.median(data, axis=1, keepdims=True)).mean(axis=1)
    if np.median(distances - even) > 0:
        warnings.warn(
            "the generator reproduces most of these data no better than an evenly coloured "
            f"picture would (mean absolute difference {np.median(distances):.3g}, evenly coloured "
            f"{np.median(even):.3g}): are they scaled and arranged as its own are?",
            stacklevel=3,
        )
