"""`igc-tf serve DIR`."""

from pathlib import Path

import tyro

from igc_tf.errors import InputError
from igc_tf.export import PredictionServer


def serve(directory: tyro.conf.Positional[Path], host: str = "127.0.0.1", port: int = 8501) -> int:
    """Serves an exported classifier over HTTP, in TensorFlow Serving's REST format.

    Args:
        directory: a SavedModel that `igc-tf export` wrote.
        host: interface to listen on; 0.0.0.0 for all.
        port: 0 chooses a free one.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"--port {port}: expected a whole number from 0 to 65535")
    with PredictionServer(directory, host, port) as server:
        try:
            print(f"POST to {server.url}:predict; Ctrl-C stops", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0
