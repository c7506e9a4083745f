"""What can go wrong with data; every class is a `DataError`, so one `except` catches them all."""

from collections.abc import Sequence


class DataError(ValueError):
    """Data that is missing, unreadable or of the wrong kind."""


class UnknownDatasetError(DataError):
    """A dataset name that TensorFlow Datasets does not know, or a set of the wrong shape."""


class IdxFileError(DataError):
    """An IDX file that is missing, damaged or does not fit the others."""


class ImageFileError(DataError):
    """An image file that cannot be used as a digit; the message is one line."""


class DataUnavailableError(DataError):
    """No source could provide a dataset.

    Attributes:
        dataset: The name asked for.
        attempts: One sentence per source tried, saying why it did not work.
    """

    def __init__(self, dataset: str, attempts: Sequence[str], advice: Sequence[str]):
        """Builds the message from the attempts and, after them, the ways out (`advice`)."""
        self.dataset = dataset
        self.attempts = tuple(attempts)
        lines = [f"the dataset {dataset!r} could not be found. Tried, in this order:"]
        lines += [f"  {number}. {attempt}" for number, attempt in enumerate(attempts, start=1)]
        lines += ["Any one of these helps:"]
        lines += [f"  - {line}" for line in advice]
        super().__init__("\n".join(lines))


class TrajectoryFileError(DataError):
    """A file that does not hold pen trajectories."""


class TrajectoriesUnavailableError(DataError):
    """The pen trajectories are not where they were looked for."""

    def __init__(self, reason: str, variable: str):
        """Builds the message from the reason and the environment variable that helps."""
        super().__init__(
            f"the pen trajectories could not be found: {reason}. Get mixoutALL_shifted.mat of "
            '"Character Trajectories" from the UCI Machine Learning Repository '
            "(archive.ics.uci.edu, data set 175; CC BY 4.0) and give its path, or set "
            f"{variable} to it"
        )
