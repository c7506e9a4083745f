"""The encoder: its networks, its place in a generator, and searches that start from it."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from igc_tf.classifiers import (
    InverseClassifier,
    InvertedGeneratorClassifier,
    MultiLabelInvertedGeneratorClassifier,
)
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import GeneratorError, InputError
from igc_tf.generators.encoder import ENCODER_SIZES, EncoderSize, build_encoder
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import load_generator, save_generator
from igc_tf.search import Batch, SearchSettings, Space
from tests.fixtures.linear_generator import (
    exact_encoder,
    least_squares,
    linear_generator,
    random_data,
)
from tests.generators.models import two_inputs

ONE_PASS = SearchSettings(
    steps=0, start="encoder", difference="mean_squared", restriction_weight=0.0
)
SMALL = EncoderSize(convolutions=((4, 3, 2),), features=8, hidden_units=6)


def encoded_generator(**facts):
    """`(generator with its exact encoder, offsets, matrix)`."""
    model, offsets, matrix = linear_generator(latent_size=2)
    return Generator(model, encoder=exact_encoder(offsets, matrix), **facts), offsets, matrix


def test_one_pass_of_an_exact_encoder_finds_the_optimum():
    generator, offsets, matrix = encoded_generator()
    data = random_data(7)
    found = InvertedGeneratorClassifier(generator, ONE_PASS).classify(data)
    expected = least_squares(data, offsets, matrix)
    np.testing.assert_allclose(found.differences, expected, atol=1e-5)
    np.testing.assert_array_equal(found.predictions, expected.argmin(axis=1))
    assert (found.steps == 0).all()


def test_steps_go_on_from_the_encoder():
    generator, offsets, matrix = encoded_generator()
    start = generator.encoder.get_layer("from_condition")
    start.set_weights([start.get_weights()[0] + 0.3])
    data = random_data(5)
    settings = SearchSettings(
        steps=300,
        learning_rate=0.05,
        final_learning_rate=0.0,
        start="encoder",
        difference="mean_squared",
        restriction_weight=0.0,
    )
    expected = least_squares(data, offsets, matrix)
    before = InvertedGeneratorClassifier(generator, ONE_PASS).classify(data).differences
    after = InvertedGeneratorClassifier(generator, settings).classify(data).differences
    assert (before > expected + 1e-3).all()
    np.testing.assert_allclose(after, expected, atol=1e-4)


def test_an_encoder_sees_the_background_where_data_are_hidden():
    generator, _, _ = encoded_generator(background=0.5)
    data = random_data(3)
    mask = np.float32([1, 1, 1, 1, 0, 0])
    hidden, filled = (np.where(mask > 0, data, value) for value in (np.nan, 0.5))
    space = Space.per_value(generator, latent_start="encoder")
    start = space.blocks["latent"].start
    expected = start(Batch(tf.constant(filled, tf.float32)), generator)
    found = start(Batch(tf.constant(hidden, tf.float32), tf.constant(mask)), generator)
    np.testing.assert_array_equal(found, expected)


def test_several_labels_are_encoded_with_the_others_neutral():
    model, offsets, matrix = linear_generator(latent_size=2, classes=4)
    encoder = exact_encoder(offsets, matrix)
    generator = Generator(model, ConditionLayout.binary(2), encoder=encoder)
    data = random_data(3)
    found = MultiLabelInvertedGeneratorClassifier(generator, ONE_PASS).classify(data)
    starts = np.float32([[1, 0, 0.5, 0.5], [0, 1, 0.5, 0.5], [0.5, 0.5, 1, 0], [0.5, 0.5, 0, 1]])
    expected = least_squares(data, starts @ offsets, matrix)
    np.testing.assert_allclose(found.differences.reshape(3, 4), expected, atol=1e-5)


@pytest.mark.parametrize(
    "shape, bounds", [((8, 8, 3), (-0.5, 0.5)), ((5, 3), (0.0, 255.0)), ((6,), (-np.inf, np.inf))]
)
def test_encoders_are_built_for_any_data(shape, bounds):
    # of few units all may be dead
    keras.utils.set_random_seed(0)
    encoder = build_encoder(SMALL, 4, shape, 7, bounds)
    low, high = np.clip(bounds, -1, 255)
    data = np.random.default_rng(0).uniform(low, high, [3, *shape]).astype(np.float32)
    latent = encoder([data, np.eye(4)[None]]).numpy()
    assert latent.shape == (3, 4, 7)
    # one example does not see another, and no condition the others
    alone = encoder([data[1:2], np.eye(4)[None, 2:3]]).numpy()
    np.testing.assert_allclose(alone[0, 0], latent[1, 2], atol=1e-6)
    assert np.abs(latent[:, 0] - latent[:, 1]).max() > 0
    assert np.abs(latent[0] - latent[1]).max() > 0


def test_the_trunk_sees_data_of_any_bounds_alike():
    data = np.random.default_rng(0).uniform(-0.5, 0.5, [2, 8, 8, 1]).astype(np.float32)
    latents = []
    for bounds, scaled in (((-0.5, 0.5), data), ((0.0, 255.0), 255 * (data + 0.5))):
        keras.utils.set_random_seed(3)
        encoder = build_encoder(ENCODER_SIZES["compact"], 3, [8, 8, 1], 5, bounds)
        latents.append(encoder([scaled, np.eye(3)[None]]).numpy())
    np.testing.assert_allclose(*latents, atol=1e-5)


def test_a_generator_is_kept_with_its_encoder(tmp_path):
    generator = Generator(two_inputs(shape=(8, 8, 1)), name="own")
    encoder = build_encoder(SMALL, 4, (8, 8, 1), 7, generator.bounds)
    generator = Generator(generator.model, name="own", encoder=encoder)
    card = save_generator(generator, tmp_path / "own")
    assert card["encoder"]["parameters"] == encoder.count_params()
    assert json.loads((tmp_path / "own/card.json").read_text()) == card
    loaded = load_generator(tmp_path / "own")
    data = np.zeros([2, 8, 8, 1], np.float32)
    conditions = np.eye(4, dtype=np.float32)[np.newaxis]
    np.testing.assert_array_equal(
        loaded.encode(data, conditions), generator.encode(data, conditions)
    )
    (tmp_path / "own/encoder.npz").write_bytes(b"damaged")
    with pytest.raises(InputError, match="SHA-256"):
        load_generator(tmp_path / "own")


def test_bound_weights_are_the_encoders_too():
    generator, _, _ = encoded_generator()
    data, conditions = tf.constant(random_data(2)), tf.eye(3)[None]
    zeros = generator.bind([tf.zeros_like(v) for v in generator.variables])
    np.testing.assert_array_equal(zeros.encode(data, conditions), np.zeros([2, 3, 2]))
    same = generator.bind([tf.convert_to_tensor(v) for v in generator.variables])
    np.testing.assert_allclose(
        same.encode(data, conditions), generator.encode(data, conditions), atol=1e-6
    )


def _returning(shape):
    data, condition = keras.Input([6]), keras.Input([None, 3])
    together = keras.layers.Dense(shape)(condition)
    return keras.Model([data, condition], together)


def test_unsuitable_encoders_are_refused():
    model, _, _ = linear_generator(latent_size=2)
    with pytest.raises(GeneratorError, match=r"returned shape .*expected \(2, 2, 2\)"):
        Generator(model, encoder=_returning(5))
    with pytest.raises(GeneratorError, match="could not be called"):
        Generator(model, encoder=keras.Sequential([keras.Input([5]), keras.layers.Dense(2)]))
    condition = keras.Input([3])
    alone = keras.Model(condition, keras.layers.Dense(6, activation="tanh")(condition))
    with pytest.raises(GeneratorError, match="no latent to encode"):
        Generator(alone, encoder=_returning(2))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda data: data - ops.mean(data, axis=0, keepdims=True), "depends on the others"),
        (lambda data: data + tf.random.normal(tf.shape(data)), "two calls of the encoder.*differ"),
    ],
)
def test_an_encoder_says_the_same_of_an_example_in_every_batch(function, message):
    model, offsets, matrix = linear_generator(latent_size=2)
    data, condition = keras.Input([6]), keras.Input([None, 3])
    changed = keras.layers.Lambda(function)(data)
    encoder = keras.Model([data, condition], exact_encoder(offsets, matrix)([changed, condition]))
    with pytest.raises(GeneratorError, match=message):
        Generator(model, encoder=encoder)


def test_inverse_classification_starts_from_no_encoder():
    generator, _, _ = encoded_generator()
    with pytest.raises(InputError, match="start='encoder': expected 'mean'"):
        InverseClassifier(generator, ONE_PASS)


def test_without_an_encoder_there_is_nothing_to_start_from():
    model, _, _ = linear_generator(latent_size=2)
    with pytest.raises(GeneratorError, match="no encoder"):
        InvertedGeneratorClassifier(Generator(model), ONE_PASS)
    with pytest.raises(GeneratorError, match="no encoder"):
        Generator(model).encode(random_data(1), np.eye(3)[None])
