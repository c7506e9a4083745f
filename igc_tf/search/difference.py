"""Data differences: `dif` of the paper (002 §1.2), how far generated data is from the data.

Each takes `data` and `generated`, both (N, ...), and returns (N,): per example, the mean over
its elements.
"""

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.deformation_difference import DeformationDifference
from igc_tf.search.masked_mean_squared import masked_mean_squared


def _mean_over_elements(values):
    return tf.reduce_mean(values, axis=tf.range(1, tf.rank(values)))


def mean_absolute(data, generated):
    """mean |data - generated|: the paper's choice (002 §2)."""
    return _mean_over_elements(tf.abs(data - generated))


def mean_squared(data, generated):
    """mean (data - generated)²: the choice of "Inverse Classification using GANs" (000)."""
    return _mean_over_elements(tf.square(data - generated))


DIFFERENCES = {
    "mean_absolute": mean_absolute,
    "mean_squared": mean_squared,
    "masked_mean_squared": masked_mean_squared,
    "deformation": DeformationDifference(),
}


def resolve_difference(difference):
    """Returns the function for a name in `DIFFERENCES`; a callable is returned as it is.

    Raises:
        InputError: for an unknown name, or something that is neither name nor callable.
    """
    if callable(difference):
        return difference
    if isinstance(difference, str) and difference in DIFFERENCES:
        return DIFFERENCES[difference]
    raise InputError(
        f"difference={difference!r}: expected one of {sorted(DIFFERENCES)} "
        "or a callable (data, generated) -> one number per example"
    )
