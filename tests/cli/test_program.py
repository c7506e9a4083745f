"""What programs print where, and how they end."""

import io
import signal
import sys
import time
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
import tyro

from igc_tf.cli.program import import_tensorflow_quietly, parse_options, program_errors, stopped_by
from igc_tf.errors import InputError, printable
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import quiet_stderr


@dataclass(frozen=True)
class Options:
    """Test the reading of options × λ.

    Attributes:
        images: how many.
        way: to go.
    """

    images: Annotated[int | Literal["all"], Range(1, 9)] = 3
    way: Literal["up", "down"] = "up"

    def __post_init__(self):
        check_ranges(self)


@dataclass(frozen=True)
class MoreOptions(Options):
    """Test what extends them.

    Attributes:
        speed: in knots, which is the
            other option.
        way: to fly.
    """

    speed: int = 7


@dataclass(frozen=True)
class SourceOptions:
    """Test what is given by its place.

    Attributes:
        source: where from.
    """

    source: tyro.conf.Positional[str]


def code_of(error, capsys):
    with pytest.raises(SystemExit) as exit, program_errors():
        raise error
    return exit.value.code, capsys.readouterr().err


def test_mistakes_are_one_line_and_ctrl_c_is_130(capsys):
    assert code_of(InputError("--images 0"), capsys) == (2, "error: --images 0\n")
    code, line = code_of(KeyboardInterrupt(), capsys)
    assert code == 130 and line.count("\n") == 1


def test_sigterm_ends_a_program_as_ctrl_c_does(capsys):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as exit, program_errors():
        signal.raise_signal(signal.SIGTERM)
    assert exit.value.code == 130 and capsys.readouterr().err.startswith("interrupted")
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_program_may_run_in_any_thread():
    def program():
        with program_errors():
            pass

    with ThreadPoolExecutor() as pool:
        pool.submit(program).result()


def test_spaces_of_all_kinds_are_printed_and_line_ends_spelt():
    assert printable("9.41\u202fAM\u3000零\n\x1b") == "9.41\u202fAM\u3000零\\n\\x1b"


def test_ctrl_c_is_not_lost_in_the_callback_of_a_weak_reference(capsys):
    # whatever other tests of this process left of it
    ctrl_c = stopped_by(signal.SIGINT)
    with pytest.raises(SystemExit) as exit, program_errors(), ctrl_c:
        thing = io.StringIO()
        reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
        del thing
        assert reference() is None
        # as long as any work
        for _ in range(1000):
            time.sleep(0.01)
    assert exit.value.code == 130 and capsys.readouterr().err.count("\n") == 1


def test_warnings_are_a_line_without_their_place_in_the_source(capsys, monkeypatch):
    def show(message, category, file, line, *_):
        sys.stderr.write(warnings.formatwarning(message, category, file, line))

    # as without pytest, which collects them
    monkeypatch.setattr(warnings, "showwarning", show)
    with program_errors():
        warnings.warn("they look foreign", stacklevel=1)
        warnings.warn("an old name", FutureWarning, stacklevel=1)
    first, *others = capsys.readouterr().err.splitlines()
    assert first == "warning: they look foreign"
    assert others[0].endswith("FutureWarning: an old name") and __file__ in others[0]


def test_anything_else_shows_its_traceback(monkeypatch):
    for defect in (ValueError("a defect"), OSError("another"), RuntimeError("a third")):
        with pytest.raises(type(defect), match=str(defect)), program_errors():
            raise defect
    monkeypatch.setenv("IGC_TF_TRACEBACK", "1")
    with pytest.raises(InputError), program_errors():
        raise InputError("a mistake")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", "10 x 20, lambda = 1, caf\\xe9, \\U0001f600, \\udce9\n"),
        ("utf-8", "10 × 20, λ = 1, café, 😀, \\udce9\n"),
    ],
)
def test_whatever_a_terminal_cannot_encode_is_spelt(monkeypatch, encoding, expected):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    with program_errors():
        print("10 × 20, λ = 1, café, 😀, \udce9")
    stream.flush()
    assert stream.buffer.getvalue().decode(encoding) == expected


def test_options_are_read_and_their_ranges_told(capsys):
    assert parse_options(Options, "prog", []) == Options()
    assert parse_options(Options, "prog", ["--images", "all", "--way", "down"]) == Options(
        "all", "down"
    )
    with pytest.raises(SystemExit) as exit:
        parse_options(Options, "prog", ["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert exit.value.code == 0 and "usage: prog" in text and "Test the reading" in text
    assert "how many. (>= 1 and <= 9; default: 3)" in text and "to go. (default: up)" in text


def test_help_tells_also_of_what_was_given_before_it(capsys):
    with pytest.raises(SystemExit) as exit:
        parse_options(SourceOptions, "prog", ["here", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert exit.value.code == 0 and "usage: prog [-h] STR" in shown and "where from" in shown


def test_streams_that_were_closed_lead_nowhere(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with program_errors(), quiet_stderr():
        print("to nobody")
        print("to nobody", file=sys.stderr)
        assert sys.stdin.read() == ""


def test_what_options_refuse_comes_without_a_box(capsys):
    with pytest.raises(InputError, match="images=0: expected"):
        parse_options(Options, "prog", ["--images", "0"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_of_keras_is_refused(monkeypatch, backend):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(InputError, match=f"KERAS_BACKEND={backend}"):
        import_tensorflow_quietly()


def test_help_of_options_that_extend_others_tells_of_all(capsys):
    assert parse_options(MoreOptions, "test", ["--images", "2", "--speed", "1"]) == MoreOptions(
        images=2, speed=1
    )
    with pytest.raises(SystemExit):
        parse_options(MoreOptions, "test", ["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "Test what extends them." in shown and "Test the reading" not in shown
    for text in ("how many. (>= 1 and <= 9; default: 3)", "to fly.", "in knots, which is"):
        assert text in shown
    # its own word holds
    assert "to go." not in shown
