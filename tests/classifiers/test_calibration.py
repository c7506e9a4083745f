"""Temperatures against a closed form, thresholds by counting, and refused answers."""

import json
import types

import numpy as np
import pytest
from scipy.stats import expon

from igc_tf import InvertedGeneratorClassifier, SearchSettings
from igc_tf.classifiers.calibration import DOUBTS, Calibrated, Calibration, reject_if_calibrated
from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.metrics import expected_calibration_error
from tests.fixtures.linear_generator import linear_generator

CLASSES = ConditionLayout.classes(2)
PAIRS = ConditionLayout((Label("one", ("a", "b")), Label("other", ("a", "b", "c"))))


class _Scored(Calibrated):
    """A classifier whose data are its scores; the first, negative, is relative, too."""

    def __init__(self, layout=CLASSES):
        self.generator = types.SimpleNamespace(layout=layout)

    def _scores_and_relative(self, data, mask, batch_size, verbose):
        data = np.asarray(data, np.float32)
        return data, -data[:, 0]

    def refused(self, data):
        return self._predictions(*self._scores_and_relative(data, None, None, 0)) == -1


def test_the_temperature_makes_the_odds_come_true():
    # two classes a margin of 0.02 apart, right in 9 of 10: softmax(0.02 / T) = 0.9
    scores = np.tile([[-0.1, -0.12]], [1000, 1])
    labels = np.repeat([0, 1], [900, 100])
    classifier = _Scored()
    found = classifier.calibrate(scores, labels)
    assert found is classifier.calibration
    assert found.temperature == pytest.approx(0.02 / np.log(9), rel=1e-3)
    probabilities = classifier.probabilities(scores)
    np.testing.assert_allclose(probabilities, np.tile([[0.9, 0.1]], [1000, 1]), atol=1e-3)
    assert expected_calibration_error(probabilities, labels) < 1e-3


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e5])
def test_probabilities_do_not_depend_on_the_unit_of_the_scores(unit):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 500)
    scores = rng.normal(size=(500, 2)) + np.eye(2)[labels]
    classifier, other = _Scored(), _Scored()
    first, second = (
        classifier.calibrate(scores, labels).temperature,
        other.calibrate(unit * scores, labels).temperature,
    )
    assert second == pytest.approx(unit * first, rel=1e-3)

    # no other temperature is more likely
    def loss(temperature):
        odds = scores / temperature
        return np.mean(np.logaddexp(*odds.T) - odds[np.arange(500), labels])

    assert loss(first) < min(loss(0.97 * first), loss(1.03 * first))


def test_scores_without_a_mistake_or_without_a_difference_are_no_trouble():
    scores = np.array([[0.0, -1.0], [-1.0, 0.0]])
    classifier = _Scored()
    classifier.calibrate(scores, np.array([0, 1]))
    assert (classifier.probabilities(scores).max(axis=1) > 0.999).all()
    classifier.calibrate(np.zeros([4, 2]), np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(classifier.probabilities(np.zeros([1, 2])), 0.5)


@pytest.mark.parametrize(("count", "classes"), [(4, 2), (18, 5)])
def test_smoothed_a_few_right_answers_make_nothing_certain(count, classes):
    # all alike and all right: softmax becomes what right values are taken for, (N + 1) / (N + 2)
    scores = np.tile(np.eye(classes)[:1] - 3.0, [count, 1])
    classifier = _Scored(ConditionLayout.classes(classes))
    classifier.calibrate(scores, np.zeros(count, int), smoothed=True)
    expected = (count + 1) / (count + 2)
    assert classifier.probabilities(scores)[0, 0] == pytest.approx(expected, abs=1e-4)
    classifier.calibrate(scores, np.zeros(count, int))
    assert classifier.probabilities(scores)[0, 0] > 0.999


def test_each_label_has_probabilities_and_a_threshold_of_its_own():
    rng = np.random.default_rng(1)
    labels = np.stack([rng.integers(0, 2, 400), rng.integers(0, 3, 400)], axis=1)
    scores = rng.normal(size=(400, 5)) + PAIRS.one_hot(labels)
    scores[:, 2:] -= 10
    classifier = _Scored(PAIRS)
    classifier.calibrate(scores, labels)
    assert not classifier.refused(scores).any()
    probabilities = classifier.probabilities(scores)
    np.testing.assert_allclose(probabilities[:, :2].sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[:, 2:].sum(axis=1), 1)
    threshold = classifier.reject_at(0.1, "difference")
    assert threshold.shape == (2,) and threshold[1] > threshold[0] + 8
    odd = np.array([[9, 0, 0, 0, 0], [-99, -99, 0, 0, 0]])
    assert classifier.refused(odd).tolist() == [[False, False], [True, False]]
    # what is joined is each label's own, too
    usual, odd = np.full([1, 2], -9.0), np.array([[0.0, -9.0]])
    joined = [
        classifier.calibration.joint({"relative": usual, "margin": margin})
        for margin in (usual, odd)
    ]
    assert joined[0].shape == (1, 2)
    assert joined[1][0, 0] > joined[0][0, 0] and joined[1][0, 1] == joined[0][0, 1]


def test_refuses_as_many_as_it_was_told():
    rng = np.random.default_rng(0)

    def drawn(count):
        return -rng.exponential(size=(count, 2))

    classifier, examples = _Scored(), drawn(199)
    classifier.calibrate(examples, np.zeros(199, int))
    for doubt in DOUBTS:
        threshold = classifier.reject_at(0.05, doubt)
        known = classifier.calibration.known(doubt)
        # of 200, this one included, ten may lie beyond
        assert threshold == known[189] and (known > threshold).sum() == 9
        assert classifier.refused(examples).sum() == 9
        fresh = drawn(50_000)
        refused = classifier.refused(fresh)
        assert refused.mean() == pytest.approx(0.05, abs=0.035)
        assert (refused == (classifier.doubts(fresh)[doubt] > threshold)).all()
    # nineteen are just enough for one in twenty
    classifier.calibrate(drawn(19), np.zeros(19, int))
    assert classifier.reject_at(0.05) == classifier.calibration.known("joint")[-1]
    with pytest.raises(InputError, match="with 19 examples.*at least 99"):
        classifier.reject_at(0.01)
    classifier.reject_at(None)
    assert reject_if_calibrated(classifier, 0.05) is None and classifier.is_doubting
    classifier.reject_at(None)
    classifier.calibrate(drawn(18), np.zeros(18, int))
    message = reject_if_calibrated(classifier, 0.05)
    assert "by 19 held-out pictures, and this generator had 18" in message
    assert not classifier.is_doubting


def test_calibrated_anew_it_rejects_as_before_by_the_new_examples():
    rng = np.random.default_rng(1)
    first, second, fresh = -rng.exponential(size=(3, 99, 2)) * [[[1]], [[3]], [[2]]]
    classifier, other = _Scored(), _Scored()
    classifier.calibrate(first, np.zeros(99, int))
    classifier.reject_at(0.1, "difference")
    before = classifier.refused(fresh)
    with pytest.raises(InputError, match="false_alarm=0.1 with 8 examples.*at least 9"):
        classifier.calibrate(second[:8], np.zeros(8, int))
    assert (classifier.refused(fresh) == before).all()
    classifier.calibrate(second, np.zeros(99, int))
    other.calibrate(second, np.zeros(99, int))
    other.reject_at(0.1, "difference")
    after = classifier.refused(fresh)
    assert (after == other.refused(fresh)).all() and 0 < after.sum() < before.sum()
    classifier.reject_at(None)
    classifier.calibrate(first, np.zeros(99, int))
    assert not classifier.is_doubting


def test_rare_doubts_are_minus_the_logarithms_of_their_shares_together():
    # of an exponential distribution the share beyond x is exp(-x), at any x
    known = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)
    calibration = Calibration(1.0, {"relative": known, "margin": -known[::-1]})
    far = np.array([0.1, 1.0, 2.5, 5.0, 12.0])
    usual = np.full(5, -100.0)
    found = calibration.joint({"relative": far, "margin": usual})
    np.testing.assert_allclose(found, far, rtol=0.02)
    assert (
        np.diff(calibration.joint({"relative": known, "margin": usual[0] + 0 * known})) >= 0
    ).all()
    # half of the margins are above the median
    half = calibration.joint({"relative": far, "margin": np.full(5, -np.log(2))})
    np.testing.assert_allclose(half - found, np.log(2), atol=1e-3)
    # where all were alike, any other is rare
    alike = Calibration(1.0, {"relative": np.ones(30), "margin": np.ones(30)})
    same, other = (alike.joint(dict.fromkeys(DOUBTS, np.array([of]))) for of in (1.0, 1.1))
    assert same == 0 and other > 1e6


@pytest.mark.parametrize(("count", "tail"), [(100, 10), (1000, 50)])
def test_among_the_last_twentieth_or_ten_and_beyond_shares_fall_exponentially(count, tail):
    known = np.arange(1.0, count + 1)
    calibration = Calibration(1.0, {"relative": known, "margin": known})
    start = count - tail
    far = start + np.array([5.0, 11.0, 60.0, 150.0])
    # where the tail begins there are as many beyond, that one, and the new one itself
    share = (tail + 2) / (count + 1)
    falling = expon.logsf(far, loc=start, scale=np.arange(1, tail + 1).mean())
    doubts = {"relative": far, "margin": np.full(4, -100.0)}
    np.testing.assert_allclose(calibration.joint(doubts), -np.log(share) - falling)


def test_few_examples_do_not_make_all_others_rare():
    rng = np.random.default_rng(3)
    classifier, alarms = _Scored(), []
    for _ in range(40):
        classifier.calibrate(-rng.exponential(size=(19, 2)), np.zeros(19, int))
        classifier.reject_at(0.05)
        alarms.append(classifier.refused(-rng.exponential(size=(2000, 2))).mean())
    # a little more than 5 %, as the shares are of the same examples
    assert 0.03 < np.mean(alarms) < 0.1


def test_a_calibration_that_lacks_a_doubt_refuses_by_others():
    classifier = _Scored()
    kept = classifier.calibrate(-np.random.default_rng(0).exponential(size=(199, 2)), [0] * 199)
    old = {"temperature": 1.0, "doubts": {"difference": kept.doubts["difference"].tolist()}}
    classifier.calibration = Calibration.from_dict(old)
    assert classifier.reject_at(0.05, "difference") == kept.known("difference")[189]
    for doubt in ("joint", "relative"):
        with pytest.raises(InputError, match=f"doubt='{doubt}': this .* lacks .*relative"):
            classifier.reject_at(0.05, doubt)
    assert list(classifier.doubts([[-1.0, -2.0]])) == ["difference", "margin", "relative"]
    classifier.reject_at(None)
    assert "older kind" in reject_if_calibrated(classifier, 0.01) and not classifier.is_doubting


def test_a_calibration_reads_back_from_json():
    rng = np.random.default_rng(0)
    classifier = _Scored(PAIRS)
    labels = np.zeros([50, 2], int)
    kept = classifier.calibrate(rng.normal(size=(50, 5)), labels)
    read = Calibration.from_dict(json.loads(json.dumps({**kept.to_dict(), "more": 1})))
    assert read.temperature == kept.temperature and read.doubts.keys() == kept.doubts.keys()
    for name, known in kept.doubts.items():
        np.testing.assert_allclose(read.doubts[name], known, rtol=5e-6)
    np.testing.assert_allclose(
        read.threshold(0.1, "margin"), kept.threshold(0.1, "margin"), rtol=5e-6
    )


def test_doubts_are_reckoned_from_the_scores():
    scores = np.array([[-0.3, -0.1, -0.15], [-0.5, -0.9, -0.6]])
    classifier = _Scored(ConditionLayout.classes(3))
    found = classifier.doubts(scores)
    assert list(found) == ["difference", "margin", "relative"]
    np.testing.assert_allclose(found["difference"], [0.1, 0.5])
    np.testing.assert_allclose(found["margin"], [-0.05, -0.1], rtol=1e-6)
    np.testing.assert_allclose(found["relative"], [0.3, 0.5])
    known = classifier.calibrate(scores, [1, 0])
    found = classifier.doubts(scores)
    assert list(found) == list(DOUBTS)
    np.testing.assert_allclose(found["joint"], known.joint(found))


def test_says_what_is_missing_or_wrong():
    classifier = _Scored()
    for call in (lambda: classifier.probabilities(np.zeros([1, 2])), classifier.reject_at):
        with pytest.raises(InputError, match="not calibrated"):
            call()
    with pytest.raises(InputError, match="no data"):
        classifier.calibrate(np.zeros([0, 2]), np.zeros(0, int))
    with pytest.raises(InputError, match="labels have shape"):
        classifier.calibrate(np.zeros([3, 2]), np.zeros(2, int))
    classifier.calibrate(np.eye(2), np.array([0, 1]))
    with pytest.raises(InputError, match="doubt='mood'.*difference"):
        classifier.reject_at(0.5, "mood")
    for false_alarm in (1, "0.1", np.nan):
        message = f"^false_alarm={false_alarm!r}: expected a number > 0 and < 1$"
        with pytest.raises(InputError, match=message):
            classifier.reject_at(false_alarm)
    for shape in ([5, 3], [5, 1], [2]):
        with pytest.raises(InputError, match=r"scores have shape .*: expected \(N, 2\)"):
            classifier.probabilities(np.zeros(shape))


def test_a_search_classifier_answers_none_of_them():
    model, offsets, _ = linear_generator(latent_size=2, data_shape=(3, 2, 1))
    generator = Generator(model, bounds=(-np.inf, np.inf))
    classifier = InvertedGeneratorClassifier(generator, SearchSettings(steps=2))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    images = offsets[labels] + 0.3 * rng.normal(size=(60, 6))
    images = images.reshape(60, 3, 2, 1).astype(np.float32)
    found = classifier.classify(images)
    assert found.probabilities is None and (found.predictions == labels).mean() > 0.9
    classifier.calibrate(images, labels, verbose=0)
    assert classifier.reject_at(0.02) > 0
    foreign = np.concatenate([images[:5], images[:5] + 9])
    found = classifier.classify(foreign)
    assert (found.predictions[:5] == labels[:5]).all() and (found.predictions[5:] == -1).all()
    np.testing.assert_allclose(found.probabilities, classifier.probabilities(found.scores))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    # it is said what it is most like
    assert found.explain(0) == f"a {labels[0]}"
    best = found.scores[7].argmax()
    assert found.best[7] == best and found.explain(7) == (
        f"perhaps none of them; most like a {best}"
    )
    # a refused answer is not right
    evaluation = classifier.evaluate(foreign, np.tile(labels[:5], 2), verbose=0)
    assert evaluation.correct == 5
    np.testing.assert_array_equal(evaluation.predictions, found.predictions)
    # scores alone do not say what is refused
    np.testing.assert_array_equal(classifier.labels_of_scores(found.scores), found.best)
    # what is hidden is not doubted
    mask = np.array([1.0, 0.0])[:, np.newaxis] * np.ones([3, 2, 1])
    hidden = np.where(mask > 0, images[:5], 50)
    assert (classifier.classify(hidden, mask=mask).predictions >= 0).mean() >= 0.8
    assert classifier.evaluate(images[:5], labels[:5], mask=mask, verbose=0).correct >= 4
    assert (classifier.classify(images[:5] + 9, mask=mask).predictions == -1).all()
    assert [len(doubts) for doubts in classifier.doubts(images[:0]).values()] == [0] * len(DOUBTS)
    assert classifier.reject_at(None) is None
    assert (classifier.classify(foreign).predictions >= 0).all()
