"""How questions are joined, in what order they are answered, and what is left undone."""

import asyncio
import threading
import time

import numpy as np
import pytest

from igc_tf.errors import InputError
from igc_tf.serve.batching import Batcher, QueueFull
from igc_tf.serve.exchange import Question
from igc_tf.serve.signatures import Signature

_SECONDS = 30


class Recorder:
    """Signatures that double what they are given, note it, and wait until they may go on."""

    def __init__(self, joins=True):
        self.seen = []
        self.begun = threading.Semaphore(0)
        self.goes_on = threading.Semaphore(0)
        self.signature = Signature({"x": None}, {}, self.compute, None, joins)

    def compute(self, indices, arrays):
        self.seen.append((indices.tolist(), arrays["x"].tolist()))
        self.begun.release()
        assert self.goes_on.acquire(timeout=_SECONDS)
        if (arrays["x"] < 0).any():
            raise ValueError("negative")
        return {"y": 2 * arrays["x"]}

    def question(self, *values):
        return Question(self.signature, {"x": np.array(values)}, len(values), False)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def batcher():
    return Batcher(max_batch=4, max_wait=0, max_queue=8)


async def _hold(batcher, recorder):
    """Keeps the computing busy with a first question."""
    first = batcher.ask(recorder.question(0))
    assert await asyncio.to_thread(recorder.begun.acquire, timeout=_SECONDS)
    return first


async def _found(answers):
    found = await asyncio.wait_for(asyncio.gather(*answers), _SECONDS)
    return [outputs["y"].tolist() for outputs in found]


def test_what_waits_is_computed_together_in_order(batcher, recorder):
    async def ask():
        first = await _hold(batcher, recorder)
        answers = [batcher.ask(recorder.question(*v)) for v in ([1], [2, 3], [4, 5], [6])]
        recorder.goes_on.release(3)
        return await _found([first, *answers])

    assert asyncio.run(ask()) == [[0], [2], [4, 6], [8, 10], [12]]
    # at most four; each question has its own numbers
    assert recorder.seen == [
        ([0], [0]),
        ([0, 0, 1], [1, 2, 3]),
        ([0, 1, 0], [4, 5, 6]),
    ]


def test_another_signature_is_computed_by_itself(batcher, recorder):
    other = Recorder(joins=False)

    async def ask():
        await _hold(batcher, recorder)
        asked = [recorder.question(1), other.question(2), other.question(3), recorder.question(4)]
        answers = [batcher.ask(question) for question in asked]
        recorder.goes_on.release(3)
        other.goes_on.release(2)
        return await _found(answers)

    assert asyncio.run(ask()) == [[2], [4], [6], [8]]
    assert [x for _, x in other.seen] == [[2], [3]]
    assert [x for _, x in recorder.seen] == [[0], [1], [4]]


@pytest.mark.parametrize(("sizes", "batches"), [([1, 1, 2], [[1, 2, 3, 4]]), ([1], [[1]])])
def test_a_question_waits_for_others_until_there_are_enough(recorder, sizes, batches):
    waits = 60 if sum(sizes) == 4 else 0.05
    batcher = Batcher(max_batch=4, max_wait=waits, max_queue=8)
    recorder.goes_on.release(4)

    async def ask():
        answers, values = [], iter(range(1, 5))
        for size in sizes:
            answers.append(batcher.ask(recorder.question(*(next(values) for _ in range(size)))))
            # each comes by itself
            await asyncio.sleep(0.01)
        await _found(answers)

    asyncio.run(ask())
    assert [x for _, x in recorder.seen] == batches


def test_who_asks_alone_does_not_wait_again(recorder):
    batcher = Batcher(max_batch=4, max_wait=60, max_queue=8)
    recorder.goes_on.release(9)

    async def waits(*values):
        answers = [batcher.ask(recorder.question(value)) for value in values]
        # where they need not wait, they are taken at once
        await asyncio.sleep(0)
        is_waiting = batcher.waiting > 0
        if is_waiting:
            await asyncio.wait_for(batcher.close(), _SECONDS)
        await _found(answers)
        return is_waiting

    async def one_after_the_other():
        return [await waits(1), await waits(2), await waits(3, 4), await waits(5)]

    # nobody knows at first; and where two came together, a third might
    assert asyncio.run(one_after_the_other()) == [True, False, True, True]


def test_while_others_keep_coming_they_are_waited_for(recorder):
    batcher = Batcher(max_batch=1000, max_wait=0.3, max_queue=2000)

    async def ask():
        pair = [batcher.ask(recorder.question(value)) for value in (1, 2)]
        assert await asyncio.to_thread(recorder.begun.acquire, timeout=_SECONDS)
        # a second is what the next ones wait at most
        await asyncio.sleep(1)
        recorder.goes_on.release(9)
        await _found(pair)
        begin, answers = time.monotonic(), []
        while not (answers and answers[0].done()):
            answers.append(batcher.ask(recorder.question(3)))
            await asyncio.sleep(0.02)
        seconds = time.monotonic() - begin
        await _found(answers)
        return seconds

    assert 0.9 <= asyncio.run(ask()) < 15
    assert len(recorder.seen[1][1]) > 2


def test_the_queue_is_bounded(batcher, recorder):
    async def ask():
        await _hold(batcher, recorder)
        # as if each example had taken so long
        batcher._seconds = 2.0
        for values in ([1, 2, 3, 4], [5, 6, 7]):
            batcher.ask(recorder.question(*values))
        assert batcher.waiting == 7
        with pytest.raises(QueueFull) as full:
            batcher.ask(recorder.question(8, 9))
        assert full.value.retry_after == 14 and batcher.waiting == 7
        last = batcher.ask(recorder.question(8))
        recorder.goes_on.release(9)
        return await _found([last])

    assert asyncio.run(ask()) == [[16]]
    assert batcher.waiting == 0


def test_the_time_of_an_example_is_that_of_the_last_batches(recorder):
    noted = []
    batcher = Batcher(4, 0, 8, lambda *batch: noted.append(batch))

    async def ask():
        first = await _hold(batcher, recorder)
        answers = [first, *(batcher.ask(recorder.question(*v)) for v in ([1], [2, 3]))]
        recorder.goes_on.release(2)
        await _found(answers)

    asyncio.run(ask())
    (one, first), (three, second) = noted
    assert (one, three) == (1, 3) and 0 < second < _SECONDS
    assert batcher._seconds == pytest.approx(0.8 * 0.2 * first + 0.2 * second / 3)


def test_what_was_given_up_is_not_computed(batcher, recorder):
    async def ask():
        first = await _hold(batcher, recorder)
        given_up, kept = batcher.ask(recorder.question(1)), batcher.ask(recorder.question(2))
        # one of them while it is computed
        assert given_up.cancel() and first.cancel()
        recorder.goes_on.release(2)
        return await _found([kept])

    assert asyncio.run(ask()) == [[4]]
    assert [x for _, x in recorder.seen] == [[0], [2]]


def test_an_error_is_everybodys_who_took_part_and_nobody_elses(batcher, recorder):
    async def ask():
        await _hold(batcher, recorder)
        wrong = [batcher.ask(recorder.question(v)) for v in (-1, 2, 3, 4)]
        right = batcher.ask(recorder.question(5))
        recorder.goes_on.release(3)
        assert await _found([right]) == [[10]]
        return await asyncio.gather(*wrong, return_exceptions=True)

    errors = asyncio.run(ask())
    assert [(type(error), str(error)) for error in errors] == 4 * [(ValueError, "negative")]


def test_a_model_that_answers_not_for_each_example_is_told_to_all(batcher):
    whole = Signature({"x": None}, {}, lambda _, arrays: {"y": arrays["x"].sum()}, None, True)

    async def ask():
        answers = [batcher.ask(Question(whole, {"x": np.ones(2)}, 2, False)) for _ in range(2)]
        together = asyncio.gather(*answers, return_exceptions=True)
        return await asyncio.wait_for(together, _SECONDS)

    errors = asyncio.run(ask())
    assert [type(error) for error in errors] == [InputError, InputError]
    assert str(errors[0]).startswith("the model gave 'y' of shape () for 4 examples")


def test_closing_answers_what_was_accepted(recorder):
    batcher = Batcher(max_batch=2, max_wait=60, max_queue=8)
    recorder.goes_on.release(4)

    async def ask():
        answers = [batcher.ask(recorder.question(v)) for v in (1, 2, 3)]
        await asyncio.wait_for(batcher.close(), _SECONDS)
        assert all(answer.done() for answer in answers)
        # and it begins anew
        later = batcher.ask(recorder.question(4))
        await asyncio.wait_for(batcher.close(), _SECONDS)
        return await _found([*answers, later])

    assert asyncio.run(ask()) == [[2], [4], [6], [8]]


def test_it_may_be_asked_in_one_event_loop_after_another(batcher, recorder):
    async def ask(value):
        return await _found([batcher.ask(recorder.question(value))])

    recorder.goes_on.release(2)
    assert [asyncio.run(ask(value)) for value in (1, 2)] == [[[2]], [[4]]]
