"""Where a block's values start: functions (batch, generator) -> float32 (B or 1, K, D)."""

import math

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError


class PriorStart:
    """Draws an example's start from the prior, decided by its index and not by its batch.

    Args:
        prior: the `Prior`.
        size: D.
        seed: with an example's index it decides that example's start.
    """

    def __init__(self, prior, size, seed):
        self._prior = prior
        self._size = size
        self._seed = seed

    def __call__(self, batch, generator):
        """Returns the starts (B, 1, D)."""

        def draw(index):
            return self._prior.sample([1, self._size], [self._seed, index])

        return tf.map_fn(draw, batch.indices, fn_output_signature=tf.float32)


class EncoderStart:
    """The latents that a generator's encoder has for the data and the candidates' conditions.

    Args:
        conditions: float32 (K, C).
        num_starts: S, how many starts an observation has: each condition has a candidate for each
            of them, next to each other; None without one.
    """

    def __init__(self, conditions, num_starts=None):
        # made a constant in the graph that asks: one made here would be an input of it
        self._conditions = conditions[np.newaxis]
        self._num_starts = num_starts

    def observed(self, num_starts):
        """Returns that for so many starts of an observation."""
        return EncoderStart(self._conditions[0], num_starts)

    def __call__(self, batch, generator):
        """Returns the starts (B, K · S, Z).

        Raises:
            InputError: where an observation leaves data of another shape than is generated.
        """
        conditions = tf.constant(self._conditions)
        if self._num_starts is None:
            return generator.encode(batch.filled(generator.background), conditions)
        data = batch.begun.seen
        if not data.shape[2:].is_compatible_with(generator.data_shape):
            raise InputError(
                f"start 'encoder': it is shown data of shape {tuple(data.shape[2:])}: expected "
                f"that of what is generated, {generator.data_shape}, or start='mean'"
            )
        flat = tf.reshape(data, [-1, *data.shape[2:]])
        latents = generator.encode(flat, conditions)
        shape = [-1, self._num_starts, *latents.shape[1:]]
        latents = tf.transpose(tf.reshape(latents, shape), [0, 2, 1, 3])
        return tf.reshape(latents, [-1, latents.shape[1] * self._num_starts, latents.shape[3]])


class Repeated:
    """A start whose every candidate appears several times, next to each other."""

    def __init__(self, start, times):
        self._start = start
        self._times = times

    def __call__(self, batch, generator):
        return tf.repeat(self._start(batch, generator), self._times, axis=1)


class Drawn:
    """A start whose every candidate appears once as it is, and then drawn: `Space.drawn`."""

    def __init__(self, start, settings, prior):
        self._start = start
        self._draws = settings.draws
        self._spread = settings.spread
        self._seed = settings.seed
        self._prior = prior

    def __call__(self, batch, generator):
        start = self._start(batch, generator) - self._prior.mean
        candidates, size = start.shape[1:]
        # a constant in the graph that asks: XLA would draw other numbers
        with tf.init_scope():
            drawn = self._prior.sample([self._draws - 1, size], [self._seed, 0]).numpy()
        moved = drawn - self._prior.mean
        first = start[:, :, tf.newaxis]
        others = math.sqrt(1 - self._spread**2) * first + self._spread * moved
        latents = self._prior.mean + tf.concat([first, others], axis=2)
        return tf.reshape(latents, [-1, candidates * self._draws, size])
