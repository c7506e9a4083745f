"""The search engine: one loop for every classifier, its state a public value.

    state = search.init(batch)
    state = search.advance(state, 8)
    state = search.keep(state, search.best(state, 5))
    result = search.finish(search.advance(state, 8))

A search minimises, for B examples and K candidates of each, all at once,

    Σ_examples Σ_candidates [ difference(data, observed(G(values))) + restrictions + penalty ]

(the paper, §1.2). The sum separates and solvers work candidate by candidate, so that no candidate
and no example influences another: batches of any size give the same answer. Keep it so.
"""

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.compiled import Compiled
from igc_tf.search.objective import Objective, Terms, generate_and_observe, views_of
from igc_tf.search.observations import Explanations
from igc_tf.search.scores import candidate_scores, element_scores
from igc_tf.search.screening import Screening
from igc_tf.search.solvers import first_state, next_step
from igc_tf.search.state import Batch, Candidates, Result, State


class Search:
    """Searches, by descent, for the inputs of a generator that reproduce given data.

    Args:
        generator: a `Generator`.
        space: a `Space`.
        settings: a `SearchSettings`.

    Raises:
        InputError: for a space that cannot be searched, or a plan that keeps too many candidates.
    """

    def __init__(self, generator, space, settings):
        space.check()
        self.generator = generator
        self.space = space
        self.settings = settings
        self.observation = space.observation
        self.observation.check(generator)
        # whether views of the data are compared, in which something is undone
        self.undoes = self.observation.undoes
        self.plan = settings.stages(space.num_candidates)
        self._difference = settings.data_difference()
        self._solver = settings.solver()
        self._patience = settings.convergence()
        self._call = Compiled(settings.jit_compile)
        has_lenses = isinstance(self.observation, Explanations)
        is_screened = has_lenses or settings.gate is not None
        self._screening = Screening(self) if is_screened else None

    def init(self, batch):
        """Returns the `State` at the starts; nothing is evaluated yet.

        Args:
            batch: a `Batch`, or data alone.
        """
        return self._call(self._init, self._complete(batch))

    def _init(self, batch):
        batch = self._begun(batch)
        count, candidates = tf.shape(batch.data)[0], self.space.num_candidates
        values = {}
        for name, block in self.space.blocks.items():
            start = (batch.starts or {}).get(name)
            start = block.start(batch, self.generator) if start is None else start
            values[name] = tf.broadcast_to(
                tf.cast(start, tf.float32), [count, candidates, block.size]
            )
        origin = tf.broadcast_to(tf.range(candidates), [count, candidates])
        return self._at(batch, values, origin, tf.fill(tf.shape(origin), float("nan")))

    def _begun(self, batch):
        """The batch with what its observation begins with, if there is one."""
        if "nuisance" not in self.space.blocks:
            return batch
        shown = batch._replace(data=batch.filled(self.generator.background))
        begun = self.observation.begin(shown, self.generator)
        if not self.undoes:
            begun = begun._replace(compared=None)
        return batch._replace(begun=begun)

    def _at(self, batch, values, origin, dropped):
        """The `State` in which nothing was searched yet, at values {block: (B, K, D)}."""
        candidates = origin.shape[1]
        zeros = tf.zeros(tf.shape(origin))
        objective = self._objective(batch, values, origin)
        moving = self.space.in_units(values)
        unknown = tf.fill(tf.shape(zeros), float("nan"))
        infinite = tf.fill(tf.shape(zeros), float("inf"))
        steps = tf.zeros(tf.shape(origin), tf.int32)
        return State(
            batch,
            tf.constant(0),
            Candidates(
                origin=origin,
                values=values,
                solver=first_state(self._solver, objective, moving, candidates),
                terms=Terms(*[unknown] * len(Terms._fields)),
                best_loss=infinite,
                best_values=dict(values) if self.settings.values == "best" else {},
                reference=tf.fill(tf.shape(zeros), tf.float32.max),
                waited=steps,
                taken=steps,
            ),
            dropped,
        )

    @property
    def without_lenses(self):
        """The `Search` for the same without an observation's `lenses`; None where it has none."""
        return None if self._screening is None else self._screening.groups

    def screen(self, batch, k):
        """Returns the `State` at the k starts of least loss: `init` and `keep` in one.

        Of an observation with `lenses`, all of them are tried on what is generated once; with a
        `gate`, only where the plain explanation leaves a doubt.

        Args:
            batch: a `Batch`, or data alone.
            k: how many candidates go on.
        """
        return self._call(self._screen, self._complete(batch), k=k)

    def _screen(self, batch, k):
        if self._screening is None:
            state = self.init(batch)
            return self.keep(state, self.best(state, k))
        found = self._screening(batch, k)
        batch = batch._replace(begun=found.begun)
        return self._at(batch, found.values, found.origin, found.dropped)

    def advance(self, state, steps):
        """Takes steps; fewer, once all candidates have converged.

        Compiled once for each number of candidates and for batches of any size.

        Args:
            state: a `State`.
            steps: how many; a number or a scalar tensor.
        """
        return self._call(self._advance, state, tf.convert_to_tensor(steps, tf.int32))

    def keep(self, state, chosen, loss=None):
        """Goes on with some of the candidates only.

        Args:
            state: a `State`.
            chosen: int (B, k), their places among the state's candidates; k is static.
            loss: (B, K), by which the others are remembered; by default their least so far, before
                the first step that of the starts.
        """
        before, chosen = state.candidates, tf.cast(chosen, tf.int32)
        after = tf.nest.map_structure(lambda leaf: tf.gather(leaf, chosen, batch_dims=1), before)
        loss = self._loss_so_far(state) if loss is None else loss
        is_dropped = ~tf.reduce_any(before.origin[:, :, None] == after.origin[:, None], axis=-1)
        # (B, K, K0): the places that the dropped ones have in the space
        places = before.origin[:, :, None] == tf.range(self.space.num_candidates)
        places &= is_dropped[:, :, None]
        placed = tf.reduce_sum(tf.where(places, loss[:, :, None], 0.0), axis=1)
        dropped = tf.where(tf.reduce_any(places, axis=1), placed, state.dropped)
        return state._replace(candidates=after, dropped=dropped)

    def best(self, state, k):
        """Returns the places (B, k) of the candidates of least loss so far, the least first."""
        return tf.math.top_k(-self._loss_so_far(state), k).indices

    def _loss_so_far(self, state):
        """The least loss of each candidate (B, K); that of the starts before the first step."""
        return self._call(self._least_loss, state)

    def _least_loss(self, state):
        loss = state.candidates.best_loss
        is_unknown = tf.math.is_inf(loss)

        def of_starts():
            found = self.terms(state).loss
            # what is no number stays infinite: the worst, and no candidate that is still there
            return tf.where(is_unknown & (found < loss), found, loss)

        # nothing is generated once all have had a loss
        return tf.cond(tf.reduce_any(is_unknown), of_starts, lambda: loss)

    def evaluate(self, state):
        """Returns `(terms, generated, observed)` at the present values.

        The `Terms`, and data (B, K, ...), with gradients to the generator's weights.
        """
        values = state.candidates.values
        objective = self._objective(state.batch, values, state.candidates.origin)
        moving = self.space.in_units(values)
        generated, observed = objective.show(moving)
        return objective.terms_of(moving, observed), generated, observed

    def terms(self, state):
        """Returns the `Terms` at the present values, with gradients as `evaluate`."""
        return self.evaluate(state)[0]

    def show(self, state):
        """Returns `(generated, observed)` at the present values, each (B, K, ...)."""
        return generate_and_observe(self.generator, self.observation, state.candidates.values)

    def finish(self, state):
        """Judges the candidates: returns the `Result`."""
        return self._call(self._finish, state)

    def run(self, batch, read=None):
        """Searches by the settings' plan, as one graph.

        Args:
            batch: a `Batch`, or data alone.
            read: (batch, result) -> tensors, as TensorFlow operations: what is wanted of the
                `Result`. What nobody wants need not be computed and copied.

        Returns:
            The `Result`, or what `read` makes of it.
        """
        return self._call(self._run, self._complete(batch), read=read)

    def follow(self, batch, stops=(), advance=None):
        """Searches by the settings' plan, and stops on the way: for those who want to see it.

        Args:
            batch: a `Batch`, or data alone.
            stops: after how many steps to stop besides; whole numbers.
            advance: (state, steps) -> state; None for the search's own.

        Yields:
            The `State` at the starts, or, of an observation with `lenses` whose plan begins with
            no step, at those that `screen` keeps; at each stop and at each stage's end, before
            candidates are dropped; and the last one, to `finish`.
        """
        advance, plan, done, keep = advance or self.advance, [*self.plan], 0, None
        if self._screening is not None and plan[0][0] == 0 and plan[0][1] is not None:
            state = self.screen(batch, plan.pop(0)[1])
        else:
            state = self.init(batch)
        yield state
        for steps, keep in plan:
            end = done + steps
            for stop in sorted({end, *(stop for stop in stops if done < stop < end)} - {done}):
                state, done = advance(state, stop - done), stop
                yield state
            if keep is not None:
                loss = self._loss_so_far(state)
                state = self.keep(state, tf.math.top_k(-loss, keep).indices, loss)
        if keep is not None:
            yield state

    def _run(self, batch, read):
        *_, state = self.follow(batch, advance=self._advance)
        result = self._finish(state)
        return result if read is None else read(batch, result)

    def _complete(self, batch):
        if not isinstance(batch, Batch):
            batch = Batch(batch)
        data = tf.convert_to_tensor(batch.data, tf.float32)
        visible, indices = batch.visible, batch.indices
        if visible is not None:
            visible = tf.convert_to_tensor(visible, tf.float32)
            if self.undoes:
                # what is undone in the data does not move a mask: what fills the gaps is compared
                data, visible = Batch(data, visible).filled(self.generator.background), None
        if indices is None:
            indices = tf.range(tf.shape(data)[0])
        starts = batch.starts
        if starts is not None:
            unknown = sorted(set(starts) - set(self.space.blocks))
            if unknown:
                raise InputError(f"starts of {unknown}: expected some of {[*self.space.blocks]}")
            starts = {n: tf.convert_to_tensor(s, tf.float32) for n, s in starts.items()}
        return Batch(data, visible, tf.cast(indices, tf.int32), starts)

    def _objective(self, batch, values, origin):
        blocks = self.space.blocks
        resting = {name: value for name, value in values.items() if not blocks[name].searched}
        return Objective(self.generator, self.space, self._difference, batch, resting, origin)

    def _advance(self, state, steps):
        batch, first, candidates = state.batch, state.step, state.candidates
        objective = self._objective(batch, candidates.values, candidates.origin)
        masks = self.space.masks(candidates.origin)
        until = first + steps

        def goes_on(step, moving, candidates):
            return (step < until) & tf.reduce_any(self._is_moving(candidates))

        def body(step, moving, candidates):
            is_moving = self._is_moving(candidates)
            moves = self.space.moves(masks, step, None if self._patience is None else is_moving)
            moved, solver, terms = next_step(
                self._solver, objective, moving, candidates.solver, step, moves
            )
            candidates = self._noted(candidates._replace(solver=solver), moving, terms, step)
            if self._patience is not None:
                # what has converged is known only now: it keeps the values that it was given
                is_moving = self._is_moving(candidates)
                moved = {
                    name: tf.where(is_moving[..., None], value, moving[name])
                    for name, value in moved.items()
                }
            taken = candidates.taken + tf.cast(is_moving, tf.int32)
            return step + 1, moved, candidates._replace(taken=taken)

        # the values travel in the solver's units, and are put back when the loop ends
        travelling = candidates._replace(values={})
        _, moving, after = tf.while_loop(
            goes_on,
            body,
            (first, self.space.in_units(candidates.values), travelling),
            maximum_iterations=steps,
        )
        values = self.space.out_of_units(candidates.values, moving)
        # if it ended early, all candidates have converged: the skipped steps count as taken
        return state._replace(step=until, candidates=after._replace(values=values))

    def _is_moving(self, candidates):
        """Which candidates have not converged, (B, K)."""
        if self._patience is None:
            return tf.fill(tf.shape(candidates.waited), True)
        return candidates.waited < self._patience.steps

    def _noted(self, candidates, moving, terms, step):
        """The candidates, knowing the terms of the values that a step was given."""
        better = terms.loss < candidates.best_loss
        best_loss = tf.where(better, terms.loss, candidates.best_loss)
        candidates = candidates._replace(terms=terms, best_loss=best_loss)
        if candidates.best_values:
            values = self.space.out_of_units(candidates.best_values, moving)
            candidates = candidates._replace(
                best_values={
                    name: tf.where(better[..., None], values[name], best)
                    for name, best in candidates.best_values.items()
                }
            )
        if self._patience is None:
            return candidates
        improved = terms.loss < candidates.reference - self._patience.tolerance
        # a block that has yet to begin may improve what has come to a rest
        all_begun = step >= max(block.first_step for block in self.space.blocks.values())
        return candidates._replace(
            reference=tf.where(improved, terms.loss, candidates.reference),
            waited=tf.where(improved | ~all_begun, 0, candidates.waited + 1),
        )

    def _finish(self, state):
        candidates, batch = state.candidates, state.batch
        values = candidates.values
        if self.settings.values == "best":
            last = self.terms(state).loss
            is_last = (last < candidates.best_loss)[..., None]
            values = {
                name: tf.where(is_last, value, candidates.best_values[name])
                for name, value in values.items()
            }
        found = candidates._replace(values=values)
        terms, generated, observed = self.evaluate(state._replace(candidates=found))
        score = candidate_scores(self, batch, candidates.origin, terms, observed)
        labels, scores, places = tf.fill(tf.shape(candidates.origin), -1), None, None
        if self.space.label is not None:
            labels = tf.gather(tf.constant(self.space.label, tf.int32), candidates.origin)
            scores, places = element_scores(self, score, labels, state.dropped)
        return Result(
            origin=candidates.origin,
            label=labels,
            score=score,
            scores=scores,
            places=places,
            terms=terms,
            steps=candidates.taken,
            values=values,
            generated=generated,
            observed=observed,
            compared=self._compared(batch, candidates.origin, observed),
        )

    def _compared(self, batch, origin, observed):
        """`Result.compared`."""
        if "nuisance" not in self.space.blocks:
            return None
        views = views_of(batch, self.space, origin)
        if views is None:
            views = tf.broadcast_to(batch.data[:, tf.newaxis], tf.shape(observed))
        return views
