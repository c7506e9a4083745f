"""Adversarial training: its search against a closed form, and what it is good for."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.training import LeNetRecipe, train_lenet
from igc_tf.training.adversarial import perturb

RECIPE = LeNetRecipe(
    epochs=4, batch_size=50, learning_rate=3e-3, perturbation=0.1, perturbation_steps=4
)


def test_of_a_linear_network_the_worst_change_is_found():
    # with two classes the worst change of a pixel is all that is allowed, along the difference of
    # the weights; what has none is not changed after the start
    weights = np.array([[2.0, -1.0], [0.5, 1.5], [-3.0, 1.0]], np.float32)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    network.set_weights([weights, np.zeros(2, np.float32)])
    images = np.array([[0.0, 0.1, -0.2], [0.45, -0.1, -0.45]], np.float32)
    labels = np.array([0, 1])
    found = perturb(network, tf.constant(images), labels, 0.1, 10, (-0.5, 0.5), [3, 0])
    towards_other = np.sign(weights[:, 1] - weights[:, 0]) * np.array([[1], [-1]])
    np.testing.assert_allclose(found, np.clip(images + 0.1 * towards_other, -0.5, 0.5), atol=1e-6)


def test_a_size_of_nothing_changes_nothing():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    images = tf.random.stateless_uniform([5, 3], [0, 1], -0.5, 0.5)
    found = perturb(network, images, np.zeros(5, int), 0.0, 3, (-0.5, 0.5), [0, 0])
    np.testing.assert_array_equal(found, images)


def test_a_network_so_trained_withstands_what_deceives_a_plain_one(tmp_path):
    digits = bundled_digits().sample(3000, seed=0)
    parts = [digits.take(np.arange(*ends)) for ends in ((0, 2000), (2000, 2500), (2500, 3000))]
    test = parts[2]

    def survive(recipe):
        network = keras.models.load_model(
            train_lenet(recipe, tmp_path / str(recipe.perturbation), parts, verbose=0)
        )
        # one step along the sign of the gradient (Goodfellow et al. 2015), by the test's own hand
        images = tf.constant(test.images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            right = tf.gather(network(images), test.labels, batch_dims=1)
            loss = -tf.math.log(right + 1e-9)
        changed = np.clip(images + 0.1 * tf.sign(tape.gradient(loss, images)), -0.5, 0.5)
        return (network.predict(changed, verbose=0).argmax(axis=1) == test.labels).mean()

    assert survive(RECIPE) > survive(replace(RECIPE, perturbation=0.0)) + 0.1


def test_labels_that_it_does_not_know_are_refused():
    with pytest.raises(InputError, match=r"perturbation=0\.1 with labels='.*expected"):
        replace(RECIPE, labels="digit_labels")
