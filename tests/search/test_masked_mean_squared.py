import numpy as np
import tensorflow as tf

from igc_tf.padding import PADDING
from igc_tf.search import masked_mean_squared


def test_hand_worked():
    data = np.float32([[[1, 2], [3, PADDING], [PADDING, PADDING]], [[0, 0], [0, 0], [0, 0]]])
    generated = np.float32([[[2, 2], [5, 9], [7, 7]], [[1, 1], [1, 1], [1, 1]]])
    # (1 + 0 + 4) / 3, and 6 / 6
    np.testing.assert_allclose(masked_mean_squared(data, generated), [5 / 3, 1], rtol=1e-6)


def test_more_padding_changes_neither_value_nor_gradient():
    generator = np.random.default_rng(0)
    data = generator.normal(size=(2, 4, 3)).astype(np.float32)
    longer = np.concatenate([data, np.full([2, 5, 3], PADDING, np.float32)], axis=1)
    generated = tf.constant(generator.normal(size=(2, 9, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(generated)
        loss = masked_mean_squared(longer, generated)
    np.testing.assert_allclose(loss, masked_mean_squared(data, generated[:, :4]), rtol=1e-6)
    gradient = tape.gradient(loss, generated)
    np.testing.assert_array_equal(gradient[:, 4:], np.zeros([2, 5, 3]))
    expected = 2 * (generated[:, :4] - data) / 12
    np.testing.assert_allclose(gradient[:, :4], expected, rtol=1e-5)


def test_nothing_but_padding_differs_by_nothing():
    data = np.full([1, 3, 3], PADDING, np.float32)
    np.testing.assert_array_equal(masked_mean_squared(data, np.ones([1, 3, 3], np.float32)), [0])
