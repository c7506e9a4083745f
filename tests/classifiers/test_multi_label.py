"""Multi-label answers against closed forms on a linear generator, and the classifier's manners."""

import numpy as np
import pytest

from igc_tf import MultiLabelInvertedGeneratorClassifier, SearchSettings
from igc_tf.classifiers import Evaluation
from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.generators.generator import Generator
from tests.fixtures.linear_generator import EXACT, linear_generator, normal_images, two_label_optima

SHAPE = (3, 2, 1)


def _classifier(settings=EXACT, classes=4, bounds=(-np.inf, np.inf), **arguments):
    scale = 0.1 if np.isfinite(bounds).all() else 1.0
    model, offsets, matrix = linear_generator(
        classes=classes, latent_size=2, data_shape=SHAPE, scale=scale
    )
    generator = Generator(model, ConditionLayout.binary(classes // 2), bounds=bounds)
    classifier = MultiLabelInvertedGeneratorClassifier(generator, settings, **arguments)
    return classifier, (offsets, matrix)


def test_finds_the_best_latent_and_other_condition_for_each_value():
    classifier, parts = _classifier()
    images = normal_images()
    differences, mixtures = two_label_optima(images, *parts)
    # the case is a real one: some mixtures inside, some at the ends, both answers for each label
    assert 0.2 < ((mixtures > 0) & (mixtures < 1)).mean() < 0.9
    found = classifier.classify(images)
    np.testing.assert_allclose(found.differences, differences.reshape(12, 4), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.conditions[:, :2, 2], mixtures[:, 0], atol=1e-3)
    np.testing.assert_allclose(found.conditions[:, 2:, 0], mixtures[:, 1], atol=1e-3)
    np.testing.assert_array_equal(found.predictions, differences.argmin(axis=2))
    assert all(set(column) == {0, 1} for column in found.predictions.T)
    np.testing.assert_array_equal(found.conditions[:, 3, 2:], np.tile([0, 1], [12, 1]))
    assert found.latents.shape == (12, 4, 2) and len(found) == 12
    np.testing.assert_allclose(
        ((found.reconstructions - images[:, None]) ** 2).mean(axis=(2, 3, 4)),
        found.differences,
        rtol=1e-4,
        atol=1e-7,
    )


def test_the_value_of_the_best_score_is_the_prediction():
    classifier, _ = _classifier(SearchSettings(learning_rate=0.02))
    images = normal_images()
    found = classifier.classify(images)
    scores = classifier.predict(images, verbose=0)
    np.testing.assert_allclose(scores, -found.differences, atol=1e-6)
    pairs = scores.reshape(12, 2, 2)
    np.testing.assert_array_equal(found.predictions, pairs[..., 1] > pairs[..., 0])
    np.testing.assert_allclose(found.margins, np.abs(pairs[..., 1] - pairs[..., 0]), atol=1e-6)
    assert classifier.predict(images[:0], verbose=0).shape == (0, 4)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_do_not_change_the_answer(jit_compile):
    classifier, _ = _classifier(SearchSettings(learning_rate=0.02, jit_compile=jit_compile))
    images = normal_images()
    whole = classifier.classify(images)
    for batch_size in (1, 5):
        parts = classifier.classify(images, batch_size=batch_size)
        np.testing.assert_array_equal(parts.predictions, whole.predictions)
        for name in ("differences", "conditions", "latents", "reconstructions"):
            np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-5)


def test_loss_decides_if_told_to():
    settings = SearchSettings(learning_rate=0.05, restriction_weight=0.3)
    by_difference, _ = _classifier(settings)
    by_loss, _ = _classifier(SearchSettings(**{**settings.to_dict(), "decision": "loss"}))
    images = normal_images()
    found, other = by_difference.classify(images), by_loss.classify(images)
    np.testing.assert_allclose(found.latents, other.latents, atol=1e-6)
    losses = found.differences + 0.3 * np.abs(found.latents).mean(axis=-1)
    np.testing.assert_allclose(other.scores, -losses, atol=1e-5)
    assert np.abs(other.scores - found.scores).max() > 0.01


def test_evaluate_counts_each_label_and_exact_matches():
    classifier, _ = _classifier(SearchSettings(learning_rate=0.02))
    images = normal_images()
    labels = classifier.classify(images).predictions
    labels[:3, 0] = 1 - labels[:3, 0]
    labels[2:4, 1] = 1 - labels[2:4, 1]
    evaluation = classifier.evaluate(images, labels, verbose=0)
    assert evaluation.label_correct == [9, 10] and evaluation.label_accuracies == [0.75, 10 / 12]
    assert (evaluation.count, evaluation.correct, evaluation.accuracy) == (12, 8, 8 / 12)
    (low, high), (first_low, first_high) = evaluation.interval, evaluation.label_intervals[0]
    assert low < 8 / 12 < high and first_low < 0.75 < first_high
    assert evaluation.seconds > 0 and "66.7 %" in str(evaluation) and "75.0" in str(evaluation)


def test_evaluation_refuses_answers_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(3, 4\)"):
        Evaluation(np.zeros([3, 2], int), np.zeros([3, 4], int), 1.0, 0.5)


def test_labels_may_have_different_numbers_of_values():
    # label a has three values, label b two: with no other label's condition to search, the answer
    # to each is that of the nearest subspace
    model, _, _ = linear_generator(classes=5, latent_size=2, data_shape=SHAPE)
    layout = ConditionLayout((Label("a", "xyz"), Label("b", "01")))
    generator = Generator(model, layout, bounds=(-np.inf, np.inf))
    classifier = MultiLabelInvertedGeneratorClassifier(generator, EXACT)
    found = classifier.classify(normal_images())
    assert found.scores.shape == (12, 5) and found.predictions.shape == (12, 2)
    np.testing.assert_array_equal(found.predictions[:, 0], found.scores[:, :3].argmax(axis=1))
    np.testing.assert_array_equal(found.predictions[:, 1], found.scores[:, 3:].argmax(axis=1))
    # the condition of the label asked for is held; the other's stays a mixture
    np.testing.assert_array_equal(found.conditions[:, 1, :3], np.tile([0, 1, 0], [12, 1]))
    np.testing.assert_allclose(found.conditions[:, 1, 3:].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(3, int), r"\(3,\): expected \(3, 2\)"),
        (np.zeros([3, 4], int), r"\(3, 4\)"),
        (np.full([3, 2], 2), "from 2 to 2: expected integers from 0 to 1"),
        (np.zeros([3, 2]), "float64"),
    ],
)
def test_refuses_labels_that_do_not_fit(labels, message):
    classifier, _ = _classifier(SearchSettings(steps=1))
    with pytest.raises(ValueError, match=message):
        classifier.evaluate(normal_images(3), labels)


def test_refuses_bad_images_batches_and_factors():
    classifier, _ = _classifier(SearchSettings(steps=1), bounds=(-0.5, 0.5))
    with pytest.raises(ValueError, match=r"expected \[-0.5, 0.5\]"):
        classifier.predict(normal_images())
    with pytest.raises(ValueError, match=r"\(2, 28, 28, 1\): expected \(N, 3, 2, 1\)"):
        classifier.predict(np.zeros([2, 28, 28, 1]))
    with pytest.raises(ValueError, match="batch_size=0"):
        classifier.predict(0.1 * normal_images() / 5, batch_size=0)
    with pytest.raises(ValueError, match="no data"):
        classifier.classify(normal_images(0))
    with pytest.raises(ValueError, match="unit=-1"):
        _classifier(condition_unit=-1.0)
