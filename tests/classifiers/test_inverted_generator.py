"""The classifier against closed forms on a linear generator, and its manners."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf import InvertedGeneratorClassifier, SearchSettings
from igc_tf.errors import InputError
from igc_tf.export.endpoint import answers
from igc_tf.generators.generator import Generator
from tests.fixtures.linear_generator import EXACT, least_squares, linear_generator, normal_images

SHAPE = (3, 2, 1)
UNBOUNDED = (-np.inf, np.inf)


def _classifier(settings=EXACT, **arguments):
    model, offsets, matrix = linear_generator(latent_size=2, data_shape=SHAPE)
    return InvertedGeneratorClassifier(Generator(model, bounds=UNBOUNDED), settings, **arguments), (
        offsets,
        matrix,
    )


def test_answers_the_nearest_subspace():
    classifier, parts = _classifier()
    images = normal_images()
    expected = least_squares(images, *parts)
    found = classifier.classify(images)
    np.testing.assert_allclose(found.differences, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(found.predictions, expected.argmin(axis=1))
    assert len(set(found.predictions)) == 3
    assert found.latents.shape == (12, 3, 2)
    assert found.reconstructions.shape == (12, 3, *SHAPE)
    np.testing.assert_allclose(
        found.differences,
        ((found.reconstructions - images[:, None]) ** 2).mean(axis=(2, 3, 4)),
        rtol=1e-4,
        atol=1e-7,
    )


def test_predict_scores_have_the_label_as_argmax():
    classifier, _ = _classifier()
    images = normal_images()
    found = classifier.classify(images)
    scores = classifier.predict(images, verbose=0)
    np.testing.assert_allclose(scores, -found.differences, rtol=1e-5)
    assert classifier.predict(images[:0], verbose=0).shape == (0, 3)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_do_not_change_the_answer(jit_compile):
    settings = SearchSettings(steps=40, learning_rate=0.02, jit_compile=jit_compile)
    classifier, _ = _classifier(settings)
    images = normal_images()
    whole = classifier.classify(images, history=True, snapshots=(0, 20))
    for batch_size in (1, 5, 12, 100):
        parts = classifier.classify(images, batch_size=batch_size, history=True, snapshots=(0, 20))
        np.testing.assert_array_equal(parts.predictions, whole.predictions)
        assert parts.loss_history.shape == (12, 41, 3)
        for name in ("differences", "latents", "reconstructions", "loss_history"):
            np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-5)
        np.testing.assert_allclose(parts.snapshots[20], whole.snapshots[20], atol=1e-5)


def test_same_images_same_answer():
    classifier, _ = _classifier(SearchSettings())
    first, second = (classifier.classify(normal_images()) for _ in range(2))
    np.testing.assert_array_equal(first.latents, second.latents)
    np.testing.assert_array_equal(first.differences, second.differences)


def test_evaluate_counts_right_answers():
    classifier, parts = _classifier()
    images = normal_images()
    labels = least_squares(images, *parts).argmin(axis=1)
    labels[:3] = (labels[:3] + 1) % 3
    evaluation = classifier.evaluate(images, labels, verbose=0)
    assert (evaluation.count, evaluation.correct, evaluation.accuracy) == (12, 9, 0.75)
    low, high = evaluation.interval
    assert low < 0.75 < high
    assert 0 < evaluation.first_batch_seconds <= evaluation.seconds


def test_loss_decides_if_told_to():
    # the latent moves the first of two elements: class 0 reproduces the image with a latent of 3
    # and nearly no difference; class 1 with a latent of 0 and a difference of 0.1² / 2
    condition, latent = keras.Input([2], name="condition"), keras.Input([1], name="latent")
    from_condition = keras.layers.Dense(2, use_bias=False)
    from_latent = keras.layers.Dense(2, use_bias=False)
    data = keras.layers.Add()([from_condition(condition), from_latent(latent)])
    model = keras.Model([condition, latent], data)
    from_condition.set_weights([np.float32([[-3.0, 0.0], [0.0, 0.1]])])
    from_latent.set_weights([np.float32([[1.0, 0.0]])])

    def label(decision, weight):
        settings = SearchSettings(
            **{
                **EXACT.to_dict(),
                "restriction_weight": weight,
                "restriction_norm": "squared",
                "decision": decision,
            }
        )
        classifier = InvertedGeneratorClassifier(Generator(model, bounds=UNBOUNDED), settings)
        return classifier.classify(np.zeros([1, 2], np.float32)).predictions[0]

    # the restriction costs class 0 weight · 3² / 2
    assert label("difference", 0.01) == 0
    assert label("loss", 0.01) == 1
    assert label("loss", 0.0005) == 0
    assert label(lambda data, generated: -tf.reduce_sum(generated, axis=-1), 0.01) == 1
    assert label("mean_absolute", 0.01) == 0


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros([2, 28, 28, 1]), r"\(2, 28, 28, 1\): expected \(N, 3, 2, 1\)"),
        (np.zeros(SHAPE), r"shape \(3, 2, 1\)"),
        (np.full([1, *SHAPE], np.nan), "not finite"),
        (np.full([1, *SHAPE], 255.0), r"\[255, 255\]: expected \[-0.5, 0.5\]"),
    ],
)
def test_refuses_images_of_another_shape_or_range(images, message):
    model, _, _ = linear_generator(data_shape=SHAPE, scale=0.1)
    with pytest.raises(ValueError, match=message):
        InvertedGeneratorClassifier(Generator(model, bounds=(-0.5, 0.5))).predict(images)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"\(2,\): expected \(3,\)"),
        ([0, 1, 3], "from 0 to 3: expected integers from 0 to 2"),
        ([0.0, 1.0, 2.0], "float64"),
    ],
)
def test_refuses_labels_that_do_not_fit(labels, message):
    classifier, _ = _classifier()
    with pytest.raises(ValueError, match=message):
        classifier.evaluate(normal_images(3), np.array(labels))


def test_at_most_a_thousand_candidates_or_250_images_are_searched_at_once():
    for classes, batch_size in ((3, 250), (10, 100), (1200, 1)):
        model, *_ = linear_generator(classes=classes, data_shape=SHAPE)
        classifier = InvertedGeneratorClassifier(Generator(model, bounds=UNBOUNDED))
        assert classifier.checked_batch_size() == batch_size


def test_refuses_a_batch_size_below_one_and_no_images():
    classifier, _ = _classifier()
    with pytest.raises(ValueError, match="batch_size=0"):
        classifier.predict(normal_images(), batch_size=0)
    assert type(classifier.checked_batch_size(np.int64(8))) is int
    with pytest.raises(InputError, match="images of type list: expected an array"):
        classifier.classify([np.zeros([3, 2, 1]), np.zeros([2, 3, 1])])
    with pytest.raises(InputError, match="mask of type str: expected an array"):
        classifier.predict(normal_images(), mask="left")
    with pytest.raises(ValueError, match="no data"):
        classifier.classify(normal_images(0))


def test_search_that_diverges_is_said():
    model, _, _ = linear_generator(latent_size=2, data_shape=SHAPE, bound=None)
    settings = SearchSettings(steps=3, learning_rate=1e38, difference="mean_squared")
    classifier = InvertedGeneratorClassifier(Generator(model, bounds=UNBOUNDED), settings)
    with pytest.raises(ValueError, match="not finite"):
        classifier.predict(normal_images(), verbose=0)


class _WithoutTheFirst:
    """The mean absolute difference; while all three classes are there, the first has none."""

    def prepare(self, data, visible):
        return data[:, tf.newaxis]

    def __call__(self, reference, generated):
        difference = tf.reduce_mean(tf.abs(reference - generated), axis=[2, 3, 4])
        are_all_there = generated.shape[1] == 3
        return difference + np.float32([np.nan, 0.0, 0.0]) if are_all_there else difference


@pytest.mark.parametrize("first", [0, 1])
def test_a_class_that_diverges_and_is_dropped_is_said(first):
    plan = ((first, 1), (2 - first, None))
    settings = SearchSettings(steps=2, difference=_WithoutTheFirst(), plan=plan)
    classifier, _ = _classifier(settings)
    *_, state = classifier.search.follow(normal_images(2))
    np.testing.assert_array_equal(np.isposinf(state.dropped), [[True, False, False]] * 2)
    for searched in (classifier.classify, classifier.predict):
        with pytest.raises(ValueError, match="not finite"):
            searched(normal_images(2), verbose=0)


class _NotOfBright:
    """The mean absolute difference; of data that reach 50 not-a-number."""

    def prepare(self, data, visible):
        return data[:, tf.newaxis]

    def __call__(self, reference, generated):
        is_bright = tf.reduce_max(reference, axis=[2, 3, 4]) > 50
        difference = tf.reduce_mean(tf.abs(reference - generated), axis=[2, 3, 4])
        return tf.where(is_bright, np.float32(np.nan), difference)


@pytest.mark.parametrize("plan", [None, ((1, 2), (1, None))])
def test_an_export_tells_of_each_example_whose_search_diverges(plan):
    classifier, _ = _classifier(SearchSettings(steps=2, difference=_NotOfBright(), plan=plan))
    images = normal_images(3)
    images[1] += 60
    with pytest.raises(InputError, match="not finite"):
        classifier.predict(images, verbose=0)
    answer = answers(classifier, classifier.search, tf.constant(images), tf.range(3))
    found = classifier.classify(images[::2])
    np.testing.assert_array_equal(answer["label"], [found.predictions[0], -1, found.predictions[1]])
    np.testing.assert_allclose(answer["score"][::2], found.scores, rtol=1e-5)
    for name in ("score", "difference", "reconstruction"):
        assert np.isnan(answer[name][1]).all(), name


@pytest.mark.parametrize("jit_compile", [False, True])
def test_answers_of_any_number_of_examples_are_the_classification(jit_compile):
    traced = []

    class Counted(_NotOfBright):
        def prepare(self, data, visible):
            traced.append(data.shape)
            return super().prepare(data, visible)

    settings = SearchSettings(steps=3, difference=Counted(), jit_compile=jit_compile)
    classifier, _ = _classifier(settings)
    images = normal_images(5)
    found = classifier.classify(images)
    kept = np.take_along_axis(
        found.reconstructions, found.predictions.reshape(5, 1, 1, 1, 1), axis=1
    )[:, 0]
    numbers = []
    for count in (5, 1, 2, 3):
        answered = classifier.answers(images[:count], batch_size=3, indices=np.zeros(count, int))
        numbers.append(len(traced))
        np.testing.assert_array_equal(answered["label"], found.predictions[:count])
        np.testing.assert_allclose(answered["score"], found.scores[:count], atol=1e-5)
        np.testing.assert_allclose(answered["reconstruction"], kept[:count], atol=1e-5)
    # whoever asks first compiles for all
    assert len(set(numbers)) == 1
    with pytest.raises(InputError, match="no data to answer"):
        classifier.answers(images[:0])


def test_batches_together_are_the_whole_classification():
    classifier, _ = _classifier(SearchSettings())
    data = normal_images(5)
    first, *others = classifier.classify_batches(data, batch_size=2)
    assert [len(part) for part in (first, *others)] == [2, 2, 1]
    joined, whole = first.join(*others), classifier.classify(data, snapshots=(0, 3))
    for name in ("predictions", "scores", "steps", "differences", "latents", "reconstructions"):
        np.testing.assert_allclose(getattr(joined, name), getattr(whole, name), atol=1e-5)
    taken = whole.take([3, 0])
    np.testing.assert_array_equal(taken.reconstructions, whole.reconstructions[[3, 0]])
    np.testing.assert_array_equal(taken.snapshots[3], whole.snapshots[3][[3, 0]])
    assert len(taken) == 2 and taken.loss_history is None


def test_snapshots_show_each_classs_best_candidate_as_if_the_search_ended_there():
    settings = SearchSettings(steps=6, learning_rate=0.05, difference="mean_squared", draws=3)
    images = normal_images(4)
    classifier, _ = _classifier(settings)
    found = classifier.classify(images, history=True, snapshots=np.array([0, 2, 6]))
    assert list(classifier.classify(images, snapshots=np.array([0])).snapshots) == [0]
    for step, made in found.snapshots.items():
        ended, _ = _classifier(replace(settings, steps=step))
        np.testing.assert_allclose(made, ended.classify(images).reconstructions, rtol=1e-5)
    # not the same of the three all the way
    best = found.difference_history.reshape(4, 7, 3, 3).argmin(axis=3)
    assert (best[:, 0] != best[:, 6]).any() and len(np.unique(best)) == 3


def test_what_is_dropped_is_followed_until_then():
    settings = SearchSettings(steps=6, learning_rate=0.1, difference="mean_squared")
    images = normal_images(4)
    whole, _ = _classifier(settings)
    thinned, _ = _classifier(replace(settings, plan=((2, 2), (4, None))))
    expected = whole.classify(images, history=True, snapshots=(0, 2, 6))
    found = thinned.classify(images, history=True, snapshots=(0, 2, 6))
    assert found.loss_history.shape == expected.loss_history.shape == (4, 7, 3)
    order = expected.loss_history[:, :2].min(axis=1).argsort(axis=1)
    was_kept = np.zeros([4, 3], bool)
    np.put_along_axis(was_kept, order[:, :2], True, axis=1)
    for name in ("loss_history", "difference_history"):
        history, whole_history = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(history[:, :2], whole_history[:, :2], rtol=1e-5)
        kept = np.broadcast_to(was_kept[:, None], history[:, 2:].shape)
        np.testing.assert_allclose(history[:, 2:][kept], whole_history[:, 2:][kept], rtol=1e-5)
        assert np.isnan(history[:, 2:][~kept]).all()
    np.testing.assert_allclose(found.snapshots[2], expected.snapshots[2], rtol=1e-5)
    np.testing.assert_allclose(
        found.snapshots[6][was_kept], expected.snapshots[6][was_kept], rtol=1e-5
    )
    assert np.isnan(found.snapshots[6][~was_kept]).all()
