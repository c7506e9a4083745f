import keras
import pytest
import tensorflow as tf
from keras import layers

from igc_tf.errors import GeneratorError
from igc_tf.search import GeneratorSignature
from tests.fixtures.linear_generator import linear_generator


def test_reads_sizes_and_data_shape():
    model, _, _ = linear_generator(classes=5, latent_size=7, data_shape=(4, 3, 2))
    assert GeneratorSignature.of(model) == GeneratorSignature(5, 7, (4, 3, 2))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(6)

    def call(self, inputs, training=False):
        return self.dense(tf.concat(inputs, axis=-1))


def test_subclassed_models_need_their_sizes_told():
    with pytest.raises(GeneratorError, match="condition_size and latent_size"):
        GeneratorSignature.of(Subclassed())
    assert GeneratorSignature.of(Subclassed(), 3, 4) == GeneratorSignature(3, 4, (6,))


def _model(*input_shapes, output=None):
    inputs = [keras.Input(shape) for shape in input_shapes]
    merged = layers.Concatenate()([layers.Flatten()(tensor) for tensor in inputs])
    return keras.Model(inputs, output(merged) if output else layers.Dense(6)(merged))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: "generator.keras", "is a str"),
        (lambda: _model([3], [4], [5]), "3 inputs"),
        (lambda: _model([3], [4, 2]), r"latent input has shape \(None, 4, 2\)"),
        (lambda: _model([3, 1], [4]), r"condition input has shape \(None, 3, 1\)"),
        (
            lambda: _model([3], [4], output=lambda x: [layers.Dense(2)(x), layers.Dense(2)(x)]),
            "returned a list",
        ),
        (
            lambda: _model([3], [4], output=lambda x: layers.Lambda(lambda t: t / 0.0)(x)),
            "not finite",
        ),
        (
            lambda: _model(
                [3], [4], output=lambda x: layers.Lambda(lambda t: tf.reduce_mean(t, axis=0))(x)
            ),
            r"returned shape \(7,\)",
        ),
    ],
)
def test_refuses_what_is_no_generator(model, message):
    with pytest.raises(GeneratorError, match=message):
        GeneratorSignature.of(model())


def test_refuses_inputs_in_the_wrong_order():
    latent, condition = keras.Input([4], name="latent"), keras.Input([3], name="condition")
    model = keras.Model([latent, condition], layers.Concatenate()([latent, condition]))
    with pytest.raises(GeneratorError, match=r"expected \[condition, latent\]"):
        GeneratorSignature.of(model)


def test_refuses_sizes_other_than_the_models():
    model, _, _ = linear_generator(classes=5)
    with pytest.raises(GeneratorError, match="has 5 elements: expected 10"):
        GeneratorSignature.of(model, condition_size=10)
