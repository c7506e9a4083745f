"""Functional momentum against Keras' own, step by step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.search import (
    GeneratorSearch,
    LatentRestriction,
    SearchSettings,
    SearchSpace,
    UpdateRule,
)
from igc_tf.search.momentum import momentum_start, momentum_step
from tests.fixtures.linear_generator import linear_generator


@pytest.mark.parametrize(("learning_rate", "momentum"), [(0.1, 0.9), (2.0, 0.5), (0.3, 0.0)])
def test_follows_keras_sgd_for_thirty_steps(learning_rate, momentum):
    generator = np.random.default_rng(0)
    start = generator.normal(size=(4, 3)).astype(np.float32)
    variable = keras.Variable(start)
    optimizer = keras.optimizers.SGD(learning_rate, momentum)
    value, velocity = tf.constant(start), momentum_start(tf.constant(start))
    for step in range(1, 31):
        gradient = generator.normal(size=(4, 3)).astype(np.float32)
        optimizer.apply([tf.constant(gradient)], [variable])
        value, velocity = momentum_step(
            value, gradient, velocity, step, learning_rate=learning_rate, momentum=momentum
        )
        np.testing.assert_allclose(value, variable.numpy(), rtol=1e-5, atol=1e-6)


def test_search_by_momentum_takes_the_steps_of_the_quadratic():
    # the squared difference of a linear generator has the gradient -2/6 (d - o - zM) Mᵀ
    model, offsets, matrix = linear_generator()
    data = np.random.default_rng(1).normal(size=(2, 6)).astype(np.float32)
    settings = SearchSettings(
        steps=9,
        learning_rate=0.07,
        optimizer="momentum",
        beta_1=0.8,
        difference="mean_squared",
        restriction_weight=0.0,
    )
    space = SearchSpace.latent_per_class(3, 4, LatentRestriction(0.0))
    found = GeneratorSearch(model, space, settings)(data).values[1]
    latent, velocity = np.zeros([2, 3, 4]), np.zeros([2, 3, 4])
    for _ in range(9):
        residual = data[:, None] - offsets - latent @ matrix
        velocity = 0.8 * velocity + 0.07 * 2 / 6 * residual @ matrix.T
        latent = latent + velocity
    np.testing.assert_allclose(found, latent, rtol=1e-4, atol=1e-5)


def test_refuses_an_optimizer_it_does_not_know():
    with pytest.raises(ValueError, match=r"'lion'.*adam.*momentum"):
        SearchSettings(optimizer="lion")
    with pytest.raises(ValueError, match="'lion'"):
        UpdateRule.of("lion", 0.9, 0.99, 1e-7)
