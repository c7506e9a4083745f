"""The engine against closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.search import (
    GeneratorSearch,
    LatentRestriction,
    SearchBlock,
    SearchSettings,
    SearchSpace,
)
from tests.fixtures.linear_generator import EXACT, linear_generator


def _data(count, elements=6, seed=1):
    return np.random.default_rng(seed).normal(size=(count, elements)).astype(np.float32)


def _latent_space(weight=0.0, norm="absolute", mean=0.0, deviation=1.0):
    restriction = LatentRestriction(weight, norm, mean, deviation)
    return SearchSpace.latent_per_class(3, 4, restriction)


def test_finds_the_least_squares_latent_of_every_class():
    model, offsets, matrix = linear_generator()
    data = _data(5)
    result = GeneratorSearch(model, _latent_space(), EXACT)(data)
    assert result.difference.shape == (5, 3)
    assert result.generated.shape == (5, 3, 6)
    for example in range(5):
        for candidate in range(3):
            target = data[example] - offsets[candidate]
            latent, residual, _, _ = np.linalg.lstsq(matrix.T, target, rcond=None)
            np.testing.assert_allclose(
                result.values[1][example, candidate], latent, rtol=1e-3, atol=1e-3
            )
            np.testing.assert_allclose(
                result.difference[example, candidate], residual[0] / 6, rtol=1e-3, atol=1e-6
            )


def test_squared_restriction_gives_the_ridge_regression_around_the_priors_mean():
    model, offsets, matrix = linear_generator()
    data = _data(2)
    weight, mean, deviation = 0.7, 0.5, 2.0
    space = _latent_space(weight, "squared", mean, deviation)
    result = GeneratorSearch(model, space, EXACT)(data)
    # gradient of |d - o - zM|² / 6 + weight |(z - mean) / deviation|² / (2 · 4), set to zero
    ridge = weight * 6 / (2 * 4 * deviation**2)
    for example in range(2):
        for candidate in range(3):
            target = data[example] - offsets[candidate] - mean * matrix.sum(axis=0)
            step = np.linalg.solve(matrix @ matrix.T + ridge * np.eye(4), matrix @ target)
            np.testing.assert_allclose(
                result.values[1][example, candidate], mean + step, rtol=1e-3, atol=1e-3
            )


def test_loss_is_difference_plus_restriction_at_the_latents_found():
    model, _, _ = linear_generator()
    settings = SearchSettings(steps=7, restriction_weight=0.5)
    space = _latent_space(0.5)
    result = GeneratorSearch(model, space, settings)(_data(2))
    restriction = 0.5 * np.abs(result.values[1].numpy()).mean(axis=-1)
    np.testing.assert_allclose(result.loss, result.difference + restriction, rtol=1e-5)
    difference = np.abs(result.generated.numpy() - _data(2)[:, None]).mean(axis=-1)
    np.testing.assert_allclose(result.difference, difference, rtol=1e-5)


def test_condition_of_the_class_stays_one_hot():
    model, _, _ = linear_generator()
    result = GeneratorSearch(model, _latent_space(), SearchSettings(steps=5))(_data(2))
    np.testing.assert_array_equal(result.values[0], np.broadcast_to(np.eye(3), (2, 3, 3)))


def test_paper_settings_move_an_element_by_about_steps_times_learning_rate():
    model, _, _ = linear_generator()
    result = GeneratorSearch(model, _latent_space(0.03), SearchSettings())(_data(4))
    furthest = np.abs(result.values[1].numpy()).max()
    assert 0.09 < furthest < 0.12


def test_one_step_is_one_adam_step():
    model, _, _ = linear_generator()
    settings = SearchSettings(steps=1, learning_rate=0.01, difference="mean_squared")
    result = GeneratorSearch(model, _latent_space(), settings)(_data(3))
    np.testing.assert_allclose(np.abs(result.values[1]), 0.01, rtol=1e-3)


def test_examples_and_batches_do_not_influence_each_other():
    model, _, _ = linear_generator()
    search = GeneratorSearch(model, _latent_space(0.03), SearchSettings(learning_rate=0.02))
    data = _data(9)
    together = search(data)
    alone = [search(data[i : i + 1]) for i in range(9)]
    np.testing.assert_allclose(
        together.difference, np.concatenate([result.difference for result in alone]), atol=1e-6
    )
    np.testing.assert_allclose(
        together.values[1], np.concatenate([result.values[1] for result in alone]), atol=1e-5
    )


def test_all_batch_sizes_share_one_program():
    traces = []

    def traced(data, generated):
        traces.append(data.shape[0])
        return tf.reduce_mean(tf.abs(data - generated), axis=-1)

    model, _, _ = linear_generator()
    search = GeneratorSearch(model, _latent_space(), SearchSettings(steps=2, difference=traced))
    for count in (5, 1, 3):
        assert search(_data(count)).difference.shape == (count, 3)
        # once in the loop, once for the end
        assert traces == [None, None]


def test_xla_finds_the_same():
    model, _, _ = linear_generator()
    plain = GeneratorSearch(model, _latent_space(), SearchSettings(steps=20))(_data(3))
    compiled = GeneratorSearch(model, _latent_space(), SearchSettings(steps=20, jit_compile=True))(
        _data(3)
    )
    np.testing.assert_allclose(plain.difference, compiled.difference, atol=1e-6)


def test_learning_rate_falls_linearly():
    # with beta_1 = beta_2 = 0 each Adam step is the learning rate in the gradient's sign
    model, _, _ = linear_generator()
    settings = SearchSettings(
        steps=4, learning_rate=0.4, final_learning_rate=0.0, beta_1=0.0, beta_2=0.0
    )
    far = 1000 * np.ones([1, 6], np.float32)
    result = GeneratorSearch(model, _latent_space(), settings)(far)
    # 0.4 + 0.3 + 0.2 + 0.1, the target being out of reach
    np.testing.assert_allclose(np.abs(result.values[1]), 1.0, rtol=1e-4)


def test_update_factor_and_first_step_and_projection():
    model, _, _ = linear_generator()
    settings = SearchSettings(steps=4, learning_rate=0.1, beta_1=0.0, beta_2=0.0)
    far = 1000 * np.ones([1, 6], np.float32)
    space = SearchSpace(
        (
            SearchBlock(tf.fill([1, 3], 1 / 3), projection=lambda c: tf.clip_by_value(c, 0.2, 0.6)),
            SearchBlock(tf.zeros([1, 4]), update_factor=0.5, first_step=3),
        )
    )
    result = GeneratorSearch(model, space, settings)(far)
    # the condition moves four times by 0.1, held in 0.2..0.6; the latent once, by half of 0.1
    condition = result.values[0].numpy().ravel()
    np.testing.assert_allclose(condition, np.where(condition > 0.4, 0.6, 0.2), rtol=1e-6)
    np.testing.assert_allclose(np.abs(result.values[1]), 0.05, rtol=1e-4)


def test_mask_holds_single_elements():
    model, _, _ = linear_generator()
    mask = np.array([[True, False, True, False]])
    space = SearchSpace(
        (
            SearchBlock(tf.constant([[0.0, 1.0, 0.0]]), trainable=False),
            SearchBlock(tf.constant([[0.1, 0.2, 0.3, 0.4]]), trainable=mask),
        )
    )
    found = GeneratorSearch(model, space, SearchSettings(steps=3))(_data(2)).values[1].numpy()
    np.testing.assert_array_equal(found[..., [1, 3]], np.float32([[[0.2, 0.4]]] * 2))
    assert (found[..., [0, 2]] != np.float32([0.1, 0.3])).all()


def test_start_may_depend_on_the_example_and_not_on_its_batch():
    model, _, _ = linear_generator()

    def start(indices):
        return tf.cast(indices, tf.float32)[:, None, None] * tf.ones([1, 1, 4])

    space = SearchSpace((SearchBlock(tf.eye(3)[:1], trainable=False), SearchBlock(start)))
    search = GeneratorSearch(model, space, SearchSettings(steps=1, learning_rate=1e-9))
    np.testing.assert_allclose(search(_data(3)).values[1][:, 0, 0], [0, 1, 2], atol=1e-6)
    np.testing.assert_allclose(search(_data(2), [7, 4]).values[1][:, 0, 0], [7, 4], atol=1e-6)


def test_history_and_snapshots_show_the_way():
    model, offsets, _ = linear_generator()
    settings = SearchSettings(steps=6, learning_rate=0.05, restriction_weight=0.2)
    search = GeneratorSearch(model, _latent_space(0.2), settings)
    data = _data(2)
    result = search(data, history=True, snapshots=(0, 3, 6))
    assert result.loss_history.shape == result.difference_history.shape == (7, 2, 3)
    # before the first step every latent is 0: the generator makes the class's offset
    np.testing.assert_allclose(result.snapshots[0], np.stack([offsets, offsets]), rtol=1e-6)
    np.testing.assert_allclose(result.snapshots[2], result.generated, rtol=1e-6)
    np.testing.assert_allclose(result.loss_history[-1], result.loss, rtol=1e-6)
    for i, step in enumerate((0, 3, 6)):
        difference = np.abs(result.snapshots[i].numpy() - data[:, None]).mean(axis=-1)
        np.testing.assert_allclose(result.difference_history[step], difference, rtol=1e-5)
    # stopping on the way to look changes nothing
    np.testing.assert_allclose(search(data).difference, result.difference, rtol=1e-6)


def test_any_callable_is_a_difference():
    model, _, _ = linear_generator()

    def largest(data, generated):
        return tf.reduce_max(tf.abs(data - generated), axis=-1)

    result = GeneratorSearch(model, _latent_space(), SearchSettings(steps=2, difference=largest))(
        _data(2)
    )
    expected = np.abs(result.generated.numpy() - _data(2)[:, None]).max(axis=-1)
    np.testing.assert_allclose(result.difference, expected, rtol=1e-5)


def test_refuses_snapshots_outside_the_search():
    model, _, _ = linear_generator()
    search = GeneratorSearch(model, _latent_space(), SearchSettings(steps=5))
    with pytest.raises(ValueError, match=r"\[6\].*0\.\.5"):
        search(_data(1), snapshots=(6,))


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ((), "at least one block"),
        ((SearchBlock(np.eye(3)), SearchBlock(np.zeros([2, 4]))), r"\[3, 2\] candidates"),
        ((SearchBlock(np.eye(3), trainable=False),), "nothing to search"),
    ],
)
def test_refuses_spaces_without_sense(blocks, message):
    with pytest.raises(ValueError, match=message):
        SearchSpace(blocks)


def test_projection_leaves_what_is_not_trainable_alone():
    model, _, _ = linear_generator()
    start = np.float32([[0.7, 0.2, 0.1]])
    space = SearchSpace(
        (
            SearchBlock(
                start, trainable=np.array([[False, True, True]]), projection=lambda c: c * 0.0
            ),
            SearchBlock(tf.zeros([1, 4]), trainable=False),
        )
    )
    found = GeneratorSearch(model, space, SearchSettings(steps=2))(_data(1)).values[0]
    np.testing.assert_allclose(found[0], [[0.7, 0.0, 0.0]])


def test_refuses_a_difference_that_is_not_one_number_per_example():
    model, _, _ = linear_generator()
    settings = SearchSettings(steps=1, difference=lambda data, generated: data - generated)
    with pytest.raises(ValueError, match=r"expected one number per example"):
        GeneratorSearch(model, _latent_space(), settings)(_data(2))
