"""Progress on a terminal, and in a log file."""

import sys
import time

from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 60


def progress_bar(total, unit, shown=True, initial=0):
    """Returns something to tell of progress; a context manager with tqdm's methods.

    On a terminal that is tqdm's bar. Elsewhere, such as in a log file, it is a line a minute, and
    nothing at all for what takes less.

    Args:
        total: how much there is to do.
        unit: one of what is counted, such as "image".
        shown: False for silence.
        initial: how much is done already.

    Returns:
        An object with `update(count)`, `set_description(text)` and `close()`.
    """
    if shown and not sys.stderr.isatty():
        return _Lines(total, unit, initial)
    return tqdm(total=total, unit=f" {unit}", initial=initial, disable=not shown, leave=False)


class _Lines:
    """What `progress_bar` gives a log file; its arguments are the same."""

    def __init__(self, total, unit, initial):
        self.total, self.unit = total, unit
        self.initial = self.done = initial
        self.description = ""
        self.begin = self.last = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def set_description(self, text):
        self.description = f"{text}: "

    def update(self, count=1):
        self.done += count
        now = time.monotonic()
        if now - self.last < _SECONDS_BETWEEN_LINES or self.done >= self.total:
            return
        self.last = now
        passed = now - self.begin
        left = passed * (self.total - self.done) / max(self.done - self.initial, 1)
        print(
            f"{self.description}{self.unit} {self.done:,} of {self.total:,} after "
            f"{tqdm.format_interval(passed)}, about {tqdm.format_interval(left)} left",
            file=sys.stderr,
            flush=True,
        )

    def close(self):
        pass
