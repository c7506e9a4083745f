"""How the models that ship are made: their stages, and that these can be run and resumed."""

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

import training
from igc_tf.classifiers import network_card, network_names
from igc_tf.generators import generator_card, generator_names
from igc_tf.runs import json_ready
from igc_tf.training import NetworkRecipe
from tests.training.tiny_run import RECIPE, tiny_parts
from training.publish import command_now
from training.stages import Stage, train_stages

FILES = sorted(path.stem for path in Path(training.__file__).parent.glob("mnist_*.py"))
MODELS = {
    name: stages
    for file in FILES
    for name, stages in importlib.import_module(f"training.{file}").MODELS.items()
}
CARDS = {name: generator_card(name) for name in generator_names()} | {
    name: network_card(name) for name in network_names()
}


def test_every_model_that_ships_has_its_stages():
    assert set(MODELS) == set(CARDS)


@pytest.mark.parametrize("name", MODELS)
def test_every_card_has_the_command_that_makes_the_model_today(name):
    program, option, _, *only = CARDS[name]["command_now"].removeprefix("python -m ").split()
    made = importlib.import_module(program).MODELS
    assert option == "--output" and name in made
    assert only == (["--names", name] if len(made) > 1 else [])
    assert command_now(name) == CARDS[name]["command_now"]


def _as_the_card_says(recipe):
    """The recipe in the words in which the earlier trainings were recorded."""
    said = json_ready(recipe)
    said.pop("encoder", None), said.pop("joint", None)
    said["task"] = said.pop("labels")
    separation = said.pop("separation", None)
    if separation is not None:
        kept = ("weight", "images", "candidates", "temperature", "decision", "distortion", "sigma")
        said |= {f"separation_{name}": separation[name] for name in kept}
        said["separation_steps"] = separation["settings"]["steps"]
        said["reconstruction_weight"] = separation["reconstruction_weight"]
        reach = separation["settings"]["learning_rate"] * separation["settings"]["steps"]
        assert reach == pytest.approx(0.1)
    return said


def _as_recorded(said, record):
    """What is said now, without the options that there were not yet when it was recorded."""
    if not (isinstance(said, dict) and isinstance(record, dict)):
        return said
    return {name: _as_recorded(said[name], record[name]) for name in record if name in said}


@pytest.mark.parametrize("name", MODELS)
def test_the_stages_are_those_that_made_the_model(name):
    """Whatever a card says of a stage's recipe is what the stage says, the epochs cut short too."""
    record = CARDS[name]["training"]
    for stage in reversed(MODELS[name]):
        is_old = "labels" not in record["recipe"]
        said = _as_the_card_says(stage.recipe) if is_old else json_ready(stage.recipe)
        for option, value in record["recipe"].items():
            if option in said:
                assert _as_recorded(said[option], value) == value, (stage.name, option)
            else:
                # without separation its options meant nothing
                assert option == "start_from" or stage.recipe.separation is None, option
        record = record.get("start") or {}
    # the first stage has no earlier one
    assert record == {}


def test_stages_go_on_from_one_another_and_resume(tmp_path):
    first = replace(RECIPE, epochs=4, stop_after=1, train_images=64)
    stages = (
        Stage("first", first),
        Stage(
            "second",
            replace(
                first,
                epochs=1,
                stop_after=None,
                learning_rate=1e-12,
                final_learning_rate=None,
                averaging_decay=0.0,
            ),
        ),
    )
    parts = tiny_parts()[:2]
    # a stage that is done already
    train_stages(stages[:1], tmp_path, parts, verbose=0)
    before = (tmp_path / "first" / "history.json").read_text()
    last = train_stages(stages, tmp_path, parts, verbose=0)
    assert last == tmp_path / "second" and (last / "card.json").is_file()
    assert (tmp_path / "first" / "history.json").read_text() == before
    options = json.loads((last / "options.json").read_text())
    assert options["start"]["recipe"]["stop_after"] == 1
    assert options["start_from"] == "../first"


def test_a_network_is_a_single_stage(tmp_path):
    recipe = NetworkRecipe(epochs=1, batch_size=50, train_images=100)
    last = train_stages((Stage("only", recipe),), tmp_path, tiny_parts(), verbose=0)
    assert (last / "network.keras").is_file()
