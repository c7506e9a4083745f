"""Clients that ask as fast as they are answered: sockets, and as little as HTTP allows."""

import asyncio
import contextlib
import re
import time
from typing import NamedTuple

# what one answer may have at most
_LARGEST = 2**24


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: of the response.
        body: bytes.
        seconds: from the first byte of the request to the last one of this.
        is_last: whether the connection ends with it.
    """

    status: int
    body: bytes
    seconds: float
    is_last: bool


class NoAnswer(Exception):
    """The connection ended before there was an answer."""


def encode_request(body, path, *headers, method="POST"):
    """Returns the bytes of a request for JSON, or whatever else the body is."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


class Client:
    """One connection.

    Args:
        service: a `Service`.
    """

    def __init__(self, service):
        self.service = service
        self._reader = self._writer = None

    async def __aenter__(self):
        self._reader, self._writer = await asyncio.open_connection(
            self.service.host, self.service.port, limit=_LARGEST
        )
        return self

    async def __aexit__(self, *error):
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def ask(self, request, pause=None, ends=False):
        """Sends the bytes of a request, and returns the `Answer`.

        Args:
            request: bytes.
            pause: seconds between one byte and the next; None for all at once.
            ends: tells that nothing else will be sent.

        Raises:
            NoAnswer: if there is none.
        """
        begin = time.perf_counter()
        try:
            if pause is None:
                self._writer.write(request)
            else:
                for place in range(len(request)):
                    self._writer.write(request[place : place + 1])
                    await asyncio.sleep(pause)
            if ends:
                self._writer.write_eof()
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: *(\d+)\r\n", head, re.I)
            body = await self._reader.readexactly(int(length[1]))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NoAnswer(str(error)) from error
        is_last = re.search(rb"\r\nconnection: *close\r\n", head, re.I) is not None
        return Answer(int(head.split(maxsplit=2)[1]), body, time.perf_counter() - begin, is_last)


async def keep_asking(service, requests, clients, seconds):
    """Lets clients ask, each one request after the other on a connection of its own.

    Args:
        service: a `Service`.
        requests: bytes of each, which every client asks in turn, beginning with another one.
        clients: how many at once.
        seconds: after which no further request is sent.

    Returns:
        `([(index of the request, Answer), ...], seconds until the last answer)`.

    Raises:
        NoAnswer: if one has none.
    """
    found = []
    begin = time.perf_counter()

    async def one(number):
        async with Client(service) as client:
            while time.perf_counter() - begin < seconds:
                index = number % len(requests)
                found.append((index, await client.ask(requests[index])))
                number += 1

    await asyncio.gather(*(one(number) for number in range(clients)))
    return found, time.perf_counter() - begin
