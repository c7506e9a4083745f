"""The `igc-tf` command as a user types it."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from igc_tf.data import bundled_digits


def _run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-c", "from igc_tf.cli import main; main()", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"},
    )


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    """Good and bad files in one call."""
    folder = tmp_path_factory.mktemp("classify")
    digits = bundled_digits()
    chosen = [int(np.flatnonzero(digits.labels == label)[3]) for label in (0, 1)]
    for label, index in enumerate(chosen):
        keras.utils.save_img(
            folder / f"{label}.png", 255 * (digits.images[index] + 0.5), scale=False
        )
    inverted = 255 * (0.5 - np.kron(digits.images[chosen[0]], np.ones([4, 4, 1])))
    keras.utils.save_img(folder / "inverted.png", inverted, scale=False)
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("not an image")
    done = _run(
        "classify",
        *("0.png", "empty.png", "1.png", "text.png", "missing.png", "inverted.png"),
        "--output",
        "pictures",
        cwd=folder,
    )
    return folder, done


def test_good_files_are_classified_and_drawn(classified):
    folder, done = classified
    lines = [line for line in done.stdout.splitlines() if " -> " in line]
    assert [line.split()[0] for line in lines] == ["0", "1", "0"]
    assert len(lines[0].split(" -> ")[0].split()) == 1 + 10 + 1
    for line in lines:
        assert (folder / line.split(" -> ")[1]).stat().st_size > 1000


def test_each_bad_file_gets_one_line_and_exit_code_two(classified):
    _, done = classified
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 3, done.stderr
    for name, line in zip(("empty.png", "text.png", "missing.png"), lines, strict=True):
        assert line.startswith("error: ") and name in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "--images", "0"], "--images 0"),
        (["reproduce", "--generator", "nothing.keras"], "nothing.keras"),
        (["classify"], "no images"),
        (["data", "import", "nowhere"], "nowhere"),
        (["export", "--output", "out", "--generator", "nothing.keras"], "nothing.keras"),
        (["export", "--output", "out", "--batch-size", "0"], "batch_size=0"),
        (["serve", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments, message, tmp_path):
    done = _run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_export_refuses_a_directory_with_something_in_it(tmp_path):
    (tmp_path / "kept.txt").write_text("precious")
    done = _run("export", "--output", tmp_path, cwd=tmp_path)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "expected a new or an empty directory" in done.stderr
    assert (tmp_path / "kept.txt").read_text() == "precious"


def test_data_list_names_the_bundled_digits(tmp_path):
    done = _run("data", "list", "--data-dir", tmp_path, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    assert "5,000 validation" in done.stdout
