"""Mean and covariance of features, gathered batch by batch."""

import numpy as np

from igc_tf.errors import InputError


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
    """

    def __init__(self, size):
        if size < 1:
            raise InputError(f"size={size!r}: expected a whole number >= 1")
        self.size = size
        self.count = 0
        self.mean = np.zeros(size)
        self.scatter = np.zeros([size, size])

    @classmethod
    def of(cls, features):
        """Returns the statistics of one array (N, D)."""
        features = np.asarray(features)
        if features.ndim != 2:
            raise InputError(f"features have shape {features.shape}: expected (N, D)")
        statistics = cls(features.shape[1])
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
        features = np.asarray(features, np.float64)
        if features.ndim != 2 or features.shape[1] != self.size:
            raise InputError(f"features have shape {features.shape}: expected (N, {self.size})")
        if not np.isfinite(features).all():
            raise InputError("features hold values that are not finite")
        if len(features):
            mean = features.mean(axis=0)
            deviations = features - mean
            self._join(len(features), mean, deviations.T @ deviations)

    def merge(self, other):
        """Adds what other statistics of the same size have seen.

        Raises:
            InputError: for another size.
        """
        if other.size != self.size:
            raise InputError(f"statistics of size {other.size}: expected {self.size}")
        if other.count:
            self._join(other.count, other.mean, other.scatter)

    def save(self, path):
        """Writes an .npz file of count, mean and scatter."""
        np.savez(path, count=self.count, mean=self.mean, scatter=self.scatter)

    @classmethod
    def load(cls, path):
        """Reads what `save` wrote.

        Raises:
            InputError: if the file holds something else.
        """
        with np.load(path, allow_pickle=False) as file:
            if set(file.files) != {"count", "mean", "scatter"}:
                raise InputError(f"{path} holds {sorted(file.files)}: expected feature statistics")
            statistics = cls(len(file["mean"]))
            statistics.count = int(file["count"])
            statistics.mean = file["mean"]
            statistics.scatter = file["scatter"]
        return statistics

    def _join(self, count, mean, scatter):
        total = self.count + count
        difference = mean - self.mean
        weight = self.count * count / total
        self.scatter = self.scatter + scatter + weight * np.outer(difference, difference)
        self.mean = self.mean + difference * (count / total)
        self.count = total
