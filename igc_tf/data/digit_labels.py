"""Several binary labels per digit."""

from dataclasses import dataclass

import numpy as np

from igc_tf.errors import InputError

DIGIT_LABELS = ("odd", "at least five", "closed loop", "inverted")
# the usual 4 of MNIST is open at the top; the few closed ones are counted as if they were not
_WITH_CLOSED_LOOP = (0, 6, 8, 9)


@dataclass(frozen=True, eq=False)
class MultiLabelImages:
    """Images with L binary labels each.

    Attributes:
        images: float32 (N, H, W, channels) in [-0.5, 0.5].
        labels: int64 (N, L) in {0, 1}.
        names: of the L labels.

    Raises:
        InputError: if counts or values do not fit together.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def __post_init__(self):
        if self.labels.shape != (len(self.images), len(self.names)):
            raise InputError(
                f"labels have shape {self.labels.shape}: "
                f"expected ({len(self.images)}, {len(self.names)})"
            )
        if not np.isin(self.labels, (0, 1)).all():
            raise InputError("labels hold other values than 0 and 1")

    def __len__(self):
        """The number of images."""
        return len(self.images)


def label_digits(data, seed):
    """Labels digits as odd, at least five, with a closed loop, and drawn inverted.

    0, 6, 8 and 9 have a closed loop. So has a 4 that is closed at the top, but MNIST's class
    does not tell; 4 is counted as having none. Half of the images (the smaller half, if N is odd),
    chosen by the seed, are inverted, x -> -x.

    Args:
        data: an `ImageData` of the ten digits.
        seed: same seed, same images inverted.

    Returns:
        `MultiLabelImages` in the same order; the labels are `DIGIT_LABELS`.

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
    images = np.where(inverted[:, None, None, None], -data.images, data.images)
    return MultiLabelImages(images, np.stack(labels, axis=1).astype(np.int64), DIGIT_LABELS)
