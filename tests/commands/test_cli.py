"""The `igc-tf` command as a user types it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import keras
import numpy as np
import pytest

from igc_tf.commands.class_classifier import class_classifier
from igc_tf.data import bundled_digits
from tests.fixtures.mean_digits import mean_digit_generator


def _run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-c", "from igc_tf.cli.main import main; main()", *map(str, arguments)],
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
        (["export", "--output", "out", "--batch-size", "0"], "batch_size=0"),
        (["serve", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_are_told_shortly(arguments, message, tmp_path):
    done = _run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr
    # options that are wrong by themselves come in tyro's box, all else in a line
    assert len(done.stderr.splitlines()) == (6 if "--images" in arguments else 1), done.stderr
    assert not list(tmp_path.iterdir())


def test_reproduce_prints_the_table_and_writes_the_figures(tmp_path):
    mean_digit_generator().save(tmp_path / "own.keras")
    arguments = ("--images", "20", "--sigma", "0.3", "--split", "validation", "--output", "out")
    done = _run("reproduce", "--generator", "own.keras", *arguments, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())["rows"]
    assert row["count"] == 20 and f"  0.3    {100 * row['accuracy']:.2f} %" in done.stdout
    assert (tmp_path / "out" / "search-sigma-0.3.png").stat().st_size > 1000


def test_what_is_exported_answers_when_served(tmp_path):
    mean_digit_generator().save(tmp_path / "own.keras")
    done = _run("export", "--generator", "own.keras", "--output", "model/1", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "" and "model/1" in done.stdout
    command = [sys.executable, "-c", "from igc_tf.cli.main import main; main()"]
    with subprocess.Popen(
        [*command, "serve", "model/1", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            url = server.stdout.readline().split()[2].removesuffix(";")
            digits = bundled_digits().sample(2, seed=0)
            body = json.dumps({"inputs": digits.images.tolist()}).encode()
            with urllib.request.urlopen(url, body, timeout=60) as response:
                labels = json.load(response)["outputs"]["label"]
        finally:
            server.send_signal(signal.SIGINT)
        classifier = class_classifier(str(tmp_path / "own.keras"), "paper")
        assert labels == classifier.classify(digits.images).labels.tolist()
        assert server.wait(timeout=60) == 0 and server.stderr.read() == ""


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
