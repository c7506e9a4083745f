"""The space of multi-label classification, element by element."""

import numpy as np
import pytest

from igc_tf.search import GeneratorSearch, LatentRestriction, SearchSettings, SearchSpace
from tests.fixtures.linear_generator import linear_generator

H = 0.5
T = True
F = False


def test_two_binary_labels_by_hand():
    space = SearchSpace.per_label_value(2, 2, 3, LatentRestriction(mean=0.25))
    assert space.candidates == 4
    condition, latent = space.blocks
    np.testing.assert_array_equal(
        condition.start, [[1, 0, H, H], [0, 1, H, H], [H, H, 1, 0], [H, H, 0, 1]]
    )
    np.testing.assert_array_equal(
        condition.trainable, [[F, F, T, T], [F, F, T, T], [T, T, F, F], [T, T, F, F]]
    )
    np.testing.assert_array_equal(latent.start, np.full([4, 3], 0.25))
    assert latent.trainable is True and latent.restriction is not None
    assert condition.restriction is None


def test_more_values_than_two():
    condition, _ = SearchSpace.per_label_value(2, 3, 1, LatentRestriction()).blocks
    np.testing.assert_allclose(condition.start[4], [1 / 3, 1 / 3, 1 / 3, 0, 1, 0])
    np.testing.assert_array_equal(condition.trainable[4], [T, T, T, F, F, F])


def test_one_label_is_the_inverted_generator():
    model, _, _ = linear_generator()
    data = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)
    settings = SearchSettings(steps=20, learning_rate=0.02)
    restriction = settings.restriction()
    one_label, classes = (
        GeneratorSearch(model, space, settings)(data)
        for space in (
            SearchSpace.per_label_value(1, 3, 4, restriction),
            SearchSpace.latent_per_class(3, 4, restriction),
        )
    )
    np.testing.assert_array_equal(one_label.values[0], classes.values[0])
    np.testing.assert_allclose(one_label.values[1], classes.values[1], atol=1e-6)


def test_search_moves_the_other_labels_along_their_simplices_only():
    model, _, _ = linear_generator(classes=6)
    data = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    settings = SearchSettings(steps=30, learning_rate=0.02)
    space = SearchSpace.per_label_value(3, 2, 4, settings.restriction())
    condition = GeneratorSearch(model, space, settings)(data).values[0].numpy()
    asked = np.kron(np.eye(3, dtype=bool), np.ones([2, 2], dtype=bool))
    start = np.where(asked, np.eye(6), 0.5)
    np.testing.assert_array_equal(condition[:, asked], np.tile(np.eye(6)[asked], [5, 1]))
    assert (np.abs(condition - start)[:, ~asked] > 0.01).mean() > 0.9
    assert condition.min() >= 0 and condition.max() <= 1
    np.testing.assert_allclose(condition.reshape(5, 6, 3, 2).sum(axis=-1), 1.0, atol=1e-5)


@pytest.mark.parametrize(("factor", "reach"), [(1.0, 0.1), (3.0, 0.3)])
def test_conditions_move_at_their_own_pace(factor, reach):
    # without moments each Adam step is the learning rate in the gradient's sign; a condition
    # pushed one way all along moves steps · learning rate · factor
    model, _, _ = linear_generator(classes=4)
    data = 100 * np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    settings = SearchSettings(steps=100, beta_1=0.0, beta_2=0.0)
    space = SearchSpace.per_label_value(2, 2, 4, settings.restriction(), factor)
    condition = GeneratorSearch(model, space, settings)(data).values[0].numpy()
    assert np.abs(condition[:, 0, 2] - 0.5).max() == pytest.approx(reach, rel=1e-3)
