"""The bodies of requests, several at once."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from igc_tf.serve.bodies import Bodies
from igc_tf.serve.refusals import Refusal

MIB = 2**20


def _request(size, end=None):
    """A request that sends so many bytes, and, where there is an event, nothing more before it."""
    messages = [{"type": "http.request", "body": bytes(size), "more_body": end is not None}]

    async def receive():
        if not messages:
            await end.wait()
            return {"type": "http.disconnect"}
        return messages.pop()

    return SimpleNamespace(headers={}, receive=receive)


async def _size_of(bodies, request):
    """How many bytes are read, or the status of the refusal."""
    try:
        async with bodies.read(request) as body:
            return len(body)
    except Refusal as refusal:
        return refusal.status


async def _sizes_beside_two_large_ones():
    bodies, end = Bodies(MIB), asyncio.Event()
    slow = [asyncio.create_task(_size_of(bodies, _request(MIB - 1, end))) for _ in range(2)]
    # until both have sent what they send
    while bodies._held < 2 * (MIB - 1):
        await asyncio.sleep(0)
    beside = [await _size_of(bodies, _request(size)) for size in (2**16, 2**17)]
    end.set()
    return beside, await asyncio.gather(*slow), await _size_of(bodies, _request(2**17))


def test_small_bodies_are_read_while_large_ones_do_not_come():
    beside, slow, after = asyncio.run(_sizes_beside_two_large_ones())
    assert beside == [2**16, 503] and slow == [400, 400]
    # what was held for them is free
    assert after == 2**17


@pytest.mark.parametrize("is_announced", [True, False])
def test_the_largest_body_is_read_and_one_byte_more_is_not(is_announced):
    bodies = Bodies(1000)
    for size, expected in ((1000, 1000), (1001, 413)):
        request = _request(size)
        if is_announced:
            request.headers["content-length"] = str(size)
        assert asyncio.run(_size_of(bodies, request)) == expected


@pytest.mark.parametrize(("asked", "closes"), [({}, False), ({"expect": "100-continue"}, True)])
def test_who_asks_whether_to_send_too_much_does_not_send_it(asked, closes):
    async def refusal():
        request = _request(0)
        request.headers.update({"content-length": "1001", **asked})
        with pytest.raises(Refusal) as refused:
            async with Bodies(1000).read(request):
                pass
        return refused.value

    found = asyncio.run(refusal())
    assert found.status == 413 and ("Connection" in found.headers) == closes


def test_a_body_that_does_not_come_is_given_up(monkeypatch):
    monkeypatch.setattr("igc_tf.serve.bodies._PATIENCE", 0.3)
    monkeypatch.setattr("igc_tf.serve.bodies._TICK", 0.05)

    async def status():
        return await _size_of(Bodies(1000), _request(5, asyncio.Event()))

    begin = time.monotonic()
    assert asyncio.run(status()) == 408
    assert 0.25 < time.monotonic() - begin < 10
