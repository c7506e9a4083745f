"""The page to draw on: its files, and the conversation about what is drawn."""

import contextlib
import json
import time
from importlib.resources import files

import anyio
import numpy as np
import tensorflow as tf
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from igc_tf.errors import IGCError, ImageFileError, first_line
from igc_tf.serve.drawing import describe_look, facts_for_page, packed, watch

# by what names this machine alone calls itself
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/sheet.js": ("sheet.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
# nothing comes from elsewhere, nothing goes elsewhere, and no other page shows this one
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
# bytes before a picture that number it
_NUMBER = 4
# of a picture
_NOT_FINITE = "leads these settings to values that are not finite: choose others"


def page_routes(shelf):
    """Returns the routes of the page, for `build_application`.

    The page sends, over the WebSocket `/watch`, `{"generator": name, "settings": name}` or a
    picture, four bytes of its number and a file, and is told `{"kind": ...}`: "choices" at
    first; "ready" when a classifier is loaded; for each picture "look"s while it is searched, or
    why there is nothing to search or to be shown, "nothing".

    Args:
        shelf: the `Shelf`.
    """

    async def converse(websocket):
        await _Conversation(websocket, shelf, lane).hold()

    # one step after the other, of all pages
    lane = anyio.CapacityLimiter(1)
    return [
        *(Route(path, _file(*entry), methods=["GET"]) for path, entry in _FILES.items()),
        WebSocketRoute("/watch", converse),
    ]


def _file(name, media_type):
    content = files("igc_tf.serve").joinpath("static", name).read_bytes()

    async def page(request):
        del request
        return Response(content, headers=_HEADERS, media_type=media_type)

    return page


class _Conversation:
    """What one open page and the search say to each other.

    A picture that comes while another is searched takes its place: each gets one look at least.
    """

    def __init__(self, websocket, shelf, lane):
        self.websocket = websocket
        self.shelf = shelf
        self.lane = lane
        # what was asked for and not yet taken up
        self._choice = shelf.first
        self._picture = None
        self._news = anyio.Event()

    async def hold(self):
        """Talks until the page is closed."""
        await self.websocket.accept()
        async with anyio.create_task_group() as group:
            group.start_soon(self._answer)
            with contextlib.suppress(WebSocketDisconnect):
                await self._listen()
            group.cancel_scope.cancel()

    async def _listen(self):
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            encoded = message.get("bytes")
            if encoded is not None:
                self._picture = encoded, time.perf_counter()
            elif (choice := _choice(message.get("text") or "")) is not None:
                self._choice = choice
            self._news.set()

    async def _answer(self):
        # the page may be closed while it is told something
        with contextlib.suppress(WebSocketDisconnect):
            await self._search()

    async def _search(self):
        await self._tell("choices", choices=self.shelf.choices, first=self.shelf.first)
        classifier = None
        while True:
            if self._choice is not None:
                chosen, self._choice = self._choice, None
                classifier = await self._load(*chosen) or classifier
            elif self._picture is not None and classifier is not None:
                (encoded, arrived), self._picture = self._picture, None
                await self._show(classifier, encoded, arrived)
            else:
                self._news = anyio.Event()
                await self._news.wait()

    async def _load(self, generator, settings):
        await self._tell("loading", generator=generator, settings=settings)
        try:
            classifier = await self._in_lane(self.shelf.get, generator, settings)
        except (IGCError, tf.errors.OpError) as error:
            return await self._tell("refused", reason=first_line(error))
        described = facts_for_page(classifier)
        await self._tell("ready", generator=generator, settings=settings, **described)
        return classifier

    async def _show(self, classifier, encoded, arrived):
        number = int.from_bytes(encoded[:_NUMBER], "big")
        generator = classifier.generator
        try:
            data = await self._in_lane(generator.picture_frame.decode, encoded[_NUMBER:])
        except ImageFileError as error:
            return await self._tell("nothing", number=number, reason=str(error))
        except Exception as error:
            # Pillow raises errors of many kinds for what is damaged; the conversation goes on
            reason = f"cannot be read ({first_line(error)})"
            return await self._tell("nothing", number=number, reason=reason)
        try:
            await self._show_looks(classifier, data, number, arrived)
        except tf.errors.OpError as error:
            # such as for want of memory
            reason = f"cannot be searched ({first_line(error)})"
            await self._tell("nothing", number=number, reason=reason)

    async def _show_looks(self, classifier, data, number, arrived):
        looks, picture = watch(classifier, data), packed(classifier.generator, data)

        def next_look():
            look = next(looks, None)
            return None if look is None else describe_look(classifier, look)

        while (look := await self._in_lane(next_look)) is not None:
            if not np.isfinite([*look["scores"], *look["differences"]]).all():
                return await self._tell("nothing", number=number, reason=_NOT_FINITE)
            seconds = time.perf_counter() - arrived
            await self._tell("look", number=number, seconds=seconds, picture=picture, **look)
            picture = None
            if self._picture is not None or self._choice is not None:
                return

    async def _in_lane(self, function, *arguments):
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self.lane)

    async def _tell(self, kind, **values):
        await self.websocket.send_text(json.dumps({"kind": kind, **values}, allow_nan=False))


def _choice(text):
    """The names that a message chooses; None if it does not."""
    try:
        said = json.loads(text)
        return str(said["generator"]), str(said["settings"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
