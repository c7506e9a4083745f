"""A directory that appears when it is complete."""

import contextlib
import tempfile
from pathlib import Path

from igc_tf.errors import OutputError


@contextlib.contextmanager
def new_directory(path):
    """Gives a directory to write into, which becomes `path` when the block ends without an error.

    It is written beside `path` and renamed; after an error or Ctrl-C nothing of it is left.

    Args:
        path: missing, or an empty directory. Its parents are created.

    Yields:
        The `Path` of the directory to write into.

    Raises:
        OutputError: if something is there already; before the block runs.
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise OutputError(f"{path} exists already: expected a new or an empty directory")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as temporary:
        unfinished = Path(temporary) / "unfinished"
        unfinished.mkdir()
        yield unfinished
        if path.exists():
            path.rmdir()
        unfinished.rename(path)
