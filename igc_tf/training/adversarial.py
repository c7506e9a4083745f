"""Adversarial training: what is learnt from is changed first, so as to deceive what learns.

"Towards Deep Learning Models Resistant to Adversarial Attacks" (Madry et al. 2018), equation 2.1.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import keras
import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.replicas import draw_rows
from igc_tf.ranges import Range, check_ranges

# the length of all steps together, in units of the largest change: the ball can be crossed
_REACH = 2.5
# the part of a training in which the largest change grows to what the recipe asks for: a small
# network that sees it at once learns to answer the same for every image
_GROWTH = 0.5


@dataclass(frozen=True)
class Perturbation:
    """How far the images of a batch are changed; if in several norms, each a part of them.

    The norm is chosen by an image's place in the batch, so it depends on the number of replicas.

    Attributes:
        linf: the most that each pixel changes, in units of the images; 0 for none so.
        l2: the most that the root of the sum of squares over an image is, likewise.
        l0: the most pixels that change, each to any colour; 0 for none so.
        shares: how many images are changed by `linf`, `l2` and `l0`, in relation to one another.
        steps: of the ascent.
        drawn: whether of each image the most is drawn at random, up to that; else it is the same
            for all.

    Raises:
        InputError: for a value outside its range.
    """

    linf: Annotated[float, Range(0)] = 0.0
    l2: Annotated[float, Range(0)] = 0.0
    l0: Annotated[int, Range(0)] = 0
    shares: tuple[int, int, int] = (1, 1, 1)
    steps: Annotated[int, Range(1)] = 7
    drawn: bool = True

    def __post_init__(self):
        check_ranges(self)
        are_whole = all(isinstance(share, int) and share >= 1 for share in self.shares)
        if len(self.shares) != len(_BALLS) or not are_whole:
            raise InputError(
                f"shares={self.shares!r}: expected whole numbers >= 1, one for each of "
                f"{', '.join(_BALLS)}"
            )

    @property
    def changes(self):
        """Whether it changes anything."""
        return bool(self._sizes)

    @property
    def _sizes(self):
        return {norm: getattr(self, norm) for norm in _BALLS if getattr(self, norm) > 0}

    def of(self, loss, images, others, bounds, seed, grown=1.0):
        """Changes images so that a loss becomes large.

        Args:
            loss: (images (B, ...), *others) -> (B,), differentiable.
            images: float32 (B, ...), within the bounds.
            others: a tuple of what else the loss takes: nests of tensors (B, ...), or None.
            bounds: `(low, high)` of the images.
            seed: int32 (2,), of sizes and starts.
            grown: what part of the most is the most by now.

        Returns:
            float32 of the same shape; see `perturb`. The images, if there is nothing to change.

        Raises:
            InputError: for few pixels of what is no image (B, H, W, channels) in finite bounds.
        """
        if not self.changes:
            return images
        if self.l0 and (len(images.shape) != 4 or not np.isfinite(bounds).all()):
            raise InputError(
                f"l0={self.l0!r} for data of shape {tuple(images.shape[1:])} in {bounds}: expected "
                "images (height, width, channels) in finite bounds"
            )
        sizes = self._sizes
        count, changed = tf.shape(images)[0], []
        parts = [share for norm, share in zip(_BALLS, self.shares, strict=True) if norm in sizes]
        for number, (norm, most) in enumerate(sizes.items()):
            ends = [sum(parts[:end]) * count // sum(parts) for end in (number, number + 1)]
            part, *given = _rows((images, *others), slice(*ends))
            # of a small batch a norm may have none, and networks take no empty batches
            if part.shape[0] != 0:
                own_seed = tf.add(seed, [number, 0])
                worst = partial(
                    self._worst, loss, part, given, norm, grown * most, bounds, own_seed
                )
                changed.append(tf.cond(tf.size(part) > 0, worst, partial(tf.identity, part)))
        return tf.concat(changed, axis=0)

    def _worst(self, loss, images, given, norm, most, bounds, seed):
        """Images, changed in one norm."""
        size = self._drawn(most, images, tf.random.experimental.stateless_fold_in(seed, 0))
        if norm == "l0":
            size = tf.math.ceil(size)

        def lost(changed):
            return loss(changed, *given)

        return perturb(lost, images, size, self.steps, bounds, seed, norm)

    def _drawn(self, most, images, seed):
        """Sizes up to the most for each of some images, (B, 1, ...): more large than small ones."""
        count = tf.shape(images)[0]
        shares = tf.ones([count])
        if self.drawn:
            shares = draw_rows(lambda count: tf.random.stateless_uniform([count], seed), count)
        return most * tf.reshape(tf.sqrt(shares), [-1, *[1] * (len(images.shape) - 1)])


def _rows(nest, rows):
    return tf.nest.map_structure(lambda tensor: None if tensor is None else tensor[rows], nest)


class AdversariallyTrained(keras.Model):
    """Trains a network on its images, each changed within the largest change that is allowed.

    Args:
        network: a Keras model, images (B, ...) -> probabilities (B, C).
        recipe: a `NetworkRecipe`, with a `perturbation` that changes something.
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
        grown = tf.minimum(tf.cast(iteration, tf.float32) / (_GROWTH * self._steps), 1.0)
        seed = tf.stack([self._recipe.seed, tf.cast(iteration, tf.int32)])
        loss, perturbation = network_loss(self.network), self._recipe.perturbation
        changed = perturbation.of(loss, images, (labels,), self._bounds, seed, grown)
        return super().train_step((changed, labels))


def network_loss(network):
    """`(images, labels) -> (B,)`, the cross entropy of what a network makes of images.

    Args:
        network: a Keras model, images (B, ...) -> probabilities (B, C).
    """

    def loss(images, labels):
        return keras.losses.sparse_categorical_crossentropy(labels, network(images))

    return loss


def perturb(loss, images, size, steps, bounds, seed, norm="linf"):
    """Changes images so that a loss becomes large: projected gradient ascent (§2.1).

    Begins at random in the ball, and goes along the norm's steepest direction. Of few pixels,
    it begins with none and takes on those that promise most.

    Args:
        loss: images (B, ...) -> (B,), differentiable.
        images: float32 (B, ...), within the bounds.
        size: the most that an image may change in the norm, in units of the images, at least 0; or
            one of each image, (B, 1, ...).
        steps: evaluations of the gradient, at least 1.
        bounds: `(low, high)` of the images.
        seed: int32 (2,), of the start.
        norm: "linf", the largest change of a pixel; "l2", the root of the sum of squares; or "l0",
            how many pixels of images (B, H, W, channels) change.

    Returns:
        float32 of the same shape, within the bounds and the balls; no gradient passes.
    """
    ball = _BALLS[norm](images, size, steps, bounds)
    shape = images.shape[1:]
    random = draw_rows(
        lambda count: tf.random.stateless_uniform([count, *shape], seed, -1.0, 1.0),
        tf.shape(images)[0],
    )

    def ascend(step, changed):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(changed)
            found = loss(changed)
        return step + 1, ball.ascend(changed, tape.gradient(found, changed), step)

    state = (0, ball.begin(random))
    return tf.stop_gradient(tf.while_loop(lambda step, _: step < steps, ascend, state)[1])


class _Cube:
    """What lies within `size` of the images in every pixel."""

    def __init__(self, images, size, steps, bounds):
        low, high = bounds
        self._images, self._size, self._stride = images, size, size * (_REACH / steps)
        self._least, self._most = tf.maximum(images - size, low), tf.minimum(images + size, high)

    def begin(self, random):
        return self._project(self._images + self._size * random)

    def ascend(self, changed, gradient, step):
        del step
        return self._project(changed + self._stride * tf.sign(gradient))

    def _project(self, changed):
        return tf.clip_by_value(changed, self._least, self._most)


class _Sphere:
    """What lies within `size` of the images by the root of the sum of squares."""

    def __init__(self, images, size, steps, bounds):
        self._images, self._size, self._bounds = images, size, bounds
        self._stride = size * (_REACH / steps)

    def begin(self, random):
        return self._project(self._images + self._size * random / _length(random))

    def ascend(self, changed, gradient, step):
        del step
        return self._project(changed + self._stride * gradient / _length(gradient))

    def _project(self, changed):
        change = tf.clip_by_value(changed, *self._bounds) - self._images
        return self._images + change * tf.minimum(1.0, self._size / _length(change))


class _FewPixels:
    """What differs from the images in at most `size` pixels; each step takes on a part of them.

    As in "The Limitations of Deep Learning in Adversarial Settings" (Papernot et al. 2016), a pixel
    goes at once to the end of its range.
    """

    def __init__(self, images, size, steps, bounds):
        self._images, self._size, self._steps, self._bounds = images, size, steps, bounds

    def begin(self, random):
        del random
        return self._images

    def ascend(self, changed, gradient, step):
        low, high = self._bounds
        ends = tf.where(gradient > 0, high, low)
        promise = tf.reduce_sum(gradient * (ends - changed), axis=-1, keepdims=True)
        taken = tf.reduce_any(changed != self._images, axis=-1, keepdims=True)
        promise = tf.where(taken, promise.dtype.max, promise)
        allowed = tf.math.ceil(self._size * (tf.cast(step + 1, tf.float32) / self._steps))
        chosen = (_ranks(promise) <= tf.minimum(allowed, self._size)) & ~taken
        return tf.where(chosen, ends, changed)


def _ranks(values):
    """Of an image's values (B, H, W, 1), the largest is the first, and so on."""
    flat = tf.reshape(values, [tf.shape(values)[0], -1])
    ranks = tf.argsort(tf.argsort(flat, direction="DESCENDING", stable=True))
    return tf.cast(tf.reshape(ranks + 1, tf.shape(values)), tf.float32)


def _length(direction):
    """(B, 1, ...), above 0."""
    square = tf.reduce_sum(direction**2, axis=range(1, direction.shape.rank), keepdims=True)
    return tf.sqrt(tf.maximum(square, 1e-24))


_BALLS = {"linf": _Cube, "l2": _Sphere, "l0": _FewPixels}
