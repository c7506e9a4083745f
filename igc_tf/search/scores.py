"""What a search's candidates are judged by: when it begins, by many starts; and in the end."""

import tensorflow as tf

from igc_tf.search.objective import Compared, generate_and_observe
from igc_tf.search.state import Batch


def tried(search, groups, batch, k):
    """The k best starts of an observation with `lenses`, tried on what is generated once.

    Args:
        search: the `Search`.
        groups: a `Search` for the same without the lenses.
        batch: a complete `Batch`.
        k: how many candidates are kept.

    Returns:
        `(batch, chosen, values, dropped)`: the batch with what its observation begins with; the
        candidates' numbers, int (B, k); their values {block: (B, k, D)}; and the losses (B, K0) of
        the others, not-a-number for the chosen.
    """
    lenses, candidates = search.observation.lenses, search.space.candidates
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
    losses, starts = [], []
    for lens, through in lenses.each(flat, Batch(batch.data[:1])):
        observed = tf.reshape(through, [-1, generated.shape[1], *through.shape[1:]])
        losses.append(judge(observed) + price + lenses.penalty(lens[:, tf.newaxis]))
        starts.append(lens)
    # (B, K0): a group's lenses are next to each other
    loss = tf.reshape(tf.stack(losses, axis=2), [-1, candidates])
    chosen = tf.math.top_k(-loss, k).indices
    group, lens = chosen // lenses.starts, chosen % lenses.starts
    kept = {name: tf.gather(value, group, batch_dims=1) for name, value in values.items()}
    through = tf.gather(tf.concat(starts, axis=0), lens)
    kept["nuisance"] = tf.concat([through, kept["nuisance"]], axis=2)
    is_kept = tf.reduce_any(chosen[:, :, None] == tf.range(candidates), axis=1)
    return batch, chosen, kept, tf.where(is_kept, float("nan"), loss)


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
