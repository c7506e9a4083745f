"""`igc-tf classify --engine` in a process of its own, and how it is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from igc_tf.distributed.parts import REPORT
from igc_tf.errors import IGCError
from igc_tf.runs import read_json

_PROGRAM = "from igc_tf.cli.main import run_command_line; run_command_line()"
# how those of Ray's processes call themselves in which actors of Ray Data work
_ACTOR = b"ray::MapWorker"
# seconds in which what belongs to a killed process ends by itself, where it does
_PATIENCE = 5


class CommandError(IGCError):
    """The command failed."""


@contextlib.contextmanager
def started(source, output, engine, threads, *arguments):
    """Starts the command; it and all its processes are ended with the block, whatever happens.

    Args:
        source: what is classified.
        output: the directory.
        engine: "ray" or "process".
        threads: TensorFlow's, in either.
        arguments: further ones.

    Yields:
        The `Command`.
    """
    # one process has as many threads as an actor
    limits = {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": "1"}
    asked = ["classify", str(source), "--output", str(output), "--engine", engine]
    asked += ["--cpus", str(threads), *map(str, arguments)]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *asked],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **limits},
        )
        command = Command(process, Path(output), errors)
        try:
            yield command
        finally:
            command.kill()


class Command:
    """A running command.

    Args:
        process: the `subprocess.Popen`.
        output: the directory that it writes.
        errors: the file of what it wrote on stderr.
    """

    def __init__(self, process, output, errors):
        self.process, self.output, self._errors = process, output, errors

    def finished_parts(self):
        """Returns how many parts are there."""
        return len(list(self.output.glob("part-*.parquet")))

    def is_running(self):
        """Whether it has not ended."""
        return self.process.poll() is None

    def report(self):
        """Waits for its end, and returns what its report says.

        Raises:
            CommandError: if it failed.
        """
        code = self.process.wait()
        if code:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")
            raise CommandError(f"igc-tf classify ended with {code}: {said}")
        return read_json(self.output / REPORT)

    def workers(self):
        """Returns the ids of the processes in which actors work."""
        return [pid for pid in _descendants(self.process.pid) if _is_actor(pid)]

    def kill(self):
        """Kills it at once (SIGKILL); waits until all that it started has ended by itself, too.

        Whatever is still there after a while is killed.
        """
        started_by_it = _descendants(self.process.pid)
        if self.is_running():
            self.process.kill()
        self.process.wait()
        until = time.monotonic() + _PATIENCE
        while any(map(_is_there, started_by_it)) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in started_by_it:
            end(pid)


def end(pid):
    """Kills a process, if it is there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _is_actor(pid):
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return line.startswith(_ACTOR)


def _is_there(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _descendants(pid):
    """The ids of all processes that a process has started, and those that these have."""
    found, open_ = [], [pid]
    while open_:
        for children in Path(f"/proc/{open_.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                open_ += (new := list(map(int, children.read_text(encoding="ascii").split())))
                found += new
    return found
