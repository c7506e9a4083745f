"""Adversarial training: its search against a closed form, and what it is good for."""

import json
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.classifiers import evaluate_network
from igc_tf.classifiers.network import load_network
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.training import NetworkRecipe, train_network
from igc_tf.training.adversarial import (
    AdversariallyTrained,
    Perturbation,
    network_loss,
    perturb,
)

RECIPE = NetworkRecipe(
    epochs=4,
    batch_size=50,
    learning_rate=3e-3,
    perturbation=Perturbation(linf=0.1, steps=4, drawn=False),
)


def _of(network, labels):
    loss = network_loss(network)
    return lambda images: loss(images, labels)


def test_of_a_linear_network_the_worst_change_is_found():
    # with two classes the worst change of a pixel is all that is allowed, along the difference of
    # the weights; what has none is not changed after the start
    weights = np.array([[2.0, -1.0], [0.5, 1.5], [-3.0, 1.0]], np.float32)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    network.set_weights([weights, np.zeros(2, np.float32)])
    images = np.array([[0.0, 0.1, -0.2], [0.45, -0.1, -0.45]], np.float32)
    labels = np.array([0, 1])
    loss = _of(network, labels)
    found = perturb(loss, tf.constant(images), 0.1, 10, (-0.5, 0.5), [3, 0])
    towards_other = np.sign(weights[:, 1] - weights[:, 0]) * np.array([[1], [-1]])
    np.testing.assert_allclose(found, np.clip(images + 0.1 * towards_other, -0.5, 0.5), atol=1e-6)


def test_within_a_sphere_a_linear_loss_rises_along_its_gradient():
    slope = tf.constant([3.0, -4.0, 12.0])
    images = tf.constant([[0.1, 0.0, -0.2], [0.0, 0.2, 0.1]])
    size = tf.constant([[0.13], [0.26]])
    found = perturb(lambda x: tf.linalg.matvec(x, slope), images, size, 20, (-1, 1), [0, 5], "l2")
    # by at most |slope| · size (Cauchy and Schwarz)
    rise = np.array(tf.linalg.matvec(found - images, slope) / (13 * size[:, 0]))
    assert ((rise > 0.95) & (rise <= 1 + 1e-6)).all()
    # clipped to the bounds, it stays in the sphere
    clipped = perturb(
        lambda x: tf.linalg.matvec(x, slope), images, 0.5, 20, (-0.3, 0.3), [0, 5], "l2"
    )
    assert np.abs(clipped).max() <= 0.3 + 1e-6
    assert (np.linalg.norm(clipped - images, axis=1) <= 0.5 + 1e-6).all()


def test_the_few_pixels_that_raise_a_linear_loss_most_are_changed():
    # the pixels in which gradient times room is largest, worked out by hand: of the first image
    # 5 · 0.5, 4 · 1 and 3 · 0.9; its last pixel is already where the loss wants it
    slope = np.array([[1, -5, 4], [3, 0.1, 9]], np.float32).reshape(1, 2, 3, 1)
    images = np.zeros((2, 2, 3, 1), np.float32)
    images[0] = np.array([[0.2, 0.0, -0.5], [-0.4, 0.0, 0.5]])[..., np.newaxis]
    images[1] = 0.25

    def loss(changed):
        return tf.reduce_sum(changed * slope, axis=[1, 2, 3])

    size = tf.reshape([2.9, 1.0], [2, 1, 1, 1])
    found = perturb(loss, tf.constant(images), size, 2, (-0.5, 0.5), [0, 5], "l0").numpy()
    expected = images.copy()
    expected[0, 0, 2] = 0.5  # 4 · 1
    expected[0, 1, 0] = 0.5  # 3 · 0.9
    expected[1, 0, 1] = -0.5  # 5 · 0.75, more than 9 · 0.25
    np.testing.assert_allclose(found, expected)


def test_colours_of_a_pixel_change_together():
    slope = np.array([[1.0, -1.0, 1.0], [2.5, 0.0, 0.0]], np.float32).reshape(1, 1, 2, 3)
    found = perturb(
        lambda changed: tf.reduce_sum(changed * slope, axis=[1, 2, 3]),
        tf.zeros([1, 1, 2, 3]),
        tf.ones([1, 1, 1, 1]),
        1,
        (-0.5, 0.5),
        [0, 5],
        "l0",
    )
    np.testing.assert_allclose(found, [[[[0.5, -0.5, 0.5], [0, 0, 0]]]])


def test_of_a_batch_one_half_is_changed_in_each_norm():
    images = tf.zeros([40, 6])
    signs = tf.constant(np.repeat([1.0, -1.0], 20).astype(np.float32))
    found = (
        Perturbation(linf=0.1, l2=0.6, steps=5)
        .of(lambda x, sign: sign * tf.reduce_sum(x, axis=1), images, (signs,), (-0.5, 0.5), [0, 1])
        .numpy()
    )
    cube, sphere = found[:20], found[20:]
    # along the gradient of each image's own loss, by a size of its own
    sizes = cube.max(axis=1)
    np.testing.assert_allclose(cube, np.repeat(sizes[:, np.newaxis], 6, axis=1), atol=1e-6)
    assert 0 < sizes.min() < 0.06 and 0.08 < sizes.max() <= 0.1
    lengths = np.linalg.norm(sphere, axis=1)
    assert sphere.max() < 0 and 0.45 < lengths.max() <= 0.6 and lengths.min() < 0.3
    # grown by half so far, and all of it for every image
    grown = Perturbation(linf=0.1, drawn=False).of(
        lambda x: tf.reduce_sum(x, axis=1), images, (), (-0.5, 0.5), [0, 1], grown=0.5
    )
    np.testing.assert_allclose(grown, np.full([40, 6], 0.05), atol=1e-6)
    assert Perturbation().of(None, images, (), (-0.5, 0.5), [0, 1]) is images


def test_of_several_norms_each_has_its_part_of_a_batch():
    images = tf.zeros([9, 4, 4, 1])

    def loss(images):
        return tf.reduce_sum(images, axis=[1, 2, 3])

    perturbation = Perturbation(linf=0.1, l2=0.4, l0=3, drawn=False)
    found = perturbation.of(loss, images, (), (-0.5, 0.5), [0, 1]).numpy().reshape(9, 16)
    np.testing.assert_allclose(found[:3], 0.1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[3:6], axis=1), 0.4, atol=1e-3)
    assert (np.sort(found[6:], axis=1) == [0.0] * 13 + [0.5] * 3).all()
    # half of the images in few pixels; a norm that changes nothing has no part
    shared = replace(perturbation, l2=0.0, shares=(1, 5, 2))
    found = shared.of(loss, images, (), (-0.5, 0.5), [0, 1]).numpy().reshape(9, 16)
    np.testing.assert_array_equal((found != 0).sum(axis=1), [16] * 3 + [3] * 6)
    # of a batch of two, only two norms have any
    few = tf.function(lambda images: perturbation.of(loss, images, (), (-0.5, 0.5), [0, 1]))
    assert few(images[:2]).shape == (2, 4, 4, 1) and (np.array(few(images[:2])) != 0).any()
    # as many pixels as are drawn, at least one, up to all that are allowed
    drawn = Perturbation(l0=3).of(loss, tf.zeros([300, 4, 4, 1]), (), (-0.5, 0.5), [0, 1])
    counts = (drawn.numpy() != 0).sum(axis=(1, 2, 3))
    assert set(counts) == {1, 2, 3} and (counts == 3).sum() > (counts == 1).sum()


@pytest.mark.parametrize("shares", [(1, 1), (1, 0, 2), (1, 1.5, 1)])
def test_every_norm_needs_a_share(shares):
    with pytest.raises(InputError, match=rf"shares=\({shares[0]}, .*for each of linf, l2, l0"):
        Perturbation(l0=3, shares=shares)


@pytest.mark.parametrize(
    "shape, bounds", [((3, 6), (-0.5, 0.5)), ((3, 4, 4, 1), (-np.inf, np.inf))]
)
def test_few_pixels_are_of_images_in_bounds(shape, bounds):
    with pytest.raises(InputError, match=r"l0=2 for data of shape .*expected images"):
        Perturbation(l0=2).of(None, tf.zeros(shape), (), bounds, [0, 1])


def test_a_size_of_nothing_changes_nothing():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    images = tf.random.stateless_uniform([5, 3], [0, 1], -0.5, 0.5)
    found = perturb(_of(network, np.zeros(5, int)), images, 0.0, 3, (-0.5, 0.5), [0, 0])
    np.testing.assert_array_equal(found, images)


def test_a_network_so_trained_withstands_what_deceives_a_plain_one(tmp_path):
    digits = bundled_digits().sample(3000, seed=0)
    parts = [digits.take(np.arange(*ends)) for ends in ((0, 2000), (2000, 2500), (2500, 3000))]
    test = parts[2]

    def survive(recipe):
        run = train_network(recipe, tmp_path / str(recipe.perturbation.linf), parts, verbose=0)
        network = load_network(run)
        # one step along the sign of the gradient (Goodfellow et al. 2015), by the test's own hand
        images = tf.constant(test.images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            right = tf.gather(network(images), test.labels, batch_dims=1)
            loss = -tf.math.log(right + 1e-9)
        changed = np.clip(images + 0.1 * tf.sign(tape.gradient(loss, images)), -0.5, 0.5)
        return (network.predict(changed, verbose=0).argmax(axis=1) == test.labels).mean()

    assert survive(RECIPE) > survive(replace(RECIPE, perturbation=Perturbation())) + 0.1
    # validation images as they are and changed judge together
    run, validation = tmp_path / "0.1", parts[1]
    network = load_network(run)
    images, labels = tf.constant(validation.images), validation.labels
    loss, seed = _of(network, labels), [RECIPE.seed, 0]
    changed = RECIPE.perturbation.of(loss, images, (), validation.bounds, seed)
    found = [evaluate_network(network, of, labels).accuracy for of in (images, changed)]
    best = json.loads((run / "best.json").read_text())
    assert found[0] > found[1] + 0.05
    assert best["accuracy"] == pytest.approx(np.mean(found), abs=0.005)


def test_the_largest_change_grows_for_half_of_the_training():
    parts = []

    def of(loss, images, others, bounds, seed, grown):
        parts.append(float(grown))
        return images

    recipe = SimpleNamespace(seed=0, perturbation=SimpleNamespace(of=of))
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model = AdversariallyTrained(network, recipe, (-0.5, 0.5), steps=8)
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    model.fit(np.zeros((8, 3)), np.zeros(8, int), batch_size=1, verbose=0)
    assert parts == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]


def test_labels_that_it_does_not_know_are_refused():
    with pytest.raises(
        InputError, match=r"perturbation=Perturbation\(linf=0\.1.*with labels='.*expected"
    ):
        replace(RECIPE, labels="digit_labels")
    with pytest.raises(InputError, match=r"perturbation=0\.3: expected a Perturbation"):
        replace(RECIPE, perturbation=0.3)
