"""Circles, squares and triangles of any colour, size and place, on backgrounds of any kind."""

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("circle", "square", "triangle")
# drawn so many times larger, then reduced: smooth edges
_FINE = 4
# how far the shape's colour differs from any that lies behind it, of 255 in one channel at least
_CONTRAST = 60


def draw_shape(rng, name, side):
    """Draws one shape on a background of its own.

    The background is one colour, runs from one into another, is striped, or is made of blots; fine
    noise lies on all of it. The shape is a quarter to seven tenths of the picture wide, wholly
    inside of it, and of one colour that stands out.

    Args:
        rng: a NumPy random generator.
        name: one of `NAMES`.
        side: of the picture, pixels.

    Returns:
        uint8 (side, side, 3).
    """
    background = _BACKGROUNDS[rng.integers(len(_BACKGROUNDS))](rng, side)
    width = rng.uniform(0.25, 0.7) * side
    left, top = rng.uniform(0.02 * side, 0.98 * side - width, 2)
    mask = Image.new("L", (_FINE * side, _FINE * side))
    pen, box = ImageDraw.Draw(mask), [left, top, left + width, top + width]
    box = [round(_FINE * end) for end in box]
    if name == "circle":
        pen.ellipse(box, fill=255)
    elif name == "square":
        pen.rectangle(box, fill=255)
    else:
        apex = ((box[0] + box[2]) // 2, box[1])
        pen.polygon([apex, (box[2], box[3]), (box[0], box[3])], fill=255)
    share = np.asarray(mask.resize((side, side), Image.Resampling.BOX))[..., None] / 255.0
    behind = background[share[..., 0] > 0].mean(axis=0)
    colour = rng.uniform(0, 255, 3)
    while np.abs(colour - behind).max() < _CONTRAST:
        colour = rng.uniform(0, 255, 3)
    picture = background * (1 - share) + colour * share + rng.normal(0, 4, background.shape)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def shapes(count, side=64, seed=0):
    """Draws shapes, each kind as often as the others.

    Args:
        count: N.
        side: of each picture, pixels.
        seed: decides everything.

    Returns:
        `(pictures, labels)`: uint8 (N, side, side, 3), and int64 (N,), places in `NAMES`.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(NAMES)
    return np.stack([draw_shape(rng, NAMES[label], side) for label in labels]), labels


def _plain(rng, side):
    return np.tile(rng.uniform(0, 255, 3), (side, side, 1))


def _gradient(rng, side):
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:side, :side] / (side - 1) - 0.5
    share = np.clip(0.5 + x * np.cos(angle) + y * np.sin(angle), 0, 1)[..., None]
    return _mixed(rng, share)


def _stripes(rng, side):
    angle, period = rng.uniform(0, np.pi), rng.uniform(0.1, 0.4) * side
    y, x = np.mgrid[:side, :side]
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    return _mixed(rng, (0.5 + 0.5 * wave)[..., None], likeness=0.75)


def _blots(rng, side):
    coarse = rng.uniform(0, 1, (5, 5)).astype(np.float32)
    fine = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return _mixed(rng, np.clip(np.asarray(fine), 0, 1)[..., None], likeness=0.5)


_BACKGROUNDS = (_plain, _gradient, _stripes, _blots)


def _mixed(rng, share, likeness=0.0):
    """Two colours mixed by a share (H, W, 1); the second is drawn to the first by a likeness."""
    first, second = rng.uniform(0, 255, (2, 3))
    second = likeness * first + (1 - likeness) * second
    return first * (1 - share) + second * share
