"""Training on synthetic strokes: what it leaves, and that it resumes."""

import importlib
import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data import data_and_mask, synthetic_strokes
from igc_tf.runs import RunDirectory
from igc_tf.training import SequenceRecipe, fit_sequence_network, train_trajectories

RECIPE = SequenceRecipe(
    classes=2, per_class=2, units=8, epochs=2, batch_size=4, input_noise=0.3, learning_rate=0.01
)
DATA = synthetic_strokes(per_class=12, classes=3, steps=10)
module = importlib.import_module("igc_tf.training.fit_sequence_network")


@pytest.fixture(autouse=True)
def _short_epochs(monkeypatch):
    monkeypatch.setattr(module, "_BATCHES_PER_EPOCH", 10)


def test_leaves_network_picture_and_result(tmp_path):
    evaluation = train_trajectories(RECIPE, tmp_path, DATA, verbose=0)
    options = json.loads((tmp_path / "options.json").read_text())
    assert options["recipe"] == RECIPE.to_dict() and options["data"]["train"] == 4
    assert {"generator.keras", "letters.png", "tensorboard", "checkpoints"} <= {
        path.name for path in tmp_path.iterdir()
    }
    validation = json.loads((tmp_path / "result.json").read_text())["validation"]
    # 3 of the 36 strokes, and not more than the first two classes of them
    assert validation["count"] == evaluation.count <= 4
    with pytest.raises(ValueError, match="units"):
        train_trajectories(replace(RECIPE, units=9), tmp_path, DATA, verbose=0)


def test_forward_classifier_learns_the_strokes(tmp_path):
    recipe = replace(RECIPE, network="classifier", classes=3, per_class=None, epochs=6, units=16)
    network = fit_sequence_network(recipe, RunDirectory(tmp_path), DATA, verbose=0)
    answers = network.predict_on_batch(data_and_mask(DATA)).argmax(axis=1)
    assert (answers == DATA.labels).mean() > 0.8


def test_interrupted_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    whole = fit_sequence_network(RECIPE, RunDirectory(tmp_path / "whole"), DATA, verbose=0)

    class Interrupting(module.EpochCheckpoint):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            raise KeyboardInterrupt

    run = RunDirectory(tmp_path / "interrupted")
    with monkeypatch.context() as patch:
        patch.setattr(module, "EpochCheckpoint", Interrupting)
        with pytest.raises(KeyboardInterrupt):
            fit_sequence_network(RECIPE, run, DATA, verbose=0)
    assert not (run.path / "generator.keras").exists()
    resumed = fit_sequence_network(RECIPE, run, DATA, verbose=0)
    for found, expected in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    # a finished one is not trained again
    before = (run.path / "generator.keras").read_bytes()
    again = fit_sequence_network(RECIPE, run, DATA, verbose=0)
    assert (run.path / "generator.keras").read_bytes() == before
    condition = tf.eye(2)
    np.testing.assert_allclose(again(condition), resumed(condition), atol=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        {"network": "transformer"},
        {"classes": 0},
        {"per_class": 0},
        {"input_noise": -0.1},
        {"learning_rate": float("inf")},
    ],
)
def test_recipe_refuses_values_outside_their_ranges(values):
    (name, value) = next(iter(values.items()))
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        replace(RECIPE, **values)
