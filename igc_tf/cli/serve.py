"""`igc-tf serve DIR`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.ranges import Range, check_ranges


@dataclass(frozen=True)
class ServeOptions:
    """Serve an exported classifier over HTTP, in TensorFlow Serving's REST format.

    Attributes:
        directory: a SavedModel that `igc-tf export` wrote.
        host: interface to listen on; 0.0.0.0 for all.
        port: to listen on; 0 chooses a free one.
    """

    directory: tyro.conf.Positional[Path]
    host: str = "127.0.0.1"
    port: Annotated[int, Range(0, 65535)] = 8501

    def __post_init__(self):
        check_ranges(self)


def serve_classifier(options):
    """Answers requests until Ctrl-C."""
    import_tensorflow_quietly()
    from igc_tf.serve import PredictionServer

    with PredictionServer(options.directory, options.host, options.port) as server:
        try:
            print(f"POST to {server.url}:predict; Ctrl-C stops", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print()
