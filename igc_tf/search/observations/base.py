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
from igc_tf.ranges import widened


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

    Raises:
        InputError: for bounds in the wrong order, or if nothing is usual.
    """

    name: str
    unit: str
    low: float
    high: float
    neutral: float
    usual: float

    def __post_init__(self):
        if not self.low <= self.high:
            raise InputError(f"{self}: expected low <= high")
        if not self.usual > 0:
            raise InputError(f"{self}: expected usual > 0")


class Observation:
    """A differentiable model of what may have happened to an image.

    A subclass has `parameters` and `apply`; where the data can tell, also `start` and `undo`.
    Results and exports say by its `repr` what it is: that of a dataclass has all its fields; that
    of other objects, as long as they have no `__repr__`, is another in every process.

    Attributes:
        parameters: P of them, each a `Parameter`.
        weight: of the penalty.
        num_starts: S, how many starts it computes for each example.
        moves: whether the parameters are searched, or stay at their starts; one answer, (P,), or
            (S, P), for each start its own.
        unit: what a solver works in: each value / unit; one number, or (P,).
        undoes: whether any of it is undone in the data that are compared; a mask is then not: gaps
            are filled.
    """

    parameters: tuple[Parameter, ...] = ()
    weight: float = 0.0
    num_starts = 1
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

    @property
    def moves_of_each(self):
        """`moves` of each start and parameter, bool (S, P)."""
        return np.broadcast_to(self.moves, [self.num_starts, len(self.parameters)])

    def shape_of(self, shape):
        """The shape of what is observed of data of a shape (without N): the same, as a rule."""
        return tuple(shape)

    def start(self, batch, generator):
        """Where the search begins, read off the data, float32 (B, S, P): neutral if not at all."""
        count = tf.shape(batch.data)[0]
        return tf.tile(self.neutral[np.newaxis, np.newaxis], [count, self.num_starts, 1])

    def checked_start(self, batch, generator):
        """Returns what `start` says.

        Raises:
            InputError: if that is not (B, S, P).
        """
        start = self.start(batch, generator)
        expected = (self.num_starts, len(self.parameters))
        if tuple(start.shape[1:]) != expected:
            raise InputError(
                f"{type(self).__name__} starts at {tuple(start.shape)}: expected (N, starts, "
                f"parameters), (N, {expected[0]}, {expected[1]})"
            )
        return start

    def apply(self, generated, nuisance):
        """What generated data (N, ...) look like under the nuisance (N or 1, P); differentiable."""
        raise NotImplementedError

    def undo(self, data, nuisance):
        """Data (N, ...) without what the nuisance (N, P) says, as far as that can be undone.

        Of the shape of what is generated.
        """
        return data

    def view(self, data, nuisance):
        """Data (N, ...) as what is generated is compared with them: as they are."""
        return data

    def undone(self, nuisance):
        """Which parameters of nuisances (N, P), an array, are undone in what is compared (N, P)."""
        return np.full(nuisance.shape, self.undoes)

    def penalty(self, nuisance):
        """What it costs to bend the data so, (B, K, P) -> (B, K), at least 0.

        weight · Σ ((value - neutral) / usual)².
        """
        usual = np.float32([parameter.usual for parameter in self.parameters])
        return self.weight * tf.reduce_sum(tf.square((nuisance - self.neutral) / usual), axis=-1)

    def begin(self, batch, generator):
        """Returns the `Begun` of a `Batch`."""
        nuisance = self.checked_start(batch, generator)
        data = tf.repeat(batch.data, self.num_starts, axis=0)
        flat = tf.reshape(nuisance, [-1, nuisance.shape[2]])
        seen, compared = self.undo(data, flat), self.view(data, flat)
        return Begun(
            nuisance,
            tf.reshape(seen, [-1, self.num_starts, *seen.shape[1:]]),
            tf.reshape(compared, [-1, self.num_starts, *compared.shape[1:]]),
        )

    def check(self, generator):
        """Checks that it suits what a `Generator` makes; nothing is to be checked here.

        Raises:
            InputError: if it does not.
        """

    def says(self, nuisance):
        """What the nuisance (P,) of one example means, in a few words; "" for nothing to say.

        The parameters that are further from neutral than is usual.
        """
        return ", ".join(
            f"{parameter.name} {value:.2g} {parameter.unit}"
            for parameter, value in zip(self.parameters, nuisance, strict=True)
            if abs(value - parameter.neutral) > parameter.usual
        )


class ImageObservation(Observation):
    """What may have happened to images (N, height, width, channels), and to nothing else.

    Of a subclass, `low`, `high` and `background` are values of these images.
    """

    def check(self, generator):
        """See `Observation.check`."""
        name, shape = type(self).__name__, generator.data_shape
        if len(shape) != 3:
            raise InputError(
                f"{name}: the generator {generator.name!r} makes data of shape {shape}: expected "
                "images (height, width, channels)"
            )
        low, high = widened(generator.bounds)
        for which in ("low", "high", "background"):
            value = getattr(self, which, low)
            if not low <= value <= high:
                raise InputError(
                    f"{name}({which}={value:g}): expected a value of what the generator "
                    f"{generator.name!r} makes, within {generator.bounds}"
                )


def check_observations(*observations):
    """Checks that what was handed over as observations are such.

    Raises:
        InputError: for anything but an `Observation`, or one without `apply`; or for none at all.
    """
    if not observations:
        raise InputError("no observations: expected one at least")
    for observation in observations:
        if not isinstance(observation, Observation):
            raise InputError(
                f"observation={observation!r}: expected an object of a class derived from "
                "`igc_tf.search.Observation`"
            )
        if getattr(observation.apply, "__func__", None) is Observation.apply:
            raise InputError(
                f"observation={observation!r}: expected that its class "
                f"{type(observation).__name__} has a method `apply`"
            )


class Identity(Observation):
    """Nothing happened: the data are what was generated."""

    def __repr__(self):
        return f"{type(self).__name__}()"

    def apply(self, generated, nuisance):
        """Returns `generated` as it is."""
        return generated

    def penalty(self, nuisance):
        """Costs nothing, (B, K)."""
        return tf.zeros(tf.shape(nuisance)[:2])


def column(nuisance, i):
    """Parameter i of a nuisance (N, P), (N, 1, 1, 1): to compute with images."""
    return nuisance[:, i][:, tf.newaxis, tf.newaxis, tf.newaxis]
