"""LeNet's training: what it leaves, how it resumes, classes and binary labels."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from igc_tf.classifiers import evaluate_network
from igc_tf.data import ConditionLayout, add_gaussian_noise, bundled_digits, label_digits
from igc_tf.errors import NonFiniteLossError
from igc_tf.training import LeNetRecipe, train_lenet

RECIPE = LeNetRecipe(epochs=3, batch_size=50, learning_rate=3e-3, train_images=1000)


@pytest.fixture(scope="module")
def parts():
    """3,000 digits to train on, 1,000 to choose the epoch on, 1,000 to report on."""
    digits = bundled_digits().sample(5000, seed=0)
    return [digits.take(np.arange(*ends)) for ends in ((0, 3000), (3000, 4000), (4000, 5000))]


def _train(parts, output, recipe=RECIPE):
    return keras.models.load_model(train_lenet(recipe, output, parts, verbose=0))


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


def test_diverging_run_stops_and_says_so(parts, tmp_path):
    with pytest.raises(NonFiniteLossError, match="epoch 1"):
        _train(parts, tmp_path, replace(RECIPE, learning_rate=1e30, final_learning_rate=None))
