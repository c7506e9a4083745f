"""`igc-tf diagnose`, in this process."""

import json

import keras
import numpy as np
import pytest

from igc_tf.cli.main import run_command_line
from igc_tf.data import bundled_digits
from tests.fixtures.mean_digits import varied_digit_generator


def test_a_generator_of_ones_own_is_diagnosed(tmp_path, capsys):
    varied_digit_generator().save(tmp_path / "own.keras")
    with pytest.raises(SystemExit) as ended:
        run_command_line(
            [
                *("diagnose", "--generator", str(tmp_path / "own.keras")),
                *("--images", "5", "--output", str(tmp_path / "out")),
            ]
        )
    printed = capsys.readouterr().out
    assert ended.value.code in (0, None) and "its own samples" in printed
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [row["name"] for row in result["sets"]] == ["its own samples"]
    assert result["sets"][0]["count"] == 5 and (tmp_path / "out" / "reproductions.png").is_file()


def test_pictures_are_tried_too(tmp_path, capsys):
    varied_digit_generator().save(tmp_path / "own.keras")
    for i, image in enumerate(bundled_digits().sample(3, seed=0).images):
        keras.utils.save_img(tmp_path / f"{i}.png", np.rint(255 * (image + 0.5)), scale=False)
    output = tmp_path / "out"
    arguments = ["--files", tmp_path, tmp_path / "none.png", "--images", "5", "--output", output]
    with pytest.raises(SystemExit) as exit:
        run_command_line(
            ["diagnose", "--generator", *map(str, (tmp_path / "own.keras", *arguments))]
        )
    captured = capsys.readouterr()
    assert exit.value.code == 2
    assert captured.err.count("\n") == 1 and "none.png" in captured.err
    own, files = json.loads((output / "result.json").read_text())["sets"]
    assert (own["count"], files["name"], files["count"]) == (5, "files", 3)
    assert own["difference"] > 0 and "files" in captured.out
