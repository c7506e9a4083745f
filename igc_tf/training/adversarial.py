"""Adversarial training: a network learns images that were changed to deceive it.

"Towards Deep Learning Models Resistant to Adversarial Attacks" (Madry et al. 2018), equation 2.1.
"""

import keras
import tensorflow as tf

from igc_tf.generators.replicas import draw_rows

# the length of all steps together, in units of the largest change: the ball can be crossed
_REACH = 2.5
# the part of a training in which the largest change grows to what the recipe asks for: a small
# network that sees it at once learns to answer the same for every image
_GROWTH = 0.5


class AdversariallyTrained(keras.Model):
    """Trains a network on its images, each changed within the largest change that is allowed.

    Args:
        network: a Keras model, images (B, ...) -> probabilities (B, C).
        recipe: a `LeNetRecipe`, with a `perturbation` above 0.
        bounds: `(low, high)` of the images.
        steps: of the whole training.
    """

    def __init__(self, network, recipe, bounds, steps):
        super().__init__(name=network.name)
        self.network = network
        self._recipe, self._bounds, self._steps = recipe, bounds, steps

    def call(self, images, training=None):
        """Returns the network's probabilities."""
        return self.network(images, training=training)

    def train_step(self, batch):
        """One step of the optimizer on a changed batch."""
        images, labels = batch
        iteration = self.optimizer.iterations
        grown = tf.cast(iteration, tf.float32) / (_GROWTH * self._steps)
        size = self._recipe.perturbation * tf.minimum(grown, 1.0)
        seed = tf.stack([self._recipe.seed, tf.cast(iteration, tf.int32)])
        changed = perturb(
            self.network, images, labels, size, self._recipe.perturbation_steps, self._bounds, seed
        )
        return super().train_step((changed, labels))


def perturb(network, images, labels, size, steps, bounds, seed):
    """Changes images so that a network gets them wrong: projected gradient ascent (§2.1).

    Begins at random, and goes along the sign of the gradient of the cross entropy.

    Args:
        network: a Keras model, images (B, ...) -> probabilities (B, C).
        images: float32 (B, ...).
        labels: the right classes (B,).
        size: the largest change of a pixel, in units of the images, at least 0.
        steps: evaluations of the gradient, at least 1.
        bounds: `(low, high)` of the images.
        seed: int32 (2,), of the start.

    Returns:
        float32 of the same shape, within the bounds and `size` of the images.
    """
    low, high = bounds
    least, most = tf.maximum(images - size, low), tf.minimum(images + size, high)
    shape = images.shape[1:]
    start = size * draw_rows(
        lambda count: tf.random.stateless_uniform([count, *shape], seed, -1.0, 1.0),
        tf.shape(images)[0],
    )
    changed = tf.clip_by_value(images + start, least, most)
    for _ in tf.range(steps):
        with tf.GradientTape() as tape:
            tape.watch(changed)
            loss = keras.losses.sparse_categorical_crossentropy(labels, network(changed))
        step = size * (_REACH / steps) * tf.sign(tape.gradient(loss, changed))
        changed = tf.clip_by_value(changed + step, least, most)
    return changed
