"""A set of labelled pen trajectories together with where it came from."""

import dataclasses

import numpy as np

from igc_tf.errors import InputError
from igc_tf.padding import PADDING

CHANNELS = ("x velocity", "y velocity", "change of pen force")


@dataclasses.dataclass(frozen=True, eq=False)
class TrajectoryData:
    """Labelled pen trajectories, padded to one length, and their origin.

    Attributes:
        series: float32 (N, T, 3): x velocity, y velocity and change of pen force per step, each
            in units of its root mean square over the set it was loaded from; `PADDING` after a
            trajectory's end.
        labels: int64 (N,) in [0, number of classes).
        class_names: one letter per class.
        source: one sentence for people: where these trajectories were found.
        subsampling: how many steps of the original are one step here.

    Raises:
        InputError: if shapes, types, ranges or counts do not fit together.
    """

    series: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    source: str
    subsampling: int = 1

    def __post_init__(self):
        series, labels = self.series, self.labels
        channels = len(CHANNELS)
        if series.ndim != 3 or series.shape[2] != channels or series.dtype != np.float32:
            raise InputError(
                f"series must be float32 (N, T, {channels}), not {series.dtype} {series.shape}"
            )
        if labels.shape != (len(series),) or labels.dtype != np.int64:
            raise InputError(
                f"labels must be int64 ({len(series)},), not {labels.dtype} {labels.shape}"
            )
        if labels.size and not (labels.min() >= 0 and labels.max() < len(self.class_names)):
            raise InputError(
                f"labels must lie in [0, {len(self.class_names)}), "
                f"not in [{labels.min()}, {labels.max()}]"
            )
        if not np.isfinite(series).all():
            raise InputError("series hold values that are not finite")
        observed = self.mask
        if not (observed == (np.arange(series.shape[1]) < self.lengths[:, None])).all():
            raise InputError("series hold padding before their end")
        if (series[observed] == PADDING).any():
            raise InputError("series hold padding in some channels only")

    def __len__(self):
        """The number of trajectories."""
        return len(self.series)

    @property
    def mask(self):
        """True where there is a trajectory, bool (N, T)."""
        return (self.series != PADDING).any(axis=2)

    @property
    def lengths(self):
        """Steps of each trajectory, int64 (N,)."""
        return self.mask.sum(axis=1)

    @property
    def num_classes(self):
        """How many classes there are."""
        return len(self.class_names)

    @property
    def conditions(self):
        """One-hot class vectors, float32 (N, number of classes)."""
        return np.eye(self.num_classes, dtype=np.float32)[self.labels]

    def take(self, indices):
        """Returns the trajectories with these indices, in this order."""
        return dataclasses.replace(self, series=self.series[indices], labels=self.labels[indices])

    def first_classes(self, count):
        """Returns the trajectories of the first `count` classes.

        Raises:
            InputError: if there are not that many.
        """
        if not 1 <= count <= self.num_classes:
            raise InputError(f"{count} classes: expected 1 to {self.num_classes}, as many as are")
        chosen = self.take(np.flatnonzero(self.labels < count))
        return dataclasses.replace(chosen, class_names=self.class_names[:count])

    def few_per_class(self, count, seed):
        """Draws `count` trajectories of each class; with one seed, fewer are part of more.

        Raises:
            InputError: if a class has not that many.
        """
        order = np.random.default_rng(seed).permutation(len(self))
        chosen = []
        for label, name in enumerate(self.class_names):
            of_class = order[self.labels[order] == label]
            if not 1 <= count <= len(of_class):
                raise InputError(
                    f"{count} trajectories of {name!r}: expected 1 to {len(of_class)}, as many "
                    "as there are"
                )
            chosen.append(of_class[:count])
        return self.take(np.concatenate(chosen))

    def subsample(self, factor):
        """Returns the trajectories with the mean of each `factor` successive steps as one.

        So the pen is, after each step of the new trajectory, where the old one had it. What is
        left over at the end is a step of its own, of the mean over the steps that are left.

        Args:
            factor: at least 1.

        Raises:
            InputError: for a factor below 1.
        """
        if factor < 1:
            raise InputError(f"subsampling by {factor!r}: expected a whole number >= 1")
        count, steps, channels = self.series.shape
        missing = -steps % factor
        series = np.pad(self.series, [(0, 0), (0, missing), (0, 0)], constant_values=PADDING)
        series = series.reshape(count, -1, factor, channels)
        mask = series != PADDING
        total, observed = (series * mask).sum(axis=2), mask.sum(axis=2)
        means = np.where(observed > 0, total / np.maximum(observed, 1), PADDING)
        return dataclasses.replace(
            self, series=means.astype(np.float32), subsampling=self.subsampling * factor
        )


def pen_positions(series):
    """Integrates velocities: where the pen is.

    Args:
        series: (T, 3) or (N, T, 3): x velocity, y velocity, change of pen force; maybe padded.

    Returns:
        x and y after each step, (T, 2) or (N, T, 2), from the origin; the pen rests in the
        padding. In units of the velocity times one step.
    """
    velocities = np.where(series[..., :2] == PADDING, 0.0, series[..., :2])
    return velocities.cumsum(axis=-2)
