"""What a reader finds in the notebooks; `pytest` also runs them (see notebooks/conftest.py)."""

import json
import re
from pathlib import Path

import pytest

from igc_tf.cli.main import COMMANDS
from igc_tf.cli.train import SUMMARIES

_FOLDER = Path(__file__).parents[1] / "notebooks"
_NOTEBOOKS = sorted(_FOLDER.glob("*.ipynb"))


def test_all_are_there():
    assert {path.stem for path in _NOTEBOOKS} == {
        "inverse_classification",
        "lesson",
        "paper",
        "trajectories",
        "your_own_generator",
        "your_own_pictures",
    }


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_is_executed_from_top_to_bottom_with_pictures(path):
    assert path.stat().st_size < 1_100_000
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    # no error, and nothing on stderr
    assert {output["output_type"] for output in outputs} <= {
        "display_data",
        "execute_result",
        "stream",
    }
    assert all(output.get("name", "stdout") == "stdout" for output in outputs)


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_tells_nothing_of_the_machine_it_ran_on(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert not any(cell["metadata"] for cell in notebook["cells"])
    text = json.dumps([cell.get("outputs", []) for cell in notebook["cells"]])
    pictures_left_out = re.sub(r'"image/png": "[^"]*"', "", text)
    assert not re.search(r"/(home|root|tmp|work|Users|usr)\b", pictures_left_out)


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_programs_commands_and_files_that_it_names_exist(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for program in re.findall(r"python -m ([\w.]+)", text):
        module = _FOLDER.parent / program.replace(".", "/")
        assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), program
    assert set(re.findall(r"igc-tf ([\w-]+)", text)) <= set(COMMANDS)
    assert set(re.findall(r"igc-tf train ([\w-]+)", text)) <= set(SUMMARIES)
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (_FOLDER / link).is_file(), link
