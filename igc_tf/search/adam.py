"""Adam as a pure function on tensors.

Keras optimizers refuse variables they were not built with and keep their moments after an
`assign`; a search that starts afresh for every batch needs moments that are plain tensors.
"""

from typing import NamedTuple

import tensorflow as tf


class AdamMoments(NamedTuple):
    """Running moments of a gradient, each of the shape of the value being optimised."""

    first: tf.Tensor
    second: tf.Tensor


def adam_start(value):
    """Returns the zero moments with which Adam starts on `value`."""
    return AdamMoments(tf.zeros_like(value), tf.zeros_like(value))


def adam_step(
    value, gradient, moments, step, *, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    """One Adam update (Kingma & Ba 2015, algorithm 1, with `epsilon` as in Keras' Adam).

        m <- β1 m + (1 - β1) g          v <- β2 v + (1 - β2) g²
        value <- value - α √(1 - β2ᵗ) / (1 - β1ᵗ) · m / (√v + ε)

    Args:
        value: float tensor of any shape.
        gradient: its gradient, of the same shape.
        moments: `AdamMoments` of the same shape.
        step: t, counted from 1; an integer or an integer tensor.
        learning_rate: α; a float or a scalar tensor.
        beta_1, beta_2: decay of the moments, in [0, 1).
        epsilon: added to √v; keeps the division finite.

    Returns:
        `(new_value, new_moments)`.
    """
    t = tf.cast(step, value.dtype)
    alpha = learning_rate * tf.sqrt(1.0 - tf.pow(beta_2, t)) / (1.0 - tf.pow(beta_1, t))
    first = moments.first + (gradient - moments.first) * (1.0 - beta_1)
    second = moments.second + (tf.square(gradient) - moments.second) * (1.0 - beta_2)
    return value - alpha * first / (tf.sqrt(second) + epsilon), AdamMoments(first, second)
