"""The programs that train a GAN, as a user types them."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("program", "size", "option"),
    [
        ("training.cagan", "paper", "--separation-weight"),
        ("training.conditional_gan", "document", "--condition-sigma"),
    ],
)
def test_help_names_the_program_and_its_recipe(program, size, option):
    done = subprocess.run(
        [sys.executable, "-m", program, size, "--help"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: python -m {program} {size} ")
    assert option in done.stdout
