"""Which classifier a generator gets, with which settings."""

import keras
import numpy as np
import pytest

import igc_tf
from igc_tf import (
    Generator,
    InputError,
    InverseClassifier,
    InvertedGeneratorClassifier,
    MultiLabelInvertedGeneratorClassifier,
    SearchSettings,
    diagnose,
    load_classifier,
)
from igc_tf.classifiers import CLASSIFIERS, INVERSE_SETTINGS, TEMPORAL_SETTINGS
from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.generators.store import save_generator
from tests.fixtures.exported import other_classifier
from tests.fixtures.linear_generator import linear_generator


def _generator(layout=None, card=None):
    model, _, _ = linear_generator(classes=4)
    return Generator(model, layout, bounds=(-9.0, 9.0), name="linear", card=card)


def _without_latent(layout=None, card=None):
    """The data are the condition, of five elements."""
    condition = keras.Input([5], name="condition")
    model = keras.Model(condition, keras.layers.Rescaling(1.0)(condition), name="plain")
    return Generator(model, layout, bounds=(0.0, 1.0), card=card)


@pytest.mark.parametrize(
    ("name", "kind", "best"),
    [
        ("mnist-cagan-compact", InvertedGeneratorClassifier, (8, "encoder", "difference")),
        (
            "mnist-multilabel-cagan-compact",
            MultiLabelInvertedGeneratorClassifier,
            (8, "mean", "deformation"),
        ),
    ],
)
def test_what_ships_gets_the_best_settings_of_its_card(name, kind, best):
    classifier = load_classifier(name)
    assert type(classifier) is kind
    settings = classifier.settings
    assert settings == load_classifier(name, "best").settings
    assert (settings.steps, settings.start, settings.decision) == best
    assert load_classifier(name, "paper").settings == SearchSettings()


def test_settings_may_be_given():
    settings = SearchSettings(steps=3)
    assert load_classifier(_generator(), settings).settings is settings
    assert load_classifier(_generator()).settings == SearchSettings()
    card = {"settings": {"fast": {"steps": 2}}}
    assert load_classifier(_generator(card=card), "fast").settings == SearchSettings(steps=2)
    with pytest.raises(InputError, match=r"settings='best': expected one of \['fast', 'paper'\]"):
        load_classifier(_generator(card=card), "best")


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_class_takes_settings_by_name_and_without_any_the_papers(kind):
    generator = _generator(card={"settings": {"best": {"steps": 2}}})
    make = CLASSIFIERS[kind]
    assert make(generator, "best").settings == SearchSettings(steps=2)
    assert make(generator, "paper").settings == SearchSettings()
    papers = INVERSE_SETTINGS if kind == "inverse" else SearchSettings()
    assert make(generator).settings == papers
    assert load_classifier(generator, kind=kind).settings.steps == (
        papers.steps if kind == "inverse" else 2
    )
    for unknown in ("fast", 3, {"steps": 3}):
        with pytest.raises(InputError, match=r"settings=.* expected one of \['best', 'paper'\]"):
            make(generator, unknown)


def test_without_a_latent_settings_of_the_card_are_those_of_the_search():
    generator = _without_latent(card={"settings": {"best": {"steps": 2}, "fast": {"steps": 1}}})
    for kind in (None, "inverse"):
        assert load_classifier(generator, kind=kind).settings == SearchSettings(steps=2)
    assert load_classifier(_without_latent()).settings == TEMPORAL_SETTINGS


def test_the_condition_says_what_is_asked():
    assert type(load_classifier(_generator())) is InvertedGeneratorClassifier
    binary = _generator(ConditionLayout.binary(2))
    assert type(load_classifier(binary)) is MultiLabelInvertedGeneratorClassifier
    sequence = other_classifier("sequence")[0].generator
    assert type(load_classifier(sequence)) is InverseClassifier
    inverse = load_classifier(_generator(), kind="inverse")
    assert type(inverse) is InverseClassifier and inverse.settings == INVERSE_SETTINGS
    with pytest.raises(InputError, match="kind='other': expected one of"):
        load_classifier(_generator(), kind="other")


def test_several_labels_without_a_latent_are_read_together():
    layout = ConditionLayout((Label("size", ("small", "large")), Label("form", tuple("pqr"))))
    generator = _without_latent(layout)
    labels = np.array([[0, 2], [1, 1], [1, 0], [0, 0]])
    classifier = load_classifier(generator)
    assert type(classifier) is InverseClassifier
    # the data are the conditions that are looked for
    data = np.eye(5, dtype=np.float32)[[[0, 4], [1, 3], [1, 2], [0, 2]]].sum(axis=1)
    found = classifier.predict(data, verbose=0)
    np.testing.assert_array_equal(classifier.labels_of_scores(found), labels)
    assert diagnose(generator, count=4).sets[0].accuracy == 1.0


def test_directories_and_keras_files_keep_their_names(tmp_path):
    model, _, _ = linear_generator(classes=3)
    layout = ConditionLayout.classes(["cat", "dog", "owl"])
    save_generator(Generator(model, layout, bounds=(-9.0, 9.0)), tmp_path / "animals")
    assert load_classifier(tmp_path / "animals").class_names == ("cat", "dog", "owl")
    model.save(tmp_path / "animals.keras")
    classifier = load_classifier(tmp_path / "animals.keras", bounds=(-5.0, 5.0))
    assert classifier.generator.bounds == (-5.0, 5.0)
    with pytest.raises(InputError, match=r"\['bounds'\]: expected none"):
        load_classifier(_generator(), bounds=(0, 1))


def test_a_keras_model_is_a_generator():
    model, _, _ = linear_generator(classes=4)
    classifier = load_classifier(model)
    assert type(classifier) is InvertedGeneratorClassifier
    assert classifier.generator.source is model and classifier.settings == SearchSettings()
    with pytest.raises(InputError, match=r"\['bounds'\]: expected none"):
        load_classifier(model, bounds=(-9.0, 9.0))


def test_it_is_public():
    assert igc_tf.load_classifier is load_classifier
