"""The plain networks' shapes and what their two activations mean."""

import keras
import numpy as np
import pytest

from igc_tf.classifiers.network import (
    FEATURE_LAYER,
    NETWORK_FILE,
    build_cnn,
    build_lenet,
    load_network,
    network_card,
)
from igc_tf.errors import InputError
from igc_tf.generators.store import SHIPPED_GENERATORS

SHAPE = (28, 28, 1)
IMAGES = np.random.default_rng(0).uniform(-0.5, 0.5, [5, *SHAPE]).astype(np.float32)


def test_has_the_parameters_of_lenet_5():
    # 6·26 + 16·151 + 120·401 + 84·121 + 10·85
    assert build_lenet(10, SHAPE).count_params() == 61706


def test_the_cnn_has_about_as_many_weights_as_a_compact_generator_and_an_encoder():
    # 3×3 convolutions, four numbers a channel for each normalisation, two dense layers
    convolutions = 9 * (1 * 32 + 32 * 64 + 64 * 128 + 128 * 128)
    dense = 7 * 7 * 128 * 360 + 360 + 360 * 10 + 10
    weights = build_cnn(10, SHAPE).count_params()
    assert weights == convolutions + 4 * (32 + 64 + 128 + 128) + dense
    assert 2.4e6 < weights < 2.6e6


@pytest.mark.parametrize("outputs", [2, 10, 17])
@pytest.mark.parametrize("build", [build_lenet, build_cnn])
def test_softmax_sums_to_one_and_sigmoid_is_each_label_by_itself(build, outputs):
    probabilities = build(outputs, SHAPE)(IMAGES).numpy()
    assert probabilities.shape == (5, outputs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    model = build(outputs, SHAPE, "sigmoid")
    both = keras.Model(model.input, [model.get_layer("logits").output, model.output])
    logits, probabilities = (output.numpy() for output in both(IMAGES))
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_logits_are_an_affine_function_of_the_named_features():
    model = build_lenet(10, SHAPE)
    layers = [model.get_layer(name).output for name in (FEATURE_LAYER, "logits")]
    features, logits = (output.numpy() for output in keras.Model(model.input, layers)(IMAGES))
    assert features.shape == (5, 84) and features.min() == 0 and features.max() > 0
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(logits, features @ kernel + bias, atol=1e-5)


def test_other_data_shapes():
    assert build_lenet(3, data_shape=(32, 20, 3)).input_shape == (None, 32, 20, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outputs": 0}, "outputs=0"),
        ({"activation": "relu"}, "'relu'.*'softmax' or 'sigmoid'"),
        ({"data_shape": (28, 28)}, r"\(28, 28\)"),
        ({"data_shape": (28, 12, 1)}, "at least 16"),
    ],
)
@pytest.mark.parametrize("build", [build_lenet, build_cnn])
def test_refuses_arguments_outside_their_ranges(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**{"outputs": 10, "data_shape": SHAPE, **arguments})


@pytest.mark.parametrize("build", [build_lenet, build_cnn])
def test_images_are_stretched_first(build, tmp_path):
    stretching, plain = build(4, SHAPE, contrast=0.4), build(4, SHAPE)
    plain.set_weights(stretching.get_weights())
    stretched = np.clip(2.5 * IMAGES, -0.5, 0.5)
    np.testing.assert_allclose(stretching(IMAGES), plain(stretched), atol=1e-6)
    assert np.abs(stretching(IMAGES) - plain(IMAGES)).max() > 1e-4
    stretching.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(IMAGES), stretching(IMAGES))
    with pytest.raises(ValueError, match="contrast=0"):
        build(4, SHAPE, contrast=0.0)


def test_a_name_that_ships_goes_before_a_directory_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist-lenet").mkdir()
    own = build_lenet(3, SHAPE)
    own.save(tmp_path / "mnist-lenet" / NETWORK_FILE)
    assert load_network("mnist-lenet").output_shape == (None, 10)
    np.testing.assert_array_equal(load_network("./mnist-lenet")(IMAGES), own(IMAGES))


def test_says_what_a_network_is_found_by(tmp_path):
    with pytest.raises(InputError, match="no network .*mnist-lenet.*json or a network.keras"):
        load_network(tmp_path)
    with pytest.raises(InputError, match="no network 'mnist-lent'.*mnist-lenet"):
        load_network("mnist-lent")
    with pytest.raises(InputError, match="model=3"):
        load_network(3)
    # a training has a network, but no card
    (tmp_path / NETWORK_FILE).touch()
    with pytest.raises(InputError, match=r"no network .*a card.json$"):
        network_card(tmp_path)


@pytest.mark.parametrize("read", [load_network, network_card])
def test_a_generator_is_not_taken_for_a_network(read):
    with pytest.raises(InputError, match="mnist-cagan-compact/card.json is no network's card"):
        read(SHIPPED_GENERATORS / "mnist-cagan-compact")
