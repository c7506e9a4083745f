"""The features a distance is measured with."""

import hashlib
import socket

import keras
import numpy as np
import pytest

from igc_tf.data import bundled_digits
from igc_tf.errors import InceptionWeightsError
from igc_tf.metrics import InceptionFeatures, LeNetFeatures
from igc_tf.pretrained import load_lenet

DIGITS = bundled_digits().sample(5, seed=0).images


@pytest.fixture(scope="module")
def inception():
    keras.utils.set_random_seed(0)
    return InceptionFeatures(weights=None)


def test_inception_sees_enlarged_grey_images_in_its_own_range(inception):
    features = inception(DIGITS)
    assert features.shape == (5, 2048) == (5, inception.size) and features.dtype == np.float32
    assert inception.source == "random"
    network = next(x for x in inception._model.layers if x.name.startswith("inception"))
    assert network.input_shape == (None, 84, 84, 3)
    # pixels repeated by hand, in the range of Keras' own preprocessing
    pixels = np.repeat(np.kron(DIGITS, np.ones([3, 3, 1])), 3, axis=-1)
    ready = keras.applications.inception_v3.preprocess_input(255 * (pixels + 0.5))
    expected = network(ready.astype(np.float32), training=False).numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    assert np.ptp(features, axis=0).max() > 0


def test_inception_weights_from_a_file(inception, tmp_path):
    network = next(x for x in inception._model.layers if x.name.startswith("inception"))
    path = tmp_path / "own.weights.h5"
    network.save_weights(path)
    keras.utils.set_random_seed(1)
    features = InceptionFeatures(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(path) in features.source and digest in features.source
    for found, expected in zip(
        features._model.get_weights(), inception._model.get_weights(), strict=True
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
        InceptionFeatures()
    message = str(told.value)
    assert "no network" in message and "keras.applications" in message
    assert "--inception-weights FILE" in message and "\n" not in message
    assert socket.getdefaulttimeout() == before


def test_file_that_holds_something_else(tmp_path):
    path = tmp_path / "bad.weights.h5"
    path.write_bytes(b"nothing")
    with pytest.raises(InceptionWeightsError, match=r"bad\.weights\.h5 holds no weights"):
        InceptionFeatures(path)


def test_lenet_features_are_what_its_answer_is_made_of():
    lenet = load_lenet()
    features = LeNetFeatures(batch_size=2)
    found = features(DIGITS)
    assert found.shape == (5, 84) == (5, features.size) and found.dtype == np.float32
    assert features.source == "lenet"
    kernel, bias = lenet.get_layer("logits").get_weights()
    scores = np.exp(found @ kernel + bias)
    expected = scores / scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(lenet.predict(DIGITS, verbose=0), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (255 * (DIGITS + 0.5), r"\[0, 255\]: expected \[-0.5, 0.5\]"),
        (np.full_like(DIGITS, np.nan), "nan"),
        (DIGITS[:, :14], r"\(5, 14, 28, 1\)"),
        (DIGITS[:0], r"\(0, 28, 28, 1\)"),
    ],
)
def test_refuses_other_images(images, message):
    with pytest.raises(ValueError, match=message):
        LeNetFeatures()(images)
