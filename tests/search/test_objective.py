import numpy as np
import pytest
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator, Prior
from igc_tf.search import (
    DIFFERENCES,
    Batch,
    Block,
    LatentRestriction,
    Objective,
    Projection,
    Search,
    SearchSettings,
    Space,
)
from tests.fixtures.linear_generator import linear_generator, random_data


def test_restriction_is_the_weighted_mean_of_the_absolute_z_scores():
    # the paper's own example: under N(0, 1) the z-scores of [1, 2, -3] are [1, 2, -3]
    found = LatentRestriction(weight=0.03)(np.float32([[[1, 2, -3], [0, 0, 1]]]))
    np.testing.assert_allclose(found, [[0.03 * 2, 0.03 / 3]], rtol=1e-6)


def test_z_scores_are_those_of_the_prior():
    restriction = LatentRestriction(weight=2.0, prior=Prior(1.0, 0.5))
    np.testing.assert_allclose(restriction(np.float32([[[1, 2], [0, 0]]])), [[2.0, 4.0]])


def test_squared_norm_is_half_the_mean_square():
    restriction = LatentRestriction(weight=4.0, norm="squared")
    np.testing.assert_allclose(restriction(np.float32([[[1, -3]]])), [[4.0 * (1 + 9) / 2 / 2]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "weight=-1.0"),
        ({"weight": float("nan")}, "weight=nan"),
        ({"norm": "cubic"}, "norm='cubic'.*'absolute'"),
    ],
)
def test_restriction_refuses_values_outside_their_ranges(arguments, message):
    with pytest.raises(InputError, match=message):
        LatentRestriction(**arguments)


def _ones(size):
    return lambda batch, generator: tf.ones([1, 1, size])


def _objective(blocks, data, resting=None):
    """Of G(values) = the sum of the blocks' values, compared by the mean square."""

    def total(values):
        return tf.add_n(list(values.values()))

    return Objective(
        total,
        Space(blocks, 1, None),
        DIFFERENCES["mean_squared"],
        Batch(tf.constant(data)),
        resting or {},
    )


def test_a_solver_sees_values_and_gradients_in_units():
    data = np.float32([[3.0, 5.0]])
    blocks = {
        "condition": Block(_ones(2), 2, moves=False),
        "latent": Block(_ones(2), 2, unit=4.0, restriction=lambda values: values[..., 0]),
    }
    resting = {"condition": tf.constant([[[1.0, 2.0]]])}
    objective = _objective(blocks, data, resting)
    moving = {"latent": tf.constant([[[0.25, 0.5]]])}
    # the latent is [1, 2], its sum with the condition [2, 4], the errors [1, 1]
    np.testing.assert_allclose(objective.values(moving)["latent"], [[[1, 2]]])
    terms, gradients = objective.gradient(moving)
    np.testing.assert_allclose(terms.difference, [[1.0]])
    np.testing.assert_allclose(terms.restriction, [[1.0]])
    np.testing.assert_allclose(terms.loss, [[2.0]])
    # of the mean square [-1, -1], of the restriction [1, 0]; four times that in units
    assert set(gradients) == {"latent"}
    np.testing.assert_allclose(gradients["latent"], [[[0.0, -4.0]]], atol=1e-6)


def test_projection_and_tangent_know_the_set_and_not_the_units():
    projection = Projection(
        lambda values: tf.clip_by_value(values, 0.0, 1.0),
        lambda gradient, values: values * gradient,
    )
    blocks = {"latent": Block(_ones(2), 2, unit=4.0, projection=projection)}
    objective = _objective(blocks, np.float32([[1.0, 3.0]]))
    projected = objective.project({"latent": tf.constant([[[0.5, -2.0]]])})
    np.testing.assert_allclose(projected["latent"], [[[0.25, 0.0]]])
    # at [0.5, 2] the gradient is [-0.5, -1]
    _, gradients = objective.gradient({"latent": tf.constant([[[0.125, 0.5]]])})
    np.testing.assert_allclose(gradients["latent"], [[[-1.0, -8.0]]])


def _reach(optimizer, unit):
    """How far one step takes a latent, (B, K, Z)."""
    generator = Generator(linear_generator()[0])
    space = Space.per_value(generator)
    space.blocks["latent"] = space.blocks["latent"]._replace(unit=unit)
    settings = SearchSettings(
        steps=1,
        learning_rate=0.01,
        optimizer=optimizer,
        epsilon=0.3,
        difference="mean_squared",
    )
    return Search(generator, space, settings).run(random_data(2)).values["latent"].numpy()


# a step by the gradient's length is as many times larger again
@pytest.mark.parametrize(("optimizer", "times"), [("adam", 5.0), ("momentum", 25.0)])
def test_a_large_unit_moves_fast(optimizer, times):
    np.testing.assert_allclose(_reach(optimizer, 5.0), times * _reach(optimizer, 1.0), rtol=1e-4)


def test_features_of_the_data_are_computed_once_for_all_candidates_and_steps():
    computed = []

    class Counting:
        def prepare(self, data, visible):
            def count(data):
                computed.append(data.shape)
                return data

            return tf.ensure_shape(tf.numpy_function(count, [data], tf.float32), data.shape)

        def __call__(self, reference, generated):
            return tf.reduce_mean(tf.abs(reference[:, tf.newaxis] - generated), axis=-1)

    generator = Generator(linear_generator()[0])
    settings = SearchSettings(steps=7, difference=Counting())
    search = Search(generator, Space.per_value(generator), settings)
    state = search.init(random_data(2))
    for steps in (7, 3):
        computed.clear()
        state = search.advance(state, steps)
        assert computed == [(2, 6)]
    plain = Search(generator, Space.per_value(generator), SearchSettings(steps=10))
    np.testing.assert_allclose(
        search.finish(state).score, plain.run(random_data(2)).score, rtol=1e-5
    )
