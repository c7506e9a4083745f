"""`igc-tf serve GENERATOR`, and what it shares with `igc-tf draw`."""

import contextlib
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from igc_tf.cli.program import (
    ClassifierOptions,
    discard_stdout,
    import_tensorflow_quietly,
    stopped_by,
)
from igc_tf.errors import InputError
from igc_tf.ranges import Range
from igc_tf.serve import ServiceOptions

# in the environment, where other users of the machine cannot read it off the command line
TOKEN = "IGC_TF_TOKEN"


@dataclass(frozen=True)
class ServeOptions(ClassifierOptions, ServiceOptions):
    """Serve the classifier of a generator over HTTP, in TensorFlow Serving's REST format.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file; or a SavedModel
            that `igc-tf export` wrote.
        host: interface to listen on; by default only this machine is answered. 0.0.0.0 for all,
            :: for those of IPv6 too.
        port: to listen on; 0 chooses a free one.
        access_log: write a line of JSON for each request to stdout.
        token: if given, requests need the header Authorization: Bearer TOKEN, except for /health.
            The environment variable IGC_TF_TOKEN gives it unseen by other users of this machine.
    """

    generator: tyro.conf.Positional[str] = "mnist-cagan-compact"
    host: str = "127.0.0.1"
    port: Annotated[int, Range(0, 65535)] = 8501
    access_log: bool = True

    def __post_init__(self):
        if self.token is None:
            object.__setattr__(self, "token", os.environ.get(TOKEN))
        super().__post_init__()


def serve_classifier(options):
    """Answers requests until Ctrl-C or SIGTERM, and then those that it accepted.

    Raises:
        InputError: for a generator, settings or a port that cannot be had; for settings of a
            SavedModel, which has its own inside.
    """
    from igc_tf.serve.server import is_loopback, listen, run_server

    # which is ignored at first in what a script starts in the background
    with stopped_by(signal.SIGINT), listen(options.host, options.port) as listener:
        if options.token is None and not is_loopback(options.host):
            print(
                f"warning: whoever reaches {options.host} is answered; --token lets in only those "
                "who bear it",
                file=sys.stderr,
            )
        import_tensorflow_quietly()
        from igc_tf.serve.application import build_application

        def greet(url):
            print(f"POST to {url}/v1/models/{options.name}:predict; Ctrl-C stops", flush=True)

        application = build_application(_model(options), options)
        with access_log(options.access_log):
            run_server(application, listener, greet)


def _model(options):
    if not Path(options.generator, "saved_model.pb").is_file():
        return options.load()
    for name in ("settings", "kind", "bounds"):
        if getattr(options, name) is not None:
            raise InputError(
                f"{name}={getattr(options, name)!r}: expected none, {options.generator} is a "
                "SavedModel and has its own inside; those of a generator can be chosen"
            )
    return options.generator


@contextlib.contextmanager
def access_log(is_wanted):
    """Writes the lines about requests to stdout, if they are wanted."""
    logger = logging.getLogger("igc_tf.access")
    handler, before = _WhileRead(sys.stdout), (logger.level, logger.propagate)
    if is_wanted:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


class _WhileRead(logging.StreamHandler):
    """Writes to stdout for as long as somebody reads it, as `igc-tf serve | head -1` does not."""

    def handleError(self, record):
        if isinstance(sys.exception(), BrokenPipeError):
            discard_stdout()
        else:
            super().handleError(record)
