"""Digits bent in known ways, by other means than the observations of the library."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from igc_tf.data.corruption_page import warp

# shares of the frame's side: the least and the greatest side of a rectangle
_SIDES = (0.2, 0.45)
# two bars, each so many pixels wide
_BARS, _WIDTH = 2, 3
# of the range: how bright a cover is
_GREYS = (0.5, 1.0)


class Bending(NamedTuple):
    """What happens to N images.

    Attributes:
        down, right: (N,), pixels.
        scale: (N,), times.
        rotation: (N,), degrees to the left.
        blur: (N,), standard deviation of a Gaussian, pixels.
        rectangle, bars: bool (N, H, W), what covers the images.
        grey: (N,), how bright that is, in [0, 1].
    """

    down: np.ndarray
    right: np.ndarray
    scale: np.ndarray
    rotation: np.ndarray
    blur: np.ndarray
    rectangle: np.ndarray
    bars: np.ndarray
    grey: np.ndarray


def random_bending(rng, shape, rotation, shift, scaling, blur):
    """Draws a `Bending`, each of its parts evenly.

    Args:
        rng: a NumPy random generator.
        shape: (N, H, W) of the images.
        rotation: largest angle to either side, degrees.
        shift: largest distance along each axis, pixels.
        scaling: the sizes lie from 1 - scaling to 1 + scaling.
        blur: the greatest, pixels.
    """
    count, height, width = shape
    down, right = rng.uniform(-shift, shift, [2, count])
    covers = [[_rectangle(rng, height, width), _bars(rng, height, width)] for _ in range(count)]
    rectangles, bars = (np.stack(part) for part in zip(*covers, strict=True))
    return Bending(
        down,
        right,
        rng.uniform(1 - scaling, 1 + scaling, count),
        rng.uniform(-rotation, rotation, count),
        rng.uniform(0, blur, count),
        rectangles,
        bars,
        rng.uniform(*_GREYS, count),
    )


def posed(images, bending):
    """Images (N, H, W) in [0, 1], scaled and turned about their middle, then shifted."""
    angle, scale = np.deg2rad(bending.rotation), bending.scale
    cos, sin = np.cos(angle), np.sin(angle)
    # of (row, column), from where it is to where it was
    back = np.array([[cos, sin], [-sin, cos]]) / scale
    shifts = np.stack([bending.down, bending.right], axis=1)
    return warp(images, np.moveaxis(back, 2, 0), shifts)


def blurred(images, bending):
    """Images (N, H, W), each blurred by its own Gaussian, with nothing around them."""
    pairs = zip(images, bending.blur, strict=True)
    return np.stack([ndimage.gaussian_filter(one, width, mode="constant") for one, width in pairs])


def covered(images, bending, covers):
    """Images (N, H, W) with grey covers, bool of the same shape, upon them."""
    return np.where(covers, bending.grey[:, None, None], images)


def overlap(found, true):
    """Intersection over union (N,) of two sets of pixels, bool (N, H, W)."""
    both, either = ((part).sum(axis=(1, 2)) for part in (found & true, found | true))
    return both / np.maximum(either, 1)


def composed(bending, before):
    """The pose (N, 4) in which an image lies that lay in another one, and was bent.

    Args:
        bending: a `Bending`.
        before: (N, 4): down, right, scale, rotation of the image before.
    """
    down, right, scale, rotation = np.asarray(before, float).T
    cos, sin = np.cos(np.deg2rad(bending.rotation)), np.sin(np.deg2rad(bending.rotation))
    return np.stack(
        [
            bending.scale * (cos * down - sin * right) + bending.down,
            bending.scale * (sin * down + cos * right) + bending.right,
            bending.scale * scale,
            bending.rotation + rotation,
        ],
        axis=1,
    )


def _rectangle(rng, height, width):
    sides = [
        rng.integers(round(_SIDES[0] * side), round(_SIDES[1] * side) + 1)
        for side in (height, width)
    ]
    top, left = (
        rng.integers(0, whole - side + 1)
        for whole, side in zip((height, width), sides, strict=True)
    )
    cover = np.zeros([height, width], bool)
    cover[top : top + sides[0], left : left + sides[1]] = True
    return cover


def _bars(rng, height, width):
    """Across the whole frame, level or upright, at least their width apart."""
    cover = np.zeros([height, width], bool)
    places = np.arange(0, height - _WIDTH + 1, 2 * _WIDTH)
    for place in rng.choice(places, _BARS, replace=False):
        cover[place : place + _WIDTH] = True
    return cover if rng.integers(2) or height != width else cover.T
