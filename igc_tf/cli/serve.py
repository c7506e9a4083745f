"""`igc-tf serve GENERATOR`."""

import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.errors import InputError
from igc_tf.ranges import Range, check_ranges


@dataclass(frozen=True)
class ServeOptions:
    """Serve the classifier of a generator over HTTP, in TensorFlow Serving's REST format.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file; or a SavedModel
            that `igc-tf export` wrote.
        settings: "paper", or the name of search settings on the generator's card; by default the
            best there.
        kind: of classifier; by default inverted, or multi_label where the generator knows several
            labels. inverse searches the class vector too.
        bounds: LOW HIGH, the values of black and white that the generator makes, where its file
            does not say them.
        host: interface to listen on; 0.0.0.0 for all.
        port: to listen on; 0 chooses a free one.
    """

    generator: tyro.conf.Positional[str] = "mnist-cagan-compact"
    settings: str | None = None
    kind: Literal["inverted", "multi_label", "inverse"] | None = None
    bounds: tuple[float, float] | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Range(0, 65535)] = 8501

    def __post_init__(self):
        check_ranges(self)


def serve_classifier(options):
    """Answers requests until Ctrl-C or SIGTERM.

    Raises:
        InputError: for a generator, settings or a port that cannot be had; for settings of a
            SavedModel, which has its own inside.
    """
    with _stopped_by_signals():
        import_tensorflow_quietly()
        from igc_tf.serve import PredictionServer

        server = PredictionServer(_model(options), options.host, options.port)
        with server, contextlib.suppress(KeyboardInterrupt):
            print(f"POST to {server.url}:predict; Ctrl-C stops", flush=True)
            server.serve_forever()
    print()


def _model(options):
    from igc_tf.classifiers import load_classifier

    if not Path(options.generator, "saved_model.pb").is_file():
        return load_classifier(
            options.generator, options.settings, options.kind, bounds=options.bounds
        )
    for name in ("settings", "kind", "bounds"):
        if getattr(options, name) is not None:
            raise InputError(
                f"{name}={getattr(options, name)!r}: expected none, {options.generator} is a "
                "SavedModel and has its own inside; those of a generator can be chosen"
            )
    return options.generator


@contextlib.contextmanager
def _stopped_by_signals():
    """Lets SIGTERM, like Ctrl-C, raise KeyboardInterrupt.

    So does SIGINT where it was ignored, as it is in what a script starts in the background.
    """
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(stop, signal.default_int_handler) for stop in stops]
    try:
        yield
    finally:
        for stop, handler in zip(stops, before, strict=True):
            signal.signal(stop, handler)
