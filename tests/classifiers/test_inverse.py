"""Inverse classification of linear mixtures, whose answers are known."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from igc_tf import InverseClassification, InverseClassifier, SearchSettings
from igc_tf.classifiers import INVERSE_SETTINGS
from igc_tf.generators.generator import Generator
from igc_tf.search.observations import Observation, Parameter
from tests.fixtures.linear_generator import linear_generator

EXACT = dataclasses.replace(INVERSE_SETTINGS, steps=800, final_learning_rate=0.0)


def _classifier(settings=EXACT, **values):
    # 3 + 4 independent directions in 12 elements: condition and latent are unique
    model, offsets, matrix = linear_generator(data_shape=(12,))
    return (
        InverseClassifier(Generator(model, bounds=(-np.inf, np.inf)), settings, **values),
        offsets,
        matrix,
    )


def _mixtures(offsets, matrix, conditions, seed=2):
    latents = np.random.default_rng(seed).normal(size=(len(conditions), 4))
    return (conditions @ offsets + latents @ matrix).astype(np.float32), latents


CONDITIONS = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.25, 0.5, 0.25], [0.0, 1.0, 0.0]])


def test_default_settings_are_the_documents():
    settings = InverseClassifier(
        Generator(linear_generator()[0], bounds=(-np.inf, np.inf))
    ).settings
    assert (settings.steps, settings.learning_rate, settings.optimizer) == (200, 0.05, "adam")
    assert (settings.beta_1, settings.beta_2) == (0.9, 0.99)
    assert (settings.difference, settings.restriction_weight) == ("mean_squared", 0.0)


def test_finds_the_mixture_and_the_latent_that_made_the_data():
    classifier, offsets, matrix = _classifier()
    data, latents = _mixtures(offsets, matrix, CONDITIONS)
    found = classifier.classify(data)
    np.testing.assert_allclose(found.conditions, CONDITIONS, atol=5e-3)
    np.testing.assert_allclose(found.latents, latents, atol=2e-2)
    np.testing.assert_array_equal(found.predictions, [0, 2, 1, 1])
    np.testing.assert_allclose(found.reconstructions, data, atol=2e-2)
    squared = np.square(found.reconstructions - data).mean(axis=1)
    np.testing.assert_allclose(found.differences, squared, rtol=1e-4)
    assert len(found) == 4


def test_with_the_latent_held_only_the_mixture_is_searched():
    classifier, offsets, matrix = _classifier(latent_unit=0.0)
    start = classifier.classify(np.zeros([4, 12], np.float32)).latents
    assert np.abs(start).max() > 0.5
    data = (CONDITIONS @ offsets + start @ matrix).astype(np.float32)
    found = classifier.classify(data)
    np.testing.assert_array_equal(found.latents, start)
    np.testing.assert_allclose(found.conditions, CONDITIONS, atol=5e-3)
    # with other latents in the data, no mixture makes them
    data, latents = _mixtures(offsets, matrix, CONDITIONS)
    found = classifier.classify(data)
    np.testing.assert_array_equal(found.latents, start)
    # the part of their difference that lies outside what the classes span
    shift = (start - latents) @ matrix
    rest = shift - shift @ np.linalg.pinv(offsets) @ offsets
    assert (found.differences >= np.square(rest).mean(axis=1) - 1e-5).all()


def test_batches_and_their_order_do_not_change_the_answer():
    classifier, offsets, matrix = _classifier(SearchSettings(steps=20, learning_rate=0.05))
    data, _ = _mixtures(offsets, matrix, CONDITIONS)
    whole = classifier.classify(data)
    parts = classifier.classify(data, batch_size=3)
    np.testing.assert_allclose(whole.conditions, parts.conditions, atol=1e-6)
    np.testing.assert_allclose(whole.latents, parts.latents, atol=1e-5)
    np.testing.assert_allclose(classifier.predict(data, verbose=0), whole.conditions, atol=1e-6)


def test_another_seed_starts_elsewhere():
    data = np.zeros([2, 12], np.float32)
    settings = SearchSettings(steps=1, learning_rate=1e-6)
    first, second = (_classifier(settings, seed=seed)[0].classify(data) for seed in (0, 1))
    assert not np.isclose(first.latents, second.latents, atol=1e-3).any()


class _Raised(Observation):
    """All elements are higher by 0 or by 2: two starts, which stay as they are."""

    parameters = (Parameter("raised", "", 0.0, 2.0, 0.0, 1.0),)
    num_starts = 2
    moves = False

    def start(self, batch, generator):
        return tf.tile([[[0.0], [2.0]]], [tf.shape(batch.data)[0], 1, 1])

    def apply(self, generated, nuisance):
        return generated + nuisance


def test_of_several_starts_of_an_observation_the_best_is_the_answer():
    classifier, offsets, matrix = _classifier(observation=_Raised())
    data, latents = _mixtures(offsets, matrix, CONDITIONS)
    # no mixture of the classes and no latent raises all elements alike
    seen = data + np.float32([[0], [2], [2], [0]])
    found, answer = classifier.classify(seen), classifier.answer(classifier.search.run(seen))
    assert found.steps.shape == (4, 2)
    np.testing.assert_allclose(found.conditions, CONDITIONS, atol=5e-3)
    np.testing.assert_allclose(found.latents, latents, atol=2e-2)
    np.testing.assert_allclose(found.reconstructions, data, atol=2e-2)
    assert found.differences.max() < 1e-4
    np.testing.assert_array_equal(found.predictions, [0, 2, 1, 1])
    np.testing.assert_allclose(classifier.predict(seen, verbose=0), found.conditions, atol=1e-6)
    np.testing.assert_array_equal(answer["label"], found.predictions)
    np.testing.assert_allclose(answer["score"], found.conditions, atol=1e-6)
    np.testing.assert_allclose(answer["difference"], found.differences, atol=1e-6)
    np.testing.assert_allclose(answer["reconstruction"], found.reconstructions, atol=1e-5)


def test_history_and_snapshots_have_one_entry_per_image():
    classifier, offsets, matrix = _classifier(SearchSettings(steps=6, learning_rate=0.05))
    data, _ = _mixtures(offsets, matrix, CONDITIONS)
    found = classifier.classify(data, history=True, snapshots=(0, 6))
    assert found.loss_history.shape == found.difference_history.shape == (4, 7, 1)
    np.testing.assert_allclose(found.difference_history[:, -1, 0], found.differences, rtol=1e-6)
    np.testing.assert_array_equal(found.snapshots[6][:, 0], found.reconstructions)
    assert found.snapshots[0].shape == (4, 1, 12)


def test_entropies_in_nats():
    conditions = np.array([[1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0], [0.9, 0.1, 0, 0]])
    fields = dict.fromkeys(field.name for field in dataclasses.fields(InverseClassification))
    found = InverseClassification(**{**fields, "conditions": conditions})
    expected = [0.0, 1.386294, 0.693147, 0.325083]
    np.testing.assert_allclose(found.entropies, expected, atol=1e-6)


def test_evaluate_counts_and_refuses():
    classifier, offsets, matrix = _classifier()
    data, _ = _mixtures(offsets, matrix, CONDITIONS)
    evaluation = classifier.evaluate(data, np.array([0, 2, 1, 0]), verbose=0)
    assert (evaluation.count, evaluation.correct) == (4, 3)
    np.testing.assert_array_equal(evaluation.predictions, [0, 2, 1, 1])
    with pytest.raises(ValueError, match="from 0 to 2"):
        classifier.evaluate(data, np.array([0, 2, 1, 3]), verbose=0)
    with pytest.raises(ValueError, match=r"\(4, 5\).*expected \(N, 12\)"):
        classifier.predict(np.zeros([4, 5], np.float32))
