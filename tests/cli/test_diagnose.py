"""`igc-tf diagnose`, in this process."""

import json

import keras
import numpy as np
import pytest

from igc_tf.cli.diagnose import read_pictures
from igc_tf.cli.main import run_command_line
from igc_tf.data import ConditionLayout, bundled_digits
from igc_tf.data.bundled import bundled_pixels
from igc_tf.data.tfds import store_images
from igc_tf.generators import Generator, save_generator
from tests.fixtures.linear_generator import BOUND, linear_generator
from tests.fixtures.mean_digits import varied_digit_generator


def diagnose(output, *words):
    """The code with which `igc-tf diagnose` ends."""
    with pytest.raises(SystemExit) as ended:
        run_command_line(["diagnose", *map(str, words), "--output", str(output)])
    return ended.value.code


def test_a_generator_of_ones_own_is_diagnosed(tmp_path, capsys):
    varied_digit_generator().save(tmp_path / "own.keras")
    code = diagnose(tmp_path / "out", "--generator", tmp_path / "own.keras", "--images", 5)
    printed = capsys.readouterr().out
    assert code in (0, None) and "its own samples" in printed
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [row["name"] for row in result["sets"]] == ["its own samples"]
    assert result["sets"][0]["count"] == 5 and (tmp_path / "out" / "reconstructions.png").is_file()


def test_a_mistake_leaves_no_directory(tmp_path, capsys):
    assert diagnose(tmp_path / "out", "--generator", "nope") == 2
    assert "nope" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_of_what_is_no_picture_nothing_is_drawn_and_all_is_written(tmp_path, capsys):
    model, _, _ = linear_generator(data_shape=(20,))
    model.save(tmp_path / "own.keras")
    words = ["--generator", tmp_path / "own.keras", "--bounds", -BOUND, BOUND, "--images", 5]
    assert diagnose(tmp_path / "out", *words) in (0, None)
    assert "no picture: an image has shape (20,): expected" in capsys.readouterr().out
    (written,) = (tmp_path / "out").iterdir()
    assert json.loads(written.read_text())["sets"][0]["count"] == 5


def test_of_many_files_some_are_taken_of_all_folders(tmp_path, capsys, monkeypatch):
    read = []

    def noted(paths, generator):
        read.extend(paths)
        return read_pictures(paths, generator)

    monkeypatch.setattr("igc_tf.cli.diagnose.read_pictures", noted)
    digits = bundled_digits()
    for label in (0, 1):
        (tmp_path / "files" / str(label)).mkdir(parents=True)
        for number in range(6):
            image = digits.images[digits.labels == label][number]
            keras.utils.save_img(tmp_path / "files" / str(label) / f"{number}.png", image)
    varied_digit_generator().save(tmp_path / "own.keras")
    words = [tmp_path / "files", "--images", 6, "--generator", tmp_path / "own.keras"]
    code = diagnose(tmp_path / "out", *words)
    printed = capsys.readouterr().out
    assert code in (0, None) and "files: 6 of 12 pictures" in printed
    assert len(read) == 6 and {path.parent.name for path in read} == {"0", "1"}
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["sets"][-1]["count"] == 6


def test_a_folder_may_be_called_as_a_set(tmp_path, capsys):
    training = {"recipe": {"dataset": "mnist"}}
    # none of those that are bundled, which are no training images
    pixels, labels = bundled_pixels()
    few = 255 - pixels[::500], labels[::500]
    store_images("mnist", tmp_path / "tfds", {"train": few, "test": few}, "made here")
    digits = varied_digit_generator()
    letters = Generator(digits, ConditionLayout.classes("abcdefghij"))
    save_generator(letters, tmp_path / "own", training=training)
    words = ["--generator", tmp_path / "own", "--images", 5, "--data-dir", tmp_path / "tfds"]
    diagnose(tmp_path / "out", *words)
    assert "mnist is no image set that is here" in capsys.readouterr().out
    # where it is asked for, none of its classes is a right one
    code = diagnose(tmp_path / "out", *words, "--dataset", "mnist")
    assert code in (0, None) and "without its labels" in capsys.readouterr().out
    own, *others = json.loads((tmp_path / "out" / "result.json").read_text())["sets"]
    assert own["accuracy"] is not None and len(others) == 2
    assert all(row["accuracy"] is None and row["right"] is None for row in others)


def test_of_ones_own_pictures_the_card_has_only_a_name(tmp_path, capsys):
    training = {"recipe": {"dataset": "My Own Forms"}}
    save_generator(Generator(varied_digit_generator()), tmp_path / "own", training=training)
    words = ["--generator", tmp_path / "own", "--images", 5]
    assert diagnose(tmp_path / "out", *words) in (0, None)
    assert "My Own Forms is no image set that is here; give its pictures" in capsys.readouterr().out
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [row["name"] for row in result["sets"]] == ["its own samples"]
    code = diagnose(tmp_path / "out", *words, "--dataset", "My Own Forms")
    assert code == 2 and "dataset is 'My Own Forms'" in capsys.readouterr().err


def test_pictures_are_tried_too(tmp_path, capsys):
    varied_digit_generator().save(tmp_path / "own.keras")
    (tmp_path / "digits" / "below").mkdir(parents=True)
    digits = bundled_digits().sample(3, seed=0).images
    for name, image in zip(("0", "1", "below/2"), digits, strict=True):
        picture = tmp_path / "digits" / f"{name}.png"
        keras.utils.save_img(picture, np.rint(255 * (image + 0.5)), scale=False)
    output = tmp_path / "out"
    words = [tmp_path / "digits", tmp_path / "none.png", "--images", 5]
    code = diagnose(output, *words, "--generator", tmp_path / "own.keras")
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.count("\n") == 1 and "none.png" in captured.err
    # what is drawn must not be read the next time
    for folder in (output, tmp_path):
        with pytest.raises(SystemExit):
            run_command_line(["diagnose", str(folder), "--output", str(output)])
        assert "expected a directory apart from" in capsys.readouterr().err
    own, files = json.loads((output / "result.json").read_text())["sets"]
    assert (own["count"], files["name"], files["count"]) == (5, "files", 3)
    assert own["difference"] > 0 and "files" in captured.out
