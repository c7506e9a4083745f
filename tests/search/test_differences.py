"""Differences against numbers worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.search import (
    DIFFERENCES,
    Batch,
    Deformation,
    Search,
    SearchSettings,
    Space,
    resolve_difference,
)
from tests.fixtures.linear_generator import linear_generator, random_data


def _difference(name, data, generated, visible=None):
    difference = resolve_difference(name)
    visible = None if visible is None else tf.constant(visible)
    reference = difference.prepare(tf.constant(data), visible)
    return difference(reference, tf.convert_to_tensor(generated))


# three steps of two elements, two examples; two candidates
DATA = np.float32([[[1, 2], [3, -7], [-8, -9]], [[0, 0], [0, 0], [0, 0]]])
GENERATED = np.float32(
    [
        [[[2, 2], [5, 9], [7, 7]], [[1, 2], [3, -7], [-8, -9]]],
        [[[1, 1], [1, 1], [1, 1]], [[2, 2], [2, 2], [2, 8]]],
    ]
)
VISIBLE = np.float32([[[1, 1], [1, 0], [0, 0]], [[1, 1], [1, 1], [1, 1]]])


@pytest.mark.parametrize(
    ("name", "seen", "all_seen"),
    [
        # 1 + 0 + 4 of 3 elements, and of 6 with 16² + 15² + 16² more
        ("mean_squared", [[5 / 3, 0], [1, 84 / 6]], [[742 / 6, 0], [1, 84 / 6]]),
        ("mean_absolute", [[3 / 3, 0], [1, 18 / 6]], [[50 / 6, 0], [1, 18 / 6]]),
    ],
)
def test_is_the_mean_over_what_is_visible(name, seen, all_seen):
    np.testing.assert_allclose(_difference(name, DATA, GENERATED, VISIBLE), seen, rtol=1e-6)
    np.testing.assert_allclose(_difference(name, DATA, GENERATED), all_seen, rtol=1e-6)
    everything = np.ones([1, 1, 1], np.float32)
    np.testing.assert_allclose(_difference(name, DATA, GENERATED, everything), all_seen, rtol=1e-6)


@pytest.mark.parametrize("name", ["mean_squared", "mean_absolute"])
def test_nothing_visible_differs_by_nothing(name):
    hidden = np.zeros([2, 1, 1], np.float32)
    np.testing.assert_array_equal(_difference(name, DATA, GENERATED, hidden), np.zeros([2, 2]))


@pytest.mark.parametrize("name", ["mean_squared", "mean_absolute", "two_scales", "deformation"])
def test_what_is_faintly_visible_differs_as_much(name):
    random = np.random.default_rng(2)
    data, generated = np.float32(random.normal(size=[2, 2, 12, 12, 1]))
    generated = tf.constant(generated[:, np.newaxis])
    whole = _difference(name, data, generated)
    faint = np.full([2, 1, 1, 1], 1e-4, np.float32)
    np.testing.assert_allclose(_difference(name, data, generated, faint), whole, rtol=1e-4)
    with tf.GradientTape() as tape:
        tape.watch(generated)
        hidden = _difference(name, data, generated, 0 * faint)
    np.testing.assert_array_equal(hidden, np.zeros([2, 1]))
    gradient = tape.gradient(hidden, generated)
    np.testing.assert_array_equal(gradient, np.zeros(generated.shape))


@pytest.mark.parametrize("name", ["mean_squared", "mean_absolute"])
def test_more_that_is_hidden_changes_neither_value_nor_gradient(name):
    generator = np.random.default_rng(0)
    data = generator.normal(size=(2, 4, 3)).astype(np.float32)
    # whatever stands there
    longer = np.concatenate([data, np.full([2, 5, 3], np.nan, np.float32)], axis=1)
    visible = np.float32([1] * 4 + [0] * 5)[None, :, None]
    generated = tf.constant(generator.normal(size=(2, 1, 9, 3)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(generated)
        padded = _difference(name, longer, generated, visible)
        plain = _difference(name, data, generated[:, :, :4])
    np.testing.assert_allclose(padded, plain, rtol=1e-6)
    gradient = tape.gradient(padded, generated)
    np.testing.assert_array_equal(gradient[:, :, 4:], np.zeros([2, 1, 5, 3]))
    np.testing.assert_allclose(gradient, tape.gradient(plain, generated), rtol=1e-5)


@pytest.mark.parametrize("name", ["mean_squared", "mean_absolute"])
def test_a_search_is_blind_to_what_is_hidden(name):
    generator = Generator(linear_generator()[0])
    settings = SearchSettings(steps=15, learning_rate=0.05, difference=name)
    search = Search(generator, Space.per_value(generator), settings)
    visible = np.float32([[1, 1, 0, 1, 0, 1], [0, 1, 1, 1, 1, 1]])
    data = random_data(2)
    other = np.where(visible > 0, data, 100.0)
    one, two = (search.run(Batch(values, visible)) for values in (data, other))
    np.testing.assert_array_equal(one.scores, two.scores)
    np.testing.assert_array_equal(one.values["latent"], two.values["latent"])
    assert (search.run(other).scores.numpy() != one.scores.numpy()).all()


def _largest(data, generated):
    return tf.reduce_max(tf.abs(data - generated), axis=[1, 2])


def test_a_function_compares_every_candidate_with_its_example():
    expected = np.abs(DATA[:, None] - GENERATED).max(axis=(2, 3))
    np.testing.assert_allclose(_difference(_largest, DATA, GENERATED), expected)


def test_a_function_takes_no_mask():
    with pytest.raises(InputError, match=r"_largest.*compares whole examples.*prepare"):
        _difference(_largest, DATA, GENERATED, VISIBLE)


def test_refuses_a_function_that_is_not_one_number_per_example():
    with pytest.raises(InputError, match=r"\(4, 3, 2\): expected one number per example"):
        _difference(lambda data, generated: data - generated, DATA, GENERATED)


def test_refuses_an_object_that_is_not_one_number_for_each_candidate():
    class OneNumber:
        def prepare(self, data, visible):
            return data

        def __call__(self, reference, generated):
            return tf.reduce_mean(generated, axis=[1, 2])

    generator = Generator(linear_generator()[0])
    search = Search(generator, Space.per_value(generator), SearchSettings(difference=OneNumber()))
    with pytest.raises(InputError, match=r"shape \(None,\): expected one number for each"):
        search.run(random_data(4))


@pytest.mark.parametrize(("name", "least"), [("two_scales", 4), ("deformation", 5)])
def test_images_must_be_large_enough(name, least):
    for width in (least - 1, least):
        images = np.zeros([2, least, width, 1], np.float32)
        if width == least:
            np.testing.assert_array_equal(_difference(name, images, images[:, np.newaxis]), 0)
            continue
        with pytest.raises(InputError, match=f"'{name}' expects images.*{least} × {least} pixels"):
            _difference(name, images, images[:, np.newaxis])


def test_names_objects_and_functions_are_differences():
    own = Deformation(displacement=1)
    assert resolve_difference(own) is own
    assert resolve_difference("mean_squared") is DIFFERENCES["mean_squared"]
    for unknown in ("cosine", None, 3):
        with pytest.raises(InputError, match=f"difference={unknown!r}: expected one of"):
            resolve_difference(unknown)


def test_two_scales_are_pixels_and_means_of_four_by_four():
    data, generated = (np.random.default_rng(i).normal(size=(3, 12, 12, 1)) for i in (0, 1))
    data, generated = np.float32(data), np.float32(generated)[:, None]
    difference = DIFFERENCES["two_scales"]
    found = difference(difference.prepare(tf.constant(data), None), tf.constant(generated))
    errors = (data - generated[:, 0])[..., 0]
    means = np.lib.stride_tricks.sliding_window_view(errors, (4, 4), axis=(1, 2))[:, ::2, ::2]
    coarse = 4 * np.abs(means.mean(axis=(3, 4))).sum(axis=(1, 2)) / 144
    np.testing.assert_allclose(found[:, 0], np.abs(errors).mean(axis=(1, 2)) + coarse, rtol=1e-5)
    # what is hidden does not count, whatever stands there
    visible = np.ones_like(data)
    visible[:, :, 8:] = 0
    other = np.where(visible > 0, data, 7.0).astype(np.float32)
    values = [
        difference(difference.prepare(tf.constant(part), tf.constant(visible)), generated)
        for part in (data, other)
    ]
    np.testing.assert_allclose(*values, rtol=1e-6)
    with pytest.raises(InputError, match="expects images"):
        difference.prepare(tf.zeros([2, 6]), None)


def test_weighted_differences_add_up():
    data, generated = (np.random.default_rng(i).normal(size=(3, 12, 12, 1)) for i in (0, 1))
    data, generated = tf.constant(np.float32(data)), tf.constant(np.float32(generated)[:, None])
    parts = [
        DIFFERENCES[name](DIFFERENCES[name].prepare(data, None), generated)
        for name in ("two_scales", "deformation", "two_scales_deformation")
    ]
    np.testing.assert_allclose(parts[2], parts[0] + 2 * parts[1], rtol=1e-5)
