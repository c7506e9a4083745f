"""How a search descends: solvers, schedules of the learning rate, and when to stop.

A solver is an object with `init` and `step`. It sees the objective, and may ask it more than once a
step. Its state is a structure of tensors whose every leaf leads with (B, K), so that candidates can
be dropped without knowing the solver; counts of steps too are kept for each candidate.
"""

from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from igc_tf.errors import InputError


class Solver(Protocol):
    """A way to descend."""

    def init(self, objective, values):
        """The state in which it starts.

        Args:
            objective: the `Objective`.
            values: {block: (B, K, D)}, in units.
        """

    def step(self, objective, values, state, step, moves):
        """Takes a step.

        Args:
            objective: the `Objective`.
            values: {block: (B, K, D)}, in units.
            state: from `init` or the step before.
            step: the number of the step, from 0; for schedules.
            moves: {block: None where all of it moves, else bool, broadcastable to (B, K, D)}.
                Where the mask is False, both the value and the solver's state stay unchanged.

        Returns:
            `(values, state, terms)`, the `Terms` being those of the values that were given.
        """


def first_state(solver, objective, values, candidates):
    """The state in which a solver starts, checked.

    Args:
        solver: a `Solver`.
        objective, values: as for its `init`.
        candidates: K.

    Raises:
        InputError: if a tensor of it does not lead with (B, K).
    """
    state = solver.init(objective, values)
    for leaf in tf.nest.flatten(state):
        if leaf.shape.rank < 2 or leaf.shape[1] != candidates:
            raise InputError(
                f"the solver {solver!r} keeps a tensor of shape {leaf.shape}: expected every one "
                f"to lead with (B, {candidates}), examples and candidates"
            )
    return state


def next_step(solver, objective, values, state, step, moves):
    """What a solver's `step` returns, checked.

    Args:
        solver: a `Solver`.
        objective, values, state, step, moves: as for its `step`.

    Raises:
        InputError: if it is anything but `(values, state, terms)`, or has other blocks' values.
    """
    taken = solver.step(objective, values, state, step, moves)
    is_several = isinstance(taken, tuple | list)
    if not is_several or len(taken) != 3:
        what = f"{len(taken)} values" if is_several else f"a {type(taken).__name__}"
        raise InputError(
            f"the step of the solver {solver!r} returned {what}: expected (values, state, terms)"
        )
    if not isinstance(taken[0], dict) or taken[0].keys() != values.keys():
        moved = [*taken[0]] if isinstance(taken[0], dict) else f"a {type(taken[0]).__name__}"
        raise InputError(
            f"the step of the solver {solver!r} returned as values {moved}: expected a dictionary "
            f"of {[*values]}"
        )
    return taken


@dataclass(frozen=True)
class Linear:
    """A learning rate that falls linearly, and stays where it ends.

    Attributes:
        first: at step 0.
        last: at step `over` and after it.
        over: steps.
    """

    first: float
    last: float
    over: int

    def __call__(self, step):
        """The learning rate at a step, a scalar."""
        done = tf.minimum(tf.cast(step, tf.float32) / self.over, 1.0)
        return self.first + (self.last - self.first) * done


def _at(learning_rate, step):
    return learning_rate(step) if callable(learning_rate) else learning_rate


def _where(moves, new, old):
    return new if moves is None else tf.where(moves, new, old)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1, with `epsilon` as in Keras' Adam).

        m <- β1 m + (1 - β1) g          v <- β2 v + (1 - β2) g²
        value <- value - α √(1 - β2ᵗ) / (1 - β1ᵗ) · m / (√v + ε)

    Keras' optimizers keep variables, and refuse those they were not built with; a search that
    starts afresh for every batch needs moments that are plain tensors.

    Attributes:
        learning_rate: α, in units of the searched values; a number or a schedule `step -> number`.
        beta_1, beta_2: decay of the moments, in [0, 1).
        epsilon: added to √v; keeps the division finite.
    """

    learning_rate: object = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def init(self, objective, values):
        """Zero moments; t is counted for each block and candidate, from when it begins to move."""
        return {
            name: {
                "first": tf.zeros_like(value),
                "second": tf.zeros_like(value),
                "count": tf.zeros_like(value[..., 0]),
            }
            for name, value in values.items()
        }

    def step(self, objective, values, state, step, moves):
        """See `Solver.step`."""
        terms, gradients = objective.gradient(values)
        rate = _at(self.learning_rate, step)
        moved, states = {}, {}
        for name, gradient in gradients.items():
            old, mask = state[name], moves[name]
            began = None if mask is None else tf.reduce_any(mask, axis=-1)
            count = _where(began, old["count"] + 1.0, old["count"])
            # All that move began together, and what rests stays at rest: one number for all, whose
            # powers are the same for a batch of any size. 1 where nothing has begun to move.
            t = tf.maximum(tf.reduce_max(count), 1.0)
            beta_1, beta_2 = float(self.beta_1), float(self.beta_2)
            alpha = rate * tf.sqrt(1.0 - tf.pow(beta_2, t)) / (1.0 - tf.pow(beta_1, t))
            first = old["first"] + (gradient - old["first"]) * (1.0 - self.beta_1)
            second = old["second"] + (tf.square(gradient) - old["second"]) * (1.0 - self.beta_2)
            # a gradient is as many times larger in units: so is what keeps its division finite
            epsilon = self.epsilon * objective.units[name]
            moved[name] = values[name] - alpha * first / (tf.sqrt(second) + epsilon)
            states[name] = {
                "first": _where(mask, first, old["first"]),
                "second": _where(mask, second, old["second"]),
                "count": count,
            }
        return _settled(objective, values, moved, moves), states, terms


@dataclass(frozen=True)
class Momentum:
    """Gradient descent with momentum (Polyak 1964), as in Keras' SGD.

        v <- μ v - α g          value <- value + v

    Attributes:
        learning_rate: α; a number or a schedule `step -> number`.
        momentum: μ, in [0, 1).
    """

    learning_rate: object = 0.001
    momentum: float = 0.9

    def init(self, objective, values):
        """Zero velocities."""
        return {name: tf.zeros_like(value) for name, value in values.items()}

    def step(self, objective, values, state, step, moves):
        """See `Solver.step`."""
        terms, gradients = objective.gradient(values)
        rate = _at(self.learning_rate, step)
        velocity = {
            name: self.momentum * state[name] - rate * gradient
            for name, gradient in gradients.items()
        }
        moved = {name: values[name] + velocity[name] for name in velocity}
        velocity = {name: _where(moves[name], velocity[name], state[name]) for name in velocity}
        return _settled(objective, values, moved, moves), velocity, terms


def _settled(objective, values, moved, moves):
    """The moved values, projected; what does not move stays exactly where it was."""
    moved = {name: _where(moves[name], moved[name], values[name]) for name in moved}
    moved = objective.project(moved)
    return {name: _where(moves[name], moved[name], values[name]) for name in moved}


@dataclass(frozen=True)
class Patience:
    """When a candidate has converged: it rests, whatever its neighbours do.

    Attributes:
        tolerance: what counts as an improvement of the loss.
        steps: how many steps on end without one a candidate waits for it.
    """

    tolerance: float
    steps: int
