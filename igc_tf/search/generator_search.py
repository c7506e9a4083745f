"""The search engine: one compiled loop for every classifier."""

from typing import NamedTuple

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.difference import resolve_difference
from igc_tf.search.search_result import SearchResult


class _State(NamedTuple):
    """Where a search stands.

    Attributes:
        step: steps done.
        values, moments: per block its values (B·K, D) and the optimiser's moments.
        least: each candidate's smallest loss so far (B·K,), within the tolerance.
        waited: steps since then (B·K,).
        taken: steps each candidate took (B·K,); fewer than `step` once it has converged.
    """

    step: tf.Tensor
    values: tuple
    moments: tuple
    least: tf.Tensor
    waited: tf.Tensor
    taken: tf.Tensor


class GeneratorSearch:
    """Searches generator inputs, by gradient descent, that reproduce given data.

    For B examples and the K candidates of the space it minimises, all at once,

        L = Σ_examples Σ_candidates [ difference(data, G(inputs)) + restrictions(inputs) ]

    (002 §1.2). The sum separates, and the optimiser works element by element, so no candidate and
    no example influences another: batches of any size give the same answer. So it is with
    `settings.tolerance`: each candidate stops by itself, and the loop when all have.

    Args:
        generator: maps a list of the space's blocks, each (N, D), to data (N, ...); called with
            `training=False`. With a single block it is called with that tensor alone.
        space: a `SearchSpace`.
        settings: a `SearchSettings`.
    """

    def __init__(self, generator, space, settings):
        self.generator = generator
        self.space = space
        self.settings = settings
        self._difference = resolve_difference(settings.difference)
        self._update_rule = settings.update_rule()
        self._compiled = tf.function(self.search, jit_compile=settings.jit_compile)

    def __call__(self, data, indices=None, history=False, snapshots=()):
        """Runs the compiled search.

        Args:
            data: float32 (B, ...), shaped as the generator's output.
            indices: int32 (B,), the examples' numbers for starts that depend on them; default
                0..B-1.
            history: record loss and difference at every step.
            snapshots: numbers of steps, 0 to `settings.steps`, after which to keep what the
                generator makes.

        Returns:
            A `SearchResult`.

        Raises:
            InputError: for a snapshot outside 0..steps.
        """
        snapshots = tuple(snapshots)
        outside = [step for step in snapshots if step not in range(self.settings.steps + 1)]
        if outside:
            raise InputError(
                f"snapshots {outside}: expected whole steps in 0..{self.settings.steps}"
            )
        data = tf.convert_to_tensor(data, tf.float32)
        if indices is None:
            indices = tf.range(tf.shape(data)[0])
        # Traced for batches of any size: a trace for one size folds other constants, and the
        # descent can amplify the difference in rounding. XLA wants to know the size.
        batch_size = data.shape[0] if self.settings.jit_compile else None
        compiled = self._compiled.get_concrete_function(
            tf.TensorSpec([batch_size, *data.shape[1:]], tf.float32),
            tf.TensorSpec([batch_size], tf.int32),
            history,
            snapshots,
        )
        return compiled(data, tf.cast(indices, tf.int32))

    def search(self, data, indices, history=False, snapshots=()):
        """The search as plain TensorFlow operations; arguments and result as for a call."""
        targets = tf.repeat(data, self.space.candidates, axis=0)
        state = self._start(indices)
        histories, kept, done = [], {}, 0
        for until in sorted({*snapshots, self.settings.steps}):
            if until > done:
                state, recorded = self._advance(state, targets, until - done, history)
                histories.append(recorded)
                done = until
            if until in snapshots:
                kept[until] = self.generate(state.values)
        loss, difference, generated = self._evaluate(state.values, targets)
        decision = self._decision(loss, difference, targets, generated)

        def per_candidate(tensor):
            shape = [tf.shape(data)[0], self.space.candidates, *tensor.shape[1:]]
            return tf.reshape(tensor, shape)

        loss_history = difference_history = None
        if history:
            recorded = tf.concat([*histories, tf.stack([loss, difference])[tf.newaxis]], axis=0)
            recorded = tf.reshape(
                recorded, [self.settings.steps + 1, 2, tf.shape(data)[0], self.space.candidates]
            )
            loss_history, difference_history = recorded[:, 0], recorded[:, 1]
        return SearchResult(
            difference=per_candidate(difference),
            loss=per_candidate(loss),
            decision=per_candidate(decision),
            steps=per_candidate(state.taken),
            values=tuple(per_candidate(values) for values in state.values),
            generated=per_candidate(generated),
            loss_history=loss_history,
            difference_history=difference_history,
            snapshots=tuple(per_candidate(kept[step]) for step in snapshots),
        )

    def generate(self, values):
        """What the generator makes, float32 (N, ...), of values (N, D), one tensor per block."""
        inputs = list(values) if len(values) > 1 else values[0]
        return tf.cast(self.generator(inputs, training=False), tf.float32)

    def differences(self, data, generated):
        """The data difference (B, K) of data (B, ...) and what each candidate makes, (B·K, ...)."""
        targets = tf.repeat(data, self.space.candidates, axis=0)
        difference = self._checked(self._difference(targets, generated))
        return tf.reshape(difference, [-1, self.space.candidates])

    def _start(self, indices):
        values = tuple(block.start_values(indices) for block in self.space.blocks)
        moments = tuple(map(self._update_rule.start, values))
        zeros = tf.zeros(tf.shape(indices)[0] * self.space.candidates, tf.int32)
        least = tf.fill(tf.shape(zeros), tf.float32.max)
        return _State(tf.constant(0), values, moments, least, waited=zeros, taken=zeros)

    def _advance(self, state, targets, steps, history):
        """Takes `steps` steps; with `history` also returns (steps, 2, B·K) loss and difference."""
        examples = tf.shape(targets)[0] // self.space.candidates
        masks = [block.trainable_mask(examples) for block in self.space.blocks]
        begin = state.step

        def goes_on(state, _):
            is_before = state.step < begin + steps
            # a history has an entry for every step
            return is_before if history else is_before & tf.reduce_any(self._moving(state))

        recorded = tf.TensorArray(
            tf.float32, size=steps if history else 0, element_shape=[2, targets.shape[0]]
        )

        def body(state, recorded):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(state.values)
                loss, difference, _ = self._evaluate(state.values, targets)
            gradients = tape.gradient(
                loss, state.values, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            if history:
                recorded = recorded.write(state.step - begin, tf.stack([loss, difference]))
            return self._update(self._observed(state, loss), gradients, masks), recorded

        state, recorded = tf.while_loop(goes_on, body, (state, recorded), maximum_iterations=steps)
        # had it gone on, all would have rested
        return state._replace(step=begin + steps), recorded.stack() if history else None

    def _moving(self, state):
        """Which candidates have not converged, (B·K,)."""
        if self.settings.tolerance is None:
            return tf.fill(tf.shape(state.waited), True)
        return state.waited < self.settings.patience

    def _observed(self, state, loss):
        """The state, knowing the loss (B·K,) of its values."""
        if self.settings.tolerance is None:
            return state
        improved = loss < state.least - self.settings.tolerance
        # a block that has yet to begin may improve what has come to a rest
        all_begun = state.step >= max(block.first_step for block in self.space.blocks)
        return state._replace(
            least=tf.where(improved, loss, state.least),
            waited=tf.where(improved | ~all_begun, 0, state.waited + 1),
        )

    def _update(self, state, gradients, masks):
        """One optimiser step on every block that moves at this step."""
        step, moving = state.step, self._moving(state)
        all_values, all_moments = [], []
        for block, value, gradient, moments, mask in zip(
            self.space.blocks, state.values, gradients, state.moments, masks, strict=True
        ):
            if block.searched:
                mask &= moving[:, tf.newaxis]
                if block.tangent is not None:
                    gradient = block.tangent(gradient)
                moved, moved_moments = self._update_rule.step(
                    value,
                    gradient,
                    moments,
                    # a block that begins later starts its own count, as a fresh optimiser would
                    tf.maximum(step - block.first_step, 0) + 1,
                    learning_rate=block.update_factor * self._learning_rate(step),
                )
                if block.projection is not None:
                    moved = block.projection(tf.where(mask, moved, value))
                moved = tf.where(mask, moved, value)
                if block.first_step:
                    moves = step >= block.first_step
                    moved, moved_moments = tf.nest.map_structure(
                        lambda new, old, moves=moves: tf.where(moves, new, old),
                        (moved, moved_moments),
                        (value, moments),
                    )
                value, moments = moved, moved_moments
            all_values.append(value)
            all_moments.append(moments)
        return state._replace(
            step=step + 1,
            values=tuple(all_values),
            moments=tuple(all_moments),
            taken=state.taken + tf.cast(moving, tf.int32),
        )

    def _learning_rate(self, step):
        first, final = self.settings.learning_rate, self.settings.final_learning_rate
        if final is None:
            return first
        return first + (final - first) * tf.cast(step, tf.float32) / self.settings.steps

    def _decision(self, loss, difference, targets, generated):
        """What the candidates are judged by, (B·K,)."""
        by = self.settings.decision
        if by == "loss":
            return loss
        if by in ("difference", self.settings.difference):
            return difference
        return self._checked(resolve_difference(by)(targets, generated))

    @staticmethod
    def _checked(difference):
        if difference.shape.rank != 1:
            raise InputError(
                f"the difference returned shape {difference.shape}: "
                "expected one number per example, (N,)"
            )
        return difference

    def _evaluate(self, values, targets):
        """Loss, difference and generated data of every candidate."""
        generated = self.generate(values)
        difference = self._checked(self._difference(targets, generated))
        loss = difference
        for block, value in zip(self.space.blocks, values, strict=True):
            if block.restriction is not None:
                loss += block.restriction(value)
        return loss, difference, generated
