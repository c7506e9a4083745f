"""The interval that goes with every accuracy."""

import math
from statistics import NormalDist

from igc_tf.errors import InputError


def wilson_interval(correct, count, confidence=0.95):
    """Wilson's score interval of a proportion (Wilson 1927).

    Args:
        correct: successes, 0 to `count`; a mean of several trials of each may be a fraction.
        count: trials, at least 1.
        confidence: coverage, in (0, 1).

    Returns:
        `(low, high)`, both in [0, 1].

    Raises:
        InputError: for arguments outside their ranges.
    """
    if count < 1 or not 0 <= correct <= count:
        raise InputError(f"{correct} of {count}: expected 0 <= correct <= count and count >= 1")
    if not 0 < confidence < 1:
        raise InputError(f"confidence {confidence!r}: expected a number in (0, 1)")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = correct / count
    centre = rate + z * z / (2 * count)
    spread = z * math.sqrt(rate * (1 - rate) / count + (z / (2 * count)) ** 2)
    scale = 1 + z * z / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
