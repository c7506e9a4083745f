"""Widths and slants of shapes that are drawn with known ones."""

import numpy as np
import pytest

from igc_tf.errors import InputError
from igc_tf.metrics import slant, stroke_width

# how finely a pixel is divided when a shape is drawn
_FINE = 8


def drawn(inside, size=28):
    """(1, H, W) in [0, 1]: the share of each pixel that lies inside; x to the right, y upwards."""
    places = (np.arange(size * _FINE) + 0.5) / _FINE - size / 2
    fine = inside(places[np.newaxis], -places[:, np.newaxis]).astype(float)
    return fine.reshape(1, size, _FINE, size, _FINE).mean(axis=(2, 4))


def bar(width, length, shear=0.0):
    return drawn(lambda x, y: (np.abs(x - shear * y) < width / 2) & (np.abs(y) < length / 2))


def turned_bar(width, length, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return drawn(
        lambda x, y: (np.abs(c * x - s * y) < width / 2) & (np.abs(s * x + c * y) < length / 2)
    )


def width_by_moments(image):
    """Of a straight bar: √12 times the standard deviation across it."""
    y, x = np.nonzero(image[0])
    cov = np.cov(np.stack([x, y]), aweights=image[0, y, x], bias=True)
    # that a pixel is an average over its square adds 1/12 in each direction
    return np.sqrt(12 * (np.linalg.eigvalsh(cov)[0] - 1 / 12))


@pytest.mark.parametrize("width", [2.0, 3.0, 4.5])
@pytest.mark.parametrize("degrees", [10, 30, 80])
def test_width_of_a_bar_wherever_it_points(width, degrees):
    image = turned_bar(width, 20, degrees)
    by_moments = width_by_moments(image)
    np.testing.assert_allclose(by_moments, width, rtol=0.02)
    expected = by_moments * 20 / (by_moments + 20)
    np.testing.assert_allclose(stroke_width(image, 0.0), expected, rtol=0.06)


def test_width_of_a_ring_is_the_difference_of_its_radii():
    for inner, outer in ((6, 8), (5, 9)):
        ring = drawn(lambda x, y, a=inner, b=outer: (x**2 + y**2 > a**2) & (x**2 + y**2 < b**2))
        np.testing.assert_allclose(stroke_width(ring, 0.0), outer - inner, rtol=0.03)


def test_neither_strength_nor_side_nor_place_matter():
    image = bar(3, 16, 0.3)
    faint = 0.9 - 0.2 * np.roll(image, (2, -3), axis=(1, 2))[..., np.newaxis]
    for measure in (stroke_width, slant):
        np.testing.assert_allclose(measure(faint, 0.9), measure(image, 0.0), rtol=1e-9)


@pytest.mark.parametrize("shear", [-0.5, 0.0, 0.2, 0.7])
def test_slant_is_the_angle_of_the_shear(shear):
    image = bar(3, 18, shear)
    expected = np.degrees(np.arctan(shear))
    np.testing.assert_allclose(slant(image, 0.0), expected, atol=0.6)
    # of any sheared drawing, not of bars alone: a ring leans as its shear says
    ring = drawn(lambda x, y: (np.hypot(x - shear * y, y) < 7) & (np.hypot(x - shear * y, y) > 4))
    np.testing.assert_allclose(slant(ring, 0.0), expected, atol=0.8)


def test_ink_at_the_edge_ends_there():
    image = bar(3, 16)
    at_the_edge = np.roll(image, -image[0].any(axis=0).argmax(), axis=2)
    np.testing.assert_allclose(stroke_width(at_the_edge, 0.0), stroke_width(image, 0.0), rtol=1e-9)


def test_images_are_measured_one_by_one():
    images = np.concatenate([bar(2, 16, 0.4), bar(4, 16, -0.2), np.zeros([1, 28, 28])])
    widths, slants = stroke_width(images, 0.0), slant(images, 0.0)
    assert widths[0] < widths[1] and slants[0] > 0 > slants[1]
    assert widths[2] == slants[2] == 0
    with pytest.raises(InputError, match=r"shape \(28, 28\).*expected \(N, H, W\)"):
        slant(images[0], 0.0)
    with pytest.raises(InputError, match=r"\(3, 28, 28, 3\)"):
        stroke_width(np.zeros([3, 28, 28, 3]), 0.0)
