"""The text of a program that is run in a process of its own, such as with another package."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from igc_tf.errors import InputError


def run_apart(what, program, array, *arguments, **environment):
    """Runs the text of a Python program in a process of its own.

    Args:
        what: it does, such as "the search of DIRECTORY", for the message where it fails.
        program: its text. The first of its arguments is the path of the .npy file of the array,
            the second that of the .npz file that it writes.
        array: given to it.
        arguments: further ones.
        environment: variables that it has in its environment, beside those of this process.

    Returns:
        What it wrote, {name: array}.

    Raises:
        InputError: if it fails; the message ends with the last line that it wrote to stderr.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.npy", Path(folder) / "found.npz"
        np.save(given, array)
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, (given, found, *arguments))],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
            raise InputError(f"{what} failed: {reason}")
        with np.load(found) as values:
            return dict(values)
