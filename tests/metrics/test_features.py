"""The features a distance is measured with."""

import hashlib
import socket

import keras
import numpy as np
import pytest

from igc_tf.data import bundled_digits
from igc_tf.errors import InceptionWeightsError, InputError
from igc_tf.metrics import InceptionFeatures, NetworkFeatures

BOUNDS = (-0.5, 0.5)
DIGITS = bundled_digits().sample(5, seed=0).images


@pytest.fixture(scope="module")
def inception():
    keras.utils.set_random_seed(0)
    return InceptionFeatures((28, 28, 1), BOUNDS, weights=None)


def test_inception_sees_enlarged_grey_images_in_its_own_range(inception):
    features = inception(DIGITS)
    assert features.shape == (5, 2048) == (5, inception.size) and features.dtype == np.float32
    assert inception.source == "random"
    network = inception.network
    assert network.input_shape == (None, 84, 84, 3)
    # pixels repeated by hand, in the range of Keras' own preprocessing
    pixels = np.repeat(np.kron(DIGITS, np.ones([3, 3, 1])), 3, axis=-1)
    ready = keras.applications.inception_v3.preprocess_input(255 * (pixels + 0.5))
    expected = network(ready.astype(np.float32), training=False).numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    assert np.ptp(features, axis=0).max() > 0


def test_inception_weights_from_a_file(inception, tmp_path):
    network = inception.network
    path = tmp_path / "own.weights.h5"
    network.save_weights(path)
    keras.utils.set_random_seed(1)
    features = InceptionFeatures((28, 28, 1), BOUNDS, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(path) in features.source and digest in features.source
    for found, expected in zip(
        features.network.get_weights(), inception.network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_weights_that_cannot_be_fetched_are_told_with_both_ways_out(monkeypatch):
    def no_network(weights, **_):
        assert weights == "imagenet"
        # a download must not wait for ever
        assert socket.getdefaulttimeout() is not None
        raise Exception("URL fetch failure on https://...: None -- no network\nsecond line")

    monkeypatch.setattr(keras.applications, "InceptionV3", no_network)
    before = socket.getdefaulttimeout()
    with pytest.raises(InceptionWeightsError) as told:
        InceptionFeatures((28, 28, 1), BOUNDS)
    message = str(told.value)
    assert "no network" in message and "keras.applications" in message
    assert "--inception-weights FILE" in message and "\n" not in message
    assert socket.getdefaulttimeout() == before


def test_file_that_holds_something_else(tmp_path):
    path = tmp_path / "bad.weights.h5"
    path.write_bytes(b"nothing")
    with pytest.raises(InceptionWeightsError, match=r"bad\.weights\.h5 holds no weights"):
        InceptionFeatures((28, 28, 1), BOUNDS, path)


@pytest.mark.parametrize(
    ("shape", "side"), [((32, 32, 3), 96), ((84, 84, 3), 84), ((40, 30), 90), ((75, 200, 1), 75)]
)
def test_inception_enlarges_to_what_it_needs(shape, side, monkeypatch):
    def stub(input_shape, **_):
        images = keras.Input(input_shape)
        return keras.Model(images, keras.layers.GlobalAveragePooling2D()(images))

    monkeypatch.setattr(keras.applications, "InceptionV3", stub)
    features = InceptionFeatures(shape, (0, 255), weights=None)
    enlarged = features.network.input_shape
    assert min(enlarged[1:3]) == side and enlarged[3] == 3
    images = np.random.default_rng(0).uniform(0, 255, [3, *shape]).astype(np.float32)
    means = images.reshape(3, -1, shape[2] if len(shape) == 3 else 1).mean(axis=1)
    # each channel's mean, in Inception's own range [-1, 1]; a grey one three times
    np.testing.assert_allclose(
        features(images), np.broadcast_to(means / 127.5 - 1, [3, 3]), atol=1e-4
    )


@pytest.mark.parametrize(
    ("shape", "bounds", "message"),
    [
        ((28, 28, 2), (0, 1), r"\(28, 28, 2\): expected \(H, W\)"),
        ((50, 3, 3, 3), (0, 1), "expected"),
        ((28, 28, 1), (-np.inf, np.inf), "finite bounds"),
    ],
)
def test_inception_refuses_what_are_no_pictures(shape, bounds, message):
    with pytest.raises(InputError, match=message):
        InceptionFeatures(shape, bounds, weights=None)


def _network(shape=(4, 4, 1)):
    """Three features of an image, then two outputs made of them."""
    inputs = keras.Input(shape)
    hidden = keras.layers.Dense(3, name="hidden")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(hidden))


@pytest.mark.parametrize("shape", [(4, 4, 1), (5,), (3, 6, 3)])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_features_are_a_layers_outputs_whatever_the_batches(shape, batch_size):
    network = _network(shape)
    data = np.random.default_rng(0).uniform(0, 2, [7, *shape]).astype(np.float32)
    kernel, bias = network.get_layer("hidden").get_weights()
    expected = data.reshape(7, -1) @ kernel + bias
    features = NetworkFeatures(network, (0, 2), "mine", "hidden", batch_size)
    assert (features.source, features.size, features.data_shape) == ("mine", 3, shape)
    assert features(data).dtype == np.float32
    np.testing.assert_allclose(features(data), expected, rtol=1e-4, atol=1e-5)
    outputs = NetworkFeatures(network, (0, 2), "mine")(data)
    np.testing.assert_allclose(outputs, network.predict(data, verbose=0), rtol=1e-4, atol=1e-5)


def test_images_are_brought_to_what_the_network_takes():
    inputs = keras.Input((2, 1))
    network = keras.Model(inputs, keras.layers.Flatten()(inputs))
    features = NetworkFeatures(network, (0, 255), "flat", takes=(-0.5, 0.5))
    found = features(np.float32([[[0], [51]], [[255], [127.5]]]))
    np.testing.assert_allclose(found, [[-0.5, -0.3], [0.5, 0.0]], atol=1e-7)
    with pytest.raises(InputError, match=r"expected \[0, 255\]"):
        features(np.float32([[[-0.5], [0]]]))


def test_features_have_to_be_vectors():
    inputs = keras.Input((8, 8, 1))
    network = keras.Model(inputs, keras.layers.Conv2D(2, 3, name="maps")(inputs))
    with pytest.raises(InputError, match=r"\(None, 6, 6, 2\): expected \(None, D\)"):
        NetworkFeatures(network, (0, 1), "mine", "maps")


IMAGES = np.linspace(0, 1, 80, dtype=np.float32).reshape(5, 4, 4, 1)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (255 * IMAGES, r"\[0, 255\]: expected \[0, 1\]"),
        (np.where(IMAGES == 1, np.nan, IMAGES), "nan"),
        (IMAGES[:, :2], r"\(5, 2, 4, 1\): expected \(N, 4, 4, 1\)"),
        (IMAGES[:0], r"\(0, 4, 4, 1\)"),
    ],
)
def test_features_refuse_other_images(images, message):
    with pytest.raises(InputError, match=message):
        NetworkFeatures(_network(), (0, 1), "mine")(images)


def test_a_progress_bar_is_for_terminals(capfd):
    NetworkFeatures(_network(), (0, 1), "mine")(IMAGES, verbose=1)
    assert capfd.readouterr() == ("", "")
