"""Whether probabilities mean what they say."""

import numpy as np

from igc_tf.errors import InputError
from igc_tf.metrics.intervals import wilson_interval
from igc_tf.ranges import checked_whole, lie_within


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
    probabilities, labels = _checked(probabilities, labels, bins)
    counts, confidences, accuracies = _bins(probabilities, labels, bins)
    return float((counts * np.abs(accuracies - confidences)).sum() / len(labels))


def reliability(probabilities, labels, bins=10):
    """How often answers of a confidence are right: the points of a calibration curve.

    Args:
        probabilities, labels, bins: as for `expected_calibration_error`.

    Returns:
        JSON-ready, for each interval of confidence that some examples fall into: `confidence`,
        their mean one, `accuracy`, its 95 % Wilson `interval`, and their `count`.

    Raises:
        InputError: likewise.
    """
    probabilities, labels = _checked(probabilities, labels, bins)
    rows = []
    for count, confidence, accuracy in zip(*_bins(probabilities, labels, bins), strict=True):
        if count:
            rows.append(
                {
                    "confidence": float(confidence),
                    "accuracy": float(accuracy),
                    "interval": list(wilson_interval(accuracy * count, int(count))),
                    "count": int(count),
                }
            )
    return rows


def _checked(probabilities, labels, bins):
    probabilities, labels = np.asarray(probabilities, float), np.asarray(labels)
    if probabilities.ndim != 2 or not len(probabilities) or labels.shape != probabilities.shape[:1]:
        raise InputError(
            f"probabilities have shape {probabilities.shape}, labels {labels.shape}: expected "
            "(N, C) and (N,), N at least 1"
        )
    if not lie_within(probabilities, (0, 1)):
        raise InputError("probabilities: expected numbers from 0 to 1")
    checked_whole("bins", bins)
    return probabilities, labels


def _bins(probabilities, labels, bins):
    """For each interval of confidence: count, mean confidence and accuracy, 0 where none is."""
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bin_ = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts, *sums = (np.bincount(bin_, weights, bins) for weights in (None, confidence, is_right))
    return counts, *(total / np.maximum(counts, 1) for total in sums)
