"""A search that is stopped on its way, to keep what it looked like there."""

import numpy as np

from igc_tf.errors import InputError


def check_snapshots(search, snapshots):
    """Checks the numbers of steps after which a search is to be shown.

    Raises:
        InputError: for one that the search does not reach.
    """
    steps = search.settings.steps
    outside = [step for step in snapshots if step not in range(steps + 1)]
    if outside:
        raise InputError(f"snapshots {outside}: expected whole steps in 0..{steps}")


def followed_search(search, batch, history, snapshots):
    """Searches by the plan, and keeps what was asked for on the way.

    Args:
        search: the `Search`.
        batch: a `Batch`.
        history: whether loss and difference of every step are kept.
        snapshots: numbers of steps after which the generated data are kept.

    Returns:
        `(result, found)`: the `Result`; and `snapshots`, {step: (B, C, ...)}, what would be
        reconstructed of each element of the condition if the search ended there; (B, 1, ...) where
        the condition is searched. With a history also `loss_history` and `difference_history`,
        each (B, steps + 1, K). Of candidates that were dropped all is not-a-number; of those that
        a screening drops, also at the start.
    """
    kept, losses, differences = {}, [], []

    def note(state, terms):
        losses.append(_of_all(terms.loss, state, search))
        differences.append(_of_all(terms.difference, state, search))

    stops = range(search.settings.steps) if history else [int(step) for step in snapshots]
    for state in search.follow(batch, stops):
        step, result = int(state.step), None
        if step in snapshots and step not in kept:
            result = search.finish(state)
            kept[step] = _reconstructions(result)
        if history and step > len(losses):
            # those before the step that was taken last
            note(state, state.candidates.terms)
    found = {"snapshots": {step: kept[step] for step in snapshots}}
    if history:
        note(state, search.terms(state))
        found |= {
            "loss_history": np.stack(losses, axis=1),
            "difference_history": np.stack(differences, axis=1),
        }
    return search.finish(state) if result is None else result, found


def _reconstructions(result):
    """What a `Result` makes of the data: (B, C, ...), or (B, 1, ...) without elements."""
    if result.places is None:
        return result.of_best(result.generated).numpy()[:, np.newaxis]
    return result.per_element(result.generated).numpy()


def _of_all(values, state, search):
    """What is known of the candidates that are left (B, k), as (B, K) of all."""
    origin = state.candidates.origin.numpy()
    everyone = np.full([len(origin), search.space.num_candidates], np.nan, np.float32)
    everyone[np.arange(len(origin))[:, np.newaxis], origin] = values
    return everyone
