"""LeNet's shapes and what its two activations mean."""

import keras
import numpy as np
import pytest

from igc_tf.classifiers.network import FEATURE_LAYER, build_lenet

SHAPE = (28, 28, 1)
IMAGES = np.random.default_rng(0).uniform(-0.5, 0.5, [5, *SHAPE]).astype(np.float32)


def test_has_the_parameters_of_lenet_5():
    # 6·26 + 16·151 + 120·401 + 84·121 + 10·85
    assert build_lenet(10, SHAPE).count_params() == 61706


@pytest.mark.parametrize("outputs", [2, 10, 17])
def test_softmax_sums_to_one_and_sigmoid_is_each_label_by_itself(outputs):
    probabilities = build_lenet(outputs, SHAPE)(IMAGES).numpy()
    assert probabilities.shape == (5, outputs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    model = build_lenet(outputs, SHAPE, "sigmoid")
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
def test_refuses_arguments_outside_their_ranges(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_lenet(**{"outputs": 10, "data_shape": SHAPE, **arguments})
