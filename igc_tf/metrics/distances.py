"""Distances between two sets of feature vectors."""

import numpy as np

from igc_tf.errors import InputError
from igc_tf.ranges import checked_whole

# rows of a kernel matrix held at once
_BLOCK = 1000


class FeatureStatistics:
    """Count, mean and covariance of feature vectors, in float64.

    Batches are joined by the pairwise update of Chan, Golub & LeVeque (1979), which does not lose
    digits as a sum of squares does: the sizes of the batches do not matter.

    Args:
        size: D, numbers in a feature vector.

    Attributes:
        count: vectors seen.
        mean: (D,); zeros at first.
        scatter: (D, D), the sum of (x - mean)(x - mean)ᵀ.

    Raises:
        InputError: for a size below 1.
    """

    def __init__(self, size):
        self.size = checked_whole("size", size)
        self.count = 0
        self.mean = np.zeros(size)
        self.scatter = np.zeros([size, size])

    @classmethod
    def of(cls, first, *others):
        """Returns the statistics of one or more arrays (N, D), taken together.

        Raises:
            InputError: as for `update`.
        """
        statistics = cls(np.shape(_vectors(first))[1])
        for features in (first, *others):
            statistics.update(features)
        return statistics

    @property
    def covariance(self):
        """The unbiased covariance (D, D).

        Raises:
            InputError: for fewer than two vectors.
        """
        if self.count < 2:
            raise InputError(f"{self.count} feature vectors: expected at least 2 for a covariance")
        return self.scatter / (self.count - 1)

    def update(self, features):
        """Adds a batch.

        Args:
            features: (N, D), any floats; N may be 0.

        Raises:
            InputError: for another shape or values that are not finite.
        """
        features = _vectors(features, self.size)
        if not len(features):
            return
        mean = features.mean(axis=0)
        deviations = features - mean
        total = self.count + len(features)
        difference = mean - self.mean
        weight = self.count * len(features) / total
        self.scatter = (
            self.scatter + deviations.T @ deviations + weight * np.outer(difference, difference)
        )
        self.mean = self.mean + difference * (len(features) / total)
        self.count = total


def frechet_distance(first, second):
    """Squared Fréchet (2-Wasserstein) distance of two Gaussians with these statistics.

    |m₁ - m₂|² + tr(S₁ + S₂ - 2 (S₁ S₂)^½), Heusel et al. 2017, eq. 6: the distance in "Fréchet
    Inception distance". The root's trace is that of the symmetric (S₁^½ S₂ S₁^½)^½: the sum of the
    roots of its eigenvalues, which rounding alone can make negative.

    Args:
        first, second: `FeatureStatistics` of the same size, of two vectors or more each.

    Returns:
        A float, at least 0.

    Raises:
        InputError: for different sizes, or fewer than two vectors.
    """
    if first.size != second.size:
        raise InputError(f"statistics of size {first.size} and {second.size}: expected the same")
    values, vectors = np.linalg.eigh(first.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixed = np.linalg.eigvalsh(root @ second.covariance @ root)
    root_trace = np.sqrt(np.maximum(mixed, 0)).sum()
    shift = first.mean - second.mean
    traces = np.trace(first.covariance) + np.trace(second.covariance)
    return max(0.0, float(shift @ shift + traces - 2 * root_trace))


def kernel_distance(first, second, block=_BLOCK):
    """Unbiased squared maximum mean discrepancy with the kernel (x·y / D + 1)³.

    The kernel Inception distance of Bińkowski et al. 2018, §4, of all vectors at once. Unlike the
    Fréchet distance its expectation does not depend on the number of vectors: it is 0 where the
    distributions are equal, and the estimate is then as often negative as positive.

    Args:
        first: feature vectors (M, D), M at least 2.
        second: feature vectors (N, D), N at least 2.
        block: rows of the kernel matrix held at once, at least 1; bounds the memory.

    Returns:
        A float.

    Raises:
        InputError: for other shapes, values that are not finite, or another `block`.
    """
    block = checked_whole("block", block)
    first = _vectors(first)
    second = _vectors(second, first.shape[1])
    if min(len(first), len(second)) < 2:
        raise InputError(f"{len(first)} and {len(second)} vectors: expected at least 2 of each")
    between = _kernel_sum(first, second, block) / (len(first) * len(second))
    return float(_mean_among(first, block) + _mean_among(second, block) - 2 * between)


def _vectors(features, size=None):
    """Feature vectors as float64 (N, D), checked."""
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or size not in (None, features.shape[1]):
        expected = "D" if size is None else size
        raise InputError(f"features have shape {features.shape}: expected (N, {expected})")
    if not np.isfinite(features).all():
        raise InputError("features hold values that are not finite")
    return features


def _mean_among(vectors, block):
    """The kernel's mean over pairs of different vectors."""
    count = len(vectors)
    itself = _kernel((vectors * vectors).sum(axis=1), vectors.shape[1]).sum()
    return (_kernel_sum(vectors, vectors, block) - itself) / (count * (count - 1))


def _kernel_sum(first, second, block):
    parts = (first[begin : begin + block] for begin in range(0, len(first), block))
    return sum(_kernel(part @ second.T, first.shape[1]).sum() for part in parts)


def _kernel(products, size):
    # written out: NumPy's power of 3 is many times slower
    scaled = products / size + 1
    return scaled * scaled * scaled
