"""What a process says of itself."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from igc_tf.runs import describe_code, peak_memory, process, quiet_stderr


def test_code_is_described_by_command_and_commit(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/igc-tf", "train", "lenet"])
    described = describe_code()
    assert described["command"].split() == ["igc-tf", "train", "lenet"]
    # None where the tests run on an unpacked archive
    assert described["commit"] is None or len(described["commit"].removesuffix("-dirty")) == 40


def test_changed_files_of_the_repository_are_told(monkeypatch):
    for status, expected in (("", "abc"), (" M igc_tf/x.py", "abc-dirty")):
        said = {"ls-files": "process.py", "rev-parse": "abc", "status": status}
        monkeypatch.setattr(process, "_git", lambda folder, name, *_, said=said: said[name])
        assert describe_code()["commit"] == expected
    monkeypatch.setattr(process, "_git", lambda *_: None)
    assert describe_code()["commit"] is None


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says it so")
def test_the_peak_of_memory_is_what_was_resident_then():
    def resident():
        return os.sysconf("SC_PAGE_SIZE") * int(Path("/proc/self/statm").read_text().split()[1])

    # more than there ever was
    held = np.ones(peak_memory() - resident() + 2**26, np.uint8)
    then = resident()
    assert peak_memory() == pytest.approx(then, rel=0.01)
    del held
    assert peak_memory() > 1.01 * resident() and peak_memory() >= 0.99 * then


def test_stderr_is_quiet_in_the_block_and_heard_behind_it(capfd):
    with pytest.raises(ZeroDivisionError), quiet_stderr():
        os.write(2, b"of C++")
        1 / 0  # noqa: B018
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
