"""Requests that cannot be answered, of many kinds, drawn at random."""

import asyncio
import gzip
import json
from collections import Counter
from typing import NamedTuple

import numpy as np

from evaluation.load.clients import Client, NoAnswer, encode_request

_PREDICT = "/v1/models/classifier:predict"
_CLASSIFY = "/v1/models/classifier:classify"
_GZIP = "Content-Encoding: gzip"
# seconds for an answer
_PATIENCE = 60
_AT_ONCE = 8
# of what a service says that it does not do, HTTP has numbers above 499
_NOT_IMPLEMENTED = 501


class Malformed(NamedTuple):
    """A request that cannot be answered.

    Attributes:
        kind: what is wrong with it.
        sent: bytes.
        ends: whether the client says that nothing else will come.
    """

    kind: str
    sent: bytes
    ends: bool = False


def draw_malformed(count, seed, shape):
    """Returns malformed requests, every kind as often as every other one, give or take one.

    Args:
        count: how many.
        seed: of what is drawn.
        shape: of the images that the service takes.
    """
    random = np.random.default_rng(seed)
    kinds = list(_KINDS)
    drawn = [kinds[number % len(kinds)] for number in range(count)]
    random.shuffle(drawn)
    return [_KINDS[kind](kind, random, shape) for kind in drawn]


async def send_malformed(service, malformed):
    """Sends malformed requests, a few at once, and judges the answers.

    An answer is clear if it says what is wrong: a status from 400 to 499 (or 501, for a transfer
    coding that nobody knows), and JSON with one line, "error".

    Returns:
        JSON-ready: how many were `sent`, and `clear` answers; these by status; and the first of
        those that were `not_clear`, kind and what came.
    """
    waiting = iter(malformed)
    statuses, unclear = Counter(), []

    async def some():
        for one in waiting:
            try:
                async with asyncio.timeout(_PATIENCE), Client(service) as client:
                    answer = await client.ask(one.sent, ends=one.ends)
            except (NoAnswer, OSError) as error:
                unclear.append([one.kind, repr(error)])
                continue
            if _is_clear(answer):
                statuses[str(answer.status)] += 1
            else:
                said = f"{answer.status} {answer.body.decode(errors='replace')}"
                unclear.append([one.kind, said[:200]])

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))
    return {
        "sent": len(malformed),
        "kinds": len({one.kind for one in malformed}),
        "clear": statuses.total(),
        "statuses": dict(sorted(statuses.items())),
        "not_clear": unclear[:20],
    }


def _is_clear(answer):
    try:
        said = json.loads(answer.body)["error"]
    except (ValueError, TypeError, KeyError):
        return False
    is_refusal = 400 <= answer.status < 500 or answer.status == _NOT_IMPLEMENTED
    return is_refusal and bool(said) and "\n" not in said and "Traceback" not in said


def _json(make, path=_PREDICT):
    """Well-formed JSON that does not fit."""

    def draw(kind, random, shape):
        return Malformed(kind, encode_request(json.dumps(make(random, shape)).encode(), path))

    return draw


def _body(make, *headers):
    """Another body."""

    def draw(kind, random, shape):
        return Malformed(kind, encode_request(make(random, shape), _PREDICT, *headers))

    return draw


def _raw(make, ends=False):
    """Something that is no proper HTTP, or no proper address."""

    def draw(kind, random, shape):
        del shape
        return Malformed(kind, make(random), ends)

    return draw


def _image(random, shape, low=-0.5, high=0.5):
    return random.uniform(low, high, size=shape).round(3).tolist()


def _good(random, shape):
    return json.dumps({"instances": [_image(random, shape)]}).encode()


def _text(random, most=200):
    return bytes(random.integers(0, 256, size=random.integers(1, most)).tolist())


def _word(random):
    return "".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), size=random.integers(1, 20)))


def _anything(random):
    some = [None, True, 5, -1.5, 1e300, "", _word(random), [], {}, [[]], [None], [{}], {"a": [1]}]
    return some[random.integers(len(some))]


def _cut(data, random):
    return data[: random.integers(1, len(data) - 1)]


def _head(*lines, method="POST", path=_PREDICT, host="Host: localhost"):
    lines = [f"{method} {path} HTTP/1.1", *([host] if host else []), *lines, "", ""]
    return "\r\n".join(lines).encode()


_KINDS = {
    "random bytes": _body(lambda random, shape: b"\xff" + _text(random)),
    "JSON cut short": _body(lambda random, shape: _cut(_good(random, shape), random)),
    "no body": _body(lambda random, shape: b""),
    "lists in lists": _body(lambda random, shape: b"[" * int(random.integers(100, 100_000))),
    "not-a-number": _body(lambda random, shape: b'{"instances": [NaN, Infinity]}'),
    "another encoding": _body(lambda random, shape: _good(random, shape).decode().encode("utf-16")),
    "no object": _json(lambda random, shape: [_anything(random)]),
    "another key": _json(lambda random, shape: {_word(random): [_image(random, shape)]}),
    "rows and columns": _json(lambda random, shape: {"instances": [], "inputs": _anything(random)}),
    "anything for rows": _json(lambda random, shape: {"instances": _anything(random)}),
    "anything in rows": _json(lambda random, shape: {"instances": [_anything(random)]}),
    "anything for columns": _json(lambda random, shape: {"inputs": _anything(random)}),
    "another shape": _json(
        lambda random, shape: {"instances": [_image(random, [*shape, random.integers(2, 5)])]}
    ),
    "rows that differ": _json(
        lambda random, shape: {"instances": [_image(random, shape), _image(random, [2])]}
    ),
    "out of bounds": _json(lambda random, shape: {"instances": [_image(random, shape, -255, 255)]}),
    "beyond all bounds": _json(
        lambda random, shape: {"instances": np.full([1, *shape], 1e300).tolist()}
    ),
    "texts for numbers": _json(
        lambda random, shape: {"instances": np.full([1, *shape], "0").tolist()}
    ),
    "unknown signature": _json(
        lambda random, shape: {
            "signature_name": _word(random) * int(random.integers(1, 100)),
            "instances": [_image(random, shape)],
        }
    ),
    "signature of another kind": _json(
        lambda random, shape: {"signature_name": [_anything(random)], "instances": [1]}
    ),
    "names for rows": _json(
        lambda random, shape: {"instances": [{_word(random): _image(random, shape)}]}
    ),
    "examples without images": _json(
        lambda random, shape: {"examples": [{_word(random): 1}]}, _CLASSIFY
    ),
    "anything for examples": _json(
        lambda random, shape: {"examples": _anything(random)}, _CLASSIFY
    ),
    "a mask out of bounds": _json(
        lambda random, shape: {
            "examples": [{"images": _image(random, shape), "mask": _image(random, shape, 2, 3)}]
        },
        _CLASSIFY,
    ),
    "too many rows": _json(
        lambda random, shape: {
            "signature_name": "generate",
            "inputs": {"condition": [[0]] * 2000, "latent": [[0]] * 2000},
        }
    ),
    "no gzip": _body(lambda random, shape: b"x" + _text(random), _GZIP),
    "gzip cut short": _body(
        lambda random, shape: _cut(gzip.compress(_good(random, shape), mtime=0), random), _GZIP
    ),
    "gzip of nothing good": _body(
        lambda random, shape: gzip.compress(_text(random), mtime=0), _GZIP
    ),
    "unknown packing": _body(_good, "Content-Encoding: br"),
    "unknown address": _raw(lambda random: _head("Content-Length: 2", path=f"/{_word(random)}")),
    "unknown version": _raw(
        lambda random: _head(
            path=f"/v1/models/classifier/versions/{random.integers(2, 99)}:predict"
        )
    ),
    "an address with a slash too many": _raw(lambda random: _head(path=f"{_PREDICT}/")),
    "an address that is not ASCII": _raw(lambda random: _head(path="/é")),
    "another method": _raw(
        lambda random: _head(method=str(random.choice(["PUT", "DELETE", "PATCH", "BREW", "GET"])))
    ),
    "no host": _raw(lambda random: _head(host=None)),
    "no request line": _raw(lambda random: b"\x16\x03\x01" + _text(random) + b"\r\n\r\n"),
    "no length": _raw(lambda random: _head(f"Content-Length: {_word(random)}")),
    "a negative length": _raw(lambda random: _head(f"Content-Length: -{random.integers(1, 99)}")),
    "two lengths": _raw(lambda random: _head("Content-Length: 2", "Content-Length: 3") + b"{}"),
    "too long a length": _raw(
        lambda random: _head(f"Content-Length: {random.integers(10**9, 10**15)}")
    ),
    "too long a head": _raw(lambda random: _head(f"X: {'a' * 300_000}")),
    "a header that is none": _raw(lambda random: _head(f": {_word(random)}")),
    "no chunks": _raw(
        lambda random: _head("Transfer-Encoding: chunked") + b"x" + _text(random) + b"\r\n\r\n"
    ),
    "unknown transfer coding": _raw(lambda random: _head(f"Transfer-Encoding: {_word(random)}")),
    "a body that ends too early": _raw(
        lambda random: _head("Content-Length: 999") + _text(random), ends=True
    ),
    "chunks that end too early": _raw(
        lambda random: _head("Transfer-Encoding: chunked") + b"999\r\n" + _text(random), ends=True
    ),
    "a head that ends too early": _raw(
        lambda random: _cut(_head("Content-Length: 2"), random), ends=True
    ),
}
