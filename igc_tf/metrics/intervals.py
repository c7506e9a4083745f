"""How sure an accuracy is."""

import math
from statistics import NormalDist

from igc_tf.errors import InputError
from igc_tf.ranges import Range, check_number, checked_whole

# what an interval may cover: a share, but not all
CONFIDENCE = Range(0, 1, above=True, below=True)


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
    check_number("confidence", confidence, CONFIDENCE)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = correct / count
    centre = rate + z * z / (2 * count)
    spread = z * math.sqrt(rate * (1 - rate) / count + (z / (2 * count)) ** 2)
    scale = 1 + z * z / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def proportion(correct, count):
    """How many of some are right, as results say it.

    Args:
        correct: a whole number, 0 to `count`.
        count: a whole number, at least 1.

    Returns:
        JSON-ready: `accuracy`, `correct / count`; `correct`; `count`; and the accuracy's 95 %
        Wilson `interval`.

    Raises:
        InputError: for arguments outside their ranges.
    """
    correct, count = checked_whole("correct", correct, 0), checked_whole("count", count)
    interval = list(wilson_interval(correct, count))
    return {"accuracy": correct / count, "correct": correct, "count": count, "interval": interval}


def format_proportion(row, digits=1):
    """Writes an accuracy and the ends of its interval, such as "97.0 % (96.7 to 97.4)".

    Args:
        row: has `accuracy` and `interval`, like a `proportion`.
        digits: decimals of a per cent.
    """
    accuracy, low, high = (
        f"{100 * share:.{digits}f}" for share in (row["accuracy"], *row["interval"])
    )
    return f"{accuracy} % ({low} to {high})"
