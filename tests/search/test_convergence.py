"""Searches that stop when they have converged."""

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.search import GeneratorSearch, SearchBlock, SearchSettings, SearchSpace


def _identity(values, training=False):
    return values


def _search(**settings):
    """Searches two values for two given ones, by Adam with steps of the learning rate's size."""
    space = SearchSpace((SearchBlock(tf.zeros([1, 2])),))
    values = {
        "steps": 200,
        "learning_rate": 0.1,
        "difference": "mean_absolute",
        "beta_1": 0.0,
        "beta_2": 0.0,
        **settings,
    }
    return GeneratorSearch(_identity, space, SearchSettings(**values))


def test_each_candidate_stops_once_its_loss_has_not_improved_for_so_long():
    # with no memory, each step is 0.1 towards the data: 5 and 40 steps to get there, then the
    # search wavers about it within a step, for `patience` more
    data = np.float32([[0.5, 0.5], [4.0, 4.0]])
    result = _search(tolerance=0.05, patience=3)(data)
    np.testing.assert_array_equal(result.steps, [[5 + 3], [40 + 3]])
    np.testing.assert_allclose(result.values[0][:, 0], data, atol=0.11)


def test_without_tolerance_all_steps_are_taken():
    result = _search()(np.float32([[0.5, 0.5]]))
    np.testing.assert_array_equal(result.steps, [[200]])


def test_tolerance_says_how_much_is_an_improvement():
    # every step improves the loss by 0.1
    result = _search(tolerance=0.11, patience=4)(np.float32([[4.0, 4.0]]))
    # the losses after the first are each too little an improvement on the one before, but from
    # 2 steps on they are, together, enough: the search goes on
    assert result.steps[0, 0] > 20
    result = _search(tolerance=0.5, patience=4)(np.float32([[4.0, 4.0]]))
    np.testing.assert_array_equal(result.steps, [[4]])


def test_examples_and_batches_do_not_influence_each_other():
    data = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    search = _search(tolerance=1e-3, patience=5, beta_1=0.9, beta_2=0.999)
    together = search(data)
    assert len(np.unique(together.steps)) > 2
    for i in range(7):
        alone = search(data[i : i + 1])
        np.testing.assert_array_equal(alone.steps[0], together.steps[i])
        np.testing.assert_allclose(alone.values[0][0], together.values[0][i], atol=1e-6)


def test_histories_and_snapshots_go_on_to_the_last_step():
    data = np.float32([[0.5, 0.5], [1.0, 1.0]])
    search = _search(steps=30, tolerance=0.05, patience=3)
    plain = search(data)
    result = search(data, history=True, snapshots=(2, 30))
    assert result.loss_history.shape == (31, 2, 1)
    np.testing.assert_array_equal(result.steps, plain.steps)
    np.testing.assert_allclose(result.values[0], plain.values[0])
    np.testing.assert_allclose(result.snapshots[0][:, 0], [[0.2, 0.2]] * 2, rtol=1e-5)
    np.testing.assert_allclose(result.snapshots[1], result.generated)
    # what has converged rests
    rested = result.loss_history[plain.steps[0, 0] :, 0, 0].numpy()
    assert len(rested) == 31 - 8 and (rested == rested[0]).all()


def test_waits_for_blocks_that_begin_later():
    def both(values, training=False):
        return values[0] + values[1]

    space = SearchSpace(
        (
            SearchBlock(tf.zeros([1, 2]), projection=lambda c: tf.clip_by_value(c, 0.0, 0.2)),
            SearchBlock(tf.zeros([1, 2]), first_step=20),
        )
    )
    settings = SearchSettings(steps=60, learning_rate=0.1, tolerance=1e-4, patience=3)
    result = GeneratorSearch(both, space, settings)(np.float32([[1.0, 1.0]]))
    assert result.steps[0, 0] > 20
    # 0.8 without the second block
    assert result.difference[0, 0] < 0.3


def test_xla_stops_at_the_same_step():
    data = np.float32([[0.5, 0.5], [4.0, 4.0]])
    plain = _search(tolerance=0.05, patience=3)(data)
    compiled = _search(tolerance=0.05, patience=3, jit_compile=True)(data)
    np.testing.assert_array_equal(compiled.steps, plain.steps)


@pytest.mark.parametrize(
    "values", [{"tolerance": -1e-3}, {"tolerance": float("nan")}, {"patience": 0}]
)
def test_refuses_values_outside_their_ranges(values):
    (name, value) = next(iter(values.items()))
    with pytest.raises(ValueError, match=f"{name}={value}"):
        SearchSettings(**values)
