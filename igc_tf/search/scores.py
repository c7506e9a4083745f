"""What a search's candidates are judged by in the end."""

import tensorflow as tf

from igc_tf.search.objective import Comparison


def candidate_scores(search, batch, origin, terms, observed):
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
        judge = Comparison(decision, batch, search.space, origin)
        return -(judge(observed) + terms.penalty)
    places = tf.math.top_k(-terms.loss, contenders).indices
    penalty, loss, observed, origin = (
        tf.gather(tensor, places, batch_dims=1)
        for tensor in (terms.penalty, terms.loss, observed, origin)
    )
    judge = Comparison(decision, batch, search.space, origin)
    score = -(judge(observed) + penalty)
    # the others rank below them, by their losses
    others = tf.reduce_min(score, axis=1) + tf.reduce_max(loss, axis=1)
    is_contender = tf.one_hot(places, candidates)
    return tf.where(
        tf.reduce_any(is_contender > 0, axis=1),
        tf.reduce_sum(is_contender * score[..., tf.newaxis], axis=1),
        others[:, tf.newaxis] - terms.loss,
    )


def element_scores(search, score, labels, dropped):
    """`Result.scores` and `Result.places`, (B, C).

    Args:
        search: the `Search`.
        score: (B, K), from `candidate_scores`.
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
    if score.shape[1] == space.num_candidates:
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
