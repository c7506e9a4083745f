"""Files of records, read from any example on: Parquet, TFRecord and NPZ."""

import functools
import itertools
import math
import os
import struct
from pathlib import Path

import numpy as np

from igc_tf.data.picture import pixel_values
from igc_tf.errors import DataError, ImageFileError, MissingPackageError, first_line
from igc_tf.runs.directory import open_npz

# columns, features and arrays by the names that are usual, the first that is there
IMAGE_COLUMNS = (
    "image",
    "images",
    "image/encoded",
    "image_raw",
    "picture",
    "pictures",
    "x",
    "data",
)
NAME_COLUMNS = ("file", "files", "filename", "file_name", "image/filename", "path", "id", "key")
# of a TFRecord file: a record's length, its checksum, and behind the record the record's checksum
_HEAD = struct.Struct("<QI")
_TAIL = 4
# so many records are read from the nearest one whose place is known
_NEAR = 64


def import_pyarrow():
    """Returns the packages `(pyarrow, pyarrow.parquet)`.

    Raises:
        MissingPackageError: if they are not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingPackageError(
            f"Parquet files need pyarrow ({error}): pip install 'igc-tf[parquet]'"
        ) from error
    return pyarrow, parquet


class ParquetFiles:
    """A Parquet file with a column of images: encoded pictures, or numbers.

    Encoded pictures may stand in a struct with their path, as Hugging Face's data sets have them.

    Args:
        path: of the file.

    Attributes:
        count: of its rows.

    Raises:
        DataError: if it cannot be read, or has no such column.
        MissingPackageError: if pyarrow is not installed.
    """

    def __init__(self, path):
        pyarrow, parquet = import_pyarrow()
        self.path = Path(path)
        try:
            metadata = parquet.read_metadata(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(f"{path} is no usable Parquet file ({first_line(error)})") from error
        self.count = metadata.num_rows
        names = metadata.schema.to_arrow_schema().names
        self._image, self._name = find_columns(names)
        if names.count(self._image) != 1 or names.count(self._name) > 1:
            raise DataError(
                f'{path} has the columns {names}: expected one called "image", and none twice'
            )
        rows = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        self._ends = np.cumsum(rows).tolist()

    def read(self, begin, end):
        """Returns names and values of rows.

        Of rows that a damaged page of their row group makes unreadable the values are an
        `ImageFileError`.
        """
        pyarrow, parquet = import_pyarrow()
        names, values, wanted = [], [], 0
        with parquet.ParquetFile(self.path) as file:
            for group, low, high in overlaps(self._ends, begin, end):
                wanted += high - low
                try:
                    for found in self._parts(file, group, low, high):
                        names += found[0]
                        values += found[1]
                except (pyarrow.ArrowInvalid, OSError, UnicodeDecodeError) as error:
                    lost = wanted - len(values)
                    names += [None] * lost
                    values += [ImageFileError(f"is damaged ({first_line(error)})")] * lost
        return spelt(names, self.path, begin), values

    def _parts(self, file, group, low, high):
        """Names and values of some rows of a group, some at a time."""
        wanted = [name for name in (self._image, self._name) if name is not None]
        row = 0
        for batch in file.iter_batches(1024, [group], columns=wanted):
            first, last = max(low - row, 0), min(high - row, len(batch))
            if first < last:
                part = batch.slice(first, last - first)
                named = self._name is not None
                names = part.column(self._name).to_pylist() if named else [None] * len(part)
                yield names, _values(part.column(self._image))
            row += len(batch)
            if row >= high:
                break


def _values(column):
    """A column of images as values of a source."""
    import pyarrow

    if isinstance(column, pyarrow.ExtensionArray):
        # Ray's tensors
        if hasattr(column, "to_numpy_ndarray"):
            if not column.null_count:
                return list(column.to_numpy_ndarray())
            # one array of all there is none
            rows = (column.slice(row, 1) for row in range(len(column)))
            return [None if row.null_count else row.to_numpy_ndarray()[0] for row in rows]
        column = column.storage
    is_list = pyarrow.types.is_fixed_size_list(column.type) or pyarrow.types.is_list(column.type)
    numbers = is_list and not pyarrow.types.is_nested(column.type.value_type)
    if numbers and not column.null_count and not column.flatten().null_count:
        flat = column.flatten().to_numpy(zero_copy_only=False)
        ends = np.cumsum(column.value_lengths().to_numpy(zero_copy_only=False))
        return np.split(flat, ends[:-1])
    return [as_value(element) for element in column.to_pylist()]


def as_value(element):
    """Returns an element of a column of images as a value of a source; see `open_source`.

    Args:
        element: bytes, an array, nested lists, None, or a dict with one of these in "bytes", as
            Hugging Face's data sets have it, or at first.
    """
    value = element
    if isinstance(element, dict):
        value = element.get("bytes", next(iter(element.values()), None))
        if value is None and element.get("path") is not None:
            return ImageFileError("has a path and no bytes: expected the picture itself")
    if value is None or isinstance(value, bytes):
        return value
    try:
        return np.asarray(value)
    except ValueError:
        # rows of several lengths
        return np.asarray(value, object)


class TFRecordFiles:
    """A TFRecord file of `tf.train.Example`s with a feature of images: bytes, or numbers.

    Args:
        path: of the file, uncompressed.

    Attributes:
        count: of its records.

    Raises:
        DataError: if it cannot be read, or none of its first records has such a feature.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.count, self._places = _scan(self.path)
        if self.count:
            first = itertools.islice(self._examples(0), _NEAR)
            names = sorted({name for features, _ in first for name in features})
            self._image, self._name = find_columns(names)
            if self._image is None:
                raise DataError(
                    f"{path} has the features {names} in its first {_NEAR} records: expected "
                    'tf.train.Examples with one called "image"'
                )

    def read(self, begin, end):
        """Returns names and values of records; of one that is damaged it is an `ImageFileError`."""
        names, values = [], []
        for features, damage in itertools.islice(self._examples(begin), end - begin):
            values.append(damage or _feature(features[self._image]))
            names.append(_feature(features[self._name]) if self._name else None)
        return spelt(names, self.path, begin), values

    def _examples(self, begin):
        """`(features, damage)` of records from one on; damage is None, or says why there are none.

        Checksums are not looked at.
        """
        import tensorflow as tf
        from google.protobuf.message import DecodeError

        with self.path.open("rb") as file:
            file.seek(self._places[begin // _NEAR])
            for i in range(begin // _NEAR * _NEAR, self.count):
                record = file.read(_HEAD.unpack(file.read(_HEAD.size))[0])
                file.seek(_TAIL, os.SEEK_CUR)
                if i < begin:
                    continue
                try:
                    example, damage = tf.train.Example.FromString(record), None
                except DecodeError as error:
                    said = f"is damaged, or no tf.train.Example ({first_line(error)})"
                    example, damage = tf.train.Example(), ImageFileError(said)
                yield example.features.feature, damage


def _scan(path):
    """How many records a TFRecord file has, and the places of every `_NEAR`th; reads no record."""
    size, place, count, places = path.stat().st_size, 0, 0, []
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            head = file.read(_HEAD.size)
            end = place + _HEAD.size + _TAIL
            end += _HEAD.unpack(head)[0] if len(head) == _HEAD.size else size
            if end > size:
                raise DataError(
                    f"{path} is no TFRecord file, damaged or compressed at byte {place}: expected "
                    "uncompressed records"
                )
            if count % _NEAR == 0:
                places.append(place)
            place, count = end, count + 1
    return count, places


def _feature(feature):
    kind = feature.WhichOneof("kind")
    if kind is None:
        return None
    values = getattr(feature, kind).value
    if kind == "bytes_list":
        return values[0] if values else None
    return np.asarray(values, np.float32 if kind == "float_list" else np.int64)


class NpzFile:
    """An NPZ file of images.

    Args:
        path: of the file.

    Raises:
        DataError: if it cannot be read, has no images, or an array "file" or "files" that is not of
            shape (N,).
    """

    def __init__(self, path):
        self.path = path
        self.count = len(self._arrays()[0])

    def read(self, begin, end):
        """Returns names and images."""
        images, names = self._arrays()
        images = images[begin:end]
        names = [None] * len(images) if names is None else names[begin:end]
        return spelt(names, self.path, begin), images

    def _arrays(self):
        return _npz_arrays(self.path, stamp(self.path))


# a worker reads many parts of one file after the other
@functools.lru_cache(maxsize=1)
def _npz_arrays(path, version):
    """The arrays of a file; the version tells it from another one that was there before."""
    del version
    with open_npz(path) as file:
        image, _ = find_columns(file.files)
        if image is None:
            raise DataError(f'{path} holds {sorted(file.files)}: expected an array "images"')
        images = file[image]
        if images.ndim < 2:
            raise DataError(f"{path} has images of shape {images.shape}: expected (N, ...)")
        names = _npz_names(path, file, len(images))
    check_bytes(path, images)
    return images, names


def _npz_names(path, file, count):
    """The first array that has one name for each image; one called "id" may be something else."""
    for called in _usual(file.files, NAME_COLUMNS):
        names = file[called]
        if names.shape == (count,):
            return names
        if called.casefold() in ("file", "files"):
            raise DataError(
                f"{path} has {count} images and {called!r} of shape {names.shape}: expected "
                f"({count},)"
            )
    return None


def stamp(path):
    """A file's size and time of change, ns: what can be known without reading it."""
    about = path.stat()
    return about.st_size, about.st_mtime_ns


def check_bytes(name, images):
    """Checks that bytes are not all 0 and 1. One image alone may be so dark, and no mistake.

    Args:
        name: of the images, for the message.
        images: (N, ...).

    Raises:
        DataError: if they are.
    """
    if images.dtype == np.uint8:
        try:
            pixel_values(images)
        except ImageFileError as error:
            raise DataError(f"{name} {error}") from error


def overlaps(ends, begin, end):
    """Where examples lie that are kept in pieces, one piece after the other.

    Args:
        ends: for each piece the number of the first example behind it.
        begin, end: the numbers of the first example that is wanted, and of that behind the last.

    Yields:
        `(piece, low, high)` of each that has some: its place, and their numbers in it.
    """
    first = 0
    for piece, last in enumerate(ends):
        low, high = max(begin, first) - first, min(end, last) - first
        if low < high:
            yield piece, low, high
        first = last


def spelt(names, source, begin):
    """Returns names of examples as texts.

    Args:
        names: bytes, texts, numbers, lists of such, or None where there is none.
        source: what it is called by then, with its number.
        begin: the number of the first one.
    """
    return [
        f"{source} {number}" if _is_none(name) else _spelt(name)
        for number, name in enumerate(names, start=begin)
    ]


def _is_none(name):
    # NumPy's, where a whole block of Ray's has none, is NaN
    return name is None or (isinstance(name, float | np.floating) and math.isnan(name))


def _spelt(name):
    if isinstance(name, bytes):
        return name.decode("utf-8", "replace")
    if isinstance(name, list | np.ndarray):
        return " ".join(map(_spelt, name))
    return str(name)


def find_columns(names):
    """Returns which of some names are those of the images and of their names.

    Args:
        names: of columns, features or arrays, in capitals or not.

    Returns:
        `(image, name)`, each the first usual one that is there, None where there is none.
    """
    return next(_usual(names, IMAGE_COLUMNS), None), next(_usual(names, NAME_COLUMNS), None)


def _usual(names, wanted):
    """Those of some names that are among the wanted ones, in the order of these."""
    by_name = {name.casefold(): name for name in names}
    return (by_name[name] for name in wanted if name in by_name)
