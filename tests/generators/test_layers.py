"""The layers of the generators, against their formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.generators.layers import (
    LatentNormalization,
    LeaveReference,
    ReferenceBatch,
    VirtualBatchNormalization,
)


def test_multiplies_near_the_origin_and_bounds_the_length():
    layer = LatentNormalization(0.01)
    near = np.float32([[1e-4, -1e-4]])
    np.testing.assert_allclose(layer(near), 10 * near, rtol=1e-5)
    np.testing.assert_allclose(
        layer(np.float32([[300, -400]])), [[0.6 * 2**0.5, -0.8 * 2**0.5]], 1e-5
    )
    # mean square 1: divided by the root of 1.01
    np.testing.assert_allclose(layer(np.float32([[1, -1]])), [[1.01**-0.5, -(1.01**-0.5)]], 1e-5)


def test_refuses_an_epsilon_that_is_not_positive():
    with pytest.raises(ValueError, match=r"epsilon=0.0"):
        LatentNormalization(0.0)


def _virtual(x, references, epsilon=1e-3):
    """Salimans et al. 2016 example by example, the references first; gamma 1 and beta 0."""
    channels = references.shape[-1]
    flat = references.reshape(-1, channels)
    mean, square = flat.mean(0), (flat**2).mean(0)
    found = [(references - mean) / np.sqrt(square - mean**2 + epsilon)]
    share = 1 / (len(references) + 1)
    for example in x:
        own = example.reshape(-1, channels)
        mixed = share * own.mean(0) + (1 - share) * mean
        variance = share * (own**2).mean(0) + (1 - share) * square - mixed**2
        found.append(((example - mixed) / np.sqrt(variance + epsilon))[None])
    return np.concatenate(found)


@pytest.mark.parametrize("shape", [(4,), (3, 2, 4)])
def test_virtual_batch_normalization_is_its_formula(shape):
    draw = np.random.default_rng(0)
    references, x = draw.normal(2, 3, [5, *shape]), draw.normal(-1, 0.5, [6, *shape])
    layer = VirtualBatchNormalization(5)
    batch = np.concatenate([references, x]).astype(np.float32)
    found = layer(batch).numpy()
    np.testing.assert_allclose(found, _virtual(x, references), rtol=1e-3, atol=1e-4)
    layer.set_weights([np.float32([1, 2, 3, 4]), np.float32([4, 3, 2, 1])])
    scaled = found * [1, 2, 3, 4] + [4, 3, 2, 1]
    np.testing.assert_allclose(layer(batch), scaled, rtol=1e-4, atol=1e-5)


def test_a_virtually_normalised_network_is_saved_reloaded_and_exported(tmp_path):
    keras.utils.set_random_seed(0)
    references = np.random.default_rng(1).normal(size=[4, 3]).astype(np.float32)
    inputs = keras.Input([3])
    x = keras.layers.Dense(2)(ReferenceBatch(references)(inputs))
    model = keras.Model(inputs, LeaveReference(4)(VirtualBatchNormalization(4)(x)))
    # the references move with the weights before them
    kernel, bias = model.layers[2].get_weights()
    x = np.random.default_rng(2).normal(size=[5, 3]).astype(np.float32)
    expected = _virtual(x @ kernel + bias, references @ kernel + bias)[4:]
    np.testing.assert_allclose(model(x), expected, rtol=1e-3, atol=1e-4)
    assert len(model.trainable_variables) == 4 and len(model.non_trainable_variables) == 1
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(x), model(x), atol=1e-6)
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(x[:2]), model(x)[:2], atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ReferenceBatch(0), "reference of 0 examples"),
        (lambda: VirtualBatchNormalization(0), "reference_count=0"),
        (lambda: VirtualBatchNormalization(4, epsilon=0.0), "epsilon=0.0"),
    ],
)
def test_refuses_references_that_are_none(make, message):
    with pytest.raises(ValueError, match=message):
        make()
