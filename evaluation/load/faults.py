"""What a service meets besides good requests: slow ones, huge ones, its own end."""

import asyncio
import gzip
import itertools
import json
import time

from evaluation.load.clients import Client, NoAnswer, encode_request, keep_asking

_PREDICT = "/v1/models/classifier:predict"
_CLASSIFY = "/v1/models/classifier:classify"
# clients that are served beside the slow ones
_BESIDE = 8


def predictions(images):
    """Returns the bytes of a request for each image."""
    return [
        encode_request(json.dumps({"instances": [image.tolist()]}).encode(), _PREDICT)
        for image in images
    ]


def is_answered(answer, label):
    """Whether an answer to one of `predictions` has this label."""
    if answer.status != 200:
        return False
    return json.loads(answer.body)["predictions"][0]["label"] == label


async def meet_slow_clients(service, images, labels, count, seconds):
    """Lets clients send their bodies byte by byte, while others are served.

    Args:
        service: a `Service`.
        images: (N, ...), of which all take one after the other.
        labels: of these images, as they should be answered.
        count: of slow clients.
        seconds: that each of them takes, about.

    Returns:
        JSON-ready: how many `clients` there were and `right` answers they got; `request_bytes` of
        a request, on average; the `seconds` that the slowest one took; and `beside` them, the
        answers a second and latencies in seconds of a few others.
    """
    requests = []
    for image in images:
        # few bytes of a recognizable picture
        examples = {"examples": [{"images": image.round(1).ravel().tolist()}]}
        body = gzip.compress(json.dumps(examples, separators=(",", ":")).encode(), mtime=0)
        requests.append(encode_request(body, _CLASSIFY, "Content-Encoding: gzip"))
    sizes = [len(request) for request in requests]

    async def slow(number):
        request = requests[number % len(requests)]
        async with Client(service) as client:
            return await client.ask(request, pause=seconds / len(request))

    asking = asyncio.gather(*(slow(number) for number in range(count)))
    found, taken = await keep_asking(service, predictions(images), _BESIDE, seconds)
    answers = await asking
    right = [
        answer.status == 200
        and json.loads(answer.body)["details"][0]["label"] == labels[number % len(labels)]
        for number, answer in enumerate(answers)
    ]
    return {
        "clients": count,
        "right": sum(right),
        "request_bytes": sum(sizes) / len(sizes),
        "seconds": max(answer.seconds for answer in answers),
        "beside": {
            "clients": _BESIDE,
            "requests": len(found),
            "right": sum(is_answered(answer, labels[index]) for index, answer in found),
            "per_second": len(found) / taken,
            "seconds": sorted(answer.seconds for _, answer in found),
        },
    }


async def meet_large_bodies(service, image, count, mebibytes):
    """Sends large bodies at once, each a list of images as long as fits in.

    Returns:
        JSON-ready: the `answers`, status and text of each; `seconds` until the last one; and the
        process's resident memory `before`, at its `peak` and `after`, in bytes.
    """
    row, size = json.dumps(image.tolist()).encode(), int(mebibytes * 2**20)
    head, tail = b'{"instances":[', b"]}"
    rows = (size - len(head) - len(tail) + 1) // (len(row) + 1)
    body = head + b",".join([row] * rows) + tail
    request = encode_request(body + b" " * (size - len(body)), _PREDICT)

    async def one():
        async with Client(service) as client:
            return await client.ask(request)

    before = service.memory()["now"]
    service.forget_peak()
    begin = time.perf_counter()
    answers = await asyncio.gather(*(one() for _ in range(count)))
    seconds = time.perf_counter() - begin
    memory = service.memory()
    return {
        "bodies": count,
        "body_bytes": size,
        "examples_in_each": rows,
        "answers": sorted([answer.status, answer.body.decode()[:200]] for answer in answers),
        "seconds": seconds,
        "memory": {"before": before, "peak": memory["peak"], "after": memory["now"]},
    }


async def meet_its_end(service, requests, labels, clients, seconds):
    """Asks a service that is told to end meanwhile.

    Half of the clients keep their connections, the others make a new one for each request.

    Returns:
        JSON-ready: how many requests were sent `before` the signal, and how many of these were
        answered with the right label (`answered`), and not at all (`lost`); of those sent `after`
        it, how many were `answered`, and not. And the `exit_code` and the `seconds` from the signal
        to the process's end.
    """
    sent = []

    async def ask(client, index):
        # when it was sent, and what became of it
        begin = time.perf_counter()
        try:
            answer = await client.ask(requests[index])
        except NoAnswer:
            sent.append((begin, None))
            return None
        sent.append((begin, is_answered(answer, labels[index])))
        return answer

    async def keeping(number):
        async with Client(service) as client:
            for index in itertools.count(number):
                answer = await ask(client, index % len(requests))
                if answer is None or answer.is_last:
                    return

    async def renewing(number):
        for index in itertools.count(number):
            async with Client(service) as client:
                if await ask(client, index % len(requests)) is None:
                    return

    async def one(number):
        try:
            await (renewing if number % 2 else keeping)(number)
        except OSError:
            # it takes no more connections
            return

    asking = asyncio.gather(*(one(number) for number in range(clients)))
    await asyncio.sleep(seconds)
    told = time.perf_counter()
    exit_code = await asyncio.to_thread(service.end)
    ended = time.perf_counter()
    await asking
    before = [right for begin, right in sent if begin < told]
    after = [right for begin, right in sent if begin >= told]
    return {
        "clients": clients,
        "before": _counted(before),
        "after": _counted(after),
        "exit_code": exit_code,
        "seconds": ended - told,
    }


def _counted(outcomes):
    return {
        "sent": len(outcomes),
        "answered": sum(right is True for right in outcomes),
        "wrong": sum(right is False for right in outcomes),
        "lost": sum(right is None for right in outcomes),
    }
