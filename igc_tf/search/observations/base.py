"""What happened between the generator and the data.

    data ≈ observation(generator(condition, latent), nuisance)

An observation's parameters, the *nuisance*, are searched beside the latent. What bends an image
pays for it: the penalty is part of the loss and of the score.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf


class Begun(NamedTuple):
    """Where the search of B examples begins, with S starts of each.

    Attributes:
        nuisance: float32 (B, S, P).
        seen: float32 (B, S, ...), the data without what happened to them, as far as it can be
            undone: what an encoder is shown.
        compared: likewise, what the generated data are compared with: without what is `Undone`.
            None where nothing is, and all are compared with the data.
    """

    nuisance: tf.Tensor
    seen: tf.Tensor
    compared: tf.Tensor | None


class Observation(Protocol):
    """A differentiable model of what may have happened to an image.

    More is optional: `undo(data, nuisance)`, `begin(batch, generator)`, `moves` and `unit`, as
    `Bent` has them, `says(nuisance)` for a sentence, and `lenses` (see `Explanations`).

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


@dataclass(frozen=True)
class Parameter:
    """A number that says how far something was bent.

    Attributes:
        name: of it.
        unit: for people, e.g. "pixels".
        low, high: its bounds.
        neutral: where nothing is bent.
        usual: how far from `neutral` costs as much as the observation's `weight`.
    """

    name: str
    unit: str
    low: float
    high: float
    neutral: float
    usual: float


class Bent:
    """An observation that declares its parameters; they start neutral, and cost by their squares.

    A subclass has `parameters` and `apply`, and where the data can tell, `start` and `undo`.
    """

    parameters: tuple[Parameter, ...] = ()
    # of the penalty, weight · Σ ((value - neutral) / usual)²
    weight: float = 0.0
    starts = 1
    # whether the parameters are searched, or stay at their starts
    moves = True
    # what a solver works in: each value / unit; one number, or (P,)
    unit = 1.0
    # whether any of it is undone in the data that are compared; a mask is then not: gaps are filled
    undoes = False

    @property
    def names(self):
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def units(self):
        return tuple(parameter.unit for parameter in self.parameters)

    @property
    def bounds(self):
        return tuple((parameter.low, parameter.high) for parameter in self.parameters)

    @property
    def neutral(self):
        """The parameters with which nothing is bent, float32 (P,)."""
        return np.float32([parameter.neutral for parameter in self.parameters])

    def start(self, batch, generator):
        """Neutral, (B, 1, P)."""
        count = tf.shape(batch.data)[0]
        return tf.tile(self.neutral[np.newaxis, np.newaxis], [count, self.starts, 1])

    def apply(self, generated, nuisance):
        """What generated data (N, ...) look like under the nuisance (N or 1, P)."""
        raise NotImplementedError

    def undo(self, data, nuisance):
        """Data (N, ...) without what the nuisance (N, P) says, as far as that can be undone."""
        return data

    def view(self, data, nuisance):
        """Data (N, ...) as what is generated is compared with them: as they are."""
        return data

    def penalty(self, nuisance):
        """weight · Σ ((value - neutral) / usual)², (B, K, P) -> (B, K)."""
        usual = np.float32([parameter.usual for parameter in self.parameters])
        return self.weight * tf.reduce_sum(tf.square((nuisance - self.neutral) / usual), axis=-1)

    def begin(self, batch, generator):
        """Returns the `Begun` of a `Batch`."""
        return _begin(self, batch, generator)

    def says(self, nuisance):
        """What the nuisance (P,) of one example means, in a few words; "" for nothing to say."""
        return ""


def begin(observation, batch, generator):
    """The `Begun` of any `Observation`, also of one that says nothing of undoing."""
    if hasattr(observation, "begin"):
        return observation.begin(batch, generator)
    return _begin(observation, batch, generator)


def _begin(observation, batch, generator):
    nuisance = observation.start(batch, generator)
    starts = observation.starts
    data = tf.repeat(batch.data, starts, axis=0)
    flat = tf.reshape(nuisance, [-1, nuisance.shape[2]])
    seen, compared = (
        getattr(observation, name)(data, flat) if hasattr(observation, name) else data
        for name in ("undo", "view")
    )
    return Begun(
        nuisance,
        tf.reshape(seen, [-1, starts, *seen.shape[1:]]),
        tf.reshape(compared, [-1, starts, *compared.shape[1:]]),
    )


class Identity(Bent):
    """Nothing happened: the data are what was generated."""

    def apply(self, generated, nuisance):
        """Returns `generated` as it is."""
        return generated

    def penalty(self, nuisance):
        """Costs nothing, (B, K)."""
        return tf.zeros(tf.shape(nuisance)[:2])


def column(nuisance, i):
    """Parameter i of a nuisance (N, P), (N, 1, 1, 1): to compute with images."""
    return nuisance[:, i][:, tf.newaxis, tf.newaxis, tf.newaxis]
