"""Turns four IDX files into a prepared TensorFlow Datasets directory."""

import os
from pathlib import Path

import numpy as np

from igc_tf.data.idx_format import read_idx
from igc_tf.data.tfds_images import check_name, store_images
from igc_tf.errors import IdxFileError

SOURCE = "IDX files, imported into TensorFlow Datasets"


def import_idx(
    directory: str | os.PathLike,
    data_dir: str | os.PathLike | None = None,
    dataset: str = "mnist",
) -> Path:
    """Imports the four files train-images-idx3-ubyte, train-labels-idx1-ubyte and t10k-... alike.

    Afterwards `load_images(dataset, data_dir=...)` and `tfds.load(dataset, data_dir=...)` find
    the set. Each file may be gzipped or not, be spelled with "." for the last "-" but one
    ("train-images.idx3-ubyte"), say "test" for "t10k", and begin with the name of the dataset
    ("emnist-letters-train-images-idx3-ubyte.gz").

    Args:
        directory: Where the four files are.
        data_dir: TFDS directory to write to; None is the default of TFDS.
        dataset: The name under which to store them: a registered set of 28x28 images, such as
            "mnist" or "emnist/letters", or a new name, such as "my_digits".

    Returns:
        The prepared directory, `data_dir`/name/version.

    Raises:
        IdxFileError: If a file is missing or damaged, or counts of images and labels differ.
        DataError: If the set is already prepared, an image is not 28x28, or a label does not
            fit the named set.
        UnknownDatasetError: If the named set has images of another shape.
    """
    check_name(dataset)
    folder = Path(directory).expanduser()
    if not folder.is_dir():
        raise IdxFileError(f"{folder} is not a directory")
    splits = {
        "train": _read_pair(folder, dataset, ("train",)),
        "test": _read_pair(folder, dataset, ("t10k", "test")),
    }
    return Path(store_images(dataset, data_dir, splits, SOURCE).data_dir)


def _read_pair(folder: Path, dataset: str, parts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, H, W, 1) and labels uint8 (N,) of one split."""
    image_file = _find(folder, dataset, parts, "images", "idx3")
    label_file = _find(folder, dataset, parts, "labels", "idx1")
    images = read_idx(image_file.read_bytes(), image_file.name, dimensions=3)
    labels = read_idx(label_file.read_bytes(), label_file.name, dimensions=1)
    if len(images) != len(labels):
        raise IdxFileError(
            f"{image_file.name} holds {len(images)} images, "
            f"but {label_file.name} holds {len(labels)} labels"
        )
    if not len(images):
        raise IdxFileError(f"{image_file.name} holds no images")
    return images[..., None], labels


def _find(folder: Path, dataset: str, parts: tuple[str, ...], what: str, kind: str) -> Path:
    """The file of this split and kind, under any of its usual names."""
    prefixes = ("", dataset.replace("/", "-") + "-")
    for prefix in prefixes:
        for part in parts:
            for separator in "-.":
                for suffix in ("", ".gz"):
                    path = folder / f"{prefix}{part}-{what}{separator}{kind}-ubyte{suffix}"
                    if path.is_file():
                        return path
    raise IdxFileError(f"{folder} has no {parts[0]}-{what}-{kind}-ubyte, gzipped or not")
