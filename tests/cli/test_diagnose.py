"""`igc-tf diagnose`, in this process."""

import json

import pytest

from igc_tf.cli.main import run_command_line
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
