"""Bounds that the last layers tell, and those they do not."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from igc_tf.errors import GeneratorError
from igc_tf.generators.bounds import read_bounds, settled_background, settled_bounds

INF = np.inf


@keras.saving.register_keras_serializable("tests")
class Doubled(layers.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


def upsampled(interpolation):
    layer = layers.UpSampling2D(2, interpolation=interpolation)
    return lambda x: layer(layers.Reshape([2, 2, 1])(ops.tanh(x)))


@pytest.mark.parametrize(
    ("last", "bounds"),
    [
        (layers.Dense(4, activation="tanh"), (-1, 1)),
        (layers.Dense(4, activation="sigmoid"), (0, 1)),
        (layers.Dense(4, activation="softmax"), (0, 1)),
        (layers.Dense(4, activation="relu"), (0, INF)),
        (layers.Dense(4, activation="relu6"), (0, 6)),
        (layers.Dense(4, activation="softplus"), (0, INF)),
        (layers.Dense(4, activation="softsign"), (-1, 1)),
        (layers.Dense(4, activation="hard_sigmoid"), (0, 1)),
        (layers.ReLU(negative_slope=0.1), (-INF, INF)),
        (lambda x: 3 + ops.sigmoid(x), (3, 4)),
        # another offset for each element
        (lambda x: layers.Rescaling(1.0, offset=[0, 1, 2, 3])(ops.tanh(x)), (-INF, INF)),
        (layers.Dense(4), (-INF, INF)),
        (layers.Activation("tanh"), (-1, 1)),
        (lambda x: layers.Rescaling(0.5)(ops.tanh(x)), (-0.5, 0.5)),
        (lambda x: layers.Rescaling(-127.5, offset=127.5)(ops.tanh(x)), (0, 255)),
        (lambda x: (ops.tanh(x) + 1) / 2, (0, 1)),
        (lambda x: 1 - 2 * ops.sigmoid(x), (-1, 1)),
        (lambda x: ops.sigmoid(x) - 0.5, (-0.5, 0.5)),
        (lambda x: ops.clip(x, 0, 1), (0, 1)),
        (lambda x: ops.clip(ops.tanh(x), 0, 5), (0, 1)),
        (lambda x: layers.ReLU(max_value=6)(x), (0, 6)),
        (lambda x: layers.Reshape([2, 2])(ops.tanh(x)), (-1, 1)),
        (lambda x: layers.UpSampling2D(2)(layers.Reshape([2, 2, 1])(ops.tanh(x))), (-1, 1)),
        (upsampled("bilinear"), (-1, 1)),
        # what these make of a step goes beyond it
        (upsampled("bicubic"), (-INF, INF)),
        (upsampled("lanczos3"), (-INF, INF)),
        (upsampled("lanczos5"), (-INF, INF)),
        (lambda x: ops.tanh(x) * ops.tanh(x), (-INF, INF)),
        (lambda x: layers.Lambda(lambda t: t)(ops.tanh(x)), (-INF, INF)),
        (layers.LSTM(3), (-1, 1)),
        (Doubled(4, activation="tanh"), (-INF, INF)),
        (lambda x: layers.Add()([ops.tanh(x), ops.tanh(x)]), (-INF, INF)),
        (keras.Sequential([layers.Dense(3, activation="tanh"), layers.Rescaling(3.0)]), (-3, 3)),
    ],
)
def test_reads_the_last_layers(last, bounds):
    inputs = keras.Input([5, 4] if isinstance(last, layers.LSTM) else [4])
    model = keras.Model(inputs, last(inputs))
    assert read_bounds(model) == pytest.approx(bounds)
    # the same from outside of a nested model
    outer = keras.Input(inputs.shape[1:])
    assert read_bounds(keras.Model(outer, model(outer))) == pytest.approx(bounds)


def test_bounds_may_go_beyond_those_that_were_read_by_a_hundredth_of_their_range():
    said = (0.0, 2.0)
    assert settled_bounds(said, (0.019, 1.981)) == said
    for read in ((0.021, 2.0), (0.0, 1.979)):
        with pytest.raises(GeneratorError, match=r"bounds=\(0, 2\): the generator's last layers"):
            settled_bounds(said, read)


def test_without_a_lower_bound_the_background_is_nearest_to_0():
    for high, background in ((np.inf, 0.0), (3.0, 0.0), (-1.0, -1.0)):
        assert settled_background(None, (-np.inf, high)) == background
