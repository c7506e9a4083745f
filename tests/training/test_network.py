"""The plain networks' training: what it leaves and sees, how it resumes, all kinds of labels."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.classifiers import evaluate_network
from igc_tf.classifiers.network import load_network
from igc_tf.data import (
    VALIDATION_CORRUPTIONS,
    ConditionLayout,
    add_gaussian_noise,
    bundled_digits,
    corrupt_some,
    label_digits,
)
from igc_tf.errors import InputError, NonFiniteLossError
from igc_tf.search.observations import fill_missing
from igc_tf.training import NetworkRecipe, train_network
from igc_tf.training.augmentation import random_affine
from igc_tf.training.known_lens import random_gaps

RECIPE = NetworkRecipe(epochs=3, batch_size=50, learning_rate=3e-3, train_images=1000)
ALL = replace(RECIPE, train_images=None)


@pytest.fixture(scope="module")
def parts():
    """3,000 digits to train on, 1,000 to choose the epoch on, 1,000 to report on."""
    digits = bundled_digits().sample(5000, seed=0)
    return [digits.take(np.arange(*ends)) for ends in ((0, 3000), (3000, 4000), (4000, 5000))]


def _train(parts, output, recipe=RECIPE):
    return load_network(train_network(recipe, output, parts, verbose=0))


@pytest.fixture(scope="module")
def few(parts):
    """The same to train on, and of the others 300 each."""
    return [parts[0], *(part.take(np.arange(300)) for part in parts[1:])]


@pytest.fixture(scope="module")
def plain(parts, tmp_path_factory):
    """Where a network was trained on all images as they are."""
    output = tmp_path_factory.mktemp("plain")
    _train(parts, output, ALL)
    return output


def test_learns_digits_and_says_how_well(parts, tmp_path):
    network = _train(parts, tmp_path)
    options, best, result = (
        json.loads((tmp_path / name).read_text())
        for name in ("options.json", "best.json", "result.json")
    )
    assert options["data"]["train"] == 1000 and options["data"]["validation"] == 1000
    assert best == result["best"] and best["count"] == 1000 and 1 <= best["epoch"] <= 3
    # the network that is kept is the one that was judged
    answers = network.predict(parts[1].images, verbose=0).argmax(axis=1)
    assert best["accuracy"] == (answers == parts[1].labels).mean()
    assert [row["sigma"] for row in result["test"]] == [0.0, 0.2, 0.4]
    for row in result["test"]:
        noised = add_gaussian_noise(parts[2].images, row["sigma"], RECIPE.seed)
        answers = network.predict(noised, verbose=0).argmax(axis=1)
        assert row["accuracy"] == (answers == parts[2].labels).mean()
    assert result["test"][0]["accuracy"] > 0.8


def test_other_recipe_in_the_same_directory_is_refused(parts, tmp_path):
    recipe = replace(RECIPE, epochs=1, train_images=50)
    _train(parts, tmp_path, recipe)
    with pytest.raises(ValueError, match=r"batch_size.*50, 20"):
        _train(parts, tmp_path, replace(recipe, batch_size=20))
    with pytest.raises(ValueError, match=r"validation.*1000, 999"):
        _train([parts[0], parts[1].take(np.arange(999)), parts[2]], tmp_path, recipe)


def test_learns_several_binary_labels_of_its_own(parts, tmp_path):
    layout = ConditionLayout.binary(["odd", "five or more", "never"])

    def asked(data):
        labels = np.stack([data.labels % 2, data.labels >= 5, np.zeros_like(data.labels)], 1)
        return replace(data, labels=labels.astype(np.int64), layout=layout)

    questions = [asked(part) for part in parts]
    recipe = replace(RECIPE, epochs=1, train_images=None)
    model = _train(questions, tmp_path, recipe)
    evaluation = evaluate_network(model, questions[2].images, questions[2].labels)
    right = evaluation.predictions == questions[2].labels
    each = right.mean(axis=0)
    assert each[0] > 0.8 and each[1] > 0.75 and each[2] > 0.99
    assert evaluation.accuracy == pytest.approx(right.all(axis=1).mean())


def test_digit_labels_are_learnt_at_once(parts, tmp_path):
    recipe = replace(RECIPE, labels="digit_labels")
    model = _train(parts, tmp_path, recipe)
    assert model.output_shape == (None, 4)
    test = label_digits(parts[2], seed=recipe.seed)
    right = (model.predict(test.images, verbose=0) > 0.5) == test.labels
    # for each label, always answering its more frequent value would be right at most so often
    majority = np.maximum(test.labels.mean(axis=0), 1 - test.labels.mean(axis=0))
    assert (right.mean(axis=0) > majority + 0.1).all()
    row = json.loads((tmp_path / "result.json").read_text())["test"][0]
    assert (row["correct"], row["count"]) == (right.all(axis=1).sum(), 1000)


FAIR = replace(RECIPE, epochs=1, learning_rate=1e-3, distortion=True, sigma=0.4)


def test_corruptions_in_training_make_them_legible(parts, plain, tmp_path):
    informed = _train(parts, tmp_path, replace(ALL, corruptions="validation"))
    _, validation, test = parts
    spoilt = corrupt_some(test.images, ["inversion", "shift"], 0)
    _assert_better(informed, plain, spoilt, test.labels, by=0.1)
    # clean and corrupted validation images judge together
    both = [
        validation.images,
        corrupt_some(validation.images, list(VALIDATION_CORRUPTIONS), ALL.seed),
    ]
    found = [evaluate_network(informed, images, validation.labels).accuracy for images in both]
    best = json.loads((tmp_path / "best.json").read_text())
    assert found[0] != found[1] and best["accuracy"] == pytest.approx(np.mean(found))


def test_gaps_in_training_make_what_is_left_legible(parts, plain, tmp_path):
    used = _train(parts, tmp_path, replace(ALL, missing=0.7))
    _, validation, test = parts
    visible = np.float32(np.random.default_rng(0).random(test.images.shape) > 0.8)
    hidden = fill_missing(tf.constant(test.images), visible, -0.5).numpy()
    _assert_better(used, plain, hidden, test.labels, by=0.02)
    # validation images as they are and with gaps judge together
    images = tf.constant(validation.images)
    gaps = random_gaps(images, 1.0, [ALL.seed, 1])
    both = validation.images, fill_missing(images, gaps, -0.5).numpy()
    found = [evaluate_network(used, images, validation.labels).accuracy for images in both]
    best = json.loads((tmp_path / "best.json").read_text())
    assert found[0] != found[1] and best["accuracy"] == pytest.approx(np.mean(found))


def test_a_network_is_found_by_its_name_or_its_training(parts, tmp_path):
    trained = _train(parts, tmp_path, replace(RECIPE, epochs=1, train_images=100))
    found = load_network(tmp_path)
    for one, other in zip(trained.get_weights(), found.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert load_network("mnist-lenet").count_params() == found.count_params()
    with pytest.raises(InputError, match="nobody"):
        load_network("nobody")


def _assert_better(network, plain, images, labels, by):
    other = load_network(plain)
    found, without = (evaluate_network(one, images, labels).accuracy for one in (network, other))
    assert found > without + by


def test_noise_reaches_a_half_of_the_training_images(parts, plain, tmp_path):
    _train(parts, tmp_path, replace(ALL, sigma=100.0))
    without, noised = (
        [epoch["accuracy"] for epoch in json.loads((output / "history.json").read_text())]
        for output in (plain, tmp_path)
    )
    # such noise leaves nothing of an image: a tenth of that half is guessed
    assert without[-1] > 0.9 and 0.4 < noised[-1] < 0.7
    # the images that judge are as they were
    assert json.loads((tmp_path / "best.json").read_text())["accuracy"] > 0.8


def test_distortion_in_training_makes_turned_digits_legible(parts, plain, tmp_path):
    distorted = _train(parts, tmp_path, replace(ALL, distortion=True))
    test = parts[2]
    turned = random_affine(test.images, [7, 7], rotation=0.5, shift=2 / 28).numpy()
    _assert_better(distorted, plain, turned, test.labels, by=0.02)


def test_a_resumed_run_sees_the_same_changes(few, tmp_path):
    recipe = replace(FAIR, epochs=2, train_images=200, corruptions="validation")
    whole = _train(few, tmp_path / "whole", recipe)
    run = tmp_path / "resumed"
    _train(few, run, replace(recipe, stop_after=1))
    resumed = _train(few, run, recipe)
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    kept = json.loads((tmp_path / "whole" / "best.json").read_text())
    assert json.loads((run / "best.json").read_text()) == kept


def test_an_epoch_is_judged_at_every_noise_that_is_asked_for(parts, tmp_path):
    network = _train(parts, tmp_path, replace(FAIR, validation_sigmas=(0.0, 0.4)))
    validation = parts[1]
    found = [
        evaluate_network(
            network, add_gaussian_noise(validation.images, sigma, FAIR.seed), validation.labels
        ).accuracy
        for sigma in (0.0, 0.4)
    ]
    best = json.loads((tmp_path / "best.json").read_text())
    assert found[0] != found[1] and best["accuracy"] == pytest.approx(np.mean(found))


def test_the_cnn_learns_too_and_is_kept_as_it_was_judged(few, tmp_path):
    network = _train(few, tmp_path, replace(RECIPE, network="cnn", epochs=2))
    best = json.loads((tmp_path / "best.json").read_text())
    # the statistics of its normalisation are kept too
    found = evaluate_network(network, few[1].images, few[1].labels)
    assert network.count_params() > 2e6 and found.accuracy == best["accuracy"] > 0.5


def test_diverging_run_stops_and_says_so(parts, tmp_path):
    with pytest.raises(NonFiniteLossError, match="epoch 1"):
        _train(parts, tmp_path, replace(RECIPE, learning_rate=1e30, final_learning_rate=None))
