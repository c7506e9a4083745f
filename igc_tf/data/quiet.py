"""Keeps TensorFlow Datasets from printing."""

import contextlib
import io
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallows what Python code prints or logs below ERROR while the block runs.

    TensorFlow Datasets prints sentences, draws progress bars and lets urllib3 log every retry;
    none of this can be switched off per call. The whole process is silenced meanwhile, other
    threads included.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)
