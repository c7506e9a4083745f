"""What happened between the generator and the data.

    data ≈ observation(generator(condition, latent), nuisance)

An observation's parameters, the *nuisance*, are searched beside the latent. What bends an image
pays for it: the penalty is part of the loss and of the score.
"""

from typing import Protocol

import tensorflow as tf


class Observation(Protocol):
    """A differentiable model of what may have happened to an image.

    Attributes:
        names: of its P parameters.
        units: of each, for people, e.g. "pixels".
        bounds: (low, high) of each; values are clipped to them after every step.
        starts: S, how many starts it computes for each example.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    starts: int

    def start(self, batch, generator):
        """Where the search begins, read off the data: float32 (B, S, P)."""

    def apply(self, generated, nuisance):
        """What generated data (N, ...) look like under the nuisance (N, P); differentiable."""

    def penalty(self, nuisance):
        """What it costs to bend the data so: (B, K, P) -> (B, K), at least 0."""


class Identity:
    """Nothing happened: the data are what was generated."""

    names = ()
    units = ()
    bounds = ()
    starts = 1

    def start(self, batch, generator):
        """No parameters: (B, 1, 0)."""
        return tf.zeros([tf.shape(batch.data)[0], 1, 0])

    def apply(self, generated, nuisance):
        """Returns `generated` as it is."""
        return generated

    def penalty(self, nuisance):
        """Costs nothing, (B, K)."""
        return tf.zeros(tf.shape(nuisance)[:2])
