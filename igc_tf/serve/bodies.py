"""Reads the bodies of requests, up to where they become too large or too slow."""

import asyncio
import contextlib
import math
import time
import zlib

from igc_tf.serve.refusals import Refusal

# seconds without a byte after which a body is given up
_PATIENCE = 60
# seconds in which all of it must have come
_LONGEST = 600
# how often a body that does not come is asked whether the service ends
_TICK = 1.0
# seconds for which what nobody wants is read
_REST = 10
# bodies that may be held at once, in largest bodies; and of how many bytes any number may be held,
# lest a few slow clients keep everybody out
_HELD = 2
_SMALL = 2**16
# unpacked at once
_PART = 2**20
_GZIP = 16 + zlib.MAX_WBITS


class Bodies:
    """Reads bodies whole, plain or compressed with gzip, of known length or in chunks.

    What is too large is refused as soon as that is known: by its announced length, or after so many
    bytes. Bodies of more than 64 KiB take at most twice the largest one's memory together.

    Args:
        largest: bytes of one body, also once it is unpacked.
        is_stopping: () -> whether the service ends; then no body is waited for.
    """

    def __init__(self, largest, is_stopping=lambda: False):
        self.largest = largest
        self._is_stopping = is_stopping
        self._held = 0

    @contextlib.asynccontextmanager
    async def read(self, request):
        """Reads the body of a Starlette `Request`, which is held until the context ends.

        Yields:
            A bytearray.

        Raises:
            Refusal: 400, 408, 413, 415 or 503.
        """
        taken = bytearray()
        try:
            await self._fill(taken, request)
            yield taken
        finally:
            self._held -= len(taken)

    async def _fill(self, taken, request):
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.largest:
            # whoever asks first whether to send it does not
            raise self._too_large(f"{announced} bytes", closes="expect" in request.headers)
        unpack = _unpacker(request.headers.get("content-encoding", "identity").strip().lower())
        begin, more = time.monotonic(), True
        while more:
            message = await self._receive(request, begin)
            if message["type"] == "http.disconnect":
                raise Refusal(400, "the body ended before its end")
            more = message.get("more_body", False)
            for part in unpack(message.get("body", b""), not more):
                if len(taken) + len(part) > self.largest:
                    raise self._too_large("more bytes")
                is_large = len(taken) + len(part) > _SMALL
                if is_large and self._held + len(part) > _HELD * self.largest:
                    raise Refusal(503, "too many large bodies at once", retry_after=1)
                self._held += len(part)
                taken += part
                # others have their turn while a large body is unpacked
                await asyncio.sleep(0)

    async def _receive(self, request, begin):
        for _ in range(math.ceil(_PATIENCE / _TICK)):
            if time.monotonic() - begin > _LONGEST:
                raise Refusal(408, f"not all of the body in {_LONGEST} s", closes=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    return await request.receive()
            if self._is_stopping():
                raise Refusal(503, "the service is ending", retry_after=1, closes=True)
        raise Refusal(408, f"no byte of the body for {_PATIENCE} s", closes=True)

    def _too_large(self, size, closes=False):
        return Refusal(413, f"{size}: expected at most {self.largest}", closes=closes)


class Drain:
    """ASGI middleware: reads on when a request is answered before its end, and throws that away.

    Many clients send all of a body before they listen. Where that fails because the connection
    ends, they never hear why.

    Args:
        app: what answers.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        """Handles a connection of ASGI."""
        names = {name for name, _ in scope.get("headers", ())}
        if scope["type"] != "http" or not names & {b"content-length", b"transfer-encoding"}:
            return await self.app(scope, receive, send)
        is_read = is_open = False

        async def watched_receive():
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body", False)
            return message

        async def watched_send(message):
            nonlocal is_open
            is_end = message["type"] == "http.response.body" and not message.get("more_body", False)
            if is_end and not is_read:
                # all of it, but for the word that the next request may come
                is_open, message = True, {**message, "more_body": True}
            await send(message)

        try:
            await self.app(scope, watched_receive, watched_send)
        finally:
            if is_open:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_REST):
                        while not is_read:
                            async with asyncio.timeout(_TICK):
                                await watched_receive()
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def _unpacker(encoding):
    """(packed bytes, whether they are the last) -> parts of at most `_PART` bytes."""
    if encoding in ("", "identity"):
        return lambda data, last: [data]
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(415, f"Content-Encoding {encoding!r}: expected gzip, or none")
    stream = zlib.decompressobj(_GZIP)

    def unpack(data, last):
        nonlocal stream
        try:
            is_full = False
            # what is left may be inside the stream, too
            while data or (is_full and not stream.eof):
                if stream.eof:
                    # a gzip file may have several members
                    stream = zlib.decompressobj(_GZIP)
                part = stream.decompress(data, _PART)
                is_full = len(part) == _PART
                data = stream.unused_data if stream.eof else stream.unconsumed_tail
                yield part
        except zlib.error as error:
            raise Refusal(400, f"the body is no gzip: {error}") from error
        if last and not stream.eof:
            raise Refusal(400, "the body is no gzip: it is cut short")

    return unpack
