"""Pictures of one's own: finds them in folders, tables, arrays and IDX files, with their labels."""

import csv
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from igc_tf.data.idx import read_idx_set
from igc_tf.data.picture import PICTURE_SUFFIXES, open_picture, pixel_values
from igc_tf.errors import DataError, ImageFileError
from igc_tf.runs.directory import open_npz

# what people call the parts of a set
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# the columns of a table, and the arrays of an NPZ file, by the names that are usual
_FILE_COLUMNS = ("file", "filename", "file_name", "path", "image", "picture")
_LABEL_COLUMNS = ("label", "class", "class_name", "category", "target")
_IMAGE_ARRAYS = ("images", "x", "data", "pictures")
_LABEL_ARRAYS = ("labels", "y", "target", "targets", "classes")
# so many files are named in a remark
_NAMED = 5


class OwnPicture(NamedTuple):
    """A picture, before it is read.

    Attributes:
        name: what to call it in messages.
        label: the name of its class.
        split: "train", "validation" or "test", where the set says so; else None.
        read: `() -> float64 (H, W) or (H, W, 3) in [0, 1]`; raises `ImageFileError`.
    """

    name: str
    label: str
    split: str | None
    read: Callable


@dataclass(frozen=True)
class FoundPictures:
    """What was found, before any picture is read.

    Attributes:
        name: of the set.
        kind: in words, such as "a folder for each class".
        pictures: `OwnPicture`s.
        class_names: in their order.
        remarks: what was left out, one sentence each.
    """

    name: str
    kind: str
    pictures: tuple[OwnPicture, ...]
    class_names: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def find_pictures(source: str | os.PathLike) -> FoundPictures:
    """Finds labelled pictures.

    - A folder with one sub-folder for each class, named as the class; in it, at any depth, picture
      files. The parts of a set may be kept apart: folders "train", "validation" (or "val") and
      "test", with the classes' folders in each; other folders beside two of these are left out.
    - A CSV file with the columns "file" and "label", and if the set is in parts "split". Without a
      line of names, where the first line names a file that is there, the first column is the file,
      the second the label. Files lie where the table lies.
    - An NPZ file of the arrays "images" (N, H, W), (N, H, W, 1) or (N, H, W, 3), whole numbers from
      0 to 255 or floats in [0, 1], and "labels" (N,), integers or texts; with "class_names" the
      integers are places in these. Keras' names "x_train", "y_train", "x_test" and "y_test" are
      understood, too.
    - A folder of IDX files, train-images-idx3-ubyte and so on, gzipped or not.

    Args:
        source: of these, the path.

    Raises:
        DataError: for anything else, and for a set that names no pictures.
    """
    path = Path(source).expanduser()
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.is_dir():
        found = _find_idx(path) if any(path.glob("*train-images*idx3*")) else _find_folders(path)
    elif path.suffix.lower() == ".csv":
        found = _find_in_table(path)
    elif path.suffix.lower() == ".npz":
        found = _find_in_arrays(path)
    else:
        raise DataError(
            f"{path}: expected a folder with a sub-folder for each class, a .csv file of files and "
            "labels, an .npz file of images and labels, or a folder of IDX files"
        )
    if not found.pictures:
        raise DataError(f"{path} names no pictures: expected some of each class")
    return found


def labelled_pictures(data, split: str | None) -> list[OwnPicture]:
    """The examples of a `LabelledData` of images with one label, as pictures to be read.

    Args:
        data: float32 (N, H, W, 1 or 3), within finite bounds.
        split: where they belong; None for anywhere.
    """
    low, high = data.bounds
    names = data.class_names

    def read(image):
        unit = (np.asarray(image, np.float64) - low) / (high - low)
        return unit[..., 0] if unit.shape[2] == 1 else unit

    return [
        OwnPicture(f"{data.name} {data.split} {number}", names[label], split, partial(read, image))
        for number, (image, label) in enumerate(zip(data.data, data.labels, strict=True))
    ]


def natural_order(name: str):
    """A key that sorts "2" before "10", and otherwise as a dictionary does."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def some_of(names) -> str:
    """A few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def files_below(folder: Path, refused: Callable | None = None) -> list[Path]:
    """Finds the files of a folder at any depth, in the order of their names.

    Links are followed, but into no folder twice, and into none that this one lies in. What is
    hidden is left out, and so are the files that systems keep beside people's own.

    Args:
        folder: where to look.
        refused: called with the `OSError` of each folder that cannot be read, whose `filename` is
            the folder's path; None to raise a `DataError`.

    Raises:
        DataError: if a folder cannot be read.
    """
    files, entered = [], set(map(str, Path(os.path.realpath(folder)).parents))
    for inside, folders, names in os.walk(folder, onerror=refused or _refuse, followlinks=True):
        here = os.path.realpath(inside)
        if here in entered:
            folders.clear()
            continue
        entered.add(here)
        folders[:] = sorted(filter(_is_seen, folders))
        files += [Path(inside, name) for name in names if _is_seen(name)]
    return sorted(files)


def _find_folders(path: Path) -> FoundPictures:
    folders, _ = _right_in(path)
    splits = {folder: _SPLITS.get(folder.name.casefold()) for folder in folders}
    beside = [folder.name for folder, split in splits.items() if not split]
    parts = {folder: split for folder, split in splits.items() if split}
    kind = "a folder for each part of the set and each class"
    # one among other folders may be a class of that name
    if "train" not in parts.values() or (beside and len(set(parts.values())) == 1):
        kind, parts, beside = "a folder for each class", {path: None}, []
    pictures, empty, strange, loose, refused = [], [], [], [], []
    for part, split in parts.items():
        folders, files = _right_in(part)
        loose += [_below(path, file) for file in files]
        for folder in folders:
            errors = []
            files = files_below(folder, errors.append)
            read = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]
            strange += [_below(path, file) for file in files if file not in set(read)]
            if not read and not errors:
                empty.append(_below(path, folder))
            pictures += [_file(file, _below(path, file), folder.name, split) for file in read]
            refused += [f"{_below(path, Path(e.filename))} ({e.strerror})" for e in errors]
    if not pictures:
        inside = f"files, such as {some_of(loose)}" if loose else "no pictures"
        if refused:
            inside = f"folders that cannot be read, such as {some_of(refused)}"
        raise DataError(
            f"{path} holds {inside}: expected a sub-folder for each class with "
            f"{', '.join(PICTURE_SUFFIXES)} files in it"
        )
    remarks = [
        *_remark(beside, "are no parts of the set and were left out"),
        *_remark(loose, "lie beside the classes' folders and were left out"),
        *_remark(strange, "are no pictures by their names and were left out"),
        *_remark(empty, "hold no pictures and are no classes"),
        *_remark(refused, "are folders that cannot be read and were left out"),
    ]
    return found_pictures(path.resolve().name, kind, pictures, remarks)


def _find_in_table(path: Path) -> FoundPictures:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a table in UTF-8 ({error})") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise DataError(f"{path}: expected a table of files and labels ({error})") from error
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    names = [name.casefold() for name in header]
    columns = [
        _column(names, wanted) for wanted in (_FILE_COLUMNS, _LABEL_COLUMNS, ("split", "part"))
    ]
    if None not in columns[:2]:
        rows = rows[1:]
    elif rows and not os.path.isfile(path.parent / header[0]):
        raise DataError(
            f"{path}: its columns are {', '.join(header)}: expected one of "
            f"{', '.join(_FILE_COLUMNS)} and one of {', '.join(_LABEL_COLUMNS)}, or no names and "
            "a file in the first column"
        )
    else:
        columns = [0, 1, None]
    pictures = []
    for number, row in rows:
        cells = [None if c is None or c >= len(row) else row[c].strip() for c in columns]
        file, label, split = cells
        if not file or not label:
            raise DataError(
                f"{path}: line {number} is {delimiter.join(row)!r}: expected a file and a label, "
                f'in columns called "file" and "label" or the first two'
            )
        if split and split.casefold() not in _SPLITS:
            raise DataError(
                f"{path}: line {number} has the split {split!r}: expected one of {sorted(_SPLITS)}"
            )
        split = _SPLITS[split.casefold()] if split else None
        pictures.append(_file(path.parent / file, file, label, split))
    return found_pictures(path.stem, "a table of files and labels", pictures)


def _column(names, wanted):
    """The place of the first wanted name among some; None if there is none."""
    return next((names.index(name) for name in wanted if name in names), None)


def _find_in_arrays(path: Path) -> FoundPictures:
    with open_npz(path) as file:
        stored = {name.casefold(): name for name in file.files}
        pairs = [
            (stored[f"x_{word}"], stored[f"y_{word}"], split)
            for word, split in _SPLITS.items()
            if {f"x_{word}", f"y_{word}"} <= stored.keys()
        ]
        if not pairs:
            images, labels = (_first(stored, names) for names in (_IMAGE_ARRAYS, _LABEL_ARRAYS))
            if images is None or labels is None:
                raise DataError(
                    f'{path} holds {sorted(stored)}: expected "images" and "labels", or "x_train" '
                    'and "y_train"'
                )
            pairs = [(images, labels, None)]
        # no others: of a type that is not read they do no harm
        parts = [(file[images], file[labels], split) for images, labels, split in pairs]
        order = list(map(_text, file[stored["class_names"]])) if "class_names" in stored else None
    pictures = [picture for part in parts for picture in _of_arrays(path.name, *part, order)]
    return found_pictures(path.stem, "arrays of images and labels", pictures, order=order)


def _first(stored, names):
    return next((stored[name] for name in names if name in stored), None)


def _of_arrays(name, images, labels, split, class_names=None):
    """Pictures of images (N, H, W) or (N, H, W, 1 or 3), and labels (N,)."""
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,), (3,)):
        raise DataError(
            f"{name} has images of shape {images.shape}: expected (N, H, W), (N, H, W, 1) or "
            "(N, H, W, 3)"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iuUSb":
        raise DataError(
            f"{name} has labels {labels.dtype} {labels.shape}: expected integers or texts "
            f"({len(images)},)"
        )
    try:
        images = pixel_values(images)
    except ImageFileError as error:
        raise DataError(f"{name}: its array of images {error}") from error
    if images.dtype != np.uint8 and images.size:
        low, high = float(images.min()), float(images.max())
        if not (low >= -1e-3 and high <= 1 + 1e-3):
            raise DataError(
                f"{name} has images {images.dtype} in [{low:g}, {high:g}]: expected whole numbers "
                "from 0 to 255, or floats in [0, 1]"
            )
    if class_names is not None and labels.dtype.kind in "iub":
        if labels.size and not 0 <= labels.min() <= labels.max() < len(class_names):
            raise DataError(
                f"{name} has labels from {labels.min()} to {labels.max()}: expected places in its "
                f"{len(class_names)} class_names"
            )
        labels = np.asarray(class_names)[labels.astype(int)]
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    images = images[..., 0] if images.shape[3:] == (1,) else images

    def reader(image):
        return lambda: np.clip(np.asarray(image, np.float64) / scale, 0, 1)

    part = f" {split}" if split else ""
    return [
        OwnPicture(f"{name}{part} {number}", _text(label), split, reader(image))
        for number, (image, label) in enumerate(zip(images, labels, strict=True))
    ]


def _text(label):
    return label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label)


def _find_idx(path: Path) -> FoundPictures:
    pictures = []
    for split, (images, labels) in read_idx_set(path).items():
        # all that are there to learn from: the set says what is for reporting, no more
        given = "test" if split == "test" else None
        pictures += _of_arrays(path.name, images, labels, given)
    return found_pictures(path.resolve().name, "IDX files", pictures)


def found_pictures(name, kind, pictures, remarks=(), order=None) -> FoundPictures:
    """What was found, with the names of the classes that have pictures.

    Args:
        name, kind, pictures, remarks: as of `FoundPictures`.
        order: of the classes; None for a natural one.

    Raises:
        DataError: if a picture's label is not among those in `order`.
    """
    labels = {picture.label for picture in pictures}
    names = (
        sorted(labels, key=natural_order) if order is None else [n for n in order if n in labels]
    )
    strange = sorted(labels.difference(names))
    if strange:
        raise DataError(
            f"{name} has labels {some_of(strange)}: expected its class names, {some_of(order)}"
        )
    return FoundPictures(name, kind, tuple(pictures), tuple(names), tuple(remarks))


def _file(path, name, label, split):
    return OwnPicture(name, label, split, lambda: _opened(path, name))


def _opened(path, name):
    try:
        return open_picture(path)
    except ImageFileError as error:
        # by the name that people know it by
        reason = str(error).partition(f"{path}: ")[2] or str(error)
        raise ImageFileError(f"{name}: {reason}") from error


def _remark(names, what):
    return [f"{len(names)} {what}: {some_of(names)}"] if names else []


def _right_in(path):
    """The folders and the files that lie in a folder itself."""
    _, *kinds = next(os.walk(path, onerror=_refuse))
    return [[path / name for name in sorted(filter(_is_seen, names))] for names in kinds]


def _refuse(error):
    raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _is_seen(name):
    return not name.startswith((".", "__MACOSX")) and name not in ("Thumbs.db", "desktop.ini")


def _below(path, inside):
    return inside.relative_to(path).as_posix()
