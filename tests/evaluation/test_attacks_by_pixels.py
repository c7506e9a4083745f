"""Attacks by few pixels, against what is the best on linear classifiers."""

import numpy as np
import tensorflow as tf

from evaluation.attacks.pixels import few_pixels, salt_and_pepper
from evaluation.attacks.threats import Threat
from tests.fixtures.linear_victim import COUNT, linear_victim

BOUNDS = (-0.5, 0.5)


def test_the_pixel_that_is_changed_is_the_best():
    model, images, labels, logits, weights = linear_victim(2)
    flat = images.reshape(COUNT, -1)
    away = (weights[:, 0] - weights[:, 1]) * np.where(labels == 0, -1, 1)[:, np.newaxis]
    # each pixel can add so much to the other class
    gains = np.sort(np.abs(away) * 0.21 - away * flat, axis=1)[:, ::-1]
    threat = Threat("l0", 1)
    changed = few_pixels(model, images, labels, threat, (-0.21, 0.21))
    threat.check(changed, images, (-0.21, 0.21))
    is_wrong = np.asarray(model(changed)).argmax(axis=1) != labels
    possible = gains[:, 0] > np.abs(logits[:, 0] - logits[:, 1])
    np.testing.assert_array_equal(is_wrong, possible)
    assert 0 < possible.sum() < COUNT


def test_several_pixels_are_the_best_of_all():
    model, images, labels, logits, weights = linear_victim(2, side=9)
    flat = images.reshape(COUNT, -1)
    away = (weights[:, 0] - weights[:, 1]) * np.where(labels == 0, -1, 1)[:, np.newaxis]
    gains = np.sort(np.abs(away) * 0.21 - away * flat, axis=1)[:, ::-1]
    changed = few_pixels(model, images, labels, Threat("l0", 3), (-0.21, 0.21), batch_size=7)
    is_wrong = np.asarray(model(changed)).argmax(axis=1) != labels
    margins = np.abs(logits[:, 0] - logits[:, 1])
    np.testing.assert_array_equal(is_wrong, gains[:, :3].sum(axis=1) > margins)
    # no more than it takes
    counts = (changed != images).reshape(COUNT, -1).sum(axis=1)
    needed = (gains.cumsum(axis=1) <= margins[:, np.newaxis]).sum(axis=1) + 1
    np.testing.assert_array_equal(counts, np.minimum(needed, 3))
    assert set(counts) == {1, 2, 3} and 3 < is_wrong.sum() < COUNT


def test_pixels_that_do_harm_together_only_are_found_in_blocks():
    def model(images):
        # pixels of the first row do a little harm; of the others two side by side do much
        white = images[..., 0] + 0.5
        pairs = tf.reduce_max(white[:, 1:, :-1] * white[:, 1:, 1:], axis=(1, 2))
        harm = pairs + 0.1 * tf.reduce_sum(white[:, 0], axis=1)
        return tf.stack([tf.fill(tf.shape(harm), 0.5), harm], axis=1)

    images, labels, threat = np.full((3, 5, 5, 1), -0.5, np.float32), np.zeros(3, int), "l0:2"
    for shapes in (((1, 1),), ((1, 1), (2, 1)), ((1, 1), (1, 2))):
        # only where all are asked about is a pair sure to be among them
        asked = 30 if (1, 2) in shapes else 4
        changed = few_pixels(model, images, labels, Threat.parse(threat), BOUNDS, shapes, asked)
        changes = (changed != images)[..., 0]
        assert (changes.sum(axis=(1, 2)) == 2).all()
        is_wrong = np.asarray(model(changed)).argmax(axis=1) == 1
        assert (is_wrong == ((1, 2) in shapes)).all()
        assert (changes[:, 0].any() != ((1, 2) in shapes)).all()


def test_a_block_is_worth_what_each_of_its_pixels_is():
    weights = np.zeros((3, 3), np.float32)
    weights[0, 0], weights[2, 1:] = 5, 2.6

    def model(images):
        # wrong by more than 7.5: not by the two side by side, which do more harm than the best one
        white = tf.reduce_sum((images[..., 0] + 0.5) * weights, axis=(1, 2))
        return tf.stack([tf.fill(tf.shape(white), 7.5), white], axis=1)

    black, threat = np.full((1, 3, 3, 1), -0.5, np.float32), Threat("l0", 2)
    changed = few_pixels(model, black, np.zeros(1, int), threat, BOUNDS, ((1, 1), (1, 2)), 30)
    assert np.argmax(model(changed), axis=1) == 1


def test_salt_and_pepper_changes_so_many_pixels():
    images = linear_victim()[1]
    changed = salt_and_pepper(images, 5, BOUNDS, np.random.default_rng(0))
    is_changed = (changed != images).reshape(COUNT, -1)
    assert (is_changed.sum(axis=1) == 5).all()
    assert set(np.unique(changed[changed != images])) == {-0.5, 0.5}


def test_only_what_changes_something_counts():
    def model(images):
        # the second class is likelier the more white there is
        white = tf.reduce_sum(images + 0.5, axis=(1, 2, 3))
        return tf.stack([tf.fill(tf.shape(white), 9.0), white], axis=1)

    images = np.full((2, 4, 4, 1), -0.5, np.float32)
    images[:, ::2] = 0.5  # every other row is white already
    for size in (3, 7):
        threat = Threat("l0", size)
        changed = few_pixels(
            model, images, np.zeros(2, int), threat, BOUNDS, ((1, 1), (2, 2), (2, 1))
        )
        # 8 are white, more than 9 make it wrong: two more do
        assert ((changed != images).reshape(2, -1).sum(axis=1) == 2).all()
        assert (changed >= images).all()


def test_no_more_pixels_than_there_are_and_none_that_cannot_change():
    def black(images):
        # nothing but white helps, and everything is white
        white = tf.reduce_sum(images, axis=(1, 2, 3))
        return tf.stack([tf.zeros_like(white), white - 9], axis=1)

    white = np.full((2, 3, 3, 1), 0.5, np.float32)
    labels = np.zeros(2, int)
    changed = few_pixels(black, white, labels, Threat("l0", 50), BOUNDS, ((1, 1), (1, 3)))
    np.testing.assert_array_equal(changed, white)
    changed = few_pixels(black, -white, labels, Threat("l0", 50), BOUNDS, ((1, 1), (1, 3)))
    np.testing.assert_array_equal(changed, white)


def test_ties_are_broken_by_the_seed():
    def blind(images):
        return tf.stack([tf.ones(tf.shape(images)[0]), 0 * tf.reduce_sum(images, (1, 2, 3))], 1)

    images = np.full((1, 8, 8, 1), -0.5, np.float32)
    places = set()
    for seed in range(8):
        changed = few_pixels(
            blind, images, np.zeros(1, int), Threat("l0", 1), BOUNDS, asked=1, seed=seed
        )
        places.add(int((changed != images).argmax()))
    assert len(places) > 3
