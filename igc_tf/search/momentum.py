"""Gradient descent with momentum as a pure function on tensors."""

import tensorflow as tf


def momentum_start(value):
    """Returns the zero velocity with which the descent starts on `value`."""
    return tf.zeros_like(value)


def momentum_step(value, gradient, velocity, step, *, learning_rate, momentum=0.9):
    """One update with momentum (Polyak 1964), as in Keras' SGD.

        v <- μ v - α g          value <- value + v

    Args:
        value: float tensor of any shape.
        gradient: its gradient, of the same shape.
        velocity: v, of the same shape.
        step: not used; every update rule is told it.
        learning_rate: α; a float or a scalar tensor.
        momentum: μ, in [0, 1).

    Returns:
        `(new_value, new_velocity)`.
    """
    velocity = momentum * velocity - learning_rate * gradient
    return value + velocity, velocity
