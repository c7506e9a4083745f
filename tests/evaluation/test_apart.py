"""A program's text in a process of its own: what it is given and writes, and how it fails."""

import numpy as np
import pytest

from evaluation.apart import run_apart
from igc_tf.errors import InputError

_ADD = """
import os, sys
import numpy
given, found, more = sys.argv[1:]
numpy.savez(found, sum=numpy.load(given) + int(more) + int(os.environ["STILL_MORE"]))
"""


def test_a_program_apart_is_given_an_array_arguments_and_variables():
    found = run_apart("the sum", _ADD, np.arange(3), 10, STILL_MORE="200")
    assert list(found) == ["sum"] and found["sum"].tolist() == [210, 211, 212]


@pytest.mark.parametrize(
    ("program", "reason"),
    [("raise SystemExit('first\\nlast\\n')", "last"), ("raise SystemExit(3)", "exit code 3")],
)
def test_a_program_apart_that_fails_says_why(program, reason):
    with pytest.raises(InputError, match=f"^the sum failed: {reason}$"):
        run_apart("the sum", program, np.arange(3))
