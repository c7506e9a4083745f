"""The search engine: one compiled loop for every classifier."""

from typing import NamedTuple

import tensorflow as tf

from igc_tf.search.difference import resolve_difference
from igc_tf.search.search_result import SearchResult


class _State(NamedTuple):
    """Where a search stands: steps taken, and per block its values (B·K, D) and moments."""

    step: tf.Tensor
    values: tuple
    moments: tuple


class GeneratorSearch:
    """Searches generator inputs, by gradient descent, that reproduce given data.

    For B examples and the K candidates of the space it minimises, all at once,

        L = Σ_examples Σ_candidates [ difference(data, G(inputs)) + restrictions(inputs) ]

    (002 §1.2). The sum separates, and the optimiser works element by element, so no candidate and
    no example influences another: batches of any size give the same answer.

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
            ValueError: for a snapshot outside 0..steps.
        """
        snapshots = tuple(snapshots)
        outside = [step for step in snapshots if step not in range(self.settings.steps + 1)]
        if outside:
            raise ValueError(
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
                kept[until] = self._generate(state.values)
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
            values=tuple(per_candidate(values) for values in state.values),
            generated=per_candidate(generated),
            loss_history=loss_history,
            difference_history=difference_history,
            snapshots=tuple(per_candidate(kept[step]) for step in snapshots),
        )

    def differences(self, values, data):
        """The data difference (B, K) of given values, one (B·K, D) per block, to data (B, ...).

        Differentiable in the generator's weights.
        """
        targets = tf.repeat(data, self.space.candidates, axis=0)
        difference = self._checked(self._difference(targets, self._generate(values)))
        return tf.reshape(difference, [-1, self.space.candidates])

    def _start(self, indices):
        values = tuple(block.start_values(indices) for block in self.space.blocks)
        return _State(tf.constant(0), values, tuple(map(self._update_rule.start, values)))

    def _advance(self, state, targets, steps, history):
        """Takes `steps` steps; with `history` also returns (steps, 2, B·K) loss and difference."""
        examples = tf.shape(targets)[0] // self.space.candidates
        masks = [block.trainable_mask(examples) for block in self.space.blocks]
        begin = state.step
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
            return self._update(state, gradients, masks), recorded

        state, recorded = tf.while_loop(
            lambda state, _: state.step < begin + steps,
            body,
            (state, recorded),
            maximum_iterations=steps,
        )
        return state, recorded.stack() if history else None

    def _update(self, state, gradients, masks):
        """One optimiser step on every block that moves at this step."""
        step = state.step
        all_values, all_moments = [], []
        for block, value, gradient, moments, mask in zip(
            self.space.blocks, state.values, gradients, state.moments, masks, strict=True
        ):
            if block.searched:
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
        return _State(step + 1, tuple(all_values), tuple(all_moments))

    def _learning_rate(self, step):
        first, final = self.settings.learning_rate, self.settings.final_learning_rate
        if final is None:
            return first
        return first + (final - first) * tf.cast(step, tf.float32) / self.settings.steps

    def _generate(self, values):
        inputs = list(values) if len(values) > 1 else values[0]
        return tf.cast(self.generator(inputs, training=False), tf.float32)

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
            raise ValueError(
                f"the difference returned shape {difference.shape}: "
                "expected one number per example, (N,)"
            )
        return difference

    def _evaluate(self, values, targets):
        """Loss, difference and generated data of every candidate."""
        generated = self._generate(values)
        difference = self._checked(self._difference(targets, generated))
        loss = difference
        for block, value in zip(self.space.blocks, values, strict=True):
            if block.restriction is not None:
                loss += block.restriction(value)
        return loss, difference, generated
