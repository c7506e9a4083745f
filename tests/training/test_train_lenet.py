"""LeNet's training: what it leaves, how it resumes, classes and binary labels."""

import importlib
import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from igc_tf.classifiers import evaluate_network
from igc_tf.data import bundled_digits, label_digits
from igc_tf.errors import NonFiniteLossError
from igc_tf.pretrained import load_lenet, publish_lenet
from igc_tf.runs import RunDirectory
from igc_tf.training import LeNetRecipe, fit_lenet, train_lenet
from igc_tf.training.non_finite_guard import NonFiniteGuard

RECIPE = LeNetRecipe(epochs=3, batch_size=50, learning_rate=3e-3, train_images=1000)


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
    """3,000 digits to train on, 1,000 to choose the epoch on, 1,000 to report on."""
    digits = bundled_digits().sample(5000, seed=0)
    parts = {"train": slice(3000), "validation": slice(3000, 4000), "test": slice(4000, 5000)}

    def load(dataset, split, data_dir=None):
        part = parts[split]
        return replace(digits.take(part), split=split)

    monkeypatch.setattr(importlib.import_module("igc_tf.training.train_lenet"), "load_images", load)
    return load


def test_learns_digits_and_says_how_well(few_digits, tmp_path):
    path = train_lenet(RECIPE, tmp_path, verbose=0)
    assert path == tmp_path / "lenet.keras" and path.is_file()
    options, best, result = (
        json.loads((tmp_path / name).read_text())
        for name in ("options.json", "best.json", "result.json")
    )
    assert options["recipe"] == RECIPE.to_dict()
    assert options["data"]["train"] == 1000 and options["data"]["validation"] == 1000
    assert best == result["best"] and best["count"] == 1000 and 1 <= best["epoch"] <= 3
    assert [row["sigma"] for row in result["test"]] == [0.0, 0.2, 0.4]
    assert 0.7 < result["test"][0]["accuracy"] > result["test"][2]["accuracy"]
    assert list((tmp_path / "tensorboard").rglob("events*"))


def test_interrupted_run_ends_as_an_uninterrupted_one_and_ships(tmp_path, monkeypatch):
    train_lenet(RECIPE, tmp_path / "whole", verbose=0)

    def interrupt(guard, batch, logs=None):
        if guard._epoch == 1 and batch == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(NonFiniteGuard, "on_train_batch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_lenet(RECIPE, tmp_path / "cut", verbose=0)
    assert not (tmp_path / "cut" / "result.json").exists()
    seen = []
    monkeypatch.setattr(
        NonFiniteGuard, "on_epoch_begin", lambda self, epoch, logs=None: seen.append(epoch)
    )
    train_lenet(RECIPE, tmp_path / "cut", verbose=0)
    assert seen == [1, 2]
    shipped = []
    for name in ("whole", "cut"):
        run = RunDirectory(tmp_path / name)
        card = publish_lenet(run, "mnist-lenet", "1234567", "command", folder=tmp_path)
        assert card["kind"] == "lenet" and card["chosen_epoch"] == run.read_json("best.json")
        for module in ("card", "shipped_weights"):
            monkeypatch.setattr(
                importlib.import_module(f"igc_tf.pretrained.{module}"), "FOLDER", tmp_path
            )
        shipped.append(load_lenet().get_weights())
    for whole, cut in zip(*shipped, strict=True):
        np.testing.assert_allclose(cut, whole, atol=2e-3)


def test_other_recipe_in_the_same_directory_is_refused(tmp_path):
    RunDirectory(tmp_path).write_json("options.json", {"recipe": RECIPE.to_dict()})
    with pytest.raises(ValueError, match=r"batch_size.*50, 20"):
        train_lenet(replace(RECIPE, batch_size=20), tmp_path, verbose=0)


def test_learns_several_binary_labels(few_digits, tmp_path):
    def parts(split):
        data = few_digits("mnist", split)
        # is it odd? is it 5 or more? has it no label at all?
        labels = np.stack([data.labels % 2, data.labels >= 5, np.zeros_like(data.labels)], 1)
        return data.images, labels.astype(np.int64)

    train, validation, test = (parts(split) for split in ("train", "validation", "test"))
    recipe = replace(RECIPE, dataset="questions", epochs=1, train_images=None)
    model = fit_lenet(recipe, RunDirectory(tmp_path), train, validation, 3, "digits", verbose=0)
    evaluation = evaluate_network(model, *test)
    assert evaluation.count == 1000 and evaluation.answers.shape == (1000, 3)
    right = evaluation.answers == test[1]
    each = right.mean(axis=0)
    assert each[0] > 0.8 and each[1] > 0.75 and each[2] > 0.99
    assert evaluation.accuracy == pytest.approx(right.all(axis=1).mean())


def test_diverging_run_stops_and_says_so(tmp_path):
    with pytest.raises(NonFiniteLossError, match="epoch 1"):
        train_lenet(replace(RECIPE, learning_rate=1e30), tmp_path, verbose=0)


@pytest.mark.parametrize(
    "values",
    [{"epochs": 0}, {"learning_rate": float("nan")}, {"batch_size": 0}, {"train_images": 3}],
)
def test_recipe_refuses_values_outside_their_ranges(values):
    (name, value) = next(iter(values.items()))
    with pytest.raises(ValueError, match=f"{name}={value}"):
        replace(RECIPE, **values)


def test_evaluation_refuses_labels_of_another_shape():
    with pytest.raises(ValueError, match=r"\(2,\) for 3 images.*\(3,\)"):
        evaluate_network(load_lenet(), np.zeros([3, 28, 28, 1], np.float32), [0, 1])


def test_several_labels_are_learnt_at_once(few_digits, tmp_path):
    recipe = replace(RECIPE, task="digit_labels")
    train_lenet(recipe, tmp_path, verbose=0)
    model = keras.models.load_model(tmp_path / "lenet.keras")
    assert model.output_shape == (None, 4)
    test = label_digits(few_digits("mnist", "test"), seed=recipe.seed)
    right = (model.predict(test.images, verbose=0) > 0.5) == test.labels
    # for each label, always answering its more frequent value would be right at most so often
    majority = np.maximum(test.labels.mean(axis=0), 1 - test.labels.mean(axis=0))
    assert (right.mean(axis=0) > majority + 0.1).all()
    row = json.loads((tmp_path / "result.json").read_text())["test"][0]
    assert (row["correct"], row["count"]) == (right.all(axis=1).sum(), 1000)
