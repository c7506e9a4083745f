"""Functional Adam against Keras' own, step by step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.search.adam import adam_start, adam_step


@pytest.mark.parametrize(
    "constants",
    [
        {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
        {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-3},
        {"learning_rate": 0.3, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 1e-7},
    ],
)
def test_follows_keras_adam_for_thirty_steps(constants):
    generator = np.random.default_rng(0)
    start = generator.normal(size=(4, 3)).astype(np.float32)
    variable = keras.Variable(start)
    optimizer = keras.optimizers.Adam(**constants)
    value, moments = tf.constant(start), adam_start(tf.constant(start))
    for step in range(1, 31):
        # gradients over six orders of magnitude, so that epsilon matters
        gradient = (generator.normal(size=(4, 3)) * 10.0 ** generator.integers(-6, 1)).astype("f")
        optimizer.apply([tf.constant(gradient)], [variable])
        value, moments = adam_step(value, gradient, moments, step, **constants)
        np.testing.assert_allclose(value, variable.numpy(), rtol=2e-5, atol=1e-6)


def test_first_step_is_the_learning_rate_in_the_sign_of_the_gradient():
    value = tf.zeros([3])
    moved, moments = adam_step(
        value, tf.constant([5.0, -0.1, 0.0]), adam_start(value), 1, learning_rate=0.01
    )
    np.testing.assert_allclose(moved, [-0.01, 0.01, 0.0], atol=1e-6)
    np.testing.assert_allclose(moments.first, [0.5, -0.01, 0.0], rtol=1e-5)
    np.testing.assert_allclose(moments.second, [0.025, 1e-5, 0.0], rtol=1e-4)
