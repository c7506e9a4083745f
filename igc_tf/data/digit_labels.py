"""Several binary labels per digit."""

import dataclasses

import numpy as np

from igc_tf.data.labelled import LabelledData
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError

DIGIT_LABELS = ("odd", "at least five", "closed loop", "inverted")
# The usual 4 of MNIST is open at the top; the few closed ones are counted as if they were not.
_WITH_CLOSED_LOOP = (0, 6, 8, 9)


def label_digits(data: LabelledData, seed: int) -> LabelledData:
    """Labels digits as odd, at least five, with a closed loop, and drawn inverted.

    0, 6, 8 and 9 have a closed loop. So has a 4 that is closed at the top, but MNIST's class
    does not tell; 4 is counted as having none. Half of the images (the smaller half, if N is odd),
    chosen by the seed, are inverted: black becomes white and white black.

    Args:
        data: `LabelledData` of the ten digits, within finite bounds.
        seed: same seed, same images inverted.

    Returns:
        `LabelledData` of the same digits in the same order, labels (N, 4) in {0, 1}; their names
        are `DIGIT_LABELS`.

    Raises:
        InputError: if the classes are not the digits 0 to 9.
    """
    if data.class_names != tuple("0123456789"):
        raise InputError(
            f"{data.name} has the classes {data.class_names}: expected the digits 0 to 9"
        )
    inverted = np.random.default_rng(seed).permutation(len(data)) < len(data) // 2
    digits = data.labels
    labels = [digits % 2 == 1, digits >= 5, np.isin(digits, _WITH_CLOSED_LOOP), inverted]
    images = data.data.copy()
    negatives = np.float32(sum(data.bounds)) - images[inverted]
    # rounding may have gone past the end by a hair
    images[inverted] = np.clip(negatives, *np.float32(data.bounds))
    return dataclasses.replace(
        data,
        data=images,
        labels=np.stack(labels, axis=1).astype(np.int64),
        layout=ConditionLayout.binary(DIGIT_LABELS),
    )


def draw_labelled(data, count, seed, label):
    """Draws examples and labels them, so that neither tells the other, though one seed does both.

    `label_digits` inverts by a permutation, and drawing takes the first part of one. For nearly
    all examples the two are alike: labelled as they are drawn, the first half of the data would
    be inverted, which may lie in the order of their classes. So more than half of the data are
    drawn from all with their labels. Fewer are labelled as they are drawn, half of them inverted.

    Args:
        data: `LabelledData` to draw from.
        count: how many, from 1 to len(data).
        seed: as for `LabelledData.sample`, whose examples these are, in the same order.
        label: `LabelledData -> LabelledData`, of the same examples in the same order.

    Returns:
        `LabelledData` of `count` examples, labelled by `label`.

    Raises:
        InputError: as `LabelledData.sample` and `label` do.
    """
    if 2 * count > len(data):
        return label(data).sample(count, seed)
    return label(data.sample(count, seed))
