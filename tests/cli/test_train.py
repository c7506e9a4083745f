"""`igc-tf train`: every recipe is reached, and so are all of its options."""

import dataclasses
import json
import re

import pytest

from igc_tf.cli import train
from igc_tf.cli.train import SUMMARIES, judged, train_command
from igc_tf.errors import InputError
from igc_tf.training import RECIPES


def test_the_overview_knows_every_recipe(capsys):
    assert list(SUMMARIES) == list(RECIPES)
    for arguments in ([], ["--help"]):
        assert train_command(arguments) == 0
        printed = capsys.readouterr().out
        assert all(name in printed for name in RECIPES)


def test_each_recipe_is_told_of_without_the_line_above():
    assert len(set(SUMMARIES.values())) == len(SUMMARIES)
    known = re.compile("|".join(["GAN", "LeNet-5", "CNN", "LSTM", *RECIPES]))
    for name, summary in SUMMARIES.items():
        assert known.search(summary) and not re.match("its |the same ", summary), name
        # a number in the name is one of the recipe, and is told
        assert set(re.findall(r"\d\.\d+", name)) <= set(re.findall(r"\d\.\d+", summary)), name


def test_a_slip_of_the_pen_is_answered_with_what_was_meant():
    told = "'cagan-compct' is no recipe, and no file or folder here: did you mean 'cagan-compact'"
    with pytest.raises(ValueError, match=told):
        train_command(["cagan-compct"])
    with pytest.raises(ValueError, match="'zzz' is no file or folder here, and no set of images"):
        train_command(["zzz", "--output", "x"])


@pytest.mark.parametrize("name", RECIPES)
def test_help_names_every_option_of_the_recipe(name, capsys):
    with pytest.raises(SystemExit) as exit:
        train_command([name, "--help"])
    printed = capsys.readouterr().out
    assert exit.value.code == 0 and printed.startswith(f"usage: igc-tf train {name} ")
    recipe = RECIPES[name]
    for field in dataclasses.fields(recipe):
        if field.name not in ("separation", "joint"):
            assert f"--{field.name.replace('_', '-')}" in printed
    for name in ("separation", "joint"):
        separation = getattr(recipe, name, None)
        if separation is not None:
            for field in dataclasses.fields(separation):
                assert f"--{name}.{field.name.replace('_', '-')}" in printed
            assert f"--{name}.settings.learning-rate" in printed
            # ranges are told, of what a recipe holds too
            words = " ".join(printed.replace("│", " ").split())
            assert re.search(r"--batch-size INT [^-]* \(>= 1; default: 64\)", words)
            assert re.search(rf"--{name}.settings.beta-1 FLOAT [^-]* \(>= 0 and < 1; def", words)


def _asked(monkeypatch, *arguments):
    """The recipe and the directory that a command line asks for."""
    seen = []
    run = train._parse_and_run

    def parse_only(_, default, program, words):
        def stand_in(output: train.Path, recipe: train._flat(default) = default):
            seen.append((recipe, output))

        run(stand_in, default, program, words)

    with monkeypatch.context() as patched:
        patched.setattr(train, "_parse_and_run", parse_only)
        train_command(arguments)
    return seen[0]


def test_options_change_the_recipe_and_what_it_holds(monkeypatch, tmp_path):
    words = ["cagan-compact", "--output", str(tmp_path), "--epochs", "3", "--validation-sigmas"]
    words += ["0", "0.2", "--separation.settings.steps", "4", "--separation.decision", "None"]
    recipe, output = _asked(monkeypatch, *words, "--separation.no-distortion")
    base = RECIPES["cagan-compact"]
    settings = dataclasses.replace(base.separation.settings, steps=4)
    separation = dataclasses.replace(
        base.separation, settings=settings, decision=None, distortion=False
    )
    assert output == tmp_path and recipe == dataclasses.replace(
        base, epochs=3, validation_sigmas=(0.0, 0.2), separation=separation
    )


def test_a_recipe_without_separation_can_be_given_one(monkeypatch, tmp_path):
    words = ["cagan-paper", "--output", str(tmp_path), "separation:class-separation"]
    recipe, _ = _asked(monkeypatch, *words, "--separation.sigma", "0.4")
    assert recipe.separation.sigma == 0.4
    recipe, _ = _asked(monkeypatch, "cagan-paper", "--output", str(tmp_path))
    assert recipe == RECIPES["cagan-paper"]


def test_a_generator_is_said_to_read_or_where_it_has_no_classes_to_reproduce():
    assert judged({"accuracy": 0.9871, "count": 500}) == "reads 98.7 % of 500 validation images"
    assert judged({"difference": 0.0371, "count": 20}) == (
        "reproduces 20 validation images to a mean difference of 0.0371"
    )


def test_trains_and_says_where_the_network_lies(tmp_path, capsys):
    words = ["trajectory-generator", "--output", str(tmp_path), "--data", "synthetic"]
    words += ["--classes", "2", "--units", "4", "--epochs", "1", "--batches-per-epoch", "3"]
    assert train_command(words) == 0
    printed = capsys.readouterr().out
    found = json.loads((tmp_path / "result.json").read_text())["validation"]
    told = f"{100 * found['accuracy']:.1f} %"
    assert f"the generator lies in {tmp_path}; validation trajectories: {told}" in printed
    assert "epoch 1/1  loss" in printed
    recipe = json.loads((tmp_path / "options.json").read_text())["recipe"]
    assert (recipe["classes"], recipe["units"]) == (2, 4)


@pytest.mark.parametrize("option", [["--epochs", "0"], ["--separation.sigma", "-1"]])
def test_values_outside_their_ranges_are_refused(option, tmp_path, capsys):
    # what is nested in a recipe is refused in tyro's box
    with pytest.raises((InputError, SystemExit)) as refused:
        train_command(["cagan-compact", "--output", str(tmp_path / "run"), *option])
    told = f"{refused.value} {capsys.readouterr().err}"
    assert option[0].split(".")[-1].strip("-") in told and "expected" in told
    assert not (tmp_path / "run").exists()
