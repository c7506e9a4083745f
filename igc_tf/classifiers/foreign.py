"""Detects inputs that the generator cannot reproduce, of another kind or scale, and warns."""

import warnings

import numpy as np
import tensorflow as tf

from igc_tf.errors import ForeignDataWarning
from igc_tf.search.state import Batch

# added to every detail, in units of the bounds' distance
_LEAST_DETAIL = 0.1
# fewer examples may all be odd ones
_ENOUGH = 10


def distances(data, result):
    """How far each reconstruction is from what it is compared with: a mean absolute difference.

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


def relative_to_detail(batch, result, generator):
    """Each example's best reconstruction error, relative to its level of detail.

    Minus the best candidate's score, by default its data difference, in units of the detail of what
    it is compared with: the mean absolute step from one element to the next, summed over the axes,
    and a tenth of the bounds' distance (of infinite ones 0.1), so that faint examples count, too.
    The finer the detail, the greater are differences that mean nothing.

    Args:
        batch: the `Batch` of N examples; where a mask hides some of them, what fills the gaps.
        result: their `Result`.
        generator: the `Generator`.

    Returns:
        float32 (N,), in TensorFlow operations.
    """
    data, visible = (
        None if part is None else tf.convert_to_tensor(part, tf.float32)
        for part in (batch.data, batch.visible)
    )
    data = Batch(data, visible).filled(generator.background)
    if result.compared is not None:
        data = result.of_best(result.compared)
    return -tf.reduce_max(result.score, axis=1) / _detail(data, generator.bounds)


def _detail(data, bounds):
    """The steps between neighbours along all axes but the first and, of more than two, the last."""
    extent = float(bounds[1] - bounds[0])
    total = _LEAST_DETAIL * (extent if np.isfinite(extent) else 1.0)
    for axis in range(1, max(2, data.shape.rank - 1)):
        if data.shape[axis] > 1:
            steps = tf.abs(tf.experimental.numpy.diff(data, axis=axis))
            total += tf.reduce_mean(steps, range(1, data.shape.rank))
    return total


def from_even(data):
    """How far each example (N, ...) is from its median, evenly: a mean absolute difference (N,).

    Of images (N, height, width, channels) that is the median of each channel: an evenly coloured
    picture.
    """
    axes = tuple(range(1, data.ndim))
    middle = np.median(data, axis=(1, 2) if data.ndim == 4 else axes, keepdims=True)
    return np.abs(data - middle).mean(axis=axes)


def warn_of_foreign(data, distances):
    """Gives a `ForeignDataWarning` where the best reconstructions are no better than even pictures.

    Args:
        data: a batch (N, ...), as NumPy arrays; of a few examples nothing is said.
        distances: (N,), from `distances_of_best`.
    """
    if len(data) < _ENOUGH:
        return
    even = from_even(data)
    if np.median(distances - even) > 0:
        warnings.warn(
            "the generator reproduces most of these data no better than an evenly coloured "
            f"picture would (mean absolute difference {np.median(distances):.3g}, evenly coloured "
            f"{np.median(even):.3g}): are they scaled and arranged as its own are?",
            ForeignDataWarning,
            stacklevel=3,
        )
