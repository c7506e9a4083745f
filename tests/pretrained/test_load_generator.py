"""What ships loads, matches its card, and classifies real digits."""

import keras
import numpy as np
import pytest

import igc_tf
from igc_tf.data import bundled_digits
from igc_tf.pretrained import load_generator as load
from tests.fixtures.linear_generator import linear_generator


def test_shipped_generator_classifies_real_digits_far_above_chance():
    # 100 digits it was neither trained nor chosen on the labels of; chance is 10 %
    digits = bundled_digits().sample(100, seed=123)
    classifier = igc_tf.InvertedGeneratorClassifier(igc_tf.load_generator("mnist-cagan-compact"))
    evaluation = classifier.evaluate(digits.images, digits.labels, verbose=0)
    assert evaluation.accuracy >= 0.8


@pytest.mark.parametrize("name", igc_tf.generator_names())
def test_settings_of_what_ships_can_be_used(name):
    if "best" in igc_tf.generator_card(name)["settings"]:
        igc_tf.best_settings(name)


def test_keras_files_load(tmp_path):
    model, _, _ = linear_generator()
    model.save(tmp_path / "own.keras")
    loaded = load(tmp_path / "own.keras")
    inputs = [np.eye(3, dtype=np.float32), np.ones([3, 4], np.float32)]
    np.testing.assert_array_equal(loaded(inputs), model(inputs))


def test_a_search_in_bfloat16_finds_about_the_same():
    digits = bundled_digits().sample(20, seed=123)
    exact, rough = (
        igc_tf.InvertedGeneratorClassifier(load("mnist-cagan-compact", precision)).classify(
            digits.images
        )
        for precision in ("float32", "mixed_bfloat16")
    )
    deviation = np.abs(exact.differences - rough.differences)
    # eight significant bits: 0.004 of a pixel's value, and what 100 steps make of it
    assert 0 < deviation.mean() < 0.004
    assert (exact.predictions == rough.predictions).mean() >= 0.95


def test_precision_reaches_the_layers_of_nested_models(tmp_path):
    inner, _, _ = linear_generator()
    inputs = [keras.Input([3]), keras.Input([4])]
    keras.Model(inputs, inner(inputs)).save(tmp_path / "own.keras")
    nested = load(tmp_path / "own.keras", "mixed_bfloat16")
    assert nested([np.eye(3), np.ones([3, 4])]).dtype == "bfloat16"
    assert {weight.dtype for weight in nested.weights} == {"float32"}
    assert load(tmp_path / "own.keras")([np.eye(3), np.ones([3, 4])]).dtype == "float32"


def test_refuses_an_unknown_precision():
    with pytest.raises(ValueError, match="mixed_float8"):
        load("mnist-cagan-compact", "mixed_float8")


def test_refuses_what_is_neither_name_nor_file(tmp_path):
    with pytest.raises(ValueError, match=r"'mnist-cagan'.*mnist-cagan-compact.*\.keras"):
        load("mnist-cagan")
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="holds no Keras model"):
        load(tmp_path / "bad.keras")


def test_best_settings_of_an_unknown_generator():
    with pytest.raises(ValueError, match="own.keras"):
        igc_tf.best_settings("own.keras")


def test_import_is_lazy_and_complete():
    for name in igc_tf.__all__:
        assert getattr(igc_tf, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = igc_tf.nonsense
