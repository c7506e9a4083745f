"""Whether one way of classifying beats another on the same images."""

from dataclasses import dataclass

import numpy as np

from igc_tf.errors import InputError

# standard errors from which a difference counts as decided: about 95 %
_DECISIVE = 2.0


@dataclass(frozen=True)
class PairedComparison:
    """The mean difference of two accuracies on the same images, and how sure it is.

    Images and repetitions both vary: per image the shares of right answers are subtracted, and
    the spread of these differences over the images gives the standard error.

    Attributes:
        first, second: whether each answer was right, booleans (repetitions, N) with the same N, at
            least 2 images.

    Raises:
        InputError: for other shapes.
    """

    first: np.ndarray
    second: np.ndarray

    def __post_init__(self):
        shapes = self.first.shape, self.second.shape
        if any(len(shape) != 2 for shape in shapes) or shapes[0][1] != shapes[1][1]:
            raise InputError(f"answers have shapes {shapes}: expected (repetitions, N), N the same")
        if shapes[0][1] < 2:
            raise InputError("a comparison needs at least two images")

    @property
    def differences(self):
        """Share of right answers in `first` less that in `second`, per image (N,)."""
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
