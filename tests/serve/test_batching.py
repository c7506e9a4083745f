"""How questions are joined, in what order they are answered, and what is left undone."""

import threading
from concurrent.futures import CancelledError

import numpy as np
import pytest

from igc_tf.serve.batching import Batcher, QueueFull
from igc_tf.serve.exchange import Question
from igc_tf.serve.signatures import Signature


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
        assert self.goes_on.acquire(timeout=30)
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
    batcher = Batcher(max_batch=4, max_wait=0, max_queue=8)
    yield batcher
    batcher.close()


def _hold(batcher, recorder):
    """Keeps the thread busy with a first question."""
    first = batcher.ask(recorder.question(0))
    assert recorder.begun.acquire(timeout=30)
    return first


def test_what_waits_is_computed_together_in_order(batcher, recorder):
    first = _hold(batcher, recorder)
    answers = [batcher.ask(recorder.question(*v)) for v in ([1], [2, 3], [4, 5], [6])]
    recorder.goes_on.release(3)
    found = [answer.result(30)["y"].tolist() for answer in (first, *answers)]
    assert found == [[0], [2], [4, 6], [8, 10], [12]]
    # at most four; each question has its own numbers
    assert recorder.seen == [
        ([0], [0]),
        ([0, 0, 1], [1, 2, 3]),
        ([0, 1, 0], [4, 5, 6]),
    ]


def test_another_signature_is_computed_by_itself(batcher, recorder):
    other = Recorder(joins=False)
    _hold(batcher, recorder)
    asked = [recorder.question(1), other.question(2), other.question(3), recorder.question(4)]
    answers = [batcher.ask(question) for question in asked]
    recorder.goes_on.release(3)
    other.goes_on.release(2)
    assert [answer.result(30)["y"].tolist() for answer in answers] == [[2], [4], [6], [8]]
    assert [x for _, x in other.seen] == [[2], [3]]
    assert [x for _, x in recorder.seen] == [[0], [1], [4]]


def test_the_queue_is_bounded(batcher, recorder):
    _hold(batcher, recorder)
    for values in ([1, 2, 3, 4], [5, 6, 7]):
        batcher.ask(recorder.question(*values))
    assert batcher.waiting == 7
    with pytest.raises(QueueFull) as full:
        batcher.ask(recorder.question(8, 9))
    assert full.value.retry_after >= 1 and batcher.waiting == 7
    batcher.ask(recorder.question(8))
    recorder.goes_on.release(9)


def test_what_was_given_up_is_not_computed(batcher, recorder):
    _hold(batcher, recorder)
    given_up, kept = batcher.ask(recorder.question(1)), batcher.ask(recorder.question(2))
    assert given_up.cancel()
    recorder.goes_on.release(2)
    assert kept.result(30)["y"].tolist() == [4]
    assert [x for _, x in recorder.seen] == [[0], [2]]
    with pytest.raises(CancelledError):
        given_up.result(0)


def test_an_error_is_everybodys_who_took_part_and_nobody_elses(batcher, recorder):
    _hold(batcher, recorder)
    wrong = [batcher.ask(recorder.question(v)) for v in (-1, 2, 3, 4)]
    right = batcher.ask(recorder.question(5))
    recorder.goes_on.release(3)
    for answer in wrong:
        with pytest.raises(ValueError, match="negative"):
            answer.result(30)
    assert right.result(30)["y"].tolist() == [10]


def test_closing_answers_what_was_accepted(recorder):
    batcher = Batcher(max_batch=1, max_wait=60, max_queue=8)
    answers = [batcher.ask(recorder.question(v)) for v in (1, 2, 3)]
    recorder.goes_on.release(4)
    batcher.close()
    assert [answer.result(0)["y"].tolist() for answer in answers] == [[2], [4], [6]]
    # and it begins anew
    later = batcher.ask(recorder.question(4))
    batcher.close()
    assert later.result(0)["y"].tolist() == [8]
