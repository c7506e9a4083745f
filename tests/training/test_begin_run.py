"""What a run writes first, and checks when it goes on."""

from types import SimpleNamespace

import pytest

from igc_tf.runs import RunDirectory
from igc_tf.training.begin_run import begin_run

RECIPE = SimpleNamespace(to_dict=lambda: {"epochs": 3})


def test_a_run_goes_on_with_the_same_data_only(tmp_path):
    run = RunDirectory(tmp_path)
    data = {"source": "here", "train": 5}
    begin_run(run, RECIPE, data, family="a")
    options = run.read_json("options.json")
    assert options["recipe"] == {"epochs": 3} and options["data"] == data
    assert options["family"] == "a" and options["environment"]["versions"]["tensorflow"]
    begin_run(run, RECIPE, data, family="a")
    with pytest.raises(ValueError, match=r"'train': 5\}, than given, .*'train': 6"):
        begin_run(run, RECIPE, {**data, "train": 6})
    assert run.read_json("options.json") == options
