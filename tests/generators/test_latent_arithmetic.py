"""Arithmetic on the latents of a generator whose answers are a closed form."""

import keras
import numpy as np
import pytest

from igc_tf.errors import GeneratorError, InputError
from igc_tf.generators import Generator, Prior, analogy, latent_path, mean_latent
from igc_tf.generators.latent_arithmetic import to_typical_length
from tests.fixtures.linear_generator import BOUND, linear_generator


@pytest.fixture(scope="module")
def linear():
    """G(z) = offset + z · matrix, of one class."""
    model, offsets, matrix = linear_generator(classes=1, latent_size=4)
    return Generator(model, bounds=(-BOUND, BOUND)), offsets[0], matrix


def test_samples_are_those_of_the_latents_that_are_drawn(linear):
    generator, offset, matrix = linear
    latents = generator.draw_latents(600, seed=3)
    labels = np.zeros(600, int)
    made = generator.generate(labels, latents)
    np.testing.assert_allclose(made, offset + latents @ matrix, atol=1e-5)
    np.testing.assert_array_equal(generator.sample(labels, seed=3), made)
    np.testing.assert_array_equal(generator.draw_latents(5, seed=3), latents[:5])


def test_latents_are_drawn_from_the_prior():
    model, _, _ = linear_generator(classes=1, latent_size=4)
    generator = Generator(model, bounds=(-BOUND, BOUND), prior=Prior(3.0, 0.5))
    latents = generator.draw_latents(4000, seed=0)
    assert latents.mean() == pytest.approx(3, abs=0.03)
    assert latents.std() == pytest.approx(0.5, abs=0.02)


def test_a_generator_without_a_latent_has_none_to_draw():
    condition = keras.Input([3])
    still = keras.Model(condition, keras.layers.Dense(6, "tanh")(condition))
    with pytest.raises(GeneratorError, match="no latent"):
        Generator(still).draw_latents(1, 0)


def test_an_attribute_is_moved_from_one_kind_to_another(linear):
    generator, offset, matrix = linear
    rng = np.random.default_rng(0)
    # two kinds of latents, of which one also comes with an attribute
    kinds, attribute = np.array([[2, 0, 0, 0], [0, 2, 0, 0]]), np.array([0, 0, 1, -1])
    groups = [kinds[0] + attribute, kinds[0], kinds[1]]
    latents = np.concatenate(
        [
            mean + 0.5 * (part - part.mean(axis=0))
            for mean, part in ((mean, rng.normal(size=(50, 4))) for mean in groups)
        ]
    )
    of = np.arange(150) // 50
    found = analogy(latents, of == 0, of == 1, of == 2)
    np.testing.assert_allclose(found.direction, attribute, atol=1e-6)
    np.testing.assert_allclose(found.latent, kinds[1] + attribute, atol=1e-6)
    made = generator.generate([0], found.latent[np.newaxis])[0]
    np.testing.assert_allclose(made, offset + (kinds[1] + attribute) @ matrix, atol=1e-4)
    # numbers say the same as a mask
    numbers = (np.flatnonzero(of == kind) for kind in range(3))
    np.testing.assert_array_equal(analogy(latents, *numbers).latent, found.latent)


def test_an_average_of_nothing_is_refused():
    latents = np.ones([3, 2])
    np.testing.assert_array_equal(mean_latent(latents), [1, 1])
    with pytest.raises(InputError, match="latents: no example is chosen"):
        mean_latent(latents, np.zeros(3, bool))
    with pytest.raises(InputError, match="lacking: no example"):
        analogy(latents, [0], [], [1])
    with pytest.raises(InputError, match="target: no example"):
        analogy(latents, [0], [1], np.zeros(3, bool))
    for other in ([0, 3], [True, False], [0.5]):
        with pytest.raises(InputError, match="target: .*expected whole numbers below 3, or"):
            analogy(latents, [0], [1], other)
    with pytest.raises(InputError, match=r"shape \(2,\): expected \(N, Z\)"):
        mean_latent(np.ones(2))


def test_a_straight_path_passes_all_points_in_equal_steps(linear):
    generator, _, matrix = linear
    points = np.array([[0, 0, 0, 0], [4, 0, 0, 0], [4, 8, 0, 0]], np.float32)
    path = latent_path(points, 4)
    assert path.shape == (9, 4)
    np.testing.assert_allclose(path[:, 0], [0, 1, 2, 3, 4, 4, 4, 4, 4])
    np.testing.assert_allclose(path[:, 1], [0, 0, 0, 0, 0, 2, 4, 6, 8])
    made = generator.generate(np.zeros(9, int), path)
    np.testing.assert_allclose(np.diff(made[:5], axis=0), [matrix[0]] * 4, atol=1e-5)


def test_an_arc_keeps_its_distance_and_turns_evenly():
    points = np.array([[3, 1], [1, 3], [-1, 1]], np.float32)
    path = latent_path(points, 3, "spherical", centre=1.0)
    # around (1, 1): from 0 to 90 and to 180 degrees, 30 at a time
    angles = np.radians(np.arange(0, 181, 30))
    expected = 1 + 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(path, expected, atol=1e-6)
    # of one direction, there is nothing but the straight line
    np.testing.assert_allclose(
        latent_path([[1, 0], [3, 0]], 2, "spherical"), [[1, 0], [2, 0], [3, 0]]
    )


def test_paths_that_are_none_are_refused():
    for values, message in (
        (([[1, 0]], 3), "1 points"),
        (([[1, 0], [0, 1]], 0), "steps=0"),
        (([[1, 0], [0, 1]], 2.5), "steps=2.5: expected a whole number"),
        (([[1, 0], [0, 1]], 2, "cubic"), "form='cubic'"),
        (([[1, 0], [0, 0]], 2, "spherical"), "at the centre"),
        (([[1, 0], [-2, 0]], 2, "spherical"), "opposite sides"),
    ):
        with pytest.raises(InputError, match=message):
            latent_path(*values)


def test_means_are_brought_to_the_length_of_draws():
    prior = Prior(2.0, 0.5)
    brought = to_typical_length([[2.1, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]], prior)
    # √4 standard deviations of 0.5
    np.testing.assert_allclose(brought, [[3, 2, 2, 2], [1.5, 1.5, 1.5, 1.5]], rtol=1e-6)
    with pytest.raises(InputError, match="at the prior's mean"):
        to_typical_length([2.0, 2.0], prior)
