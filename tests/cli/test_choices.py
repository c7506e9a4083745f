"""Which classifier a command uses."""

import pytest

import igc_tf
from igc_tf.cli.choices import chosen_classifier
from igc_tf.errors import InputError
from igc_tf.search import SearchSettings
from tests.fixtures.mean_digits import mean_digit_generator


def test_the_best_settings_where_they_are_recorded_unless_asked_otherwise(tmp_path):
    name = "mnist-cagan-compact"
    best = igc_tf.best_settings(name)
    assert chosen_classifier(name).settings == best != SearchSettings()
    assert chosen_classifier(name, "paper").settings == SearchSettings()
    mean_digit_generator().save(tmp_path / "own.keras")
    own = str(tmp_path / "own.keras")
    assert chosen_classifier(own).settings == SearchSettings()
    with pytest.raises(InputError, match=r"own\.keras"):
        chosen_classifier(own, "best")


def test_the_kind_follows_from_what_the_generator_knows():
    assert isinstance(chosen_classifier("mnist-cagan-compact"), igc_tf.InvertedGeneratorClassifier)
    several = chosen_classifier("mnist-multilabel-cagan-compact")
    assert isinstance(several, igc_tf.MultiLabelInvertedGeneratorClassifier)


def test_bounds_are_the_users(tmp_path):
    mean_digit_generator().save(tmp_path / "own.keras")
    classifier = chosen_classifier(str(tmp_path / "own.keras"), bounds=(-1.0, 2.0))
    assert classifier.generator.bounds == (-1.0, 2.0)
