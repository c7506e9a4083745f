"""What a process says of itself."""

import sys

from igc_tf.runs import describe_code


def test_code_is_described_by_command_and_commit(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/igc-tf", "train", "lenet"])
    described = describe_code()
    assert described["command"].split() == ["igc-tf", "train", "lenet"]
    # None where the tests run on an unpacked archive
    assert described["commit"] is None or len(described["commit"].removesuffix("-dirty")) == 40
