"""A generator that contradicts what is said of it is refused; what was seen is told."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import GeneratorError, InputError
from igc_tf.generators.generator import Generator, Prior
from tests.generators.models import network, two_inputs


@pytest.fixture(autouse=True)
def _known_weights():
    """Random weights can be such that a clipped network has no gradient."""
    keras.utils.set_random_seed(0)


def of(function, shape=(12,), latent_size=7, condition_size=4, **facts):
    """A generator [condition, latent] -> function(condition, latent, random image of both)."""
    condition = keras.Input([condition_size], name="condition")
    latent = keras.Input([latent_size], name="latent")
    image = network([condition, latent], shape)
    model = keras.Model([condition, latent], function(condition, latent, image))
    return Generator(model, **facts)


class Saturated(layers.Layer):
    """Images in {0, 1} almost everywhere, as a trained generator of digits makes them."""

    def call(self, inputs):
        return ops.sigmoid(1e3 * inputs)


def test_bounds_must_be_said_where_the_layers_do_not_tell():
    with pytest.raises(GeneratorError, match=r"do not tell its bounds.*bounds=\(-1, 1\)"):
        of(lambda c, z, x: layers.Dense(12)(x))
    assert of(lambda c, z, x: layers.Dense(12)(x), bounds=(-9, 9)).bounds == (-9, 9)
    free = of(lambda c, z, x: layers.Dense(12)(x), bounds=(-np.inf, np.inf))
    assert free.bounds == (-np.inf, np.inf) and free.background == 0
    assert of(lambda c, z, x: x).background == -1


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (
            (-0.5, 0.5),
            r"lies in \[.*, 1\]: expected \[-0.5, 0.5\], its bounds.*bounds=\(0.0, 1.0\)",
        ),
        ((-1, 1), r"fills \[.*, 1\], as if its bounds were \(0.0, 1.0\)"),
        ((0, 255), r"as if its bounds were \(0.0, 1.0\) and not \(0, 255\)"),
    ],
)
def test_wrong_bounds_are_refused(bounds, message):
    with pytest.raises(GeneratorError, match=message):
        of(lambda c, z, x: Saturated()(x), bounds=bounds)
    assert of(lambda c, z, x: Saturated()(x), bounds=(0, 1)).bounds == (0, 1)


def test_said_bounds_must_agree_with_those_of_the_layers():
    with pytest.raises(GeneratorError, match=r"make values in \[0, 1\] only"):
        of(lambda c, z, x: ops.sigmoid(x), bounds=(-1, 1))
    with pytest.raises(InputError, match=r"bounds=\(1, 0\)"):
        of(lambda c, z, x: x, bounds=(1, 0))
    with pytest.raises(InputError, match="bounds='nonsense'"):
        of(lambda c, z, x: x, bounds="nonsense")
    # a generator that is not trained makes next to nothing, and is no contradiction
    assert of(lambda c, z, x: 1e-3 * layers.Dense(12)(x), bounds=(-1, 1)).bounds == (-1, 1)
    # a linear layer overshoots a little
    assert of(lambda c, z, x: 1.04 * Saturated()(x), bounds=(0, 1)).bounds == (0, 1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda c, z, x: ops.tanh(layers.Dense(12)(z)) + 0 * x, "same of two different conditions"),
        (lambda c, z, x: ops.tanh(layers.Dense(12)(c)) + 0 * x, "same of two different latents"),
        (lambda c, z, x: ops.stop_gradient(x), "no gradient reaches the generator's latent"),
        (lambda c, z, x: ops.sign(z[:, :4]) * c, "gradient to the latent is zero at the prior's"),
        (lambda c, z, x: ops.tanh(c * ops.sqrt(ops.sum(z * z, 1, keepdims=True))), "not finite at"),
        (lambda c, z, x: layers.Lambda(lambda t: t / 0.0)(x), "values that are not finite"),
        (lambda c, z, x: layers.Lambda(lambda t: tf.reduce_mean(t, axis=0))(x), "returned shape"),
        (lambda c, z, x: x - ops.mean(x, axis=0, keepdims=True), "depends on the others"),
        (
            lambda c, z, x: layers.Lambda(lambda t: t + tf.random.normal(tf.shape(t), 0, 0.01))(x),
            "two calls.*differ by up to 0.0",
        ),
    ],
)
def test_contradictions_are_refused(function, message):
    with pytest.raises(GeneratorError, match=message):
        of(function, bounds=(-np.inf, np.inf))


def test_what_only_training_does_is_no_contradiction():
    generator = of(
        lambda c, z, x: layers.BatchNormalization()(layers.Dropout(0.5)(x)), bounds=(-2, 2)
    )
    assert generator.condition_gradient


def test_one_class_has_no_other_condition_to_be_told_from():
    assert of(lambda c, z, x: x, condition_size=1).layout.size == 1


def test_several_labels():
    layout = ConditionLayout.binary(("thick", "slanted"))
    generator = Generator(two_inputs(), layout)
    assert generator.layout.label_names == ("thick", "slanted")


def test_the_trial_is_cheap_and_draws_nothing():
    calls = []

    class Counted(layers.Layer):
        def call(self, inputs):
            if not isinstance(inputs, keras.KerasTensor) and tf.executing_eagerly():
                calls.append(len(inputs))
            return inputs

    tf.random.set_seed(3)
    expected = tf.random.normal([2]).numpy()
    tf.random.set_seed(3)
    of(lambda c, z, x: Counted()(x), bounds=(-1, 1))
    assert 1 <= len(calls) <= 5 and max(calls) <= 4
    np.testing.assert_array_equal(tf.random.normal([2]), expected)


def test_another_prior_is_where_searches_start():
    # its gradient vanishes at 0, where this prior's searches do not start
    square = lambda c, z, x: ops.tanh(c + 1e-2 * z[:, :4] ** 2)  # noqa: E731
    with pytest.raises(GeneratorError, match="gradient to the latent is zero"):
        of(square, bounds=(-1, 1))
    assert of(square, bounds=(-1, 1), prior=Prior(2.0, 0.5)).prior.mean == 2
