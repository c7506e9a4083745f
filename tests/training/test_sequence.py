"""Training on synthetic strokes: what it leaves, and that it resumes."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data import data_and_mask, stratified_split, synthetic_strokes
from igc_tf.generators.store import load_generator
from igc_tf.training import SequenceRecipe, fit_sequence_network, train_trajectories
from igc_tf.training.fit import TrainingRun

RECIPE = SequenceRecipe(
    classes=2,
    per_class=2,
    units=8,
    epochs=2,
    batch_size=4,
    input_noise=0.3,
    learning_rate=0.01,
    batches_per_epoch=10,
)
DATA = synthetic_strokes(per_class=12, classes=3, steps=10)


def test_leaves_network_picture_and_result(tmp_path):
    assert train_trajectories(RECIPE, tmp_path, DATA, verbose=0) == tmp_path
    generator = load_generator(tmp_path)
    assert generator.layout.class_names == DATA.class_names[:2]
    assert generator.bounds == DATA.bounds and generator.latent_size is None
    options = json.loads((tmp_path / "options.json").read_text())
    assert options["data"]["train"] == 4 and options["seconds"] > 0
    assert {"card.json", "generator.npz", "letters.png", "tensorboard", "checkpoints"} <= {
        path.name for path in tmp_path.iterdir()
    }
    validation = json.loads((tmp_path / "result.json").read_text())["validation"]
    # of the 36 strokes these, and of them the first two classes
    expected = stratified_split(DATA).validation.first_classes(2)
    assert validation["count"] == len(expected) <= 4
    with pytest.raises(ValueError, match="units"):
        train_trajectories(replace(RECIPE, units=9), tmp_path, DATA, verbose=0)


def test_forward_classifier_learns_the_strokes(tmp_path):
    recipe = replace(RECIPE, network="classifier", classes=3, per_class=None, epochs=6, units=16)
    network = fit_sequence_network(recipe, tmp_path, DATA, verbose=0)
    answers = network.predict_on_batch(data_and_mask(DATA)).argmax(axis=1)
    assert (answers == DATA.labels).mean() > 0.8


def test_generator_learns_to_draw_the_strokes(tmp_path):
    recipe = replace(RECIPE, per_class=None, epochs=10, units=16, learning_rate=0.03)
    network = fit_sequence_network(recipe, tmp_path, DATA, verbose=0)
    two = DATA.first_classes(2)
    drawn = network.predict_on_batch(two.conditions)
    visible = np.broadcast_to(two.mask, two.data.shape)
    squares = np.square(drawn - two.data)[visible]
    # half of what a pen that never moves would leave
    assert squares.mean() < 0.5 * np.square(two.data[visible]).mean()


def test_finished_network_is_not_trained_again(tmp_path):
    trained = fit_sequence_network(RECIPE, tmp_path, DATA, verbose=0)
    before = (tmp_path / "generator.npz").read_bytes()
    again = fit_sequence_network(RECIPE, tmp_path, DATA, verbose=0)
    assert (tmp_path / "generator.npz").read_bytes() == before
    np.testing.assert_allclose(again(tf.eye(2)), trained(tf.eye(2)), atol=1e-6)


def test_interrupted_run_ends_with_the_same_weights(tmp_path):
    whole = fit_sequence_network(RECIPE, tmp_path / "whole", DATA, verbose=0)
    cut = replace(RECIPE, stop_after=1)
    fit_sequence_network(cut, tmp_path / "cut", DATA, verbose=0)
    resumed = fit_sequence_network(RECIPE, tmp_path / "cut", DATA, verbose=0)
    for found, expected in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("network", ["generator", "classifier"])
def test_a_run_that_went_on_and_was_killed_at_its_end_keeps_no_earlier_network(
    network, tmp_path, monkeypatch
):
    def killed(run):
        raise KeyboardInterrupt

    recipe = replace(RECIPE, network=network)
    whole = fit_sequence_network(recipe, tmp_path / "whole", DATA, verbose=0)
    fit_sequence_network(replace(recipe, stop_after=1), tmp_path / "cut", DATA, verbose=0)
    # after the last checkpoint, before the network is saved
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TrainingRun, "_write_seconds", killed)
        fit_sequence_network(recipe, tmp_path / "cut", DATA, verbose=0)
    resumed = fit_sequence_network(recipe, tmp_path / "cut", DATA, verbose=0)
    for found, expected in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
