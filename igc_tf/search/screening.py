"""What a search begins with, where it tries many starts at once: the best of them."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.compiled import is_for_xla
from igc_tf.search.objective import Comparison, generate_and_observe
from igc_tf.search.observations import Begun, Explanations, Identity
from igc_tf.search.state import Batch


class Screened(NamedTuple):
    """The k best starts of B examples, of `Screening`.

    Attributes:
        begun: the `Begun` of the explanations.
        origin: int (B, k), the candidates' numbers in the space.
        values: {block: (B, k, D)}.
        losses: (B, K0), of all candidates; of one that was not tried, its class's plain one's.
    """

    begun: Begun
    origin: tf.Tensor
    values: dict
    losses: tf.Tensor

    @property
    def dropped(self):
        """The losses (B, K0) of the others, as `State.dropped`."""
        is_kept = tf.reduce_any(
            self.origin[:, :, np.newaxis] == tf.range(self.losses.shape[1]), axis=1
        )
        return tf.where(is_kept, float("nan"), self.losses)


class Screening:
    """Finds the best starts of a search whose observation has `lenses`.

    A *group* is a class with a start of an explanation. It is generated once, and seen through all
    the lenses: each is a candidate, next to each other. With a `gate`, only each class's *plain*
    candidate is tried at first, that of the first explanation and the first lens, with which
    nothing happened; the others are tried, and judged beside it, where those leave a doubt.

    Args:
        search: the `Search`.

    Attributes:
        groups: a `Search` for the same without the lenses: its candidates are the groups.

    Raises:
        InputError: for a gate without a plain explanation, or with too few of its candidates; for
            several draws.
    """

    def __init__(self, search):
        if search.settings.draws > 1:
            raise InputError(
                f"draws={search.settings.draws!r} with a gate or an observation with lenses: "
                "expected 1"
            )
        if search.settings.gate is not None:
            _check_gate(search)
        self._search = search
        generator, plain = search.generator, search.space.plain
        self._lenses, explanations = search.observation.lenses, search.observation.explanations
        # a search without lenses, and one without all that is observed; these take no plan
        alone = replace(search.settings, plan=None, gate=None)
        make = type(search)
        self.groups = make(generator, plain.observed(explanations), alone)
        self._plain = None if search.settings.gate is None else make(generator, plain, alone)

    def number(self, group, lens):
        """Returns the number among all candidates of a group's that is seen through a lens."""
        return group * self._lenses.num_starts + lens

    def group_and_lens(self, number):
        """The inverse of `number`."""
        return number // self._lenses.num_starts, number % self._lenses.num_starts

    def __call__(self, batch, k):
        """Returns the `Screened` of a complete `Batch`."""
        if self._plain is None:
            return self._all_tried(batch, k)
        state = self._plain.init(batch)
        loss = self._plain.terms(state).loss
        plain = self._plain_tried(batch, loss, state.candidates.values, k)
        is_sure = _lead(loss, self._search.generator.layout) > self._search.settings.gate
        if is_for_xla():
            # how many are doubtful is not known: all are tried
            which = tf.cast(is_sure, tf.int32)
            return _each(
                lambda *two: tf.gather(tf.stack(two, axis=1), which, batch_dims=1),
                self._all_tried(batch, k),
                plain,
            )
        rows = tf.where(~is_sure)
        # not under the condition, whose branches would have gradients of different types
        doubtful = _each(lambda leaf: tf.gather_nd(leaf, rows), batch)

        def others_tried():
            of_all = self._all_tried(doubtful, k)
            return _each(
                lambda leaf, own: tf.tensor_scatter_nd_update(leaf, rows, own), plain, of_all
            )

        # networks take no empty batches
        return tf.cond(tf.size(rows) > 0, others_tried, lambda: plain)

    def _plain_tried(self, batch, loss, values, k):
        """Of the plain candidates alone, of which the loss (B, C) and the values are known."""
        explanations, count = self.groups.observation, tf.shape(loss)[0]

        def neutral(observation, times):
            return tf.tile(observation.neutral[np.newaxis, np.newaxis], [count, times, 1])

        data = tf.repeat(batch.data[:, np.newaxis], explanations.num_starts, axis=1)
        begun = Begun(
            neutral(explanations, explanations.num_starts),
            data,
            data if explanations.undoes else None,
        )
        best = tf.math.top_k(-loss, k).indices
        kept = {name: tf.gather(value, best, batch_dims=1) for name, value in values.items()}
        kept["nuisance"] = neutral(self._search.observation, k)
        # the plain group is the first of its class
        origin = self.number(best * explanations.num_starts, 0)
        losses = tf.repeat(loss, self._search.space.candidates_per_element, axis=1)
        return Screened(begun, origin, kept, losses)

    def _all_tried(self, batch, k):
        """Of all candidates."""
        groups, lenses = self.groups, self._lenses
        # the same for all data
        with tf.init_scope():
            example = Batch(tf.zeros([1, *batch.data.shape[1:]]))
            starts = lenses.start(example, groups.generator).numpy()[0]
        state = groups.init(batch)
        batch, values = state.batch, state.candidates.values
        generated = generate_and_observe(groups.generator, groups.observation, values)[0]
        flat = tf.reshape(generated, [-1, *generated.shape[2:]])
        price = groups.observation.penalty(values["nuisance"])
        for name, block in groups.space.blocks.items():
            if block.restriction is not None:
                price += block.restriction(values[name])
        difference = self._search.settings.data_difference()
        judge = Comparison(difference, batch, groups.space, state.candidates.origin)
        losses = []
        for lens, through in zip(starts, lenses.each(flat, starts), strict=True):
            observed = tf.reshape(through, [-1, generated.shape[1], *through.shape[1:]])
            losses.append(judge(observed) + price + lenses.penalty(lens[np.newaxis, np.newaxis]))
        losses = tf.reshape(tf.stack(losses, axis=2), [-1, self._search.space.num_candidates])
        origin = tf.math.top_k(-losses, k).indices
        group, lens = self.group_and_lens(origin)
        kept = {name: tf.gather(value, group, batch_dims=1) for name, value in values.items()}
        kept["nuisance"] = tf.concat([tf.gather(starts, lens), kept["nuisance"]], axis=2)
        return Screened(batch.begun, origin, kept, losses)


def _check_gate(search):
    """Checks that a search with a `gate` can try the plain explanation first.

    Raises:
        InputError: if there is no such explanation, or too few of its candidates are there.
    """
    observation, (steps, keep) = search.observation, search.plan[0]
    gate = f"gate={search.settings.gate!r}"
    if not isinstance(observation, Explanations) or not all(
        isinstance(part.parts[0], Identity) for part in observation.parts
    ):
        raise InputError(
            f"{gate} and the observation {observation!r}: expected `Explanations`, whose first "
            "explanation and first lens are `Identity()`"
        )
    if search.space.label is None:
        raise InputError(f"{gate}: expected candidates of classes; here the condition is searched")
    plain = search.space.plain.num_candidates
    if steps or keep is None or keep > plain:
        raise InputError(
            f"{gate}, plan={search.settings.plan!r}: expected a plan that begins with (0, K), K at "
            f"most the {plain} candidates of the plain explanation"
        )


def _lead(loss, layout):
    """By what share of its own loss the best candidate (B, K) of a label is ahead; the least."""
    leads = []
    for part in layout.split(loss):
        least = -tf.math.top_k(-part, min(2, part.shape[-1])).values
        leads.append((least[:, -1] - least[:, 0]) / tf.maximum(least[:, 0], 1e-12))
    return tf.reduce_min(tf.stack(leads), axis=0)


def _each(function, *structures):
    """A structure of what a function makes of the tensors that are there."""
    return tf.nest.map_structure(
        lambda *leaves: None if leaves[0] is None else function(*leaves), *structures
    )
