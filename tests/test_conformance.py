"""What every public classifier promises, whatever it searches."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

import igc_tf
from igc_tf.classifiers import SearchClassifier
from igc_tf.data import bundled_digits
from igc_tf.search import Batch
from tests.fixtures.exported import (
    SHAPE,
    compact_classifier,
    encoded_classifier,
    linear_classifier,
    other_classifier,
)


def _linear():
    generator = np.random.default_rng(5)
    return linear_classifier(), generator.uniform(-1, 1, size=(5, *SHAPE)).astype(np.float32)


def _encoded():
    return encoded_classifier(), _linear()[1]


def _compact():
    return compact_classifier(), bundled_digits().sample(5, seed=0).data


MAKERS = {
    "inverted, linear": _linear,
    "inverted, encoder": _encoded,
    "inverted, compact": _compact,
    "multi-label, linear": lambda: other_classifier("multi_label"),
    "inverse, linear": lambda: other_classifier("inverse"),
    "inverse, sequence": lambda: other_classifier("sequence"),
}


@pytest.fixture(scope="module", params=MAKERS)
def case(request):
    """A classifier, five examples, and their classification."""
    classifier, data = MAKERS[request.param]()
    return classifier, data, classifier.classify(data)


def test_every_public_classifier_is_here():
    public = {
        value
        for value in (getattr(igc_tf, name) for name in igc_tf.__all__)
        if inspect.isclass(value) and issubclass(value, SearchClassifier)
    }
    assert {type(make()[0]) for make in MAKERS.values()} == public - {SearchClassifier}


def test_predict_scores_what_classify_answers(case):
    classifier, data, found = case
    scores = classifier.predict(data, verbose=0)
    np.testing.assert_allclose(scores, found.scores, atol=1e-6)
    assert scores.shape == (5, len(classifier.class_names)) and np.isfinite(scores).all()
    parts = classifier.generator.layout.split(scores)
    expected = np.stack([part.argmax(axis=1) for part in parts], axis=1)
    np.testing.assert_array_equal(found.predictions.reshape(5, -1), expected)


def test_evaluate_counts_the_same_answers(case):
    classifier, data, found = case
    labels = found.predictions.copy()
    labels[0] = (labels[0] + 1) % 2 if labels.ndim == 2 else (labels[0] + 1) % 3
    evaluation = classifier.evaluate(data, labels, verbose=0)
    assert (evaluation.count, evaluation.correct) == (5, 4)
    np.testing.assert_array_equal(evaluation.predictions, found.predictions)


def test_batches_do_not_matter(case):
    classifier, data, found = case
    parts = classifier.classify(data, batch_size=2)
    for name in ("predictions", "steps"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(found, name))
    for name in ("scores", "differences", "reconstructions"):
        np.testing.assert_allclose(getattr(parts, name), getattr(found, name), atol=1e-5)


def test_a_mask_of_ones_changes_nothing(case):
    classifier, data, found = case
    masked = classifier.classify(data, np.ones_like(data))
    np.testing.assert_allclose(masked.differences, found.differences, atol=1e-5)


def test_history_ends_at_what_was_found(case):
    classifier, data, found = case
    steps = classifier.settings.steps
    followed = classifier.classify(data, history=True, snapshots=(0, steps))
    assert followed.loss_history.shape[:2] == (5, steps + 1)
    differences = followed.difference_history[:, -1]
    np.testing.assert_allclose(differences, found.differences.reshape(5, -1), atol=1e-5)
    np.testing.assert_allclose(followed.scores, found.scores, atol=1e-5)


def test_keep_of_all_and_the_way_there_do_not_matter(case):
    classifier, data, _ = case
    search, steps = classifier.search, classifier.settings.steps
    at_once = search.finish(search.advance(search.init(Batch(data)), steps))
    state = search.advance(search.init(Batch(data)), 1)
    everyone = tf.range(search.space.num_candidates)[tf.newaxis] + tf.zeros([5, 1], tf.int32)
    state = search.advance(search.keep(state, everyone), steps - 1)
    in_parts = search.finish(state)
    np.testing.assert_allclose(in_parts.score, at_once.score, atol=1e-6)
    np.testing.assert_array_equal(in_parts.steps, at_once.steps)
    for name, values in at_once.values.items():
        np.testing.assert_allclose(in_parts.values[name], values, atol=1e-5)


def test_the_plan_is_what_run_does(case):
    classifier, data, _ = case
    search = classifier.search
    by_hand = search.finish(search.advance(search.init(data), classifier.settings.steps))
    np.testing.assert_allclose(search.run(data).score, by_hand.score, atol=1e-6)


def test_a_saved_model_answers_the_same(case, tmp_path):
    classifier, data, found = case
    classifier.export(tmp_path / "model", batch_size=2)
    answer = tf.saved_model.load(str(tmp_path / "model")).signatures["classify"](
        images=tf.constant(data)
    )
    np.testing.assert_array_equal(answer["label"], found.predictions)
    np.testing.assert_allclose(answer["score"], found.scores, atol=1e-5)


def test_data_out_of_bounds_are_refused(case):
    classifier, data, _ = case
    if not np.isfinite(classifier.generator.bounds).all():
        data = np.full_like(data, np.nan)
    with pytest.raises(igc_tf.InputError, match=r"not finite|expected \["):
        classifier.predict(1e3 * data, verbose=0)
