"""What is classified: pictures, arrays, files of records. Examples by number, read where needed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from igc_tf.data.folder import files_below
from igc_tf.data.ink import beside_page
from igc_tf.data.labelled import LabelledData, scale_bytes
from igc_tf.data.picture import PICTURE_SUFFIXES, pixel_values, to_grey, without_channel
from igc_tf.distributed.parts import MANIFEST
from igc_tf.distributed.records import (
    NpzFile,
    ParquetFiles,
    TFRecordFiles,
    check_bytes,
    overlaps,
    stamp,
)
from igc_tf.errors import DataError, ImageFileError, InputError
from igc_tf.ranges import lie_within
from igc_tf.runs import local_path
from igc_tf.runs.directory import sayable

# {how such files are called: what they are}
RECORD_KINDS = {
    **dict.fromkeys((".parquet", ".pq"), "Parquet files"),
    **dict.fromkeys((".tfrecord", ".tfrecords"), "TFRecord files"),
    ".npz": "NPZ files",
}
_KINDS = {**dict.fromkeys(PICTURE_SUFFIXES, "pictures"), **RECORD_KINDS}


def open_source(dataset):
    """Finds out what is to be classified; reads no more of it than that takes.

    A source has `count`, the number of its examples, `identity()`, a JSON-ready dict that changes
    with the examples or their order, and `read(begin, end)`, `(names, values)` of some examples.
    `check_unchanged(begin, end)` raises an `InputError` if a file that holds some of these is no
    more as it was when the source was opened. It can be pickled. A value is a `Path` of a picture,
    bytes of an encoded picture, an array, None where there is none, or an `ImageFileError` that
    says why it cannot be read; see `frame_values`.

    Args:
        dataset: one of these:

            - a path, or several of one kind: picture files; Parquet, TFRecord or NPZ files; or
              folders of such, at any depth, in the order of their names; each file once, and none
              that lies in the output of an earlier classification;
            - an array (N, ...), or a `LabelledData`;
            - a `ray.data.Dataset` with a column "image" and, if you like, "file".

            A Parquet file has a column "image" of encoded pictures or numbers, a TFRecord file
            such a feature, an NPZ file an array "images" (N, ...); each may also have names of the
            examples in "file" or "files".

    Raises:
        DataError: for files that are not there, of several kinds, or without images.
        InputError: for anything else, and an address of other storage, such as s3://bucket/name.
    """
    if isinstance(dataset, LabelledData):
        return Arrays(f"{dataset.name} {dataset.split}", dataset.data)
    if isinstance(dataset, np.ndarray):
        return Arrays("example", dataset)
    if type(dataset).__module__.partition(".")[0] == "ray":
        from igc_tf.distributed.ray_rows import RayRows

        return RayRows.of(dataset)
    if isinstance(dataset, str | Path):
        dataset = [dataset]
    try:
        # of a table one would go through the names of its columns
        if isinstance(dataset, Mapping) or hasattr(dataset, "columns"):
            raise TypeError("neither paths nor examples")
        # a process of Ray's may run elsewhere
        given = [local_path(path).absolute() for path in dataset]
    except TypeError as error:
        raise InputError(
            f"dataset is a {type(dataset).__name__}: expected paths, an array, a LabelledData or "
            "a ray.data.Dataset"
        ) from error
    return _open_files(given)


def frame_values(names, values, generator):
    """Brings examples into a generator's frame.

    An array of the generator's shape, also without its channel or flat, is taken as data: whole
    numbers from 0 to 255 are scaled to the generator's bounds, floats lie in them. Any other array
    is a picture, such numbers or floats in [0, 1], and goes the way of a picture file
    (`igc_tf.data.PictureFrame`). A blank drawing cannot be used, whatever it comes as.

    Args:
        names: N names, for messages.
        values: N values of a source, or an array of them.
        generator: the `Generator`.

    Returns:
        `(data, errors)`: float32 (M, ...) of those that can be used, in their order, and
        {place: sentence} of the N - M others.

    Raises:
        InputError: if pictures cannot become data of this generator.
    """
    framed, errors = [], {}
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        try:
            framed.append(_framed(value, generator))
        except ImageFileError as error:
            message = str(error)
            errors[i] = message if isinstance(value, Path) else f"{name}: {message}"
    data = np.stack(framed) if framed else np.zeros([0, *generator.data_shape], np.float32)
    return data, errors


def _framed(value, generator):
    if isinstance(value, ImageFileError):
        raise value
    if isinstance(value, Path):
        return generator.picture_frame.read(value)
    if isinstance(value, bytes):
        try:
            return generator.picture_frame.decode(value)
        except ImageFileError:
            # the pixels themselves, as TFRecord files have them
            if len(value) != np.prod(generator.data_shape):
                raise
            value = np.frombuffer(value, np.uint8)
    if value is None:
        raise ImageFileError("is missing")
    array = np.asarray(value)
    if array.dtype != np.uint8:
        array = pixel_values(array)
    if _fits(array.shape, generator.data_shape):
        data = _as_data(array.reshape(generator.data_shape), generator.bounds)
        _refuse_blank(data, generator)
        return data
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,)) or 0 in array.shape:
        raise ImageFileError(
            f"has shape {array.shape}, it must be (H, W), (H, W, 1), (H, W, 3) or the generator's, "
            f"{generator.data_shape}"
        )
    unit = array / 255.0 if array.dtype == np.uint8 else np.float64(array)
    if not lie_within(unit, (0, 1)):
        raise ImageFileError(
            f"has values from {unit.min():g} to {unit.max():g}, pictures of another shape than the "
            "generator's must lie in [0, 1]"
        )
    unit = np.clip(unit, 0, 1)
    return generator.picture_frame.fit(without_channel(unit))


def _refuse_blank(data, generator):
    """Refuses a drawing without ink, as that of a file is."""
    try:
        is_drawing = generator.picture_frame.arrange
    except InputError:
        # of a generator of other data
        return
    if is_drawing:
        low, high = generator.bounds
        unit = (data - low) / (high - low)
        beside_page(to_grey(without_channel(unit)))


def _fits(shape, wanted):
    """Whether an array of this shape is data, perhaps without a channel or flat."""
    return shape in (wanted, (int(np.prod(wanted)),)) or (*shape, 1) == wanted


def _as_data(array, bounds):
    if array.dtype == np.uint8:
        return scale_bytes(array, bounds)
    if not lie_within(array, bounds):
        raise ImageFileError(
            f"has values from {array.min():g} to {array.max():g}, they must lie in the "
            f"generator's bounds, {bounds[0]:g} to {bounds[1]:g}"
        )
    return np.clip(np.float32(array), *np.float32(bounds))


@dataclass(frozen=True)
class Pictures:
    """Picture files, one example each, named by their paths.

    Attributes:
        paths: N of them.
        stamps: for each its `_stamp` when the source was opened.
    """

    paths: tuple[Path, ...]
    stamps: tuple

    @property
    def count(self):
        """How many there are."""
        return len(self.paths)

    def identity(self):
        """See `open_source`."""
        digest = _digest_of_files(self.paths, self.stamps)
        return {"kind": "pictures", "count": self.count, "sha256": digest}

    def read(self, begin, end):
        """See `open_source`."""
        paths = self.paths[begin:end]
        return [str(path) for path in paths], paths

    def check_unchanged(self, begin, end):
        """See `open_source`."""
        for path, before in zip(self.paths[begin:end], self.stamps[begin:end], strict=True):
            _check_unchanged(path, before)


@dataclass(frozen=True, eq=False)
class Arrays:
    """Examples in memory (N, ...), named by their numbers."""

    name: str
    data: np.ndarray

    def __post_init__(self):
        if self.data.ndim < 2 or not len(self.data):
            raise InputError(f"data have shape {self.data.shape}: expected (N, ...), N at least 1")
        check_bytes("data", self.data)

    @property
    def count(self):
        """How many there are."""
        return len(self.data)

    def identity(self):
        """See `open_source`."""
        about = sayable(f"{self.name} {self.data.dtype} {self.data.shape}")
        digest = hashlib.sha256(about.encode())
        digest.update(np.ascontiguousarray(self.data))
        return {"kind": "array", "count": self.count, "sha256": digest.hexdigest()}

    def read(self, begin, end):
        """See `open_source`."""
        return [f"{self.name} {i}" for i in range(begin, min(end, self.count))], self.data[
            begin:end
        ]

    def check_unchanged(self, begin, end):
        """See `open_source`; what is in memory is no file."""


@dataclass(frozen=True)
class Files:
    """Files of several examples each, one after the other.

    Attributes:
        kind: of the files.
        paths: N of them.
        stamps: for each its `_stamp` before it was opened.
        ends: for each file the number of the first example behind it.
        readers: for each file its reader, which has `read(begin, end)`.
    """

    kind: str
    paths: tuple[Path, ...]
    stamps: tuple
    ends: tuple[int, ...]
    readers: tuple

    @classmethod
    def of(cls, kind, paths):
        """Opens files of one kind."""
        stamps = _stamps(paths)
        try:
            readers = tuple(_READERS[kind](path) for path in paths)
        except OSError as error:
            raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error
        ends = tuple(np.cumsum([r.count for r in readers]).tolist())
        return cls(kind, paths, stamps, ends, readers)

    @property
    def count(self):
        """How many examples there are."""
        return self.ends[-1]

    def identity(self):
        """See `open_source`."""
        digest = _digest_of_files(self.paths, self.stamps)
        return {"kind": self.kind, "count": self.count, "sha256": digest}

    def read(self, begin, end):
        """See `open_source`."""
        names, values = [], []
        for file, low, high in overlaps(self.ends, begin, end):
            found = self.readers[file].read(low, high)
            names += found[0]
            values += list(found[1])
        return names, values

    def check_unchanged(self, begin, end):
        """See `open_source`."""
        for file, _, _ in overlaps(self.ends, begin, end):
            _check_unchanged(self.paths[file], self.stamps[file])


_READERS = {"Parquet files": ParquetFiles, "TFRecord files": TFRecordFiles, "NPZ files": NpzFile}


def _open_files(given):
    paths = []
    for path in given:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder")
        if path.is_dir():
            inside = files_below(path)
            answers = {found.parent for found in inside if found.name == MANIFEST}
            inside = [
                found
                for found in inside
                if _is_source(path, found) and answers.isdisjoint(found.parents)
            ]
            if not inside:
                raise DataError(f"{path} holds nothing to classify: expected {_expected()}")
            paths += inside
        else:
            paths.append(path)
    paths = tuple(dict.fromkeys(paths))
    if not paths:
        raise DataError(f"nothing to classify was given: expected {_expected()}")
    kinds = {}
    for path in paths:
        kinds.setdefault(_KINDS.get(path.suffix.lower()), path)
    if None in kinds:
        raise DataError(f"{kinds[None]} is none of {_expected()}")
    if len(kinds) > 1:
        raise DataError(
            "expected files of one kind, not "
            + " and ".join(f"{kind} ({path.name})" for kind, path in kinds.items())
        )
    (kind,) = kinds
    source = Pictures(paths, _stamps(paths)) if kind == "pictures" else Files.of(kind, paths)
    if not source.count:
        raise DataError(f"{paths[0]} holds no examples: expected at least one")
    return source


def _is_source(folder, path):
    """Whether a file below a folder is one to classify."""
    kind = _KINDS.get(path.suffix.lower())
    # writers of records keep files of their own so
    is_kept = any(part.startswith("_") for part in path.relative_to(folder).parts)
    return kind is not None and (kind == "pictures" or not is_kept)


def _expected():
    suffixes = {}
    for suffix, kind in _KINDS.items():
        suffixes.setdefault(kind, []).append(suffix)
    return "; ".join(f"{kind} ({', '.join(endings)})" for kind, endings in suffixes.items())


def _stamp(path):
    """A file's `stamp`; two None of one that is not there."""
    try:
        return stamp(path)
    except OSError:
        return None, None


def _stamps(paths):
    return tuple(map(_stamp, paths))


def _check_unchanged(path, before):
    if (now := _stamp(path)) != before:
        raise InputError(
            f"{path} was changed or replaced during the classification: its size and time are "
            f"{now}, expected {before} as before (bytes, ns)"
        )


def _digest_of_files(paths, stamps):
    digest = hashlib.sha256()
    for path, of_path in zip(paths, stamps, strict=True):
        digest.update(json.dumps([str(path), *of_path]).encode())
    return digest.hexdigest()
