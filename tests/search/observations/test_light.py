"""Light against its closed forms, and SciPy's opening."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.search import Batch
from igc_tf.search.observations import Contrast, Light, Polarity, UnevenLight

DIGITS = bundled_digits().sample(6, seed=3).images


def _start(observation, data):
    return observation.start(Batch(data), None).numpy()


def test_light_is_a_clipped_line():
    nuisance = np.float32([[0.5, 0.2]] * 3 + [[2.0, -0.1]] * 3)
    lit = Light().apply(DIGITS, nuisance).numpy()
    gain, offset = nuisance.T[:, :, None, None, None]
    np.testing.assert_allclose(lit, np.clip(gain * (DIGITS + 0.5) - 0.5 + offset, -0.5, 0.5))


def test_light_is_read_off_the_data_and_undone():
    light = Light()
    nuisance = np.float32([[0.4, 0.3]] * 6)
    data = light.apply(DIGITS, nuisance).numpy()
    start = _start(light, data)
    assert start.shape == (6, 1, 2)
    np.testing.assert_allclose(start[:, 0, 1], 0.3, atol=1e-6)
    # the ink of a digit is not all white
    np.testing.assert_allclose(start[:, 0, 0], 0.4, atol=0.02)
    undone = light.undo(data, start[:, 0]).numpy()
    np.testing.assert_allclose(undone, DIGITS, atol=0.05)
    np.testing.assert_allclose(_start(Light(gains=False), data)[:, 0, 0], 1.0)
    assert Light(gains=False).moves_of_each.tolist() == [[False, True]]
    # a quarter of the pixels is darker than the page's end, 3 % are ink
    ramp = np.linspace(-0.5, 0.5, 784, dtype=np.float32).reshape(1, 28, 28, 1)
    np.testing.assert_allclose(_start(light, ramp)[0, 0], [0.985 - 0.25, 0.25], atol=2e-3)


def test_it_says_what_the_light_is_like():
    assert Light().says([0.5, 0.2]) == "faint (contrast 0.50) on a page that is brighter by 20 %"
    assert Light().says([0.9, 0.05]) == ""
    uneven = UnevenLight(cells=2)
    for field, said in (
        ([0.1, 0.2, 0.3, 0.4], "under uneven light (up to 40 % brighter)"),
        ([0.1, 0.2, 0.2, 0.2], "on a page that is brighter by 18 %"),
        ([0.0, 0.1, 0.1, 0.1], ""),
    ):
        assert uneven.says(np.array([1.0, *field])) == said


def test_the_field_is_undone_by_scipys_opening():
    uneven = UnevenLight()
    ramp = 0.5 * np.linspace(0, 1, 28, dtype=np.float32)[:, None, None]
    data = np.clip(0.5 * (DIGITS + 0.5) + ramp - 0.5, -0.5, 0.5).astype(np.float32)
    start = _start(uneven, data)[:, 0]
    assert start.shape == (6, len(uneven.parameters)) == (6, 17)
    undone = uneven.undo(data, start).numpy()
    opened = np.stack([ndimage.grey_opening(d, size=(7, 7, 1), mode="nearest") for d in data])
    above = np.sort((data - opened).reshape(6, -1), axis=1)[:, -23:].mean(axis=1)
    np.testing.assert_allclose(start[:, 0], above, rtol=1e-5)
    expected = np.clip((data - opened) / above[:, None, None, None] - 0.5, -0.5, 0.5)
    np.testing.assert_allclose(undone, expected, atol=1e-5)
    assert np.abs(undone - DIGITS).mean() < 0.25 * np.abs(data - DIGITS).mean()
    # the field found rises as the ramp does
    field = start[:, 1:].reshape(6, 4, 4).mean(axis=2)
    np.testing.assert_allclose(field, [[0.06, 0.19, 0.31, 0.44]] * 6, atol=0.12)
    assert (np.diff(field, axis=1) > 0).all()


def test_the_field_is_added_to_a_fainter_picture():
    uneven = UnevenLight(cells=2)
    nuisance = np.float32([[0.5, 0.1, 0.1, 0.1, 0.1]])
    np.testing.assert_allclose(
        uneven.apply(DIGITS, nuisance), 0.5 * (DIGITS + 0.5) - 0.4, atol=1e-6
    )


@pytest.mark.parametrize("part", ["columns", "rows"])
def test_bright_columns_or_rows_are_found_and_turned_back(part):
    polarity = Polarity(part, 28)
    data = DIGITS.copy()
    where = (
        (slice(None), slice(None), slice(0, 7)) if part == "columns" else (slice(None), slice(0, 7))
    )
    data[where] *= -1
    start = _start(polarity, data)[:, 0]
    np.testing.assert_array_equal(start, [[1] * 7 + [0] * 21] * 6)
    np.testing.assert_allclose(polarity.undo(data, start), DIGITS, atol=1e-6)
    assert polarity.says(start[0]) == f"7 {part} negative"


def test_a_negative_is_turned_back():
    polarity = Polarity()
    start = _start(polarity, -DIGITS)[:, 0]
    np.testing.assert_allclose(polarity.undo(-DIGITS, start), DIGITS, atol=1e-6)
    assert polarity.says(start[0]) == "as a negative" and not polarity.says(start[0] * 0)


def test_what_is_bent_costs_by_its_square():
    penalty = Light(weight=0.1).penalty(np.float32([[[1.0, 0.0], [0.5, 0.25]]]))
    np.testing.assert_allclose(penalty, [[0.0, 0.1 * (1 + 0.25)]])


def test_what_has_no_bright_border_is_no_negative():
    half = DIGITS.copy()
    half[:3] *= -1
    np.testing.assert_array_equal(_start(Polarity(), half)[:, 0, 0], [1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize("light", [Light(), UnevenLight()])
def test_a_light_that_leaves_nothing_of_the_picture_explains_nothing(light):
    empty = np.full_like(DIGITS[:2], 0.2)
    start = _start(light, np.concatenate([DIGITS[:2], empty]))
    undone = light.undo(empty, start[2:, 0]).numpy()
    np.testing.assert_allclose(undone, -0.5, atol=1e-6)
    np.testing.assert_array_equal(light.penalty(start), [[0.0], [0.0], [1.0], [1.0]])


def test_more_contrast_is_a_clipped_line_about_the_middle():
    data = np.float32([0.0, 0.5, 0.7, 1.0, 1.2, 1.4, 1.7, 2.0]).reshape(1, 2, 4, 1)
    observation = Contrast(0.4, 0.0, 2.0)
    start = _start(observation, data)[:, 0]
    found = observation.undo(data, start).numpy()
    np.testing.assert_allclose(found.ravel(), [0, 0, 0.25, 1, 1.5, 2, 2, 2], atol=1e-6)
    np.testing.assert_allclose(np.ravel(observation.apply(found, start))[2:5], [0.7, 1, 1.2])
    # black and white stay what they are
    ends = np.float32([0.0, 2.0]).reshape(1, 1, 2, 1)
    changed = observation.undo(ends + np.float32([[[[0.59], [-0.59]]]]), start)
    np.testing.assert_array_equal(changed, ends)
    with pytest.raises(InputError, match="contrast=0"):
        Contrast(0.0)


def test_the_gradient_of_more_contrast_passes_where_it_is_clipped():
    data, weights = tf.constant(DIGITS), tf.random.stateless_normal(DIGITS.shape, [0, 1])
    observation = Contrast(0.5)
    with tf.GradientTape() as tape:
        tape.watch(data)
        seen = tf.reduce_sum(weights * observation.undo(data, _start(observation, DIGITS)[:, 0]))
    np.testing.assert_allclose(tape.gradient(seen, data), 2 * weights)
