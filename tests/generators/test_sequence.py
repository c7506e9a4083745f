import keras
import numpy as np
import pytest

from igc_tf.generators.layers import ConditionNoise
from igc_tf.generators.sequence import build_sequence_classifier, build_sequence_generator


def test_noised_vectors_are_clipped_and_renormalised(monkeypatch):
    noise = np.float32([[-0.2, 0.3, -0.1], [-1.0, -1.0, -1.0], [0.5, 0.5, 0.0]])
    monkeypatch.setattr(keras.random, "normal", lambda shape, seed: noise)
    condition = np.float32([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]])
    # 0.1 of it added: 0.98, 0.03, 0; nothing lost of what is clipped at 0; 0.55, 0.55, 0
    found = ConditionNoise(0.1)(condition, training=True)
    np.testing.assert_allclose(
        found, [[0.98 / 1.01, 0.03 / 1.01, 0], [0, 1, 0], [0.5, 0.5, 0]], rtol=1e-5
    )


def test_noise_has_its_standard_deviation_and_is_for_training_only():
    middle = np.full([20000, 2], 0.5, np.float32)
    layer = ConditionNoise(0.05, seed=1)
    noised = layer(middle, training=True).numpy()
    # (0.5 + n0) / (1 + n0 + n1) is, to first order, 0.5 + (n0 - n1) / 2
    np.testing.assert_allclose(noised[:, 0].std(), 0.05 / np.sqrt(2), rtol=0.05)
    np.testing.assert_allclose(noised.sum(axis=1), 1, rtol=1e-5)
    again = layer(middle, training=True).numpy()
    assert not np.array_equal(noised, again)
    np.testing.assert_array_equal(ConditionNoise(0.05, seed=1)(middle, training=True), noised)
    np.testing.assert_array_equal(layer(np.float32([[0.2, 0.2]])), np.float32([[0.2, 0.2]]))
    in_less = ConditionNoise(0.05, dtype="mixed_bfloat16")(middle[:2], training=True)
    assert in_less.dtype == "bfloat16" and not np.array_equal(in_less, middle[:2])
    unchanged = ConditionNoise(0.0)(np.float32([[0.2, 0.2]]), training=True)
    np.testing.assert_array_equal(unchanged, np.float32([[0.2, 0.2]]))
    with pytest.raises(ValueError, match="standard_deviation=-1"):
        ConditionNoise(-1)


def test_generator_survives_saving(tmp_path):
    model = build_sequence_generator(3, 7, units=5, noise_standard_deviation=0.2, seed=4)
    assert model.output_shape == (None, 7, 3)
    model.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    condition = np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(
        loaded.predict_on_batch(condition), model.predict_on_batch(condition), rtol=1e-5
    )
    assert loaded.get_layer("condition_noise").standard_deviation == 0.2


def test_classifier_does_not_see_what_is_masked(tmp_path):
    keras.utils.set_random_seed(0)
    model = build_sequence_classifier(4, 9, units=5)
    series = np.random.default_rng(0).normal(size=(2, 9, 4)).astype(np.float32)
    series[..., 3] = np.arange(9) < 6
    series[:, 2, :3] = 0  # a pen at rest is seen
    short = build_sequence_classifier(4, 6, units=5)
    short.set_weights(model.get_weights())
    np.testing.assert_allclose(
        model.predict_on_batch(series), short.predict_on_batch(series[:, :6]), rtol=1e-5
    )
    model.save(tmp_path / "classifier.keras")
    loaded = keras.models.load_model(tmp_path / "classifier.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(series), model.predict_on_batch(series))
