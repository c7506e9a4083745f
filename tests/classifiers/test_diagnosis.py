"""How well a generator reproduces data."""

import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest

from igc_tf import Generator, InputError, InvertedGeneratorClassifier, SearchSettings
from igc_tf.classifiers.diagnosis import OWN_SAMPLES, diagnose
from igc_tf.classifiers.foreign import from_even
from igc_tf.data.labelled import LabelledData
from igc_tf.data.layout import ConditionLayout
from igc_tf.search.observations import OBSERVATIONS, AnyOf, Identity, Light
from tests.fixtures.linear_generator import linear_generator
from tests.plots.drawn import pictures

SHAPE = (3, 2, 1)
SETTINGS = SearchSettings(steps=300, learning_rate=0.05, final_learning_rate=0.0)


@pytest.fixture(scope="module")
def generator():
    model, _, _ = linear_generator(latent_size=2, data_shape=SHAPE)
    return Generator(model, ConditionLayout.classes("abc"), bounds=(-9.0, 9.0), name="linear")


@pytest.fixture(scope="module")
def diagnosis(generator):
    labels = np.arange(12) % 3
    made = generator.sample(labels, seed=7)
    training = LabelledData(
        made, labels, generator.layout, generator.bounds, "made", "train", "made here"
    )
    new = np.random.default_rng(0).normal(size=(8, *SHAPE)).astype(np.float32)
    return diagnose(generator, {"training": training, "new": new}, SETTINGS, count=9, shown=4)


def test_own_samples_are_found_back(diagnosis):
    own = diagnosis.sets[0]
    assert own.name == OWN_SAMPLES and own.count == 9
    assert own.difference < 0.02 and own.accuracy == 1.0
    assert own.right == pytest.approx(own.difference, abs=1e-6)
    # an even picture is the median, at its mean absolute distance
    flat = np.abs(own.data.reshape(4, -1))
    assert own.even > 0.3 * flat.mean()


def test_an_even_picture_has_a_colour():
    page = np.broadcast_to(np.float32([0.1, 0.2, 0.9]), [2, 4, 5, 3]).copy()
    page[1, 0, 0] += [0.3, -0.1, 0.0]
    np.testing.assert_allclose(from_even(page), [0, (0.3 + 0.1) / 60], atol=1e-7)
    np.testing.assert_allclose(from_even(np.float32([[1, 1, 1, 5]])), [1])


def test_data_it_cannot_make_are_told_from_those_it_can(diagnosis):
    _, training, new = diagnosis.sets
    assert (training.count, new.count) == (9, 8)
    assert training.accuracy == 1.0 and new.accuracy is None and new.right is None
    assert new.difference > 10 * training.difference
    np.testing.assert_allclose(training.reconstructions, training.data, atol=0.1)
    assert not any(finding.startswith("training:") for finding in diagnosis.findings)
    assert any(finding.startswith("new:") for finding in diagnosis.findings)
    assert any("overfitted" in finding for finding in diagnosis.findings)


def test_what_the_search_undoes_is_no_difference(generator):
    # stretched 2.5 times about the middle, these are what it makes
    faint = 0.4 * generator.sample(np.arange(9) % 3, seed=7)
    settings = replace(SETTINGS, observation="contrast")
    found = diagnose(generator, {"faint": faint}, settings, count=9).sets[1]
    assert found.difference < 0.05 < 0.2 * np.abs(faint).mean()
    # an even picture is compared with the same
    assert found.even == pytest.approx(2.5 * from_even(faint).mean(), rel=1e-3)
    # and nobody is warned by what was seen before
    classifier = InvertedGeneratorClassifier(generator, replace(settings, steps=2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.predict(0.01 * np.tile(faint, (2, 1, 1, 1)))


def test_classes_may_be_dropped_on_the_way(generator, diagnosis):
    training = diagnosis.sets[1]
    labels = np.arange(12) % 3
    data = LabelledData(
        generator.sample(labels, seed=7),
        labels,
        generator.layout,
        generator.bounds,
        "made",
        "train",
        "here",
    )
    # of three, one that needs not be the first goes on to the end
    dropping = replace(SETTINGS, plan=((200, 1), (100, None)))
    found = diagnose(generator, {"training": data}, dropping, count=9).sets[1]
    assert found.accuracy == 1.0
    assert found.right == pytest.approx(training.right, abs=1e-3)
    assert found.difference == pytest.approx(training.difference, abs=1e-3)


def test_a_generator_without_classes_answers_none():
    model, _, _ = linear_generator(classes=1, latent_size=2, data_shape=SHAPE)
    one = Generator(model, bounds=(-9.0, 9.0))
    labels = np.arange(4) % 3
    made = one.sample(np.zeros(4, int), seed=7)
    layout = ConditionLayout.classes(3)
    new = LabelledData(made, labels, layout, one.bounds, "made", "train", "made here")
    for row in diagnose(one, {"new": new}, SETTINGS, count=4).sets:
        assert row.difference < 0.02 and row.accuracy is None and row.right is None


def test_several_starts_of_a_condition_that_is_searched_answer_no_class_each(monkeypatch):
    monkeypatch.setitem(OBSERVATIONS, "light", lambda generator: AnyOf(Identity(), Light(-9, 9)))
    condition = keras.Input([3])
    data = keras.layers.Reshape(SHAPE)(keras.layers.Dense(6)(condition))
    generator = Generator(keras.Model(condition, data), bounds=(-9.0, 9.0))
    settings = SearchSettings(steps=1, restriction_weight=0.0, observation="light")
    (own,) = diagnose(generator, None, settings, count=4).sets
    assert own.right is None and 0 <= own.accuracy <= 1


def test_it_is_told_in_a_table_and_drawn(diagnosis):
    lines = str(diagnosis).splitlines()
    assert [line[:24].strip() for line in lines[1:4]] == [OWN_SAMPLES, "training", "new"]
    assert "100.0 %" in lines[1] and lines[3].split()[-1] == "-"
    figure = diagnosis.plot()
    assert "linear" in figure.get_suptitle()
    shown = pictures(figure)
    assert [picture.beside.replace("\n", " ") for picture in shown] == [
        OWN_SAMPLES,
        "training",
        "new",
    ]
    # each set in two lines of four
    assert {picture.pixels.shape for picture in shown} == {(7, 11)}


def test_a_search_that_is_too_short_is_named(generator):
    short = SearchSettings(steps=1, learning_rate=1e-4)
    assert "too short" in diagnose(generator, settings=short, count=5).findings[0]


def test_what_it_was_trained_on_asks_for_no_other_scale(generator):
    # nearly even, and of a colour that no latent makes of all elements
    images = 3 + 0.01 * np.random.default_rng(0).normal(size=(4, *SHAPE)).astype(np.float32)
    training, new, stretched = (
        LabelledData(images, np.arange(4) % 3, generator.layout, bounds, "forms", split, "here")
        for split, bounds in (("train", (-9, 9)), ("test", (-9, 9)), ("train", (-9, 8)))
    )
    question = " Are the data scaled and arranged as those it was trained on?"
    longer = " The generator needs longer training."
    facts = {"layout": generator.layout, "bounds": generator.bounds}
    for dataset, sets, expected in (
        ("forms", (training, new), (longer, "")),
        ("forms", (stretched, images), (question, question)),
        ("other", (training, new), (question, question)),
    ):
        card = {"training": {"recipe": {"dataset": dataset}}}
        trained = Generator(generator.model, card=card, **facts)
        found = diagnose(trained, dict(zip("ab", sets, strict=True)), SETTINGS, count=4)
        assert found.findings == tuple(
            f"{name}: no better than an evenly coloured picture.{advice}"
            for name, advice in zip("ab", expected, strict=True)
        )


def test_refuses_data_of_another_shape(generator):
    with pytest.raises(InputError, match=r"new have shape \(2, 4\)"):
        diagnose(generator, {"new": np.zeros([2, 4])}, SETTINGS)
    with pytest.raises(InputError, match="count=0"):
        diagnose(generator, count=0)
    with pytest.raises(InputError, match="shown=0"):
        diagnose(generator, shown=0)
    with pytest.raises(InputError, match=r"data=array.*expected \{name: `LabelledData`"):
        diagnose(generator, np.zeros([2, *SHAPE]), SETTINGS)


def test_refuses_labels_that_the_generator_does_not_have(generator):
    made = generator.sample(np.zeros(2, int), seed=7)
    layout = ConditionLayout.classes("abcd")
    facts = made, [0, 3], layout, generator.bounds, "made", "train", "made here"
    with pytest.raises(InputError, match="from 0 to 3: expected integers from 0 to 2"):
        diagnose(generator, {"new": LabelledData(*facts)}, SETTINGS)


def test_refuses_labels_that_the_generator_has_in_another_order(generator):
    made = generator.sample(np.arange(3), seed=7)
    facts = generator.bounds, "made", "train", "made here"
    data = LabelledData(made, [0, 1, 2], ConditionLayout.classes("acb"), *facts)
    message = r"new has the values \('a', 'c', 'b'\).* linear \('a', 'b', 'c'\): expected the same"
    with pytest.raises(InputError, match=message):
        diagnose(generator, {"new": data}, SETTINGS)
    generator.check_set(replace(data, layout=generator.layout))
    with pytest.raises(InputError, match=message.replace("new", "made")):
        generator.check_set(data)


def test_refuses_a_set_of_nothing(generator):
    with pytest.raises(InputError, match="new: expected at least one example"):
        diagnose(generator, {"new": np.zeros([0, *SHAPE])}, SETTINGS)
