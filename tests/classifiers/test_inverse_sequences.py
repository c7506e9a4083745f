"""Inverse classification without a latent (sequences)."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from igc_tf import (
    InverseClassifier,
    InvertedGeneratorClassifier,
    MultiLabelInvertedGeneratorClassifier,
    SearchSettings,
)
from igc_tf.classifiers import TEMPORAL_SETTINGS
from igc_tf.data import stratified_split, synthetic_strokes
from igc_tf.errors import GeneratorError
from igc_tf.generators.generator import Generator
from igc_tf.training import SequenceRecipe, fit_sequence_network
from igc_tf.training.settings_choice import choose_settings

UNBOUNDED = (-np.inf, np.inf)


def _linear(templates):
    """condition (B, C) -> the mixture of the templates (C, T, 3)."""
    classes, steps, channels = templates.shape
    condition = keras.Input([classes])
    dense = keras.layers.Dense(steps * channels, use_bias=False)
    series = keras.layers.Reshape([steps, channels])(dense(condition))
    model = keras.Model(condition, series)
    dense.set_weights([templates.reshape(classes, -1)])
    return Generator(model, bounds=UNBOUNDED)


@pytest.fixture
def templates():
    return np.random.default_rng(0).normal(size=(4, 10, 3)).astype(np.float32)


def test_finds_the_mixture_the_data_was_made_of(templates):
    mixtures = np.float32([[0.7, 0.3, 0, 0], [0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4]])
    data = np.einsum("nc,ctd->ntd", mixtures, templates)
    fine = replace(TEMPORAL_SETTINGS, steps=1000, learning_rate=0.01, tolerance=1e-7)
    model = _linear(templates)
    found = InverseClassifier(model, fine).classify(data)
    np.testing.assert_allclose(found.conditions, mixtures, atol=0.05)
    classifier = InverseClassifier(model)
    assert classifier.settings is TEMPORAL_SETTINGS and TEMPORAL_SETTINGS.tolerance == 1e-3
    found = classifier.classify(data)
    np.testing.assert_array_equal(found.predictions, [0, 3, 3])
    np.testing.assert_allclose(found.conditions.sum(axis=1), 1, rtol=1e-5)
    assert found.latents is None
    assert (found.steps < TEMPORAL_SETTINGS.steps).all() and (found.steps > 0).all()
    np.testing.assert_array_equal(classifier.predict(data, verbose=0), found.conditions)
    assert classifier.evaluate(data, np.array([0, 3, 0]), verbose=0).correct == 2


def test_answer_depends_neither_on_batch_nor_on_padding(templates):
    data = np.random.default_rng(1).normal(size=(9, 10, 3)).astype(np.float32)
    mask = np.ones([9, 10, 1])
    mask[:4, 7:] = 0
    # what the data hold there has no meaning
    data[:4, 7:] = 1e6
    classifier = InverseClassifier(_linear(templates))
    together = classifier.classify(data, mask)
    alone = classifier.classify(data, mask, batch_size=1)
    np.testing.assert_array_equal(alone.steps, together.steps)
    np.testing.assert_allclose(alone.conditions, together.conditions, atol=1e-5)
    # a generator and data that end where these end
    short = InverseClassifier(_linear(templates[:, :7]))
    np.testing.assert_allclose(
        short.classify(data[:4, :7]).conditions, together.conditions[:4], atol=1e-5
    )


def test_trained_on_synthetic_strokes_it_reads_most_of_them(tmp_path):
    data = synthetic_strokes(per_class=12, classes=4, steps=16)
    split = stratified_split(data, validation=0.1, test=0.5)
    recipe = SequenceRecipe(
        classes=4,
        per_class=4,
        units=24,
        epochs=2,
        learning_rate=0.02,
        batch_size=16,
        batches_per_epoch=75,
    )
    generator = fit_sequence_network(recipe, tmp_path, split.train, verbose=0)
    classifier = InverseClassifier(Generator(generator, bounds=UNBOUNDED))
    evaluation = classifier.evaluate(split.test.data, split.test.labels, split.test.mask, verbose=0)
    # 24 strokes; chance is 6
    assert evaluation.correct >= 16


def test_other_classifiers_and_their_choice_refuse_a_generator_without_a_latent(templates):
    generator = _linear(templates)
    for refuses in (
        InvertedGeneratorClassifier,
        MultiLabelInvertedGeneratorClassifier,
        lambda generator: choose_settings(None, generator, {}, []),
    ):
        with pytest.raises(
            GeneratorError, match="a condition alone: expected condition and latent"
        ):
            refuses(generator)


def test_diverging_search_is_told(templates):
    def nonsense(data, generated):
        return (generated[:, 0, 0] - data[:, 0, 0]) * np.nan

    classifier = InverseClassifier(
        _linear(templates), SearchSettings(difference=nonsense, tolerance=0.1)
    )
    with pytest.raises(ValueError, match="not finite"):
        classifier.classify(np.zeros([1, 10, 3], np.float32))
