"""Train, validation and test trajectories, alike in their classes."""

from typing import NamedTuple

import numpy as np

from igc_tf.data.trajectories import TrajectoryData
from igc_tf.errors import InputError


class TrajectorySplit(NamedTuple):
    """Disjoint parts of a set of trajectories.

    Attributes:
        train, validation, test: `TrajectoryData`.
    """

    train: TrajectoryData
    validation: TrajectoryData
    test: TrajectoryData


def stratified_split(data, validation=0.1, test=0.25, seed=0):
    """Splits trajectories so that every class has its share in every part.

    Args:
        data: a `TrajectoryData`.
        validation, test: shares of all trajectories, above 0; the rest, above 0, is for training.
        seed: same seed, same split.

    Returns:
        A `TrajectorySplit`.

    Raises:
        InputError: for shares outside their ranges, or a class with too few trajectories.
    """
    from sklearn.model_selection import train_test_split

    if not (validation > 0 and test > 0 and validation + test < 1):
        raise InputError(
            f"shares validation={validation!r}, test={test!r}: expected numbers above 0 whose sum "
            "is below 1"
        )
    everything = np.arange(len(data))
    rest, in_test = train_test_split(
        everything, test_size=test, stratify=data.labels, random_state=seed
    )
    in_train, in_validation = train_test_split(
        rest, test_size=validation / (1 - test), stratify=data.labels[rest], random_state=seed
    )
    return TrajectorySplit(*(data.take(part) for part in (in_train, in_validation, in_test)))
