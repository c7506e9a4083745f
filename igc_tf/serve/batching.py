"""Joins the questions of many requests into one search."""

import math
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

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


@dataclass
class _Job:
    question: Question
    answer: Future = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)


class Batcher:
    """Answers questions one batch after the other, in the order in which they came.

    Questions for one signature that stand next to each other are answered together, up to
    `max_batch` examples; answers are the same as if each had been asked alone. There is one thread,
    which begins with the first question.

    Args:
        max_batch: examples computed at once; a question of more is answered by itself.
        max_wait: seconds that a question waits for others, while they are fewer.
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
        self._seconds = 0.0
        self._changed = threading.Condition()
        self._thread = None
        self._is_closing = False

    @property
    def waiting(self):
        """How many examples wait."""
        return self._examples

    def ask(self, question):
        """Returns a `Future` of the answer, {name: array (N, ...)}.

        If it is cancelled before its turn, nothing is computed for it.

        Raises:
            QueueFull: if too many examples wait already.
        """
        job = _Job(question)
        with self._changed:
            waiting = self._examples + question.count
            if self._jobs and waiting > self.max_queue:
                raise QueueFull(max(1, math.ceil(self._seconds * self._examples)))
            self._jobs.append(job)
            self._examples = waiting
            if self._thread is None:
                self._is_closing = False
                self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
                self._thread.start()
            self._changed.notify()
        return job.answer

    def close(self):
        """Answers what waits, and ends the thread; a later question begins another."""
        with self._changed:
            thread, self._is_closing = self._thread, True
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _work(self):
        while (jobs := self._next()) is not None:
            jobs = [job for job in jobs if job.answer.set_running_or_notify_cancel()]
            if jobs:
                self._answer(jobs)

    def _next(self):
        """The questions of the next batch; None once there are no more to come."""
        with self._changed:
            while not self._jobs:
                if self._is_closing:
                    self._thread = None
                    return None
                self._changed.wait()
            first = self._jobs[0]
            end = first.arrived + self.max_wait
            while first.question.signature.joins and not self._is_closing:
                left = end - time.monotonic()
                if left <= 0 or self._examples >= self.max_batch:
                    break
                self._changed.wait(left)
            jobs = [self._jobs.popleft()]
            count = first.question.count
            while self._jobs and self._fits(self._jobs[0].question, first.question, count):
                jobs.append(self._jobs.popleft())
                count += jobs[-1].question.count
            self._examples -= count
            return jobs

    def _fits(self, question, first, count):
        signature = first.signature
        is_alike = signature.joins and question.signature is signature
        return is_alike and count + question.count <= self.max_batch

    def _answer(self, jobs):
        questions = [job.question for job in jobs]
        signature = questions[0].signature
        begin = time.perf_counter()
        try:
            arrays = {
                name: np.concatenate([question.arrays[name] for question in questions])
                for name in signature.inputs
            }
            indices = np.concatenate([np.arange(question.count) for question in questions])
            outputs = signature.compute(indices, arrays)
        except Exception as error:
            # whoever waits must hear of it, whatever it is
            for job in jobs:
                job.answer.set_exception(error)
            return
        seconds, count = time.perf_counter() - begin, len(indices)
        self._seconds += _WEIGHT * (seconds / count - self._seconds)
        self._note(count, seconds)
        first = 0
        for job in jobs:
            last = first + job.question.count
            job.answer.set_result({name: value[first:last] for name, value in outputs.items()})
            first = last
