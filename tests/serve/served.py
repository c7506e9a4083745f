"""An application on a real socket, for as long as a test asks it."""

import os
import signal
import threading

from igc_tf.cli.program import stopped_by
from igc_tf.serve.server import listen, run_server


def serve_while(application, clients, host="127.0.0.1"):
    """Serves in this thread, as the command does, while another runs `clients(host, port)`.

    Returns what that returned, or raises what it raised.
    """
    found = []

    def ask():
        try:
            found.append((clients(*listener.getsockname()[:2]), None))
        except BaseException as error:
            found.append((None, error))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    with stopped_by(signal.SIGTERM), listen(host, 0) as listener:
        thread = threading.Thread(target=ask)
        run_server(application, listener, lambda address: thread.start())
        thread.join()
    answer, error = found[0]
    if error is not None:
        raise error
    return answer
