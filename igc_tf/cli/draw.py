"""`igc-tf draw`: a page that shows what the search makes of what one draws on it."""

import signal
import threading
import webbrowser
from dataclasses import dataclass
from typing import Annotated

import tyro

from igc_tf.cli.program import import_tensorflow_quietly, stopped_by
from igc_tf.cli.serve import access_log
from igc_tf.ranges import Range, check_ranges

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class DrawOptions:
    """Open a page on this machine to draw on, and see how each class is fitted to the drawing.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file; of pictures. The
            page offers those that ship, too.
        settings: "paper", or the name of search settings on the generator's card; by default the
            best there.
        bounds: LOW HIGH, the values of black and white that the generator makes, where its file
            does not say them.
        port: to listen on; 0 chooses a free one. Only this machine is answered.
        browser: open the page in this machine's browser.
        access_log: write a line of JSON for each request to stdout.
    """

    generator: tyro.conf.Positional[str] = "mnist-cagan-compact"
    settings: str | None = None
    bounds: tuple[float, float] | None = None
    port: Annotated[int, Range(0, 65535)] = 8502
    browser: bool = False
    access_log: bool = False

    def __post_init__(self):
        check_ranges(self)


def serve_page(options):
    """Shows the page until Ctrl-C or SIGTERM.

    Raises:
        InputError: for a generator, settings or a port that cannot be had; for a generator that
            does not make pictures class by class.
    """
    from igc_tf.serve.server import listen, run_server

    def greet(url):
        print(f"draw on {url} ; Ctrl-C stops", flush=True)
        if options.browser:
            # it may wait for the page, which is served from here
            threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()

    # which is ignored at first in what a script starts in the background
    with stopped_by(signal.SIGINT), listen(_HOST, options.port) as listener:
        import_tensorflow_quietly()
        from igc_tf.serve.application import build_application
        from igc_tf.serve.drawing import Shelf
        from igc_tf.serve.page import LOCAL_HOSTS, page_routes

        shelf = Shelf(options.generator, options.settings, bounds=options.bounds)
        application = build_application(
            shelf.get(*shelf.first), routes=page_routes(shelf), hosts=LOCAL_HOSTS
        )
        with access_log(options.access_log):
            run_server(application, listener, greet)
