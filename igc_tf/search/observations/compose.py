"""Observations made of observations: one after another, one or another, undone in the data."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.compiled import is_for_xla
from igc_tf.search.observations.base import Begun, Observation, Parameter, check_observations


class Undone(Observation):
    """An observation that is undone in the data, and not applied to what is generated.

    Its parameters stay where they start. What is generated is then compared with data to which,
    if the explanation holds, nothing has happened: faint data count as much as others.

    Args:
        observation: an `Observation` that has `undo`.

    Raises:
        InputError: for anything else.
    """

    moves = False
    undoes = True

    def __init__(self, observation):
        check_observations(observation)
        self.observation = observation
        self.parameters = observation.parameters
        self.num_starts = observation.num_starts

    def __repr__(self):
        return _called(self, self.observation)

    def check(self, generator):
        """See `Observation.check`."""
        self.observation.check(generator)

    def shape_of(self, shape):
        """That of the observation."""
        return self.observation.shape_of(shape)

    def start(self, batch, generator):
        """That of the observation."""
        return self.observation.start(batch, generator)

    def begin(self, batch, generator):
        """See `Observation.begin`; what is seen is also what is compared."""
        begun = self.observation.begin(batch, generator)
        return begun._replace(compared=begun.seen)

    def apply(self, generated, nuisance):
        """Nothing: it was undone."""
        return generated

    def undo(self, data, nuisance):
        """See `Observation.undo`."""
        return self.observation.undo(data, nuisance)

    def view(self, data, nuisance):
        """What is compared: the data, undone."""
        return self.observation.undo(data, nuisance)

    def penalty(self, nuisance):
        """That of the observation."""
        return self.observation.penalty(nuisance)

    def says(self, nuisance):
        """See `Observation.says`."""
        return self.observation.says(nuisance)


class Compose(Observation):
    """One observation after another: the first is applied to what is generated, the last is seen.

    Starts are read off the data from the last to the first, each off what is left once those after
    it are undone; with several starts, all their combinations are starts.

    Args:
        parts: observations, whose parameters have different names.

    Raises:
        InputError: for parts of which two have a parameter of one name, or that are none.
    """

    def __init__(self, *parts):
        check_observations(*parts)
        self.parts = parts
        self.parameters = tuple(parameter for part in parts for parameter in part.parameters)
        if len(set(self.names)) < len(self.names):
            raise InputError(f"names {self.names}: expected parts whose parameters differ in name")
        self.num_starts = int(np.prod([part.num_starts for part in parts]))
        self.moves, self.unit = np.zeros([1, 0], bool), np.float32(_of_all(parts, "unit"))
        for part in reversed(parts):
            # in the order of the starts
            own = np.tile(part.moves_of_each, [len(self.moves), 1])
            rest = np.repeat(self.moves, part.num_starts, axis=0)
            self.moves = np.concatenate([own, rest], axis=1)
        self.undoes = any(part.undoes for part in parts)

    def __repr__(self):
        return _called(self, *self.parts)

    def check(self, generator):
        """See `Observation.check`."""
        for part in self.parts:
            part.check(generator)

    def shape_of(self, shape):
        """See `Observation.shape_of`: one after another."""
        for part in self.parts:
            shape = part.shape_of(shape)
        return shape

    def start(self, batch, generator):
        """All combinations of starts (B, S, P)."""
        return self.begin(batch, generator).nuisance

    def begin(self, batch, generator):
        """See `Observation.begin`."""
        data = batch.data[:, tf.newaxis]
        begun = Begun(tf.zeros([tf.shape(data)[0], 1, 0]), data, data)
        for part in reversed(self.parts):
            seen, compared = _flat(begun.seen), _flat(begun.compared)
            nuisance = part.checked_start(batch._replace(data=seen, visible=None), generator)
            there = part.num_starts
            seen, compared = tf.repeat(seen, there, axis=0), tf.repeat(compared, there, axis=0)
            seen, compared = part.undo(seen, _flat(nuisance)), part.view(compared, _flat(nuisance))
            starts = begun.nuisance.shape[1] * there
            nuisance = tf.reshape(nuisance, [-1, starts, nuisance.shape[2]])
            begun = Begun(
                tf.concat([nuisance, tf.repeat(begun.nuisance, there, axis=1)], axis=2),
                *(tf.reshape(d, [-1, starts, *d.shape[1:]]) for d in (seen, compared)),
            )
        return begun

    def apply(self, generated, nuisance):
        """One after another."""
        for part, own in zip(self.parts, self._split(nuisance), strict=True):
            generated = part.apply(generated, own)
        return generated

    def undo(self, data, nuisance):
        """The last first."""
        for part, own in reversed([*zip(self.parts, self._split(nuisance), strict=True)]):
            data = part.undo(data, own)
        return data

    def view(self, data, nuisance):
        """Without what is `Undone`, the last first."""
        for part, own in reversed([*zip(self.parts, self._split(nuisance), strict=True)]):
            data = part.view(data, own)
        return data

    def undone(self, nuisance):
        """See `Observation.undone`."""
        split = self._split(nuisance)
        each = [part.undone(own) for part, own in zip(self.parts, split, strict=True)]
        return np.concatenate(each, axis=1)

    def penalty(self, nuisance):
        """The sum of the parts'."""
        split = self._split(nuisance)
        return tf.add_n([part.penalty(own) for part, own in zip(self.parts, split, strict=True)])

    def says(self, nuisance):
        """See `Observation.says`."""
        split = self._split(nuisance)
        words = [part.says(own) for part, own in zip(self.parts, split, strict=True)]
        return ", ".join(filter(None, words))

    def _split(self, nuisance):
        """Each part's own parameters, of a nuisance (..., P)."""
        ends = np.cumsum([0, *(len(part.parameters) for part in self.parts)])
        return [nuisance[..., a:b] for a, b in pairwise(ends)]


class AnyOf(Observation):
    """One observation or another: several explanations of an image, searched side by side.

    Each explanation contributes its starts as extra candidates per class. The first parameter is
    the explanation's number. Parameters with the same name share a column, within the bounds of any
    of them; an explanation without that parameter has the neutral value there. A column moves for
    the starts of those explanations alone that move it.

    Args:
        parts: observations; put `Identity()` among them, or the plain explanation is lost.
        prices: what each costs beside its own penalty, in units of the score; None for nothing.
        name: of the parameter that says which.

    Raises:
        InputError: for another number of prices, parts that are no observations, or parameters of
            one name with different neutral values.
    """

    def __init__(self, *parts, prices=None, name="explanation"):
        check_observations(*parts)
        self.parts = parts
        self.prices = tuple(prices) if prices is not None else (0.0,) * len(parts)
        if len(self.prices) != len(parts):
            raise InputError(f"prices={prices!r}: expected one for each of {len(parts)} parts")
        which = Parameter(name, "number", 0.0, len(parts) - 1.0, 0.0, float("inf"))
        known = {}
        for parameter in (parameter for part in parts for parameter in part.parameters):
            known[parameter.name] = _either(known.get(parameter.name, parameter), parameter)
        self.parameters = (which, *known.values())
        self.num_starts = sum(part.num_starts for part in parts)
        places = {parameter.name: i for i, parameter in enumerate(self.parameters)}
        self._places = [np.int32([places[p.name] for p in part.parameters]) for part in parts]
        self.unit = np.ones(len(self.parameters), np.float32)
        self.unit[np.concatenate(self._places)] = _of_all(parts, "unit")
        self.moves = np.zeros([self.num_starts, len(self.parameters)], bool)
        ends = np.cumsum([0, *(part.num_starts for part in parts)])
        for part, places, (a, b) in zip(parts, self._places, pairwise(ends), strict=True):
            self.moves[a:b, places] = part.moves_of_each
        self.undoes = any(part.undoes for part in parts)

    def __repr__(self):
        return _called(self, *self.parts, prices=self.prices, name=self.parameters[0].name)

    def check(self, generator):
        """See `Observation.check`."""
        for part in self.parts:
            part.check(generator)
        shapes = {part.shape_of(generator.data_shape) for part in self.parts}
        if len(shapes) > 1:
            raise InputError(
                f"explanations of data of shapes {sorted(shapes)}: expected the same of all"
            )

    def shape_of(self, shape):
        """That of any part."""
        return self.parts[0].shape_of(shape)

    def start(self, batch, generator):
        """The starts of all, one after another (B, S, P)."""
        starts = [part.start(batch, generator) for part in self.parts]
        return tf.concat([self._placed(i, start) for i, start in enumerate(starts)], axis=1)

    def begin(self, batch, generator):
        """See `Observation.begin`."""
        all_begun = [part.begin(batch, generator) for part in self.parts]
        nuisance = [self._placed(i, begun.nuisance) for i, begun in enumerate(all_begun)]
        return Begun(
            tf.concat(nuisance, axis=1),
            tf.concat([begun.seen for begun in all_begun], axis=1),
            tf.concat([begun.compared for begun in all_begun], axis=1),
        )

    def apply(self, generated, nuisance):
        """By the explanation that each nuisance names."""
        return self._chosen(nuisance, [part.apply for part in self.parts], generated)

    def each(self, generated, starts):
        """What generated data look like by each of some starts.

        Args:
            generated: float32 (N, ...).
            starts: a NumPy array (S, P): as numbers, of which an observation may make use.

        Yields:
            What is observed (N, ...), in their order.
        """
        for start in starts[:, np.newaxis]:
            which = round(float(start[0, 0]))
            yield self.parts[which].apply(generated, start[:, self._places[which]])

    def undo(self, data, nuisance):
        """By the explanation that each nuisance names."""
        return self._chosen(nuisance, [part.undo for part in self.parts], data)

    def view(self, data, nuisance):
        """By the explanation that each nuisance names."""
        return self._chosen(nuisance, [part.view for part in self.parts], data)

    def undone(self, nuisance):
        """By the explanation that each nuisance names."""
        undone, which = np.zeros(nuisance.shape, bool), np.rint(nuisance[:, 0])
        for i, (part, places) in enumerate(zip(self.parts, self._places, strict=True)):
            own = np.ix_(which == i, places)
            undone[own] = part.undone(nuisance[own])
        return undone

    def penalty(self, nuisance):
        """The price of the explanation and its own penalty, (B, K, P) -> (B, K)."""
        costs = [
            price + part.penalty(tf.gather(nuisance, places, axis=-1))
            for part, price, places in zip(self.parts, self.prices, self._places, strict=True)
        ]
        which = tf.cast(tf.round(nuisance[..., 0]), tf.int32)
        return tf.reduce_sum(tf.stack(costs, -1) * tf.one_hot(which, len(costs)), axis=-1)

    def says(self, nuisance):
        """See `Observation.says`."""
        which = round(float(nuisance[0]))
        return self.parts[which].says(np.asarray(nuisance)[self._places[which]])

    def _placed(self, i, own):
        """The whole nuisance (B, s, P) of what part i has (B, s, p)."""
        rest, places = np.array(self.neutral, np.float32), self._places[i]
        rest[0] = i
        order = np.arange(len(rest))
        order[places] = len(rest) + np.arange(len(places))
        rest = tf.broadcast_to(rest, [*tf.unstack(tf.shape(own)[:2]), len(rest)])
        return tf.gather(tf.concat([rest, own], axis=-1), order, axis=-1)

    def _chosen(self, nuisance, functions, data):
        """data (N, ...) through the function that each nuisance (N or 1, P) names."""
        which = tf.cast(tf.round(nuisance[:, 0]), tf.int32)
        which = tf.broadcast_to(which, tf.shape(data)[:1])
        nuisance = tf.broadcast_to(nuisance, [tf.shape(data)[0], nuisance.shape[1]])
        each = [*zip(functions, self._places, strict=True)]
        if is_for_xla():
            # their numbers are not known: each function works on all
            results = [
                function(data, tf.gather(nuisance, places, axis=1)) for function, places in each
            ]
            return tf.gather(tf.stack(results, axis=1), which, batch_dims=1)
        rows, results = [], []
        for i, (function, places) in enumerate(each):
            # each function works on its own examples only
            own = tf.where(which == i)[:, 0]
            chosen = tf.gather(tf.gather(nuisance, own), places, axis=1)
            rows.append(tf.cast(own, tf.int32))
            results.append(function(tf.gather(data, own), chosen))
        stitched = tf.dynamic_stitch(rows, results)
        return tf.ensure_shape(stitched, [None, *results[0].shape[1:]])


class Explanations(Compose):
    """What is undone in the data, one explanation or another, and a lens in front of the generator.

    Args:
        explanations: an `AnyOf`, of what is `Undone` in the data.
        lenses: an `AnyOf` whose starts are the same for all data: what a generated image is seen
            through. A search tries all of them on what it has generated once (`Search.screen`).
    """

    def __init__(self, explanations, lenses):
        super().__init__(lenses, explanations)
        self.explanations = explanations
        self.lenses = lenses

    def __repr__(self):
        return _called(self, self.explanations, self.lenses)


def _called(observation, *given, **named):
    """An observation's `repr`: the call that makes it."""
    given = [*map(repr, given), *(f"{name}={value!r}" for name, value in named.items())]
    return f"{type(observation).__name__}({', '.join(given)})"


def _either(one, other):
    """A parameter with the bounds of two of one name.

    Raises:
        InputError: if their neutral values differ.
    """
    if one.neutral != other.neutral:
        raise InputError(
            f"parameters {one.name!r} are neutral at {one.neutral:g} and at {other.neutral:g}: "
            "expected the same in all parts that share a name"
        )
    return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))


def _of_all(parts, name):
    """An attribute of the parameters of all parts, one after another."""
    each = [np.broadcast_to(getattr(part, name), len(part.parameters)) for part in parts]
    return np.concatenate(each)


def _flat(tensor):
    """(B, S, ...) as (B · S, ...)."""
    return tf.reshape(tensor, [-1, *tensor.shape[2:]])
