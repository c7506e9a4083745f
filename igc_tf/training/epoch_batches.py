"""The training images in an order that a resumed run finds again."""

import numpy as np
import tensorflow as tf


def epoch_batches(images, labels, recipe, first_epoch=0):
    """Batches of all epochs from `first_epoch` on; an epoch's order depends on its number only.

    Args:
        images: float32 (N, ...).
        labels: (N,) classes or (N, L) binary labels, integers; or conditions (N, C), floats.
        recipe: has `batch_size`, `epochs` and `seed`.
        first_epoch: epochs done already.

    Returns:
        A `tf.data.Dataset` of N // batch_size batches an epoch, each (images, int32 labels or
        float32 conditions).
    """
    is_integer = np.issubdtype(labels.dtype, np.integer)
    images = tf.constant(images)
    labels = tf.constant(labels.astype(np.int32 if is_integer else np.float32))

    def batches_of(epoch):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(images)), [recipe.seed, tf.cast(epoch, tf.int32)]
        )
        return tf.data.Dataset.from_tensor_slices(order).batch(
            recipe.batch_size, drop_remainder=True
        )

    epochs = tf.data.Dataset.range(first_epoch, recipe.epochs)
    batches = epochs.flat_map(batches_of)
    return batches.map(lambda i: (tf.gather(images, i), tf.gather(labels, i))).prefetch(2)
