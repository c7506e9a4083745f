"""The errors that this package raises on purpose, and a warning that programs may silence.

Every error is an `IGCError`, whose message names what was received and what was expected; the
command line prints that message alone. Any other exception is a defect, and shows its traceback.
Each class is also the built-in error that a user of Keras would expect there.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence


class IGCError(Exception):
    """Base class of all errors raised on purpose."""


class InputError(IGCError, ValueError):
    """An argument, an option or a file that cannot be used."""


class GeneratorError(InputError):
    """A model that is not the generator it was said to be."""


class OutputError(IGCError, OSError):
    """A place that results cannot be written to."""


class MissingPackageError(IGCError, RuntimeError):
    """An optional package that is needed and not installed."""


class NonFiniteLossError(IGCError, RuntimeError):
    """A training loss, or a weight, became NaN or infinite."""


class WorkerError(IGCError, RuntimeError):
    """Another worker of a training, or a cluster, is gone; or this one could not join."""


class InceptionWeightsError(InputError):
    """Weights of Inception that are missing or do not fit."""


class DataError(InputError):
    """Data that are missing, unreadable or of the wrong kind."""


class UnknownDatasetError(DataError):
    """A dataset name that TensorFlow Datasets does not know, or a set of the wrong shape."""


class IdxFileError(DataError):
    """An IDX file that is missing, damaged or does not fit the others."""


class ImageFileError(DataError):
    """A picture file that cannot be used; the message is one line."""


class TrajectoryFileError(DataError):
    """A file that does not hold pen trajectories."""


class DataUnavailableError(DataError):
    """No source could provide a dataset.

    Args:
        dataset: the name asked for.
        attempts: one sentence per source tried, saying why it did not work.
        advice: what would help, one sentence each.
    """

    def __init__(self, dataset: str, attempts: Sequence[str], advice: Sequence[str]):
        self.dataset = dataset
        self.attempts = tuple(attempts)
        lines = [f"the dataset {dataset!r} could not be found. Tried, in this order:"]
        lines += [f"  {number}. {attempt}" for number, attempt in enumerate(attempts, start=1)]
        lines += ["Any one of these helps:"]
        lines += [f"  - {line}" for line in advice]
        super().__init__("\n".join(lines))


class TrajectoriesUnavailableError(DataError):
    """The pen trajectories are not where they were looked for.

    Args:
        reason: why they could not be read.
        variable: the environment variable that may name their file.
    """

    def __init__(self, reason: str, variable: str):
        super().__init__(
            f"the pen trajectories could not be found: {reason}. Get mixoutALL_shifted.mat of "
            '"Character Trajectories" from the UCI Machine Learning Repository '
            "(archive.ics.uci.edu, data set 175; CC BY 4.0) and give its path, or set "
            f"{variable} to it"
        )


class ForeignDataWarning(UserWarning):
    """Data that a generator reproduces no better than an evenly coloured picture would."""


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """Returns "did you mean …?" with the one of some names that is most like it, or ""."""
    near = difflib.get_close_matches(str(name), list(names), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def expected_one_of(name: object, names: Iterable[str]) -> str:
    """Returns what was expected in the place of an unknown name, for a message."""
    names = sorted(names)
    known, near = f"one of {names}", did_you_mean(name, names)
    return f"{near} Expected {known}" if near else f"expected {known}"


def first_line(error: BaseException) -> str:
    """Returns the first line of an exception's message, or its type's name if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def printable(text: str) -> str:
    """Returns a text as it can be printed anywhere, on one line: what is not printable, escaped."""
    return "".join(
        # spaces of all kinds are in file names
        letter
        if letter.isprintable() or unicodedata.category(letter) == "Zs"
        else letter.encode("unicode_escape").decode()
        for letter in text
    )
