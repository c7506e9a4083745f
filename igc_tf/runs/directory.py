"""Files and directories of a run: each appears when it is complete.

An operating system's refusal to write or to read becomes an `OutputError` or `InputError` that
names the path.
"""

import contextlib
import json
import os
import re
import shutil
import tempfile
import warnings
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from tokenize import TokenError

import numpy as np

from igc_tf.errors import DataError, IGCError, InputError, OutputError, first_line


class RunDirectory:
    """Files of one run; each is written under a temporary name and renamed when complete.

    Args:
        path: created, with its parents, if missing.

    Raises:
        InputError: as `local_path` does.
        OutputError: if it cannot be created, or something else is there.
    """

    def __init__(self, path):
        self.path = local_path(path)
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"{self.path} is no directory: expected one to write into")
        with _told_as(OutputError, self.path):
            self.path.mkdir(parents=True, exist_ok=True)

    def write_json(self, name, value):
        """Writes `value` as indented JSON and returns the path."""
        return self.write_text(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def write_text(self, name, text):
        """Writes text in UTF-8, as `sayable` makes it, and returns the path."""
        return self.write(name, lambda path: path.write_bytes(sayable(text).encode("utf-8")))

    def read_json(self, name):
        """Returns what `write_json` wrote, or None if it is not there."""
        return read_json(self.path / name)

    def write_figure(self, name, figure):
        """Writes a matplotlib figure as PNG and returns the path."""
        with missing_letters():
            return self.write(name, lambda path: figure.savefig(path, dpi=100))

    def write(self, name, writer):
        """Calls `writer(temporary_path)`, renames the file to `name`, and returns its path.

        The temporary name keeps the suffix, by which many writers choose their format.

        Raises:
            OutputError: if the file cannot be written.
        """
        target = self.path / name
        with _told_as(OutputError, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(
                prefix=".writing-", suffix=target.suffix, dir=target.parent
            )
            os.close(handle)
            try:
                writer(Path(temporary))
                Path(temporary).chmod(0o644)
                os.replace(temporary, target)
            finally:
                Path(temporary).unlink(missing_ok=True)
        return target

    def remove(self, *patterns):
        """Removes the files whose names match one of some glob patterns."""
        with _told_as(OutputError, self.path):
            for pattern in patterns:
                for path in self.path.glob(pattern):
                    # another process may have renamed or removed it
                    path.unlink(missing_ok=True)

    def append(self, name, data):
        """Appends bytes to a file, which may be missing, and returns its size.

        Raises:
            OutputError: if the file cannot be written.
        """
        path = self.path / name
        with _told_as(OutputError, path), path.open("ab") as file:
            file.write(data)
            return file.tell()


def local_path(path):
    """Returns the `Path` that is meant, in a home directory if it begins with `~`.

    Raises:
        InputError: for an address of other storage, such as s3://bucket/name.
    """
    # a `Path` has one slash where two were
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", os.fspath(path)):
        raise InputError(f"{path}: expected a path on this machine, or on what is mounted there")
    # `Path.expanduser` takes no file whose name just begins so
    return Path(os.path.expanduser(path))


@contextlib.contextmanager
def missing_letters():
    """Lets matplotlib draw boxes for what its font lacks, such as emoji in a file's name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def sayable(text):
    """Returns a text as UTF-8 can say it.

    What it cannot say, the bytes of a file name in another encoding, becomes `\\udc..`; JSON reads
    that back as it was.
    """
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def check_apart(output, *sources, at_any_depth=False):
    """Checks that what is written does not become a part of what is read.

    Args:
        output: the directory to write into.
        sources: folders whose files are read; what is no folder is left alone.
        at_any_depth: whether the files in their sub-folders are read, too.

    Raises:
        InputError: if files would be written where they are read; as `local_path` does.
    """
    written = local_path(output).resolve()
    for source in sources:
        folder = local_path(source)
        read = folder.resolve()
        if folder.is_dir() and (written == read or (at_any_depth and read in written.parents)):
            raise InputError(
                f"output={str(output)!r}: expected a directory apart from {str(source)!r}, whose "
                "files are read"
            )


def check_writable(output):
    """Checks before long work that a directory can be written into, and makes nothing.

    Args:
        output: the directory, which may be missing, as may its parents.

    Raises:
        InputError: as `local_path` does.
        OutputError: if something else is there, or the system refuses to write into it or, where it
            is missing, into the nearest folder above it.
    """
    output = local_path(output)
    with _told_as(OutputError, output):
        there = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not there.is_dir():
        raise OutputError(f"{there} is no directory: expected one to write into")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{output}: expected a directory, but {there} cannot be written into")


@contextlib.contextmanager
def new_directory(path):
    """Gives a directory to write into, which becomes `path` when the block ends without an error.

    It is written beside `path` and renamed; or, since an empty directory may be a volume or where
    this process works, in it and moved up. After an error or Ctrl-C nothing of it is left.

    Args:
        path: missing, or an empty directory; what killed processes left in it, unfinished, counts
            for nothing and is removed. Its parents are created.

    Yields:
        The `Path` of the directory to write into.

    Raises:
        InputError: as `local_path` does.
        OutputError: if something is there already, before the block runs; if it cannot be written.
    """
    path = local_path(path)
    with _told_as(OutputError, path):
        left = list(path.glob(".writing-*/"))
        if path.exists() and not (path.is_dir() and len(list(path.iterdir())) == len(left)):
            raise OutputError(f"{path} exists already: expected a new or an empty directory")
        for part in left:
            shutil.rmtree(part)
        place = path.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        around = place if place.exists() else place.parent
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=around) as temporary:
            unfinished = Path(temporary) / "unfinished"
            unfinished.mkdir()
            yield unfinished
            if around != place:
                unfinished.rename(place)
                return
            for part in unfinished.iterdir():
                part.rename(place / part.name)


@contextlib.contextmanager
def _told_as(kind, path):
    """Turns the operating system's refusals in the block into an `IGCError` about a path."""
    try:
        yield
    except IGCError:
        raise
    except OSError as error:
        raise kind(f"{path}: {error.strerror or error}") from error


@contextlib.contextmanager
def written_by_tensorflow(path):
    """Turns what keeps TensorFlow from writing in the block into an `OutputError` about a path.

    Args:
        path: of what is written.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        # {{NODE}} FILE; REASON [Op:NAME]
        reason = first_line(error).rpartition("; ")[2].partition(" [Op:")[0]
        raise OutputError(f"{path}: {reason}") from error


def read_json(path):
    """Returns what `RunDirectory.write_json` wrote at a path, or None; makes no directory.

    Raises:
        InputError: for a file that cannot be read or is no JSON.
    """
    path = Path(path)
    with _told_as(InputError, path):
        if not path.exists():
            return None
        text = path.read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is damaged: expected JSON ({error})") from error


@contextlib.contextmanager
def open_npz(file, unusable=None):
    """Opens an NPZ file, whose arrays are read inside of the block.

    Args:
        file: its path, or what NumPy reads besides.
        unusable: `text -> the error` of a file that is none or is damaged; given why, in one line.
            A `DataError` that names the file if None.
    """
    try:
        arrays = np.load(file, allow_pickle=False)
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise ValueError("an array of its own, and no archive of arrays")
        with arrays:
            yield arrays
    except IGCError:
        raise
    # what `zipfile` and NumPy raise for files with a byte changed here or there
    except (
        ValueError,
        OSError,
        EOFError,
        RuntimeError,
        SyntaxError,
        TokenError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        why = first_line(error)
        if unusable is None:
            raise DataError(f"{file} is no usable NPZ file ({why})") from error
        raise unusable(why) from error


def differences(earlier, now, besides=()):
    """Returns `{name: (earlier's value, now's)}` for each name in `now` where they differ.

    Of values that are dictionaries themselves only what differs in them is named.
    """
    different = {}
    for name in now.keys() - set(besides):
        old, new = earlier.get(name), now[name]
        if isinstance(old, dict) and isinstance(new, dict):
            different |= differences(old, new)
        elif old != new:
            different[name] = (old, new)
    return dict(sorted(different.items()))


def json_ready(options):
    """Returns an options dataclass as it reads back from JSON.

    Tuples become lists, infinity None, functions and classes their qualified names, all else text.
    """
    return json.loads(json.dumps(asdict(options), default=_as_text), parse_constant=lambda _: None)


def _as_text(value):
    # a function's text is another one in each process
    return getattr(value, "__qualname__", None) or str(value)
