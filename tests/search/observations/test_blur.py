"""Blurs against SciPy's."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage, special

from igc_tf.data import bundled_digits
from igc_tf.search.observations import Blur, MotionBlur, Outline

DIGITS = bundled_digits().sample(4, seed=3).images
WIDTHS = np.float32([0.6, 1.0, 1.7, 2.5])


def _each(function):
    return np.stack([function(image[..., 0] + 0.5, i) for i, image in enumerate(DIGITS)])


def test_blur_is_scipys():
    blurred = Blur().apply(DIGITS, WIDTHS[:, None]).numpy()[..., 0]
    expected = _each(
        lambda image, i: ndimage.gaussian_filter(image, WIDTHS[i], mode="constant", truncate=9)
    )
    np.testing.assert_allclose(blurred + 0.5, expected, atol=2e-5)
    one = Blur().apply(DIGITS, WIDTHS[None, :1]).numpy()[0, ..., 0]
    np.testing.assert_allclose(one, blurred[0], atol=1e-6)
    np.testing.assert_allclose(Blur().apply(DIGITS, np.float32([[0.0]])), DIGITS, atol=1e-6)


def test_outline_is_the_clipped_slope():
    outline = Outline(steepness=2.0)
    lines = outline.apply(DIGITS, WIDTHS[:, None]).numpy()[..., 0]

    def slope(image, i):
        parts = [
            ndimage.gaussian_filter(image, WIDTHS[i], order, mode="constant", truncate=9)
            for order in ((1, 0), (0, 1))
        ]
        return np.minimum(2.0 * np.hypot(*parts), 1.0)

    # SciPy normalises the Gaussian over the pixels that it reaches, the derivative likewise
    np.testing.assert_allclose(lines + 0.5, _each(slope), atol=3e-4)


@pytest.mark.parametrize("angle", [0.0, 90.0, 37.0])
def test_crests_of_an_edge_are_a_pixel_wide(angle):
    down, right = np.mgrid[:28, :28] - 13.5
    along = np.deg2rad(angle)
    away = right * np.cos(along) + down * np.sin(along) - 0.3
    # a straight edge as soft as a stroke's
    edge = np.float32(special.ndtr(away / np.sqrt(0.3)) - 0.5)[None, ..., None]
    crests = Outline(steepness=20.0, crests=True).apply(edge, np.float32([[1.1]])).numpy()
    # off the border, beyond which there is nothing
    inside = np.s_[6:22, 6:22]
    expected = np.maximum(1 - np.abs(away), 0)
    np.testing.assert_allclose(crests[0, ..., 0][inside] + 0.5, expected[inside], atol=0.02)
    assert expected[inside].sum() == pytest.approx(16 / max(np.cos(along), np.sin(along)), rel=0.1)
    # where the slope is small, it counts
    faint = Outline(steepness=0.5, crests=True).apply(edge, np.float32([[1.1]])).numpy()
    slope = 0.5 / np.sqrt(2 * np.pi * (1.21 + 0.3)) * np.exp(-(away**2) / 2 / (1.21 + 0.3))
    faint = faint[0, ..., 0][inside] + 0.5
    np.testing.assert_allclose(faint, (slope * expected)[inside], atol=0.01)


@pytest.mark.parametrize("angle", [0.0, 90.0, 45.0])
def test_motion_is_a_line(angle):
    point = np.full([1, 15, 15, 1], -0.5, np.float32)
    point[0, 7, 7] = 0.5
    moved = MotionBlur().apply(point, np.float32([[6.0, angle]])).numpy()[0, ..., 0] + 0.5
    assert moved.sum() == pytest.approx(1.0, abs=1e-4)
    down, right = np.mgrid[-7:8, -7:8]
    # the moments of a line of this length and direction, widened by a pixel's triangle
    across = np.deg2rad(angle)
    sin, cos = np.sin(across), np.cos(across)
    assert (moved * down).sum() == pytest.approx(0, abs=1e-4)
    variance = 36 / 12 * (1 + 2 / 32)
    assert (moved * down * right).sum() == pytest.approx(-variance * sin * cos, abs=0.05)
    spread = [(moved * down**2).sum(), (moved * right**2).sum()]
    assert spread[0] - spread[1] == pytest.approx(variance * (sin**2 - cos**2), abs=0.3)


def test_motion_of_each_is_that_of_one():
    nuisance = np.float32([[3.0, 0.0], [6.0, 30.0], [9.0, -60.0], [0.0, 10.0]])
    colours = np.concatenate([DIGITS, DIGITS[::-1]], axis=-1)
    together = MotionBlur().apply(colours, nuisance).numpy()
    for i in range(4):
        alone = MotionBlur().apply(colours[i : i + 1], nuisance[i : i + 1])
        np.testing.assert_allclose(together[i], alone[0], atol=1e-5)
    np.testing.assert_allclose(together[3], colours[3], atol=1e-5)


@pytest.mark.parametrize("told", [[7.0, 90.0], [7.0, 45.0], [7.0, -20.0], [0.0, 0.0]])
def test_motion_that_is_known_is_that_of_a_tensor(told):
    told = np.float32([told])
    known = MotionBlur().apply(DIGITS, told)
    np.testing.assert_allclose(known, MotionBlur().apply(DIGITS, tf.constant(told)), atol=1e-5)
    # also where a graph is built
    graph = tf.function(lambda images: MotionBlur().apply(images, told))
    np.testing.assert_allclose(graph(tf.constant(DIGITS)), known, atol=1e-6)


@pytest.mark.parametrize(
    ("observation", "at"),
    [
        (Blur(), [1.1]),
        (MotionBlur(), [4.3, 25.0]),
        (Outline(steepness=0.8), [1.2]),
        (Outline(steepness=0.8, crests=True), [1.2]),
    ],
)
def test_gradients_are_those_of_finite_differences(observation, at):
    at = np.float32([at] * 2)
    target = DIGITS[2:]

    def loss(nuisance):
        return tf.reduce_mean(tf.square(observation.apply(DIGITS[:2], nuisance) - target))

    nuisance = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(nuisance)
        value = loss(nuisance)
    gradient = tape.gradient(value, nuisance).numpy()
    for i in range(at.shape[1]):
        nudge = np.zeros_like(at)
        nudge[0, i] = 0.02 if observation.names[i] != "motion angle" else 0.5
        slope = (float(loss(at + nudge)) - float(loss(at - nudge))) / (2 * nudge[0, i])
        assert gradient[0, i] == pytest.approx(slope, rel=0.08, abs=1e-6)
