"""The published result files: complete, consistent, and as good as the paper's figures."""

import json
from pathlib import Path

import pytest

from igc_tf.metrics import wilson_interval
from igc_tf.reproduce import PAPER_ROWS

_FOLDER = Path(__file__).parents[2] / "evaluation"
# programs whose results are still to be made
_AWAITED = set()
_FILES = sorted(_FOLDER.glob("*/results/*/result.json"))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def counted(value):
    """Every dictionary in a result that counts what was right."""
    if isinstance(value, dict):
        if {"correct", "accuracy", "interval"} <= value.keys():
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from counted(item)


def test_each_experiment_has_results():
    experiments = {path.name for path in _FOLDER.iterdir() if (path / "__init__.py").exists()}
    assert {path.parts[-4] for path in _FILES} == (experiments - _AWAITED) | {"reproduce"}


@pytest.mark.parametrize("path", _FILES, ids=lambda path: "/".join(path.parts[-4:-1:2]))
def test_what_was_run_is_said_and_the_figures_fit_together(path):
    result = read(path)
    assert result["program"].startswith(("igc-tf ", "python -m evaluation."))
    assert result.get("complete", True) and result["options"]
    assert {"date", "versions", "machine"} <= result["environment"].keys()
    for row in counted(result):
        count = row.get("count") or result["data"]["count"]
        assert row["accuracy"] == pytest.approx(row["correct"] / count)
        assert row["interval"] == pytest.approx(wilson_interval(row["correct"], count))


@pytest.mark.parametrize(
    ("name", "count"), [("paper-1000", 1000), ("fast-all", 10_000), ("best-all", 10_000)]
)
def test_the_published_table_is_no_worse_than_the_papers(name, count):
    result = read(_FOLDER / "reproduce" / "results" / name / "result.json")
    assert result["data"]["split"] == "test" and result["data"]["count"] == count
    assert [row["sigma"] for row in result["rows"]] == [row[0] for row in PAPER_ROWS]
    for row, (_, papers, _) in zip(result["rows"], PAPER_ROWS, strict=True):
        assert row["interval"][0] > papers
