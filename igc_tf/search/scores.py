"""What a search's candidates are judged by: when it begins, by many starts; and in the end."""

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.objective import Compared, generate_and_observe
from igc_tf.search.observations import Begun, Identity
from igc_tf.search.state import Batch


def screened(search, groups, plain, batch, k):
    """The k best starts of an observation with `lenses`.

    With a `gate`, of each example's starts only the plain ones are tried at first: those of the
    first explanation, seen through the first lens, with which nothing happened. The others are
    tried, and judged beside them, where those leave a doubt.

    Args:
        search: the `Search`.
        groups: a `Search` for the same without the lenses.
        plain: a `Search` for the same without the observation; None without a gate.
        batch: a complete `Batch`.
        k: how many candidates are kept.

    Returns:
        `(batch, chosen, values, dropped)`: the batch with what its observation begins with; the
        candidates' numbers, int (B, k); their values {block: (B, k, D)}; and the losses (B, K0) of
        the others, not-a-number for the chosen. Where they were not tried, it is that of their
        class's plain candidate.
    """
    if plain is None:
        return _all_tried(search, groups, batch, k)
    state = plain.init(batch)
    loss = plain.terms(state).loss
    is_sure = _lead(loss, search.generator.layout) > search.settings.gate
    rows = [tf.where(chosen)[:, 0] for chosen in (is_sure, ~is_sure)]
    sure, doubtful = (_rows((state.batch, loss, state.candidates.values), of) for of in rows)
    parts = [
        _plain_tried(search, groups, *sure, k),
        tf.cond(
            tf.size(rows[1]) > 0,
            lambda: _all_tried(search, groups, doubtful[0], k),
            # none: networks take no empty batches
            lambda: _plain_tried(search, groups, *doubtful, k),
        ),
    ]
    rows = [tf.cast(of, tf.int32) for of in rows]

    def together(*leaves):
        if leaves[0] is None:
            return None
        return tf.ensure_shape(tf.dynamic_stitch(rows, leaves), [None, *leaves[0].shape[1:]])

    return tf.nest.map_structure(together, *parts)


def check_gate(search):
    """Checks that a search with a `gate` can try the plain explanation first.

    Raises:
        InputError: if there is no such explanation, or too few of its candidates are there.
    """
    observation, (steps, keep) = search.observation, search.plan[0]
    gate = f"gate={search.settings.gate!r}"
    if not hasattr(observation, "lenses") or not all(
        isinstance(part.parts[0], Identity) for part in observation.parts
    ):
        raise InputError(
            f"{gate} and the observation {observation!r}: expected `Explanations`, whose first "
            "explanation and first lens are `Identity()`"
        )
    plain = search.space.plain.candidates
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


def _rows(structure, rows):
    return tf.nest.map_structure(
        lambda leaf: None if leaf is None else tf.gather(leaf, rows), structure
    )


def _plain_tried(search, groups, batch, loss, values, k):
    """`screened` where only the plain candidates are tried, of which loss and values are known."""
    explanations, starts = groups.observation, groups.observation.starts
    neutral = [
        tf.tile(of.neutral[np.newaxis, np.newaxis], [tf.shape(loss)[0], count, 1])
        for of, count in ((explanations, starts), (search.observation, k))
    ]
    data = tf.repeat(batch.data[:, tf.newaxis], starts, axis=1)
    begun = Begun(neutral[0], data, data if explanations.undoes else None)
    best = tf.math.top_k(-loss, k).indices
    kept = {name: tf.gather(value, best, batch_dims=1) for name, value in values.items()}
    kept["nuisance"] = neutral[1]
    # a class's candidates are next to each other, the plain one is the first
    chosen = best * search.space.starts
    dropped = _dropped(chosen, tf.repeat(loss, search.space.starts, axis=1))
    return batch._replace(begun=begun), chosen, kept, dropped


def _all_tried(search, groups, batch, k):
    """`screened` where all lenses are tried on what is generated once of each explanation."""
    lenses, candidates = search.observation.lenses, search.space.candidates
    # the same for all data
    with tf.init_scope():
        example = Batch(tf.zeros([1, *batch.data.shape[1:]]))
        starts = lenses.start(example, search.generator).numpy()[0]
    state = groups.init(batch)
    batch, values = state.batch, state.candidates.values
    generated = generate_and_observe(groups.generator, groups.observation, values)[0]
    flat = tf.reshape(generated, [-1, *generated.shape[2:]])
    price = groups.observation.penalty(values["nuisance"])
    for name, block in groups.space.blocks.items():
        if block.restriction is not None:
            price += block.restriction(values[name])
    difference = search.settings.data_difference()
    judge = Compared(difference, batch, groups.space, state.candidates.origin)
    losses = []
    for lens, through in zip(starts, lenses.each(flat, starts), strict=True):
        observed = tf.reshape(through, [-1, generated.shape[1], *through.shape[1:]])
        losses.append(judge(observed) + price + lenses.penalty(lens[np.newaxis, np.newaxis]))
    # (B, K0): a group's lenses are next to each other
    loss = tf.reshape(tf.stack(losses, axis=2), [-1, candidates])
    chosen = tf.math.top_k(-loss, k).indices
    group, lens = chosen // lenses.starts, chosen % lenses.starts
    kept = {name: tf.gather(value, group, batch_dims=1) for name, value in values.items()}
    kept["nuisance"] = tf.concat([tf.gather(starts, lens), kept["nuisance"]], axis=2)
    return batch, chosen, kept, _dropped(chosen, loss)


def _dropped(chosen, loss):
    """The losses (B, K0), not-a-number for the chosen (B, k)."""
    is_kept = tf.reduce_any(chosen[:, :, None] == tf.range(loss.shape[1]), axis=1)
    return tf.where(is_kept, float("nan"), loss)


def judged(search, batch, origin, terms, observed):
    """What the candidates are judged by, (B, K).

    Args:
        search: the `Search`, whose settings say by what.
        batch: the `Batch`.
        origin: int (B, K), the candidates' numbers in the space.
        terms: their `Terms`.
        observed: (B, K, ...), what was generated and observed.
    """
    settings = search.settings
    decision = settings.decision_difference()
    if decision == "loss":
        return -terms.loss
    if decision == "difference":
        return -(terms.difference + terms.penalty)
    candidates, contenders = terms.loss.shape[1], settings.contenders
    if contenders is None or contenders >= candidates:
        judge = Compared(decision, batch, search.space, origin)
        return -(judge(observed) + terms.penalty)
    places = tf.math.top_k(-terms.loss, contenders).indices
    penalty, loss, observed, origin = (
        tf.gather(tensor, places, batch_dims=1)
        for tensor in (terms.penalty, terms.loss, observed, origin)
    )
    judge = Compared(decision, batch, search.space, origin)
    score = -(judge(observed) + penalty)
    # the others rank below them, by their losses
    others = tf.reduce_min(score, axis=1) + tf.reduce_max(loss, axis=1)
    is_contender = tf.one_hot(places, candidates)
    return tf.where(
        tf.reduce_any(is_contender > 0, axis=1),
        tf.reduce_sum(is_contender * score[..., tf.newaxis], axis=1),
        others[:, tf.newaxis] - terms.loss,
    )


def per_element(search, score, labels, dropped):
    """`Result.scores` and `Result.places`, (B, C).

    Args:
        search: the `Search`.
        score: (B, K), from `judged`.
        labels: int (B, K), the element of the condition that each candidate argues for.
        dropped: (B, K0), of the `State`.
    """
    space, temperature = search.space, search.settings.evidence
    elements = int(space.label.max()) + 1

    def of_each(score, labels):
        is_for = labels[..., None] == tf.range(elements)
        return tf.where(is_for, score[..., None], -float("inf"))

    candidates = of_each(score, labels)
    kept = tf.reduce_max(candidates, axis=1)
    places = tf.argmax(candidates, axis=1, output_type=tf.int32)
    if temperature is not None:
        # what others of a class add to its best one: each at most as much as that
        behind = candidates - tf.where(tf.math.is_finite(kept), kept, 0.0)[:, tf.newaxis]
        total = tf.reduce_sum(tf.exp(behind / temperature), axis=1)
        kept += temperature * tf.math.log(tf.maximum(total, 1.0))
    if score.shape[1] == space.candidates:
        return kept, places
    then = tf.where(tf.math.is_nan(dropped), -float("inf"), -dropped)
    then = tf.reduce_max(of_each(then, tf.constant(space.label, tf.int32)), axis=1)
    # below what was kept, if need be shifted together
    least = tf.reduce_min(score, axis=1, keepdims=True)
    ceiling = least - 1e-6 * (1.0 + tf.abs(least))
    was_kept = tf.math.is_finite(kept)
    highest = tf.reduce_max(tf.where(was_kept, -float("inf"), then), axis=1, keepdims=True)
    then -= tf.maximum(highest - ceiling, 0.0)
    return tf.where(was_kept, kept, then), tf.where(was_kept, places, -1)
