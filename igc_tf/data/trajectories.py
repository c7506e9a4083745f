"""Pen trajectories as labelled data: what they hold, and how they are split and shortened."""

import dataclasses
from typing import NamedTuple

import numpy as np

from igc_tf.data.labelled import LabelledData
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError

CHANNELS = ("x velocity", "y velocity", "change of pen force")


def label_trajectories(trajectories, labels, class_names, name, source, steps=None):
    """Puts trajectories of differing length into one array.

    Args:
        trajectories: N arrays (steps, 3) of any lengths: `CHANNELS` per step.
        labels: Integers (N,) in [0, number of classes).
        class_names: one name per class.
        name: of the data set.
        source: one sentence for people: where these trajectories were found.
        steps: of the array, at least those of the longest trajectory; None for just as many.

    Returns:
        `LabelledData` (N, steps, 3) without bounds, split "all". Its mask (N, steps, 1) is 0
        behind the end of each trajectory; the data are 0 there.

    Raises:
        InputError: if labels and class names do not fit, or values are not finite.
    """
    lengths = np.array([len(trajectory) for trajectory in trajectories])
    mask = np.arange(steps or lengths.max()) < lengths[:, np.newaxis]
    data = np.zeros([*mask.shape, len(CHANNELS)], np.float32)
    data[mask] = np.concatenate(trajectories)
    return LabelledData(
        data=data,
        labels=labels,
        layout=ConditionLayout.classes(class_names),
        bounds=(-np.inf, np.inf),
        name=name,
        split="all",
        source=source,
        mask=mask[..., np.newaxis],
    )


def subsample(data, factor):
    """Returns the trajectories with the mean of each `factor` successive steps as one.

    So the pen is, after each step of the new trajectory, where the old one had it. What is
    left over at the end is a step of its own, of the mean over the steps that are left.

    Args:
        data: `LabelledData` (N, T, channels) with a mask (N, T, 1).
        factor: how many steps become one, at least 1.

    Returns:
        `LabelledData` (N, ceil(T / factor), channels).

    Raises:
        InputError: for a factor below 1.
    """
    if factor < 1:
        raise InputError(f"subsampling by {factor!r}: expected a whole number >= 1")
    count, steps, channels = data.data.shape
    missing = [(0, 0), (0, -steps % factor), (0, 0)]
    mask = np.pad(data.mask, missing).reshape(count, -1, factor, 1)
    total = (np.pad(data.data, missing).reshape(count, -1, factor, channels) * mask).sum(axis=2)
    observed = mask.sum(axis=2)
    means = (total / np.maximum(observed, 1)).astype(np.float32)
    return dataclasses.replace(data, data=means, mask=observed > 0)


def pen_positions(velocities):
    """Integrates velocities: where the pen is.

    Args:
        velocities: (..., T, channels), first x and then y; 0 where there are none.

    Returns:
        x and y after each step, (..., T, 2), from the origin, in units of the velocity times one
        step. The pen rests behind the end of a trajectory.
    """
    return velocities[..., :2].cumsum(axis=-2)


def data_and_mask(data):
    """Returns trajectories as a network is given them that must not see what is masked.

    Args:
        data: `LabelledData` (N, T, channels).

    Returns:
        float32 (N, T, channels + 1); the last channel is 1 where there are data and 0 elsewhere.
    """
    mask = True if data.mask is None else data.mask
    mask = np.broadcast_to(mask, [*data.data.shape[:2], 1])
    return np.concatenate([data.data, mask], axis=2, dtype=np.float32)


class TrajectorySplit(NamedTuple):
    """Disjoint parts of a set of trajectories.

    Attributes:
        train, validation, test: `LabelledData`, whose `split` names them.
    """

    train: LabelledData
    validation: LabelledData
    test: LabelledData


def stratified_split(data, validation=0.1, test=0.25, seed=0):
    """Splits trajectories so that every class has its share in every part.

    Args:
        data: `LabelledData` of one label.
        validation: share of all trajectories, above 0.
        test: likewise; the rest, above 0, is for training.
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
    try:
        rest, in_test = train_test_split(
            everything, test_size=test, stratify=data.labels, random_state=seed
        )
        in_train, in_validation = train_test_split(
            rest,
            test_size=validation / (1 - test),
            stratify=data.labels[rest],
            random_state=seed,
        )
    except ValueError as error:
        raise InputError(f"{data.source} cannot be split: {error}") from error
    parts = {"train": in_train, "validation": in_validation, "test": in_test}
    return TrajectorySplit(
        **{
            name: dataclasses.replace(data.take(chosen), split=name)
            for name, chosen in parts.items()
        }
    )
