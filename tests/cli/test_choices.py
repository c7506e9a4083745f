"""Which classifier a command uses."""

import pytest

import igc_tf
from igc_tf.cli.choices import class_classifier
from igc_tf.search import SearchSettings
from tests.fixtures.mean_digits import mean_digit_generator


def test_the_best_settings_where_they_are_recorded_unless_asked_otherwise(tmp_path):
    name = "mnist-cagan-compact"
    best = igc_tf.best_settings(name)
    assert class_classifier(name).settings == best != SearchSettings()
    assert class_classifier(name, "paper").settings == SearchSettings()
    mean_digit_generator().save(tmp_path / "own.keras")
    own = str(tmp_path / "own.keras")
    assert class_classifier(own).settings == SearchSettings()
    with pytest.raises(ValueError, match=r"own\.keras"):
        class_classifier(own, "best")


def test_refuses_a_generator_of_several_labels():
    with pytest.raises(ValueError, match="mnist-multilabel-cagan-compact knows several labels"):
        class_classifier("mnist-multilabel-cagan-compact")
