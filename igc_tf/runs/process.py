"""This process, as the operating system sees it: its memory, and what libraries write to stderr."""

import contextlib
import os
import resource
import sys
import tempfile
from pathlib import Path


def peak_memory():
    """Returns the most memory that this process ever had resident, bytes."""
    try:
        # what `getrusage` says begins with the memory of the process that started this one
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        kilobytes = next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)
        return 1024 * int(kilobytes)
    except (OSError, StopIteration):
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextlib.contextmanager
def quiet_stderr():
    """Lets nothing in the block reach stderr, not even from C++."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
