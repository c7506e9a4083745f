"""Progress in a file, and on a terminal."""

import io
import sys

import pytest

from igc_tf.runs import progress, progress_bar


def test_a_log_file_gets_a_line_a_minute(monkeypatch, capsys):
    clock = iter(range(0, 10_000, 25))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress_bar(1000, "image", initial=100) as bar:
        bar.set_description("sigma 0.4")
        for _ in range(9):
            bar.update(100)
    lines = capsys.readouterr().err.split("\n")
    assert lines == [
        "sigma 0.4: image 400 of 1,000 after 01:15, about 02:30 left",
        "sigma 0.4: image 700 of 1,000 after 02:30, about 01:15 left",
        "",
    ]


@pytest.mark.parametrize("shown", [True, False])
def test_a_terminal_gets_a_bar(monkeypatch, shown):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_bar(3, "image", shown) as bar:
        bar.update(3)
        text = sys.stderr.getvalue()
    assert ("0/3" in text) == shown
