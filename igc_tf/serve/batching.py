"""Joins the questions of many requests into one search."""

import asyncio
import contextlib
import math
from collections import deque
from typing import NamedTuple

import anyio
import numpy as np

from igc_tf.errors import InputError
from igc_tf.serve.exchange import Question

# of the time per example that is remembered, this much is that of the last search
_WEIGHT = 0.2


class QueueFull(Exception):
    """There is no room for another question.

    Args:
        retry_after: seconds until there should be, a whole number >= 1.
    """

    def __init__(self, retry_after):
        super().__init__(f"too many requests are waiting: try again in {retry_after} s")
        self.retry_after = retry_after


class _Job(NamedTuple):
    question: Question
    answer: asyncio.Future
    arrived: float


class Batcher:
    """Answers questions one batch after the other, in the order in which they came.

    Questions for one signature that stand next to each other are answered together, up to
    `max_batch` examples; answers are the same as if each had been asked alone. Whoever asks and
    waits does so in one event loop; a batch is computed in a thread beside it.

    Args:
        max_batch: examples computed at once; a question of more is answered by itself.
        max_wait: longest wait, in seconds, for one more question to fill a batch. While others keep
            coming it goes on, at most as long as the last batch took. A lone client never waits. 0
            joins only what came while a batch was computed.
        max_queue: examples that may wait.
        note: called with (examples, seconds) after each batch.
    """

    def __init__(self, max_batch, max_wait, max_queue, note=lambda examples, seconds: None):
        self.max_batch = max_batch
        self.max_wait = max_wait
        self.max_queue = max_queue
        self._note = note
        self._jobs = deque()
        self._examples = 0
        # of an example on average, and of the last batch
        self._seconds = self._last_seconds = 0.0
        # when that ended
        self._ended = -math.inf
        self._was_alone = False
        # works for as long as there are questions
        self._worker = None
        self._news = None
        self._is_closing = False
        self._lane = anyio.CapacityLimiter(1)

    @property
    def waiting(self):
        """How many examples wait."""
        return self._examples

    def ask(self, question):
        """Returns an `asyncio.Future` of the answer, {name: array (N, ...)}.

        If it is cancelled before its turn, nothing is computed for it.

        Raises:
            QueueFull: if too many examples wait already.
        """
        loop = asyncio.get_running_loop()
        waiting = self._examples + question.count
        if self._jobs and waiting > self.max_queue:
            raise QueueFull(max(1, math.ceil(self._seconds * self._examples)))
        job = _Job(question, loop.create_future(), loop.time())
        self._jobs.append(job)
        self._examples = waiting
        if self._worker is None or self._worker.done():
            self._news = asyncio.Event()
            self._worker = loop.create_task(self._work())
        self._news.set()
        return job.answer

    async def close(self):
        """Answers what waits; a later question begins anew."""
        if self._worker is not None and not self._worker.done():
            self._is_closing = True
            self._news.set()
            await asyncio.wait({self._worker})
            self._is_closing = False

    async def _work(self):
        while self._jobs:
            jobs = [job for job in await self._next() if not job.answer.done()]
            if jobs:
                await self._answer(jobs)

    async def _next(self):
        """The questions of the next batch."""
        first, clock = self._jobs[0], asyncio.get_running_loop().time
        is_alone = self._was_alone and len(self._jobs) == 1
        while first.question.signature.joins and not (is_alone or self._is_closing):
            # those who were answered last may ask again
            latest, earliest = (max(job.arrived, self._ended) for job in (self._jobs[-1], first))
            longest = max(self.max_wait, self._last_seconds)
            left = min(latest + self.max_wait, earliest + longest) - clock()
            if left <= 0 or self._examples >= self.max_batch:
                break
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()
        jobs = [self._jobs.popleft()]
        count = first.question.count
        while self._jobs and self._fits(self._jobs[0].question, first.question, count):
            jobs.append(self._jobs.popleft())
            count += jobs[-1].question.count
        self._examples -= count
        self._was_alone = len(jobs) == 1
        return jobs

    def _fits(self, question, first, count):
        signature = first.signature
        is_alike = signature.joins and question.signature is signature
        return is_alike and count + question.count <= self.max_batch

    async def _answer(self, jobs):
        clock = asyncio.get_running_loop().time
        begin = clock()
        questions = [job.question for job in jobs]
        try:
            answers = await anyio.to_thread.run_sync(_computed, questions, limiter=self._lane)
        except Exception as error:
            # whoever waits must hear of it, whatever it is
            for job in jobs:
                if not job.answer.done():
                    job.answer.set_exception(error)
            return
        for job, answer in zip(jobs, answers, strict=True):
            # somebody may have left meanwhile
            if not job.answer.done():
                job.answer.set_result(answer)
        self._ended, count = clock(), sum(one.count for one in questions)
        self._last_seconds = seconds = self._ended - begin
        self._seconds += _WEIGHT * (seconds / count - self._seconds)
        self._note(count, seconds)


def _computed(questions):
    """The outputs of each of some questions for the same signature, computed together."""
    signature = questions[0].signature
    arrays = {
        name: np.concatenate([question.arrays[name] for question in questions])
        for name in signature.inputs
    }
    indices = np.concatenate([np.arange(question.count) for question in questions])
    outputs = signature.compute(indices, arrays)
    for name, value in outputs.items():
        if value.shape[:1] != indices.shape:
            raise InputError(
                f"the model gave {name!r} of shape {value.shape} for {len(indices)} examples: "
                "expected something of each"
            )
    ends = np.cumsum([question.count for question in questions])
    return [
        {name: value[end - question.count : end] for name, value in outputs.items()}
        for question, end in zip(questions, ends, strict=True)
    ]
