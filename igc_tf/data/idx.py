"""IDX, the format in which MNIST is distributed: reads it and imports sets of it."""

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from igc_tf.data.tfds import check_name, is_stored_transposed, store_images
from igc_tf.errors import IdxFileError

SOURCE = "IDX files, imported into TensorFlow Datasets"
# Four times EMNIST ByClass, the largest set of this family; a header beyond it is damaged.
MAX_BYTES = 2**31
# what the files may call the splits
_PARTS = {"train": ("train",), "test": ("t10k", "test")}


def read_idx(data: bytes, name: str, dimensions: int) -> np.ndarray:
    """Decodes one IDX file of unsigned bytes, gzipped or not.

    Args:
        data: the whole file.
        name: what to call it in errors.
        dimensions: 3 for images (N, H, W), 1 for labels (N,).

    Returns:
        uint8 array with that many dimensions.

    Raises:
        IdxFileError: if the magic number is wrong, the file is cut short, has bytes left over
            or is not valid gzip.
    """
    stream: BinaryIO = io.BytesIO(data)
    if data[:2] == b"\x1f\x8b":
        stream = gzip.GzipFile(fileobj=stream)
    try:
        return _decode(stream, name, dimensions)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise IdxFileError(f"{name}: damaged or truncated gzip file ({error})") from error


def _decode(stream: BinaryIO, name: str, dimensions: int) -> np.ndarray:
    header_size = 4 + 4 * dimensions
    header = stream.read(header_size)
    # Two zero bytes, 8 for "unsigned byte", then the number of dimensions.
    magic = bytes([0, 0, 8, dimensions])
    if len(header) >= 4 and header[:4] != magic:
        raise IdxFileError(
            f"{name}: bad magic number {header[:4].hex()}, expected {magic.hex()} "
            f"(unsigned bytes, {dimensions} dimension{'s' if dimensions > 1 else ''})"
        )
    if len(header) < header_size:
        raise IdxFileError(f"{name}: truncated, {len(header)} of {header_size} header bytes")
    shape = struct.unpack(f">{dimensions}I", header[4:])
    size = math.prod(shape)
    if size > MAX_BYTES:
        raise IdxFileError(f"{name}: its header claims {size} bytes, the limit is {MAX_BYTES}")
    # One byte more than announced tells a file that is too long from one that fits.
    body = stream.read(size + 1)
    if len(body) < size:
        raise IdxFileError(f"{name}: truncated, {len(body)} of {size} bytes after the header")
    if len(body) > size:
        raise IdxFileError(f"{name}: longer than the {size} bytes its header announces")
    return np.frombuffer(body, np.uint8).reshape(shape)


def import_idx(
    directory: str | os.PathLike,
    data_dir: str | os.PathLike | None = None,
    dataset: str = "mnist",
    transposed: bool | None = None,
) -> Path:
    """Imports the four files train-images-idx3-ubyte, train-labels-idx1-ubyte and t10k-... alike.

    Afterwards `load_images(dataset, data_dir=...)` and `tfds.load(dataset, data_dir=...)` find
    the set. Each file may be gzipped or not, be spelled with "." for the last "-" but one
    ("train-images.idx3-ubyte"), say "test" for "t10k", and begin with the name of the dataset
    ("emnist-letters-train-images-idx3-ubyte.gz"): one that does comes before one that does not.

    Args:
        directory: where the four files are.
        data_dir: TFDS directory to write to; None is the default of TFDS.
        dataset: the name under which to store them: a registered set of grey images, such as
            "mnist" or "emnist/letters", or a new name, such as "my_digits", whose images may be
            of any one size.
        transposed: whether rows and columns are exchanged in the files; the images are then
            turned upright. None takes the files of EMNIST for transposed, as they are
            distributed, and all others for upright.

    Returns:
        The prepared directory, `data_dir`/name/version.

    Raises:
        IdxFileError: if a file is missing or damaged, or counts of images and labels differ.
        DataError: if the set is already prepared, the images have another size than the named
            set's or than each other, or a label does not fit the named set.
        UnknownDatasetError: if the named set is none of labelled images of one size.
    """
    check_name(dataset)
    folder = Path(directory).expanduser()
    if not folder.is_dir():
        raise IdxFileError(f"{folder} is not a directory")
    splits = {split: _read_pair(folder, dataset, parts) for split, parts in _PARTS.items()}
    # What is stored transposed is turned upright when it is read.
    if transposed is not None and transposed != is_stored_transposed(dataset):
        splits = {
            split: (images.transpose(0, 2, 1, 3), labels)
            for split, (images, labels) in splits.items()
        }
    return Path(store_images(dataset, data_dir, splits, SOURCE).data_dir)


def read_idx_set(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads the one set that is in a folder, whatever the names of its files begin with.

    The images of files whose names begin with "emnist" are turned upright.

    Args:
        folder: where they are.

    Returns:
        For "train" and "test", as far as their images are there: images uint8 (N, H, W, 1), labels
        uint8 (N,).

    Raises:
        IdxFileError: if there are files of several sets, if labels are missing, if a file is
            damaged, or two do not fit or hold nothing.
    """
    prefixes = {
        split: {
            file.name.partition(f"{part}-images")[0]
            for part in parts
            for file in folder.glob(f"*{part}-images*idx3*")
        }
        for split, parts in _PARTS.items()
    }
    found = sorted(set().union(*prefixes.values()))
    if len(found) > 1:
        raise IdxFileError(
            f"{folder} holds several sets of IDX files, whose names begin with {found}: expected "
            "those of one"
        )
    name = "".join(found).rstrip("-")
    pairs = {
        split: _read_pair(folder, name, parts) for split, parts in _PARTS.items() if prefixes[split]
    }
    if name.startswith("emnist"):
        # whose files hold rows and columns exchanged
        pairs = {s: (images.transpose(0, 2, 1, 3), labels) for s, (images, labels) in pairs.items()}
    return pairs


def _read_pair(folder: Path, dataset: str, parts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The two files of one split: images uint8 (N, H, W, 1), as stored, and labels uint8 (N,)."""
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
    prefixes = (dataset.replace("/", "-") + "-", "")
    for prefix in prefixes:
        for part in parts:
            for separator in "-.":
                for suffix in ("", ".gz"):
                    path = folder / f"{prefix}{part}-{what}{separator}{kind}-ubyte{suffix}"
                    if path.is_file():
                        return path
    raise IdxFileError(f"{folder} has no {parts[0]}-{what}-{kind}-ubyte, gzipped or not")
