"""Losses against constants worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.training.losses import (
    ADVERSARIAL_LOSSES,
    bce_discriminator_loss,
    bce_generator_loss,
    class_separation_loss,
    condition_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    lsgan_discriminator_loss,
    lsgan_generator_loss,
    masked_mean_squared,
    saturating_generator_loss,
)

CONDITION = np.array([[0, 1, 0], [1, 0, 0]], np.float32)


def test_discriminator_loss_counts_only_the_activation_of_the_condition():
    real = np.array([[9, 0.5, 9], [3, 9, 9]], np.float32)
    fake = np.array([[9, -2, 9], [0.5, 9, 9]], np.float32)
    # (0.5 - 1)² + (-2)² = 4.25 and (3 - 1)² + 0.5² = 4.25
    loss = lsgan_discriminator_loss(real, CONDITION, fake, CONDITION)
    np.testing.assert_allclose(loss, [4.25, 4.25])


def test_discriminator_loss_takes_separate_conditions():
    real = np.array([[0.0, 2.0, 0.0]], np.float32)
    fake = np.array([[3.0, 0.0, 5.0]], np.float32)
    # real in class 1: (2 - 1)² = 1; fake in classes 0 and 2 at once: 9 + 25
    loss = lsgan_discriminator_loss(real, [[0.0, 1.0, 0.0]], fake, [[1.0, 0.0, 1.0]])
    np.testing.assert_allclose(loss, [35.0])


def test_generator_loss_asks_for_an_activation_of_one():
    fake = np.array([[7, -1, 7], [1, 7, 7]], np.float32)
    np.testing.assert_allclose(lsgan_generator_loss(fake, CONDITION), [4.0, 0.0])


def test_class_separation_loss_is_the_cross_entropy_of_the_nearness():
    # exp(-0.1/0.05) = e^-2 and exp(-0.2/0.05) = e^-4: -log(1 / (1 + e^-2)) and -log(e^-2/(1+e^-2))
    differences = np.array([[0.1, 0.2], [0.1, 0.2]], np.float32)
    loss = class_separation_loss(differences, [[1.0, 0.0], [0.0, 1.0]], 0.05)
    np.testing.assert_allclose(loss, [0.126928, 2.126928], rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.01, 1.0])
def test_class_separation_loss_of_equal_differences_is_log_of_the_classes(temperature):
    loss = class_separation_loss(np.full([1, 10], 0.3, np.float32), np.eye(10)[[4]], temperature)
    np.testing.assert_allclose(loss, [np.log(10)], rtol=1e-6)


def test_binary_cross_entropy_losses():
    # sigmoid(ln 3) = 3/4 and sigmoid(-ln 4) = 1/5: -ln 3/4 - ln 4/5, and -ln 1/5
    real, fake = np.log([3.0]).astype(np.float32), -np.log([4.0]).astype(np.float32)
    np.testing.assert_allclose(bce_discriminator_loss(real, fake), [0.510826], rtol=1e-5)
    np.testing.assert_allclose(bce_generator_loss(fake), [1.609438], rtol=1e-5)


def test_condition_loss_is_the_cross_entropy_of_each_label():
    # softmax of (0, ln 3) is (1/4, 3/4); of (0, 0, ln 2) is (1/4, 1/4, 1/2)
    logits = np.log(np.float32([[1, 3, 1, 1, 2]]))
    one = condition_loss(logits[:, :2], np.float32([[0, 1]]), ConditionLayout.classes(2))
    np.testing.assert_allclose(one, [-np.log(3 / 4)], rtol=1e-5)
    layout = ConditionLayout((Label("two", "ab"), Label("three", "abc")))
    both = condition_loss(logits, np.float32([[1, 0, 0, 0, 1]]), layout)
    np.testing.assert_allclose(both, [-np.log(1 / 4) - np.log(1 / 2)], rtol=1e-5)


def test_smoothed_targets_mix_both_answers():
    # D = 3/4 for real and 1/5 for generated data; real target 0.9: -0.9 ln 3/4 - 0.1 ln 1/4
    real, fake = np.log([3.0]).astype(np.float32), -np.log([4.0]).astype(np.float32)
    np.testing.assert_allclose(
        bce_discriminator_loss(real, fake, real_target=0.9), [0.397543 + 0.223144], rtol=1e-5
    )
    # and the generated target 0.1: -0.1 ln 1/5 - 0.9 ln 4/5
    np.testing.assert_allclose(
        bce_discriminator_loss(real, fake, 0.9, 0.1), [0.397543 + 0.361773], rtol=1e-5
    )
    # least where D says what it should
    losses = bce_discriminator_loss(np.log(np.float32([8, 9, 10])), np.zeros(3, "float32"), 0.9)
    assert losses[1] < min(losses[0], losses[2])


def test_binary_cross_entropy_of_sure_discriminators_stays_finite():
    np.testing.assert_allclose(
        bce_discriminator_loss(np.float32([-500.0]), np.float32([0.0])), [500 + np.log(2)]
    )
    np.testing.assert_allclose(bce_generator_loss(np.float32([-500.0])), [500.0])


def test_saturating_loss_is_the_log_of_what_is_left():
    # sigmoid(-ln 4) = 1/5: ln 4/5; sigmoid(ln 3) = 3/4: ln 1/4
    logits = np.log([0.25, 3.0]).astype(np.float32)
    np.testing.assert_allclose(saturating_generator_loss(logits), [-0.223144, -1.386294], rtol=1e-5)
    np.testing.assert_allclose(saturating_generator_loss(np.float32([500.0])), [-500.0])


def test_both_sides_of_the_game_add_up():
    # with the saturating loss the generator descends on what the discriminator ascends on
    real, fake = np.float32([0.3, 2.0]), np.float32([-1.0, 4.0])
    of_the_real = np.logaddexp(0, -real)
    game = bce_discriminator_loss(real, fake) + saturating_generator_loss(fake)
    np.testing.assert_allclose(game, of_the_real, rtol=1e-5)


def test_least_squares_of_one_output():
    # (0.5 - 1)² + (-2)², and (3 - 1)² + 0.5²
    loss = least_squares_discriminator_loss(np.float32([0.5, 3.0]), np.float32([-2.0, 0.5]))
    np.testing.assert_allclose(loss, [4.25, 4.25])
    # (0.5 - 0.9)² + (-2 - 0.1)²
    smoothed = least_squares_discriminator_loss(np.float32([0.5]), np.float32([-2.0]), 0.9, 0.1)
    np.testing.assert_allclose(smoothed, [4.57], rtol=1e-6)
    np.testing.assert_allclose(least_squares_generator_loss(np.float32([-1.0, 1.0])), [4.0, 0.0])


def test_gradients_at_a_strong_discriminator():
    logits = tf.constant([-20.0, -2.0, 0.0, 2.0])
    found = {}
    for name, losses in ADVERSARIAL_LOSSES.items():
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = losses.generator(logits)
        found[name] = tape.gradient(loss, logits).numpy()
    probability = 1 / (1 + np.exp([20.0, 2.0, 0.0, -2.0]))
    np.testing.assert_allclose(found["saturating"], -probability, rtol=1e-5)
    np.testing.assert_allclose(found["non-saturating"], probability - 1, rtol=1e-5)
    np.testing.assert_allclose(found["least-squares"], 2 * (logits.numpy() - 1), rtol=1e-6)
    # the first vanishes, the second does not
    assert abs(found["saturating"][0]) < 1e-8 and found["non-saturating"][0] == pytest.approx(-1)


def test_masked_mean_squared_counts_what_the_mask_shows():
    # (x, y, mask): what is masked may be anything
    series = np.array([[[1, 2, 1], [4, 5, 1]], [[3, 4, 1], [9, 9, 0]], [[9, 9, 0]] * 2], np.float32)
    generated = tf.constant([[[0.0, 4.0], [4.0, 5.0]], [[0.0, 4.0], [1.0, 1.0]], [[5.0, 5.0]] * 2])
    with tf.GradientTape() as tape:
        tape.watch(generated)
        loss = masked_mean_squared(series, generated)
    # (1 + 4) / 4, 9 / 2, and nothing to compare with
    np.testing.assert_allclose(loss, [1.25, 4.5, 0.0], rtol=1e-6)
    gradient = tape.gradient(loss, generated)
    np.testing.assert_allclose(gradient[1], [[-3.0, 0.0], [0.0, 0.0]], rtol=1e-6)
    np.testing.assert_array_equal(gradient[2], np.zeros([2, 2]))
