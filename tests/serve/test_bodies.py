"""The bodies of requests, several at once."""

import asyncio
from types import SimpleNamespace

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


async def _sizes_beside_two_large_ones():
    bodies, end = Bodies(MIB), asyncio.Event()

    async def size_of(request):
        try:
            async with bodies.read(request) as body:
                return len(body)
        except Refusal as refusal:
            return refusal.status

    slow = [asyncio.create_task(size_of(_request(MIB - 1, end))) for _ in range(2)]
    # until both have sent what they send
    while bodies._held < 2 * (MIB - 1):
        await asyncio.sleep(0)
    beside = [await size_of(_request(size)) for size in (2**16, 2**17)]
    end.set()
    return beside, await asyncio.gather(*slow), await size_of(_request(2**17))


def test_small_bodies_are_read_while_large_ones_do_not_come():
    beside, slow, after = asyncio.run(_sizes_beside_two_large_ones())
    assert beside == [2**16, 503] and slow == [400, 400]
    # what was held for them is free
    assert after == 2**17
