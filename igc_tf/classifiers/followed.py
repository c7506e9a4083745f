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
        `(result, found)`: the `Result`; and `snapshots`, {step: (B, K, ...)}, and with a history
        `loss_history` and `difference_history`, each (B, steps + 1, K). Of candidates that were
        dropped all is not-a-number.
    """
    done, kept = 0, {}
    histories = {"loss_history": [], "difference_history": []}
    if 0 in snapshots:
        # what a gate leaves untried cannot be shown
        has_gate = search.settings.gate is not None
        first = search.screen(batch, search.plan[0][1]) if has_gate else search.init(batch)
        kept[0] = _of_all(search.show(first)[0], first, search)

    def note(state, terms):
        for name, seen in zip(histories, (terms.loss, terms.difference), strict=True):
            histories[name].append(_of_all(seen, state, search))

    def advance(state, steps):
        nonlocal done
        end = done + steps
        for stop in range(done + 1, end + 1):
            if not (history or stop in snapshots or stop == end):
                continue
            state, done = search.advance(state, stop - done), stop
            if history:
                note(state, state.candidates.terms)
            if stop in snapshots:
                kept[stop] = _of_all(search.show(state)[0], state, search)
        return state

    state = search.follow(batch, advance)
    found = {"snapshots": {step: kept[step] for step in snapshots}}
    if history:
        note(state, search.terms(state))
        found |= {name: np.stack(seen, axis=1) for name, seen in histories.items()}
    return search.finish(state), found


def _of_all(values, state, search):
    """What is known of the candidates that are left (B, k, ...), as (B, K, ...) of all."""
    origin = state.candidates.origin.numpy()
    everyone = np.full(
        [len(origin), search.space.candidates, *values.shape[2:]], np.nan, np.float32
    )
    everyone[np.arange(len(origin))[:, np.newaxis], origin] = values
    return everyone
