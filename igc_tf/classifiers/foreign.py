"""Notices data that the generator does not make: of another kind, or scaled in another way."""

import warnings

import numpy as np
import tensorflow as tf

# fewer examples may all be odd ones
_ENOUGH = 10


def distances(data, result):
    """How far each reproduction is from what it is compared with: a mean absolute difference.

    Args:
        data: the N examples (N, ...) that were searched.
        result: their `Result`. What its observation undoes of the data is undone here, too.

    Returns:
        float32 (N, k), of the candidates that are left, in TensorFlow operations.
    """
    compared = tf.expand_dims(data, 1) if result.compared is None else result.compared
    differences = tf.abs(compared - result.observed)
    return tf.reduce_mean(differences, range(2, differences.shape.rank))


def distances_of_best(batch, result):
    """The least of the `distances` of each example of a `Batch`, float32 (N,)."""
    return tf.reduce_min(distances(batch.data, result), axis=1)


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
