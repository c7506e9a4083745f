"""How sure an accuracy is, and the difference of two."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from igc_tf.errors import InputError

# standard errors from which a difference counts as decided: about 95 %
_DECISIVE = 2.0


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


@dataclass(frozen=True)
class PairedComparison:
    """The difference of two accuracies on the same examples, and how sure it is.

    Examples and repetitions both vary: for each example the shares of right predictions are
    subtracted, and the spread of these differences over the examples gives the standard error.

    Attributes:
        first, second: whether each prediction was right, booleans (repetitions, N) with the same
            N, at least 2.

    Raises:
        InputError: for other shapes.
    """

    first: np.ndarray
    second: np.ndarray

    def __post_init__(self):
        shapes = self.first.shape, self.second.shape
        if any(len(shape) != 2 for shape in shapes) or shapes[0][1] != shapes[1][1]:
            raise InputError(
                f"predictions have shapes {shapes}: expected (repetitions, N), N the same"
            )
        if shapes[0][1] < 2:
            raise InputError(f"{shapes[0][1]} examples: expected at least two of each")

    @property
    def differences(self):
        """Share of right predictions in `first` less that in `second`, per example (N,)."""
        return self.first.mean(axis=0) - self.second.mean(axis=0)

    @property
    def mean(self):
        """The difference of the accuracies, in [-1, 1]."""
        return float(self.differences.mean())

    @property
    def standard_error(self):
        """Of the mean."""
        return float(self.differences.std(ddof=1) / np.sqrt(len(self.differences)))

    @property
    def verdict(self):
        """Whether `first` is better: "agreed", "contradicted" or "not decided".

        The mean must lie two standard errors from 0 for the first two.
        """
        if abs(self.mean) < _DECISIVE * self.standard_error or self.mean == 0:
            return "not decided"
        return "agreed" if self.mean > 0 else "contradicted"
