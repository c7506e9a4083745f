"""Solvers against Keras' own, step by step; schedules; searches that stop once converged."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.generators.generator import Generator
from igc_tf.search import (
    Adam,
    Block,
    Linear,
    Momentum,
    Projection,
    Search,
    SearchSettings,
    Space,
)
from tests.fixtures.linear_generator import linear_generator, random_data


def _objective(gradient, unit=1.0):
    """A stand-in: a given gradient of its only block, nothing to project on."""
    return SimpleNamespace(
        units={"latent": unit},
        gradient=lambda values: (None, {"latent": tf.constant(gradient)}),
        project=lambda values: values,
    )


def _follow(solver, optimizer, gradients, rtol):
    """Asserts that a solver goes where a Keras optimizer goes."""
    start = np.random.default_rng(1).normal(size=gradients[0].shape).astype(np.float32)
    variable = keras.Variable(start)
    values = {"latent": tf.constant(start)}
    state = solver.init(_objective(gradients[0]), values)
    for step, gradient in enumerate(gradients):
        optimizer.apply([tf.constant(gradient)], [variable])
        values, state, _ = solver.step(
            _objective(gradient), values, state, tf.constant(step), {"latent": None}
        )
        np.testing.assert_allclose(values["latent"], variable.numpy(), rtol=rtol, atol=1e-6)


@pytest.mark.parametrize(
    "constants",
    [
        {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
        {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-3},
        {"learning_rate": 0.3, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 1e-7},
    ],
)
def test_adam_follows_kerass_for_thirty_steps(constants):
    generator = np.random.default_rng(0)
    # gradients over six orders of magnitude, so that epsilon matters
    gradients = [
        (generator.normal(size=(4, 2, 3)) * 10.0 ** generator.integers(-6, 1)).astype(np.float32)
        for _ in range(30)
    ]
    _follow(Adam(**constants), keras.optimizers.Adam(**constants), gradients, rtol=2e-5)


@pytest.mark.parametrize(("learning_rate", "momentum"), [(0.1, 0.9), (2.0, 0.5), (0.3, 0.0)])
def test_momentum_follows_kerass_sgd_for_thirty_steps(learning_rate, momentum):
    generator = np.random.default_rng(0)
    gradients = [generator.normal(size=(4, 2, 3)).astype(np.float32) for _ in range(30)]
    optimizer = keras.optimizers.SGD(learning_rate, momentum)
    _follow(Momentum(learning_rate, momentum), optimizer, gradients, rtol=1e-5)


def test_adams_first_step_is_the_learning_rate_in_the_sign_of_the_gradient():
    objective = _objective(np.float32([[[5.0, -0.1, 0.0]]]))
    values, solver = {"latent": tf.zeros([1, 1, 3])}, Adam(0.01)
    state = solver.init(objective, values)
    moved, state, _ = solver.step(objective, values, state, 0, {"latent": None})
    np.testing.assert_allclose(moved["latent"][0, 0], [-0.01, 0.01, 0.0], atol=1e-6)
    moments = state["latent"]
    np.testing.assert_allclose(moments["first"][0, 0], [0.5, -0.01, 0.0], rtol=1e-5)
    np.testing.assert_allclose(moments["second"][0, 0], [0.025, 1e-5, 0.0], rtol=1e-4)
    np.testing.assert_array_equal(moments["count"], [[1.0]])


@pytest.mark.parametrize("solver", [Adam(0.01), Momentum(0.01)])
def test_what_rests_keeps_its_value_and_its_part_of_the_state(solver):
    generator = np.random.default_rng(0)
    values = {"latent": tf.constant(generator.normal(size=(2, 3, 4)).astype(np.float32))}
    objective = _objective(generator.normal(size=(2, 3, 4)).astype(np.float32))
    # one element, and one whole candidate
    moves = np.ones([2, 3, 4], bool)
    moves[0, 0, 1] = moves[1, 2] = False
    state = solver.init(objective, values)
    before = [leaf.numpy() for leaf in tf.nest.flatten((values, state))]
    moved, state, _ = solver.step(objective, values, state, 0, {"latent": tf.constant(moves)})
    for old, new in zip(before, tf.nest.flatten((moved, state)), strict=True):
        may_change = moves if old.ndim == 3 else moves.any(axis=-1)
        np.testing.assert_array_equal(new.numpy()[~may_change], old[~may_change])
        assert (new.numpy()[may_change] != old[may_change]).all()


def test_momentum_takes_the_steps_of_the_quadratic():
    # the squared difference of a linear generator has the gradient -2/6 (d - o - zM) Mᵀ
    model, offsets, matrix = linear_generator()
    data = random_data(2)
    settings = SearchSettings(
        steps=9, learning_rate=0.07, optimizer="momentum", beta_1=0.8, difference="mean_squared"
    )
    generator = Generator(model)
    found = Search(generator, Space.per_value(generator), settings).run(data).values["latent"]
    latent, velocity = np.zeros([2, 3, 4]), np.zeros([2, 3, 4])
    for _ in range(9):
        residual = data[:, None] - offsets - latent @ matrix
        velocity = 0.8 * velocity + 0.07 * 2 / 6 * residual @ matrix.T
        latent = latent + velocity
    np.testing.assert_allclose(found, latent, rtol=1e-4, atol=1e-5)


def test_linear_falls_to_its_end_and_stays_there():
    rate = Linear(0.4, 0.1, over=3)
    found = [float(rate(tf.constant(step))) for step in range(6)]
    np.testing.assert_allclose(found, [0.4, 0.3, 0.2, 0.1, 0.1, 0.1], rtol=1e-6)


def _converging(generate=lambda values: values["latent"], blocks=None, **settings):
    """Searches two values for two given ones, by Adam with steps of the learning rate's size."""
    blocks = blocks or {"latent": Block(lambda batch, generator: tf.zeros([1, 1, 2]), 2)}
    values = {"steps": 200, "learning_rate": 0.1, "beta_1": 0.0, "beta_2": 0.0, **settings}
    return Search(generate, Space(blocks, 1, None), SearchSettings(**values))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_each_candidate_stops_once_its_loss_has_not_improved_for_so_long(jit_compile):
    # with no memory, each step is 0.1 towards the data: 5 and 40 steps to get there, then the
    # search wavers about it within a step, for `patience` more
    data = np.float32([[0.5, 0.5], [4.0, 4.0]])
    result = _converging(tolerance=0.05, patience=3, jit_compile=jit_compile).run(data)
    np.testing.assert_array_equal(result.steps, [[5 + 3], [40 + 3]])
    np.testing.assert_allclose(result.values["latent"][:, 0], data, atol=0.11)


def test_without_tolerance_all_steps_are_taken():
    result = _converging().run(np.float32([[0.5, 0.5]]))
    np.testing.assert_array_equal(result.steps, [[200]])


def test_tolerance_says_how_much_is_an_improvement():
    # every step improves the loss by 0.1
    result = _converging(tolerance=0.11, patience=4).run(np.float32([[4.0, 4.0]]))
    # the losses after the first are each too little an improvement on the one before, but from
    # 2 steps on they are, together, enough: the search goes on
    assert result.steps[0, 0] > 20
    result = _converging(tolerance=0.5, patience=4).run(np.float32([[4.0, 4.0]]))
    np.testing.assert_array_equal(result.steps, [[4]])


def test_examples_and_batches_do_not_influence_when_one_stops():
    data = random_data(7, elements=2, seed=0)
    search = _converging(tolerance=1e-3, patience=5, beta_1=0.9, beta_2=0.999)
    together = search.run(data)
    assert len(np.unique(together.steps)) > 2
    for i in range(7):
        alone = search.run(data[i : i + 1])
        np.testing.assert_array_equal(alone.steps[0], together.steps[i])
        np.testing.assert_allclose(
            alone.values["latent"][0], together.values["latent"][i], atol=1e-6
        )


def test_what_has_converged_rests_while_others_go_on():
    data = np.float32([[0.5, 0.5], [4.0, 4.0]])
    search = _converging(steps=30, tolerance=0.05, patience=3)
    result = search.run(data)
    state, losses = search.init(data), []
    for _ in range(30):
        state = search.advance(state, 1)
        losses.append(state.candidates.terms.loss.numpy()[:, 0])
    np.testing.assert_array_equal(search.finish(state).steps, result.steps)
    np.testing.assert_array_equal(state.candidates.taken, [[8], [30]])
    np.testing.assert_allclose(state.candidates.values["latent"], result.values["latent"])
    rested, going_on = np.transpose(losses)
    assert (rested[8:] == rested[8]).all() and (rested[:5] > rested[8]).all()
    assert (np.diff(going_on) < 0).all()


def test_a_search_in_parts_stops_where_a_whole_one_stops():
    data = np.float32([[0.5, 0.5], [4.0, 4.0]])
    search = _converging(tolerance=0.05, patience=3)
    whole = search.advance(search.init(data), 100)
    parts = search.init(data)
    for steps in (7, 0, 50, 43):
        parts = search.advance(parts, steps)
    assert int(parts.step) == int(whole.step) == 100
    for one, other in zip(
        tf.nest.flatten(parts.candidates), tf.nest.flatten(whole.candidates), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_waits_for_blocks_that_begin_later():
    within = Projection(lambda values: tf.clip_by_value(values, 0.0, 0.2))
    blocks = {
        "condition": Block(lambda batch, generator: tf.zeros([1, 1, 2]), 2, projection=within),
        "latent": Block(lambda batch, generator: tf.zeros([1, 1, 2]), 2, first_step=20),
    }
    search = _converging(
        lambda values: values["condition"] + values["latent"],
        blocks,
        steps=60,
        tolerance=1e-4,
        patience=3,
    )
    result = search.run(np.float32([[1.0, 1.0]]))
    assert result.steps[0, 0] > 20
    # 0.8 without the second block
    assert result.terms.difference[0, 0] < 0.3
