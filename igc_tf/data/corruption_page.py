"""Corruptions of the page: how it lies, what is drawn over it, where it is turned negative.

Each function takes grey `images`, float (N, H, W) in [0, 1] with the background at 0; a NumPy
random generator `rng`, of which it draws for every image anew; and how strong it is. It returns new
images of the same shape, which may leave [0, 1]: `igc_tf.data.corruptions.corrupt` clips them.
Lengths are in pixels, angles in radians unless an argument says otherwise.
"""

import numpy as np
from scipy import ndimage

from igc_tf.errors import InputError


def warp(images, matrices, shifts=0.0):
    """Draws images turned, scaled, sheared about their centre, and shifted.

    The pixel at p, counted from the centre, shows what was at `matrix @ (p - shift)`, bilinearly;
    outside the image there is 0.

    Args:
        images: float (N, H, W).
        matrices: (N, 2, 2), of rows and columns.
        shifts: (N, 2), rows down and columns to the right, pixels; 0 for none.

    Returns:
        float64 of the same shape.

    Raises:
        InputError: for arrays of other shapes.
    """
    matrices = np.asarray(matrices, float)
    count, height, width = images.shape
    if matrices.shape != (count, 2, 2) or np.shape(shifts) not in ((), (count, 2)):
        raise InputError(
            f"matrices of shape {matrices.shape}, shifts {np.shape(shifts)} for {count} images: "
            f"expected ({count}, 2, 2) and ({count}, 2)"
        )
    middle = np.array([height - 1, width - 1]) / 2
    pixels = np.indices([height, width], float).reshape(2, -1)
    moved = pixels - (middle + np.broadcast_to(shifts, [count, 2]))[:, :, None]
    return _sampled(images, (matrices @ moved + middle[:, None]).reshape(count, 2, height, width))


def rotate(images, rng, angle):
    """Turned by an angle, to the left or to the right."""
    angles = angle * _signs(rng, len(images))
    cosines, sines = np.cos(angles), np.sin(angles)
    return warp(images, np.moveaxis(np.array([[cosines, -sines], [sines, cosines]]), 2, 0))


def shear(images, rng, angle):
    """Drawn 1 / cos(angle) times as high, each row shifted by sin(angle) per row from the middle.

    To the left or to the right.
    """
    angles = angle * _signs(rng, len(images))
    matrices = np.tile(np.eye(2), [len(images), 1, 1])
    matrices[:, 0, 0], matrices[:, 1, 0] = np.cos(angles), -np.sin(angles)
    return warp(images, matrices)


def scale(images, rng, factor):
    """Drawn at so many times its size."""
    del rng
    return warp(images, np.tile(np.eye(2) / factor, [len(images), 1, 1]))


def translate(images, rng, distance):
    """Shifted by so many pixels along both axes, each forward or back."""
    return _shifted(images, distance * _signs(rng, [len(images), 2]))


def shift(images, rng, largest):
    """Shifted by any distance from -`largest` to `largest` along each axis."""
    return _shifted(images, rng.uniform(-largest, largest, [len(images), 2]))


def pose(images, rng, rotation, scaling, shear, shift):
    """Turned, scaled along each axis, sheared and shifted at once, each evenly at random.

    Args:
        images, rng: as everywhere here.
        rotation: largest angle to either side.
        scaling: the sizes lie from 1 - scaling to 1 + scaling.
        shear: largest shift of a row per row, to either side.
        shift: largest distance along each axis, pixels.
    """
    angles, slant, height, width = np.array([[rotation], [shear], [scaling], [scaling]]) * (
        rng.uniform(-1, 1, [4, len(images)])
    )
    cosines, sines, zeros = np.cos(angles), np.sin(angles), np.zeros(len(images))
    turned = np.array([[cosines, -sines], [sines, cosines]])
    drawn = np.array([[1 + height, zeros], [slant, 1 + width]])
    # from where it was to where it is; a warp asks for the way back
    matrices = np.linalg.inv(np.einsum("ijn,jkn->nik", turned, drawn))
    return warp(images, matrices, rng.uniform(-shift, shift, [len(images), 2]))


def elastic(images, rng, deviation, sigma):
    """Bent like rubber: each pixel shows one beside it (Simard, Steinkraus & Platt 2003).

    The distances along each axis are a Gaussian field, smoothed by `sigma`, of standard deviation
    `deviation`.
    """
    count, height, width = images.shape
    fields = rng.standard_normal([count, 2, height, width])
    fields = ndimage.gaussian_filter(fields, (0, 0, sigma, sigma), mode="nearest")
    fields *= deviation / fields.std(axis=(2, 3), keepdims=True)
    return _sampled(images, np.indices([height, width]) + fields)


def inversion(images, rng):
    """The negative, 1 - x."""
    del rng
    return 1 - images


def stripe(images, rng):
    """The negative in the left and the right quarter of the columns."""
    del rng
    width = images.shape[2]
    is_outside = (np.arange(width) < width // 4) | (np.arange(width) >= width - width // 4)
    return np.where(is_outside, 1 - images, images)


def partial_inversion(images, rng):
    """The negative on one side of a random line, which passes within a quarter of the middle."""
    count, height, width = images.shape
    angles = rng.uniform(0, 2 * np.pi, [count, 1, 1])
    offsets = rng.uniform(-0.25, 0.25, [count, 1, 1]) * min(height, width)
    rows, columns = (
        np.indices([height, width]) - np.array([height - 1, width - 1])[:, None, None] / 2
    )
    is_beyond = rows * np.sin(angles) + columns * np.cos(angles) > offsets
    return np.where(is_beyond, 1 - images, images)


def dotted_line(images, rng):
    """A line from a random row at the left to one at the right, two pixels off and two on."""
    is_on = np.arange(images.shape[2]) % 4 >= 2
    return images + _across(images, rng) * is_on


def solid_line(images, rng):
    """The same line without gaps."""
    return images + _across(images, rng)


def zigzag(images, rng, amplitude, half_period, margin, rise):
    """A zigzag about a line that is nearly level.

    It begins on the line, turns first after half of `half_period`, and ends beside the line: on the
    last corner's side, by `amplitude` over twice the pixels since the last whole `half_period`.

    Args:
        images, rng: as everywhere here.
        amplitude: distance of its corners from the line, pixels.
        half_period: distance along the line from a corner to the next, pixels.
        margin: the line begins so many columns off the left border, and ends as many off the right.
        rise: it ends up to so many rows above where it begins, or less than that below.
    """
    count, height, width = images.shape
    span = width - 1 - 2 * margin
    first = rng.integers(0, height - 1, [count, 1])
    angles = np.arctan(rng.integers(-rise, rise, [count, 1]) / span)
    lengths = span / np.cos(angles)
    corners = np.arange(half_period / 2, span, half_period)
    sides = amplitude * (-1.0) ** np.arange(len(corners))
    forward = np.concatenate([0 * lengths, corners + 0 * lengths, lengths], axis=1)
    # as MNIST-C's program ends; the bound keeps frames of other widths near the line
    last = sides[-1:].sum() / (2 * np.maximum(lengths % half_period, 1.0))
    aside = np.concatenate([0 * lengths, sides + 0 * lengths, last], axis=1)
    rows = first + forward * np.sin(angles) + aside * np.cos(angles)
    columns = margin + forward * np.cos(angles) - aside * np.sin(angles)
    return images + _strokes(rows, columns, (height, width))


def spatter(images, rng, mean, deviation, thresholds, blurs, grey):
    """Spattered with mud.

    A Gaussian field, blurred by the first of `blurs`, makes mud where it exceeds the first of
    `thresholds`; what lies there is blurred by the second, and drawn, as far as it then exceeds the
    second threshold, in the mud's grey.
    """
    field = rng.normal(mean, deviation, images.shape)
    field = ndimage.gaussian_filter(field, (0, blurs[0], blurs[0]), mode="nearest")
    mud = (field > thresholds[0]).astype(float)
    mud = ndimage.gaussian_filter(mud, (0, blurs[1], blurs[1]), mode="nearest")
    mud = np.where(mud < thresholds[1], 0.0, mud)
    return images * (1 - mud) + grey * mud


def snow(images, rng, share, length, light):
    """Flakes, 2 pixels wide, that fall while the picture is taken, and the light of snow.

    A share of the cells of 2 × 2 pixels holds a flake, smeared downwards over `length` pixels.
    """
    count, height, width = images.shape
    cells = rng.random([count, -(-height // 2), -(-width // 2)])
    flakes = np.where(cells < share, rng.uniform(0.5, 1.0, cells.shape), 0.0)
    flakes = flakes.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    fallen = ndimage.uniform_filter1d(flakes, length, axis=1, mode="wrap")
    return np.maximum(images, light) + fallen


def outline(images, rng):
    """Only the edge: the greatest of each pixel's neighbours less the least, of 2 × 2 pixels."""
    del rng
    around = [np.roll(images, places, axis=(1, 2)) for places in ((0, 0), (0, 1), (1, 0), (1, 1))]
    return np.max(around, axis=0) - np.min(around, axis=0)


def canny_edges(images, rng, sigma, low, high):
    """The edges that Canny's detector finds (Canny 1986), one pixel wide, 0 or 1.

    Smoothed by a Gaussian, the image's gradient by Sobel's masks (not divided by their sum); of its
    lengths those that are greatest along its direction, between pixels interpolated; of these all
    above `high`, and those above `low` that hang together with them, corners included. Pixels at
    the border are none.
    """
    del rng
    size = (0, sigma, sigma)
    smooth = ndimage.gaussian_filter(images, size, mode="constant")
    # as if nothing lay outside
    smooth = smooth / ndimage.gaussian_filter(np.ones(images.shape), size, mode="constant")
    # `ndimage.sobel` would smooth from one image to the next, too
    down, right = (
        ndimage.correlate1d(
            ndimage.correlate1d(smooth, [-1, 0, 1], axis=axis), [1, 2, 1], axis=3 - axis
        )
        for axis in (1, 2)
    )
    lengths = np.hypot(down, right)
    is_edge = (lengths >= low) & _are_crests(lengths, down, right)
    together = np.ones([3, 3, 3], bool)
    # images are no neighbours
    together[[0, 2]] = False
    parts, count = ndimage.label(is_edge, together)
    is_strong = np.zeros(count + 1, bool)
    is_strong[np.unique(parts[is_edge & (lengths >= high)])] = True
    is_strong[0] = False
    return is_strong[parts].astype(float)


def _are_crests(lengths, down, right):
    """Where a gradient is no shorter than before and behind it; the border left out."""
    count, height, width = lengths.shape
    inside = np.s_[:, 1 : height - 1, 1 : width - 1]
    down, right, here = down[inside], right[inside], lengths[inside]
    everyone = np.arange(count)[:, None, None]
    rows, columns = np.mgrid[1 : height - 1, 1 : width - 1]
    steps = np.where(down < 0, -1, 1), np.where(right < 0, -1, 1)
    is_steep = np.abs(down) > np.abs(right)
    most = np.maximum(np.maximum(np.abs(down), np.abs(right)), 1e-12)
    share = np.minimum(np.abs(down), np.abs(right)) / most
    found = np.ones(here.shape, bool)
    for way in (1, -1):
        diagonal = lengths[everyone, rows + way * steps[0], columns + way * steps[1]]
        straight = lengths[
            everyone, rows + way * steps[0] * is_steep, columns + way * steps[1] * ~is_steep
        ]
        found &= here >= share * diagonal + (1 - share) * straight
    crests = np.zeros(lengths.shape, bool)
    crests[inside] = found & (here > 0)
    return crests


def _signs(rng, shape):
    """-1 or 1, each as often."""
    return rng.choice([-1.0, 1.0], shape)


def _shifted(images, shifts):
    return warp(images, np.tile(np.eye(2), [len(images), 1, 1]), shifts)


def _sampled(images, places):
    """Images at places (N, 2, H, W), bilinearly; 0 outside."""
    everyone = np.broadcast_to(np.arange(len(images))[:, None, None], places[:, 0].shape)
    return ndimage.map_coordinates(
        images,
        [everyone, places[:, 0], places[:, 1]],
        output=float,
        order=1,
        mode="grid-constant",
    )


def _across(images, rng):
    """A stroke from a random row at the left border to one at the right, (N, H, W)."""
    count, height, width = images.shape
    rows = rng.integers(0, height - 1, [count, 2])
    return _strokes(rows, np.broadcast_to([0.0, width - 1.0], [count, 2]), (height, width))


def _strokes(rows, columns, shape):
    """Straight strokes through points (N, points) from the left to the right: (N, H, W), from 0.

    Of each pixel counts its distance d from the stroke along its column: the ink is
    1 + log(1 - d / 2.3) there, nothing beyond 1.45 pixels. Where strokes meet it adds up.
    """
    down, right = np.indices(shape, float)
    ink = np.zeros([len(rows), *shape])
    for place in range(rows.shape[1] - 1):
        first, last, left, far = (
            part[:, place + step, None, None] for part in (rows, columns) for step in (0, 1)
        )
        distance = np.abs(down - first - (last - first) / (far - left) * (right - left))
        stroke = np.maximum(1 + np.log1p(-np.minimum(distance, 2) / 2.3), 0)
        ink += stroke * ((right >= np.floor(left)) & (right < np.ceil(far)))
    return ink
