"""The parts of a result: one Parquet file each, which is there when it is finished."""

import contextlib
import fcntl
import json

from igc_tf.distributed.records import import_pyarrow
from igc_tf.errors import InputError, OutputError, first_line
from igc_tf.runs import RunDirectory, describe_code, differences
from igc_tf.runs.directory import sayable

# names that begin so are no part of the table to those who read a whole directory
MANIFEST, REPORT = "_manifest.json", "_report.json"
# in a file's metadata: what is known of its part
_KEY = b"igc_tf"
# locked by the run that writes
_LOCK = ".lock"
# one byte for each time that a part was begun
_TRIES = ".tries-"
# what ends every process that tries it must not be tried for ever
_MOST_TRIES = 25
_TEXTS = ("file", "prediction", "warnings", "explanation")


class Parts:
    """A directory of parts, which says what they are parts of.

    A part is so many examples, by their order; it is classified as a whole, written under a
    temporary name and renamed. So whatever is killed when, each part is there as a whole or not at
    all, and what is missing is known from the names alone.

    Args:
        path: the directory; created.
        count: of all examples.
        size: examples in a part; the last one may have fewer.

    Attributes:
        path: the directory.
        count: of all examples.
        total: the number of parts.
    """

    def __init__(self, path, count, size):
        self.count, self._size = count, size
        self.total = -(-count // size)
        self._directory = RunDirectory(path)
        self.path = self._directory.path

    @contextlib.contextmanager
    def begin(self, asked):
        """Says what is to be done, or goes on with what was begun; nobody else does in the block.

        Whatever ends this process lets others in. Of several machines this holds where they share
        a file system that locks files for all of them.

        Args:
            asked: {name: JSON-ready value} of all that decides what the parts hold; "source" is
                what `identity` says of it.

        Yields:
            The numbers of the parts that are missing.

        Raises:
            InputError: if the directory holds parts of something else; says what differs.
            OutputError: if it holds parts, and nothing says of what; if another run writes there;
                or if it cannot be written.
        """
        self._directory.append(_LOCK, b"")
        with (self.path / _LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutputError(
                    f"{self.path}: another run writes here: expected one at a time; wait for its "
                    "end, or give another output directory"
                ) from error
            except OSError:
                # a file system without locks keeps nobody out
                pass
            yield self._missing(asked)

    def _missing(self, asked):
        asked = {**asked, "part_size": self._size}
        earlier = self._directory.read_json(MANIFEST)
        if earlier is None:
            strange = next(self.path.glob("*.parquet"), None)
            if strange is not None:
                raise OutputError(
                    f"{self.path} holds {strange.name}, and no {MANIFEST} that says what it is "
                    "part of: expected another output directory"
                )
            self._directory.write_json(MANIFEST, {"asked": asked, "begun_by": describe_code()})
        elif not isinstance(earlier, dict) or not isinstance(earlier.get("asked"), dict):
            raise InputError(
                f"{self.path / MANIFEST} does not say what the parts are of: expected one that an "
                "earlier call wrote; give another output directory"
            )
        elif different := _differences(earlier["asked"], asked):
            raise InputError(
                f"{self.path} holds parts of something else: {different}. Give the same source and "
                "options to finish it, or another output directory"
            )
        # of what was killed while it wrote
        self._directory.remove(".writing-*", f"{_TRIES}*")
        return [number for number in range(self.total) if not self.is_finished(number)]

    def span(self, number):
        """Returns `(begin, end)` of a part's examples."""
        return number * self._size, min((number + 1) * self._size, self.count)

    def file(self, number):
        """Returns the path of a part's file."""
        return self.path / self._name(number)

    def is_finished(self, number):
        """Whether a part's file is there."""
        return self.file(number).exists()

    def count_try(self, number):
        """Says that a part is begun.

        Raises:
            InputError: if it was too often, and never finished.
            OutputError: if that cannot be written.
        """
        tries = self._directory.append(f"{_TRIES}{number}", b".")
        if tries > _MOST_TRIES:
            begin, end = self.span(number)
            raise InputError(
                f"examples {begin} to {end - 1} were tried {_MOST_TRIES} times, and each time the "
                "worker was killed: expected one that has memory enough; give more memory, a "
                "smaller batch_size, or another output directory and a smaller part_size"
            )

    def write(self, number, columns, rows, about):
        """Writes a part.

        Args:
            number: of the part.
            columns: the names of all columns of the table.
            rows: {name: value} of each example, in order; what a row lacks is null. Texts are
                written as `RunDirectory.write_text` does.
            about: what is known of the part, JSON-ready.

        Raises:
            OutputError: if it cannot be written.
        """
        pyarrow, parquet = import_pyarrow()
        schema = pyarrow.schema([("number", pyarrow.int64()), *map(_field, map(sayable, columns))])
        schema = schema.with_metadata({_KEY: json.dumps(about).encode()})
        begin, _ = self.span(number)
        rows = [{"number": begin + i, **_sayable(row)} for i, row in enumerate(rows)]
        table = pyarrow.Table.from_pylist(rows, schema=schema)
        self._directory.write(
            self._name(number), lambda path: parquet.write_table(table, path, compression="zstd")
        )
        self._directory.remove(f"{_TRIES}{number}")

    def about(self, number):
        """Returns what is known of a finished part.

        Raises:
            InputError: for a file that is damaged, or another part's.
            OutputError: if it is not there.
        """
        pyarrow, parquet = import_pyarrow()
        path = self.file(number)
        if not path.exists():
            raise OutputError(
                f"{path} was written, and is not there: expected a directory that all machines "
                "share"
            )
        try:
            found = parquet.read_metadata(path)
            about = json.loads(found.metadata[_KEY])
        except (pyarrow.ArrowException, OSError, TypeError, KeyError, ValueError) as error:
            raise InputError(
                f"{path} is damaged ({first_line(error)}): remove it, and give the same command "
                "again"
            ) from error
        begin, end = self.span(number)
        if found.num_rows != end - begin:
            raise InputError(
                f"{path} has {found.num_rows} rows: expected {end - begin}; remove it, and give "
                "the same command again"
            )
        return about

    def finish(self, report):
        """Writes what is known of the whole, JSON-ready, once all parts are there."""
        self._directory.write_json(REPORT, report)

    def _name(self, number):
        # as many digits as the last one has, so that the order of the names is that of the parts
        return f"part-{number:0{max(5, len(str(self.total - 1)))}d}.parquet"


def _differences(earlier, now):
    """Says how what was asked differs from what is asked now; nothing if it does not."""
    said = []
    source = differences({"source": earlier.get("source")}, {"source": now.get("source")})
    if source:
        seen = [
            "{0}{2} there, {1}{2} here".format(*source[name], unit)
            for name, unit in (("kind", ""), ("count", " examples"))
            if name in source
        ]
        unseen = "as many examples, but other ones or names, or files of other sizes or times"
        said.append(f"the source is another or changed since ({'; '.join(seen) or unseen})")
    if options := differences(earlier, now, besides=("source",)):
        said.append(f"options differ (there, here): {options}")
    return "; ".join(said)


def _sayable(row):
    return {
        sayable(name): sayable(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _field(name):
    import pyarrow

    if name in _TEXTS:
        return name, pyarrow.string()
    return name, pyarrow.bool_() if name == "doubtful" else pyarrow.float64()
