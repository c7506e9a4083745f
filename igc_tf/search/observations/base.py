"""What happened between the generator and the data.

    data ≈ observation(generator(condition, latent), nuisance)

An observation's parameters, the *nuisance*, are searched beside the latent. What bends an image
pays for it: the penalty is part of the loss and of the score.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError


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


@dataclass(frozen=True)
class Parameter:
    """A number that says how far something was bent.

    Attributes:
        name: of it.
        unit: for people, e.g. "pixels".
        low, high: its bounds; values are clipped to them after every step.
        neutral: where nothing is bent.
        usual: how far from `neutral` costs as much as the observation's `weight`; what is further
            is worth telling.
    """

    name: str
    unit: str
    low: float
    high: float
    neutral: float
    usual: float


class Observation:
    """A differentiable model of what may have happened to an image.

    A subclass has `parameters` and `apply`; where the data can tell, also `start` and `undo`.

    Attributes:
        parameters: P of them, each a `Parameter`.
        weight: of the penalty.
        starts: S, how many starts it computes for each example.
        moves: whether the parameters are searched, or stay at their starts; one answer, or (P,).
        unit: what a solver works in: each value / unit; one number, or (P,).
        undoes: whether any of it is undone in the data that are compared; a mask is then not: gaps
            are filled.
    """

    parameters: tuple[Parameter, ...] = ()
    weight: float = 0.0
    starts = 1
    moves = True
    unit = 1.0
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
        """Where the search begins, read off the data, float32 (B, S, P): neutral if not at all."""
        count = tf.shape(batch.data)[0]
        return tf.tile(self.neutral[np.newaxis, np.newaxis], [count, self.starts, 1])

    def apply(self, generated, nuisance):
        """What generated data (N, ...) look like under the nuisance (N or 1, P); differentiable."""
        raise NotImplementedError

    def undo(self, data, nuisance):
        """Data (N, ...) without what the nuisance (N, P) says, as far as that can be undone."""
        return data

    def view(self, data, nuisance):
        """Data (N, ...) as what is generated is compared with them: as they are."""
        return data

    def penalty(self, nuisance):
        """What it costs to bend the data so, (B, K, P) -> (B, K), at least 0.

        weight · Σ ((value - neutral) / usual)².
        """
        usual = np.float32([parameter.usual for parameter in self.parameters])
        return self.weight * tf.reduce_sum(tf.square((nuisance - self.neutral) / usual), axis=-1)

    def begin(self, batch, generator):
        """Returns the `Begun` of a `Batch`."""
        nuisance = self.start(batch, generator)
        data = tf.repeat(batch.data, self.starts, axis=0)
        flat = tf.reshape(nuisance, [-1, nuisance.shape[2]])
        seen, compared = self.undo(data, flat), self.view(data, flat)
        return Begun(
            nuisance,
            tf.reshape(seen, [-1, self.starts, *seen.shape[1:]]),
            tf.reshape(compared, [-1, self.starts, *compared.shape[1:]]),
        )

    def says(self, nuisance):
        """What the nuisance (P,) of one example means, in a few words; "" for nothing to say.

        The parameters that are further from neutral than is usual.
        """
        return ", ".join(
            f"{parameter.name} {value:.2g} {parameter.unit}"
            for parameter, value in zip(self.parameters, nuisance, strict=True)
            if abs(value - parameter.neutral) > parameter.usual
        )


def check_observations(*observations):
    """Checks that what was handed over as observations are such.

    Raises:
        InputError: for anything but an `Observation`.
    """
    for observation in observations:
        if not isinstance(observation, Observation):
            raise InputError(
                f"observation={observation!r}: expected an object of a class derived from "
                "`igc_tf.search.Observation`"
            )


class Identity(Observation):
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
