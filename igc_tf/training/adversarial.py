"""Adversarial training: what is learnt from is changed first, so as to deceive what learns.

"Towards Deep Learning Models Resistant to Adversarial Attacks" (Madry et al. 2018), equation 2.1.
"""

from dataclasses import dataclass
from typing import Annotated

import keras
import tensorflow as tf

from igc_tf.generators.replicas import draw_rows
from igc_tf.ranges import Range, check_ranges

# the length of all steps together, in units of the largest change: the ball can be crossed
_REACH = 2.5
# the part of a training in which the largest change grows to what the recipe asks for: a small
# network that sees it at once learns to answer the same for every image
_GROWTH = 0.5


@dataclass(frozen=True)
class Perturbation:
    """How far the images of a batch are changed; if in both norms, half of them in each.

    Attributes:
        linf: the most that each pixel changes, in units of the images; 0 for none so.
        l2: the most that the root of the sum of squares over an image is, likewise.
        steps: of the ascent.

    Raises:
        InputError: for a value outside its range.
    """

    linf: Annotated[float, Range(0)] = 0.0
    l2: Annotated[float, Range(0)] = 0.0
    steps: Annotated[int, Range(1)] = 7

    def __post_init__(self):
        check_ranges(self)

    @property
    def changes(self):
        """Whether it changes anything."""
        return self.linf > 0 or self.l2 > 0

    def of(self, loss, images, others, bounds, seed):
        """Changes images so that a loss becomes large, each by up to a random part of the most.

        Args:
            loss: (images (B, ...), *others) -> (B,), differentiable.
            images: float32 (B, ...), within the bounds.
            others: a tuple of what else the loss takes: nests of tensors (B, ...), or None.
            bounds: `(low, high)` of the images.
            seed: int32 (2,), of sizes and starts.

        Returns:
            float32 of the same shape; see `perturb`. The images, if there is nothing to change.
        """
        if not self.changes:
            return images
        sizes = {norm: getattr(self, norm) for norm in _BALLS if getattr(self, norm) > 0}
        count, changed = tf.shape(images)[0], []
        for number, (norm, most) in enumerate(sizes.items()):
            ends = [(number + add) * count // len(sizes) for add in (0, 1)]
            part, *given = _rows((images, *others), slice(*ends))
            part_seed = tf.random.experimental.stateless_fold_in(seed, number)
            start_seed, size_seed = tf.unstack(tf.random.experimental.stateless_split(part_seed, 2))
            drawn = draw_rows(
                lambda count, seed=size_seed: tf.random.stateless_uniform([count], seed),
                tf.shape(part)[0],
            )
            # more large changes than small ones
            size = most * tf.reshape(tf.sqrt(drawn), [-1, *[1] * (len(images.shape) - 1)])

            def lost(images, given=given):
                return loss(images, *given)

            changed.append(perturb(lost, part, size, self.steps, bounds, start_seed, norm))
        return tf.concat(changed, axis=0)


def _rows(nest, rows):
    return tf.nest.map_structure(lambda of: None if of is None else of[rows], nest)


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
        loss = network_loss(self.network, labels)
        steps = self._recipe.perturbation_steps
        return super().train_step((perturb(loss, images, size, steps, self._bounds, seed), labels))


def network_loss(network, labels):
    """`images -> (B,)`, the cross entropy of what a network makes of them.

    Args:
        network: a Keras model, images (B, ...) -> probabilities (B, C).
        labels: the right classes (B,).
    """
    return lambda images: keras.losses.sparse_categorical_crossentropy(labels, network(images))


def perturb(loss, images, size, steps, bounds, seed, norm="linf"):
    """Changes images so that a loss becomes large: projected gradient ascent (§2.1).

    Begins at random in the ball, and goes along the norm's steepest direction.

    Args:
        loss: images (B, ...) -> (B,), differentiable.
        images: float32 (B, ...), within the bounds.
        size: the most that an image may change in the norm, in units of the images, at least 0; or
            one of each image, (B, 1, ...).
        steps: evaluations of the gradient, at least 1.
        bounds: `(low, high)` of the images.
        seed: int32 (2,), of the start.
        norm: "linf", the largest change of a pixel; or "l2", the root of the sum of squares.

    Returns:
        float32 of the same shape, within the bounds and the balls; no gradient passes.
    """
    ball = _BALLS[norm](images, size, bounds)
    shape = images.shape[1:]
    random = draw_rows(
        lambda count: tf.random.stateless_uniform([count, *shape], seed, -1.0, 1.0),
        tf.shape(images)[0],
    )

    def ascend(step, changed):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(changed)
            found = loss(changed)
        gradient = tape.gradient(found, changed)
        moved = changed + size * (_REACH / steps) * ball.along(gradient, tf.sign(gradient))
        return step + 1, ball.project(moved)

    begin = ball.project(images + size * ball.along(random, random))
    return tf.stop_gradient(tf.while_loop(lambda step, _: step < steps, ascend, (0, begin))[1])


class _Cube:
    """What lies within `size` of the images in every pixel."""

    def __init__(self, images, size, bounds):
        low, high = bounds
        self._least, self._most = tf.maximum(images - size, low), tf.minimum(images + size, high)

    def project(self, changed):
        return tf.clip_by_value(changed, self._least, self._most)

    def along(self, direction, in_each_pixel):
        del direction
        return in_each_pixel


class _Sphere:
    """What lies within `size` of the images by the root of the sum of squares."""

    def __init__(self, images, size, bounds):
        self._images, self._size, self._bounds = images, size, bounds

    def project(self, changed):
        change = tf.clip_by_value(changed, *self._bounds) - self._images
        return self._images + change * tf.minimum(1.0, self._size / _length(change))

    def along(self, direction, in_each_pixel):
        del in_each_pixel
        return direction / _length(direction)


def _length(direction):
    """(B, 1, ...), above 0."""
    square = tf.reduce_sum(direction**2, axis=range(1, direction.shape.rank), keepdims=True)
    return tf.sqrt(tf.maximum(square, 1e-24))


_BALLS = {"linf": _Cube, "l2": _Sphere}
