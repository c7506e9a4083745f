"""Kills workers and drivers of a classification at random, until it is finished; then counts."""

import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from evaluation.distributed.commands import CommandError, end, started
from igc_tf.distributed.records import import_pyarrow

# parts that are finished, at most, between a start and a kill
_PARTS = 3
# seconds in which a start has to finish some
_PATIENCE = 300


def kill_at_random(source, kills, seed, expected, threads, *arguments, say=print):
    """Classifies a source again and again, and kills what does it.

    Before the first kill a part is timed. After each start some more parts are finished, one to
    three as it is drawn; then, at a time drawn from that of a part, a worker or the driver is
    killed by SIGKILL. Where a worker was killed the command goes on by itself, where the driver
    was it is given again.

    Args:
        source: what is classified, in more than two parts.
        kills: how many there are.
        seed: of what is killed when.
        expected: `(names, predictions)` of all examples, as an undisturbed process has them.
        threads: of the actor.
        arguments: further ones of the command.
        say: called with a line for each kill.

    Returns:
        JSON-ready: how many `workers` and `drivers` were `killed`; in how many `runs`, each in a
        new directory; of all of them the `examples` that they should hold, and how many of them
        were `lost`, there `twice`, or `other` than expected.

    Raises:
        CommandError: if the command failed, or finished no part for minutes.
    """
    random, seconds = np.random.default_rng(seed), None
    killed, found, runs = Counter(workers=0, drivers=0), Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        while killed.total() < kills:
            output = Path(folder) / f"run-{runs}"
            runs += 1
            is_finished = False
            while not is_finished:
                with started(source, output, "ray", threads, "--actors", 1, *arguments) as command:
                    if seconds is None:
                        seconds = _part_seconds(command)
                    is_finished = _disturb(command, random, seconds, killed, kills, say)
            found.update(compare(output, *expected))
    names = "lost", "twice", "other", "examples"
    return {"killed": dict(killed), "runs": runs} | {name: found[name] for name in names}


def _part_seconds(command):
    """How long a part takes after another; the first one also waits for the start."""
    _wait_for(command, 1)
    begin = time.monotonic()
    _wait_for(command, 1)
    return time.monotonic() - begin


def _disturb(command, random, seconds, killed, kills, say):
    """Kills until the driver is killed, or the command has finished; returns whether it has."""
    while killed.total() < kills:
        parts = int(random.integers(1, _PARTS + 1))
        if not _wait_for(command, parts, seconds * random.random()):
            break
        what = ("workers", "drivers")[int(random.integers(2))]
        if what == "drivers":
            command.kill()
        else:
            pids = command.workers()
            if not pids:
                # between two workers: there is nothing to kill but this
                continue
            end(pids[int(random.integers(len(pids)))])
        killed[what] += 1
        say(f"killed {killed['workers']} workers, {killed['drivers']} drivers")
        if what == "drivers":
            return False
    command.report()
    return True


def _wait_for(command, parts, seconds=0.0):
    """Waits for so many more parts, and so many seconds; False at the end."""
    begin, before = time.monotonic(), command.finished_parts()
    while command.is_running():
        if command.finished_parts() - before >= parts:
            time.sleep(seconds)
            return command.is_running()
        if time.monotonic() - begin > _PATIENCE:
            raise CommandError(f"no {parts} parts were finished in {_PATIENCE} s")
        time.sleep(0.02)
    return False


def compare(output, names, predictions):
    """Counts what is wrong with the parts in a directory.

    Args:
        output: the directory.
        names: of all examples, in order.
        predictions: likewise, as they should be.

    Returns:
        `{"examples": number, "lost": number, "twice": number, "other": number}`.
    """
    _, parquet = import_pyarrow()
    numbers, other = Counter(), 0
    for path in sorted(output.glob("part-*.parquet")):
        columns = parquet.read_table(path, columns=["number", "file", "prediction"]).to_pydict()
        for number, *answer in zip(*columns.values(), strict=True):
            numbers[number] += 1
            is_known = 0 <= number < len(names)
            other += not is_known or answer != [names[number], predictions[number]]
    return {
        "examples": len(names),
        "lost": sum(number not in numbers for number in range(len(names))),
        "twice": sum(count - 1 for count in numbers.values()),
        "other": other,
    }
