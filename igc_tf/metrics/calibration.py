"""Whether probabilities mean what they say."""

import numpy as np

from igc_tf.errors import InputError
from igc_tf.ranges import lie_within


def expected_calibration_error(probabilities, labels, bins=15):
    """How far confidence and accuracy lie apart (Guo et al. 2017, equation 3).

    The examples are sorted into `bins` equal intervals of confidence, the probability of the most
    probable class; what counts is Σ |bin| / N · |accuracy of the bin - its mean confidence|.

    Args:
        probabilities: (N, C) in [0, 1], N at least 1.
        labels: the right classes, integers (N,).
        bins: how many intervals; an interval includes its upper end.

    Returns:
        A float in [0, 1].

    Raises:
        InputError: for other shapes, values outside [0, 1], or no bins.
    """
    probabilities, labels = np.asarray(probabilities, float), np.asarray(labels)
    if probabilities.ndim != 2 or not len(probabilities) or labels.shape != probabilities.shape[:1]:
        raise InputError(
            f"probabilities have shape {probabilities.shape}, labels {labels.shape}: expected "
            "(N, C) and (N,), N at least 1"
        )
    if not lie_within(probabilities, (0, 1)):
        raise InputError("probabilities: expected numbers from 0 to 1")
    if bins < 1:
        raise InputError(f"bins={bins!r}: expected a whole number >= 1")
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bin_ = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_, is_right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
