"""`igc-tf train FOLDER`: from a folder to a classifier that all commands take."""

import csv
import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

import igc_tf
from igc_tf.cli import train
from igc_tf.cli.main import run_command_line
from igc_tf.cli.train import train_command
from igc_tf.data import PictureFrame
from igc_tf.errors import InputError
from igc_tf.generators.store import update_card
from igc_tf.metrics import proportion
from igc_tf.training.fit import TrainingRun
from igc_tf.training.named_recipes import RECIPES
from igc_tf.training.own_pictures import summary

PER_CLASS = 20


def _draw(path, form, number):
    rng = np.random.default_rng(number)
    picture = Image.new("RGB", (24, 20), tuple(rng.integers(0, 256, 3)))
    left, top = rng.integers(0, 8, 2)
    box = [left, top, left + 11, top + 11]
    pen, colour = ImageDraw.Draw(picture), tuple(rng.integers(0, 256, 3))
    (pen.ellipse if form == "disc" else pen.rectangle)(box, fill=colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "forms"
    for number in range(2 * PER_CLASS):
        form = ("disc", "square")[number % 2]
        _draw(folder / form / f"{number:02d}.{('png', 'webp')[number % 4 // 2]}", form, number)
    (folder / "disc" / "broken.png").write_bytes(b"broken")
    return folder


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    """(directory, what was printed) of a training of two steps."""
    import contextlib
    import io

    output = tmp_path_factory.mktemp("out") / "my forms"
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = train_command([str(folder), "--output", str(output), "--steps", "2"])
    assert code in (0, None)
    return output, out.getvalue(), err.getvalue()


def test_says_what_it_found_and_chose_before_it_works(trained, folder):
    _, out, err = trained
    assert f"forms: {2 * PER_CLASS + 1} pictures of 2 classes (a folder for each class)" in out
    assert "warning: 1 could not be read and were left out: disc/broken.png: is not a" in err
    begin = out.index("epoch 1/1")
    for told in (
        "colour: 100 % of the pictures have colour",
        "frame 24×24: all are 20×24; multiples of 4 from 16 to 32",
        "cut about the middle and scaled: they have colours",
        "by the mean colour alone",
    ):
        assert told in out[:begin], told
    data = json.loads((trained[0] / "result.json").read_text())["data"]
    parts = [data[part] for part in ("train", "validation", "test")]
    # of 20 of each class 2.5 are due to either part that is held out
    assert sum(parts) == 2 * PER_CLASS and all(4 <= held <= 6 for held in parts[1:])
    train, validation, test = parts
    assert f"{train} to train on, {validation} for choices, {test} for the report" in out[:begin]
    assert f"cagan-joint: 2 steps of 32 of the {train} pictures, judged once\n" in out[:begin]


def test_one_directory_holds_everything(trained):
    output = trained[0]
    for name in ("samples", "confusion", "calibration", "reconstructions"):
        assert (output / f"{name}.png").stat().st_size > 1000
    card = igc_tf.generator_card(output)
    assert (card["name"], card["arrange"]) == ("forms", False)
    assert card["labels"][0]["values"] == ["disc", "square"]
    result = json.loads((output / "result.json").read_text())
    assert result["settings"] == card["settings"]["best"]
    assert result["data"]["shape"] == [24, 24, 3]
    count = result["data"]["test"]
    assert np.sum(result["test"]["confusion"]) == result["test"]["count"] == count
    assert np.trace(result["test"]["confusion"]) == result["test"]["correct"]
    assert sum(row["count"] for row in result["test"]["calibration"]["curve"]) == count
    assert [row["name"] for row in result["diagnosis"]["sets"]] == [
        "its own samples",
        "training pictures",
        "new pictures",
    ]


def test_it_says_how_little_a_few_pictures_say(trained):
    output, out, _ = trained
    test = json.loads((output / "result.json").read_text())["test"]
    low, high = test["interval"]
    assert (
        f"reads {test['correct']} of {test['count']} new pictures: {100 * test['accuracy']:.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f})" in out
    )
    assert f"That is little to judge by: {test['count']} pictures leave everything from" in out
    # after two steps nothing is reproduced, but the pictures are as those it was trained on
    assert "The generator needs longer training." in out and "Are the data scaled" not in out
    assert out.endswith(
        f"\neverything lies in {output}: try\n"
        f"  igc-tf classify PICTURE --generator '{output}'\n"
        f"  igc-tf draw '{output}'\n"
        f"  igc-tf serve '{output}'\n"
        f"  igc-tf export --generator '{output}' --output models/mine/1\n"
    )


def test_only_classes_that_are_misread_are_least_well_read(trained):
    result = json.loads((trained[0] / "result.json").read_text())
    assert "Are the data scaled" not in trained[1]
    names = ['line "h"', "sq, small", "round", "flat", "thin"]
    counts = {name: (correct, 4) for name, correct in zip(names, (3, 2, 4, 1, 0), strict=True)}
    for right, said in (
        (counts, "thin 0 of 4; flat 1 of 4; sq, small 2 of 4"),
        ({**counts, "thin": (4, 4), "flat": (4, 4)}, 'sq, small 2 of 4; line "h" 3 of 4'),
        (dict.fromkeys(names, (4, 4)), None),
    ):
        classes = [{"name": name, **proportion(*of_class)} for name, of_class in right.items()]
        lines = summary({**result, "test": {**result["test"], "classes": classes}}).splitlines()
        told = [line for line in lines if line.startswith("least well read")]
        assert told == ([] if said is None else [f"least well read: {said}"])


def test_the_library_and_the_commands_take_it_as_it_is(trained, folder, tmp_path, capsys):
    output = trained[0]
    classifier = igc_tf.load_classifier(output)
    count = json.loads((output / "result.json").read_text())["data"]["validation"]
    assert classifier.calibration.count == count
    file = sorted((folder / "square").iterdir())[0]
    picture = PictureFrame((24, 24, 3), (-0.5, 0.5), arrange=False).read(file)
    scores = classifier.predict(picture[None], verbose=0)
    with pytest.raises(SystemExit) as exit:
        run_command_line(
            ["classify", str(file), "--generator", str(output), "--output", str(tmp_path / "read")]
        )
    assert exit.value.code == 0
    with (tmp_path / "read" / "results.csv").open() as table:
        (row,) = csv.DictReader(table)
    assert row["prediction"] == classifier.class_names[scores.argmax()]
    probability = classifier.probabilities(scores).max()
    assert float(row["probability"]) == pytest.approx(probability, abs=1e-4)
    # so few cannot tell what one in a hundred is
    assert f"held-out pictures, and this generator had {count}" in capsys.readouterr().err


def test_what_is_finished_is_left_as_it_is_and_what_was_killed_keeps_what_is_known(
    trained, folder, tmp_path, capsys
):
    output = shutil.copytree(trained[0], tmp_path / "my run")
    words = [str(folder), "--output", str(output), "--steps", "2"]
    known = igc_tf.generator_card(output)["calibration"]["best"]
    update_card(output, name="mine", calibration={"fast": known, "best": {**known, "count": 1}})
    files = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    train_command(words)
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == files
    said = capsys.readouterr().out
    assert f"for the report\n{output}: finished already; give another --output to do it" in said
    assert said.count("finished already") == 1
    report = trained[1][trained[1].index("\nreads ") :].replace(str(trained[0]), str(output))
    assert said.endswith(report)
    # as one leaves it that was killed before its last file
    (output / "result.json").unlink()
    train_command(words)
    for name in ("history.json", "settings/result.json"):
        assert (output / name).read_bytes() == files[output / name]
    assert igc_tf.generator_card(output)["calibration"] == {"fast": known, "best": known}
    found, before = (output / "result.json").read_bytes(), files[output / "result.json"]
    assert json.loads(found)["test"] == json.loads(before)["test"]
    said = capsys.readouterr().out
    assert "epoch" not in said and "finished already" not in said


def test_other_pictures_are_refused(trained, tmp_path):
    words = ["--output", str(trained[0]), "--steps", "2"]
    other = tmp_path / "forms"
    for number in range(2 * PER_CLASS):
        form = ("disc", "square")[number % 2]
        _draw(other / form / f"{number}.png", form, 100 + number)
    with pytest.raises(InputError, match=r"\(there, here\): {'the pictures': \('40 of forms, con"):
        train_command([str(other), *words])


def test_a_refusal_names_what_was_asked_for(trained, folder, tmp_path):
    for words, told in {
        ("--steps", "90"): "{'--steps': (2, 90)}",
        ("--steps", "2", "--size", "16", "16"): "{'--size': (None, [16, 16])}",
        ("--steps", "2", "--held-out", "0.5"): "{'--held-out': (0.25, 0.5)}",
    }.items():
        with pytest.raises(InputError, match=re.escape(f"options (there, here): {told}. Give the")):
            train_command([str(folder), "--output", str(trained[0]), *words])
    with pytest.raises(InputError, match="holds a run of another kind: expected another output"):
        TrainingRun(trained[0], RECIPES["lenet"])
    # that of a run which did not write down what was asked for
    options = json.loads((trained[0] / "options.json").read_text())
    del options["asked"]
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(InputError, match=r"\(there, here\): {.*'passes': \(\d+, \d+\)"):
        train_command([str(folder), "--output", str(tmp_path), "--steps", "90"])


def test_a_recipes_name_is_a_recipe_and_a_folder_of_that_name_has_a_path(
    folder, tmp_path, monkeypatch
):
    seen = []
    monkeypatch.setattr(train, "_command", lambda name: seen.append)
    monkeypatch.setattr(train, "train_own", lambda options: seen.append(options.source))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet").mkdir()
    train_command(["lenet", "--output", "x"])
    train_command(["./lenet", "--output", "x"])
    train_command(["fashion_mnist", "--output", "x"])
    assert seen == [["--output", "x"], "./lenet", "fashion_mnist"]


def test_options_reach_what_they_name(folder, tmp_path):
    for words, told in {
        ("--size", "30", "30"): "size=.*multiples of 4",
        ("--held-out", "1.5"): "held_out=1.5",
        ("--recipe", "lenet"): "recipe='lenet': expected one of cagan-compact, cagan-joint",
        ("--pictures", "drawings"): "arrange=True for pictures in colour",
        ("--pictures", "drawings", "--colours", "colour"): "expected grey ones, or photographs",
        ("--output", str(folder / "run")): "output=.*expected a directory apart from",
    }.items():
        with pytest.raises(InputError, match=told):
            train_command([str(folder), "--output", str(tmp_path / "x"), *words])
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("words", "loaded", "suited"),
    [
        ((), (None, None, None, 0.25), ("cagan-joint", None, 0)),
        (
            ("--size", "16", "20", "--colours", "grey", "--pictures", "photographs"),
            ((16, 20), False, False, 0.25),
            ("cagan-joint", None, 0),
        ),
        (
            ("--colours", "colour", "--held-out", "0.4", "--steps", "9", "--seed", "3"),
            (None, True, None, 0.4),
            ("cagan-joint", 9, 3),
        ),
        (
            ("--pictures", "drawings", "--recipe", "cagan-compact"),
            (None, None, True, 0.25),
            ("cagan-compact", None, 0),
        ),
    ],
)
def test_options_are_handed_on(words, loaded, suited, folder, tmp_path, monkeypatch):
    seen = []

    def load(found, *given):
        seen.append(given)
        return SimpleNamespace(remarks=())

    def suit(images, *given):
        seen.append(given)
        raise InputError("enough")

    monkeypatch.setattr("igc_tf.data.own_images.load_own_images", load)
    monkeypatch.setattr("igc_tf.training.own_recipe.suited_recipe", suit)
    with pytest.raises(InputError, match="enough"):
        train_command([str(folder), "--output", str(tmp_path / "x"), *words])
    assert seen == [loaded, suited]
