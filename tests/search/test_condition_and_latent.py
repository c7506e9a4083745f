"""The space of inverse classification, worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.search import (
    GeneratorSearch,
    LabelSimplex,
    LatentRestriction,
    SearchSettings,
    SearchSpace,
)
from tests.fixtures.linear_generator import linear_generator


def _space(**values):
    return SearchSpace.condition_and_latent(3, 4, LatentRestriction(0.0), **values)


def test_starts_uniform_and_at_a_draw_from_the_prior():
    condition, latent = _space(seed=7).blocks
    np.testing.assert_allclose(condition.start_values(tf.range(2)), np.full([2, 3], 1 / 3))
    drawn = latent.start_values(tf.range(500)).numpy()
    assert drawn.shape == (500, 4)
    assert abs(drawn.mean()) < 0.1 and abs(drawn.std() - 1) < 0.1
    assert _space().candidates == 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ([0.5, 0.3, 0.2], [0.5, 0.3, 0.2]),
        ([0.6, 0.6, 0.0], [0.5, 0.5, 0.0]),
        ([-0.2, 0.3, 0.1], [0.0, 0.75, 0.25]),
        ([1.7, 0.25, -3.0], [0.8, 0.2, 0.0]),
        ([0.02, 0.0, 0.06], [0.25, 0.0, 0.75]),
        ([-0.1, -0.2, 0.0], [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_projection_clamps_and_normalises(condition, expected):
    projected = LabelSimplex(3)(tf.constant([condition]))
    np.testing.assert_allclose(projected, [expected], rtol=1e-6)


def test_one_step_moves_clamps_and_normalises():
    # with both betas 0 an Adam step is the learning rate against the gradient's sign
    model, offsets, _ = linear_generator()
    settings = SearchSettings(steps=1, learning_rate=0.4, beta_1=0.0, beta_2=0.0)
    far = 1000 * np.sign(offsets[:1] - 10 * offsets[1:2])
    found = GeneratorSearch(model, _space(), settings)(far).values[0].numpy().ravel()
    moved = 1 / 3 + 0.4 * np.sign(offsets @ far[0])
    clamped = np.clip(moved, 0, 1)
    np.testing.assert_allclose(found, clamped / clamped.sum(), rtol=1e-4)
    assert (clamped == 0).any() and (clamped > 0).any()


def test_factor_zero_keeps_the_latent_and_a_late_start_delays_it():
    model, _, _ = linear_generator()
    data = np.random.default_rng(1).normal(size=(2, 6)).astype(np.float32)
    settings = SearchSettings(steps=5, learning_rate=0.1)
    start = _space(seed=2).blocks[1].start_values(tf.range(2)).numpy()[:, None]

    def latents(**values):
        space = _space(seed=2, **values)
        return GeneratorSearch(model, space, settings)(data).values[1].numpy()

    np.testing.assert_array_equal(latents(latent_update_factor=0.0), start)
    np.testing.assert_array_equal(latents(latent_first_step=5), start)
    # its first Adam step is the learning rate
    np.testing.assert_allclose(np.abs(latents(latent_first_step=4) - start), 0.1, rtol=1e-3)
    assert (np.abs(latents() - start) > 0.11).any()


def test_tangent_leaves_out_what_the_normalisation_undoes():
    # all offsets pull the same way, the second a little more: without the tangent every element
    # takes the same step, and the condition stays uniform
    model, offsets, _ = linear_generator()
    settings = SearchSettings(
        steps=1, learning_rate=0.1, beta_1=0.0, beta_2=0.0, difference="mean_squared"
    )
    weights = np.linalg.lstsq(offsets, np.float32([10, 11, 10]), rcond=None)[0]
    far = 1e5 * weights[None]
    plain = GeneratorSearch(model, _space(), settings)(far).values[0].numpy().ravel()
    along = GeneratorSearch(model, _space(tangent=True), settings)(far).values[0].numpy().ravel()
    np.testing.assert_allclose(plain, 1 / 3, rtol=1e-4)
    # +0.1 for the second, -0.1 for the others, then to the sum 1
    moved = 1 / 3 + 0.1 * np.array([-1, 1, -1])
    np.testing.assert_allclose(along, moved / moved.sum(), rtol=1e-4)
