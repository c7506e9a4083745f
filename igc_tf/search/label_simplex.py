"""Keeps a searched condition a mixture of label values."""

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class LabelSimplex:
    """Clamps each element to [0, 1] and makes each label's elements sum to 1.

    The projection of "Inverse Classification using GANs" (000), label by label. Where all of a
    label's elements are clamped to 0, they become equal.

    Attributes:
        values: V, how many values a label has; label l takes the elements lV to (l + 1)V - 1.
    """

    values: int

    def __call__(self, condition):
        """Returns `condition` (N, L · V), projected."""
        labels = self._per_label(tf.clip_by_value(condition, 0.0, 1.0))
        total = tf.reduce_sum(labels, axis=-1, keepdims=True)
        mixture = tf.where(total > 0, labels / tf.maximum(total, 1e-12), 1.0 / self.values)
        return tf.reshape(mixture, tf.shape(condition))

    def tangent(self, gradient):
        """Returns `gradient` (N, L · V) less each label's mean: the part that keeps the sums."""
        labels = self._per_label(gradient)
        labels -= tf.reduce_mean(labels, axis=-1, keepdims=True)
        return tf.reshape(labels, tf.shape(gradient))

    def _per_label(self, tensor):
        return tf.reshape(tensor, [-1, tensor.shape[1] // self.values, self.values])
