"""The data difference of sequences of differing length."""

import tensorflow as tf

from igc_tf.padding import PADDING


def masked_mean_squared(data, generated):
    """mean (data - generated)² over the elements of the data that are not padding.

    Args:
        data: (N, ...), with `igc_tf.padding.PADDING` where there are none. An example that is
            all padding has the difference 0.
        generated: (N, ...), of the same shape, without padding.

    Returns:
        (N,), at least 0.
    """
    is_data = tf.not_equal(data, PADDING)
    # no difference, and no gradient, where there is nothing to compare with
    squares = tf.where(is_data, tf.square(data - generated), 0.0)
    axes = tf.range(1, tf.rank(data))
    count = tf.reduce_sum(tf.cast(is_data, squares.dtype), axis=axes)
    return tf.reduce_sum(squares, axis=axes) / tf.maximum(count, 1.0)
