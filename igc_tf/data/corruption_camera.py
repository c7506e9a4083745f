"""Corruptions by a camera, a lamp and a file: noise, blur, light, compression.

Each function takes grey `images`, float (N, H, W) in [0, 1] with the background at 0; a NumPy
random generator `rng`, of which it draws for every image anew; and how strong it is. It returns new
images of the same shape, which may leave [0, 1]: `igc_tf.data.corruptions.corrupt` clips them.
Lengths are in pixels, angles in radians unless an argument says otherwise.
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from igc_tf.data.corruption_page import warp


def gaussian_noise(images, rng, sigma):
    """x + sigma · n, n ~ N(0, 1) for every pixel."""
    return images + sigma * rng.standard_normal(images.shape)


def speckle_noise(images, rng, sigma):
    """x · (1 + sigma · n): noise where there is light."""
    return images * (1 + sigma * rng.standard_normal(images.shape))


def shot_noise(images, rng, photons):
    """Poisson(photons · x) / photons: a white pixel catches so many photons on average."""
    return rng.poisson(photons * images) / photons


def impulse_noise(images, rng, share):
    """Salt and pepper: a share of the pixels becomes black or white, each as often."""
    draw = rng.random(images.shape)
    return np.where(draw < share / 2, 0.0, np.where(draw < share, 1.0, images))


def gaussian_blur(images, rng, sigma):
    """Blurs by a Gaussian; beyond the border its pixels go on."""
    del rng
    return ndimage.gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def defocus_blur(images, rng, radius):
    """The mean over a disc, as a lens out of focus gives; its edge is smooth by half a pixel."""
    del rng
    reach = int(np.ceil(radius + 0.5))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    return ndimage.convolve(images, disc[np.newaxis] / disc.sum(), mode="nearest")


def glass_blur(images, rng, sigma, passes):
    """As through frosted glass: blurred, pixels exchanged with neighbours, blurred again.

    Both blurs run down the columns only.
    In each pass every pixel but those of the border, from the lower right to the upper left,
    changes places with probability ½ with one at most a pixel up and left of it, or with itself.
    """
    down_only = (0, sigma, 0)
    blurred = ndimage.gaussian_filter(images, down_only, mode="nearest")
    count, height, width = images.shape
    everyone = np.arange(count)
    for _ in range(passes):
        for row in range(height - 1, 1, -1):
            for column in range(width - 1, 1, -1):
                does = rng.random(count) < 0.5
                down, right = -rng.integers(0, 2, [2, count]) * does
                other = everyone, row + down, column + right
                swapped = blurred[other]
                blurred[other] = blurred[:, row, column]
                blurred[:, row, column] = swapped
    return ndimage.gaussian_filter(blurred, down_only, mode="nearest")


def motion_blur(images, rng, radius, sigma, degrees):
    """Smeared along a line whose weights fall as half a Gaussian from the pixel itself.

    The line has 2 · radius + 1 whole pixels; its direction is drawn for each image within
    ± `degrees` of the rows'.
    """
    places = np.arange(2 * radius + 1)
    angles = np.deg2rad(rng.uniform(-degrees, degrees, len(images)))
    return _along(images, angles, places, np.exp(-(places**2) / (2 * sigma**2)))


def streak(images, rng, length):
    """The mean along a line of so many pixels, its middle at the pixel, of any direction."""
    places = np.arange(length) - (length - 1) / 2
    angles = rng.uniform(0, np.pi, len(images))
    return _along(images, angles, places, np.ones(length))


def zoom_blur(images, rng, largest, step):
    """The mean of the image enlarged about its centre by 1, 1 + step, ... up to `largest`."""
    del rng
    factors = np.arange(1, largest, step)
    eye = np.broadcast_to(np.eye(2), [len(images), 2, 2])
    return np.mean([warp(images, eye / factor) for factor in factors], axis=0)


def brightness(images, rng, amount):
    """x + amount."""
    del rng
    return images + amount


def contrast(images, rng, factor):
    """Differences from the image's mean, multiplied by a factor."""
    del rng
    mean = images.mean(axis=(1, 2), keepdims=True)
    return mean + factor * (images - mean)


def saturate(images, rng, gain):
    """gain · x: overexposed, so that faint grey becomes white."""
    del rng
    return gain * images


def gamma(images, rng, exponent):
    """x ** exponent or x ** (1 / exponent), each for half of the images, at random."""
    signs = np.where(rng.random([len(images), 1, 1]) < 0.5, -1.0, 1.0)
    return images**exponent**signs


def light_gradient(images, rng, amount):
    """Light that grows from 0 to `amount` across the picture, in any direction."""
    ramp = np.tensordot(_directions(rng, len(images)), _centred(images.shape[1:]), axes=1)
    low, high = (end(ramp, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    return images + amount * (ramp - low) / (high - low)


def spots(images, rng, count, sigma, amount):
    """So many round spots of light, Gaussian, at random places."""
    height, width = images.shape[1:]
    rows, columns = np.arange(height), np.arange(width)
    light = np.zeros(images.shape)
    for _ in range(count):
        row, column = rng.random([2, len(images), 1])
        vertical = np.exp(-((rows - row * (height - 1)) ** 2) / (2 * sigma**2))
        horizontal = np.exp(-((columns - column * (width - 1)) ** 2) / (2 * sigma**2))
        light += vertical[:, :, None] * horizontal[:, None]
    return images + amount * light


def haze(images, rng, sigma, amount):
    """A smooth random field from 0 to `amount` is added; its patches are about sigma wide."""
    field = ndimage.gaussian_filter(rng.standard_normal(images.shape), (0, sigma, sigma))
    return images + amount * _stretched(field)


def fog(images, rng, amount, decay, side):
    """Plasma fractals, times `amount`, are added; then m / (m + amount) of it, m the maximum.

    The image shows the corner of a fractal that is `side` pixels wide, a power of two: of a wide
    one little more than a slope.
    """
    _, height, width = images.shape
    # a few at once: the whole fractals are large
    fields = [
        plasma_fractal(len(few), side, decay, rng)[:, :height, :width]
        for few in np.array_split(images, -(-len(images) // 50))
    ]
    most = images.max(axis=(1, 2), keepdims=True)
    return (images + amount * np.concatenate(fields)) * most / (most + amount)


def plasma_fractal(count, side, decay, rng):
    """Random height maps by the diamond-square algorithm (Fournier, Fussell & Carpenter 1982).

    From coarse to fine the new points are the means of their four neighbours, across the edges
    too, and a uniform random number, whose range falls by decay² from one size to the next: in the
    published definition of fog the decay acts twice.

    Args:
        count: N.
        side: a power of two.
        decay: above 1; the larger, the smoother.
        rng: a NumPy random generator.

    Returns:
        float64 (N, side, side), each from 0 to 1.
    """
    maps = np.zeros([count, side, side])
    step, amplitude = side, 1.0
    while step > 1:
        half = step // 2

        def mean_and_noise(neighbours, amplitude=amplitude):
            return sum(neighbours) / 4 + rng.uniform(-amplitude, amplitude, neighbours[0].shape)

        corners = maps[:, ::step, ::step]
        beside = np.roll(corners, -1, axis=2)
        below = [np.roll(part, -1, axis=1) for part in (corners, beside)]
        centres = mean_and_noise([corners, beside, *below])
        maps[:, half::step, half::step] = centres
        for axis, place in ((2, np.s_[:, ::step, half::step]), (1, np.s_[:, half::step, ::step])):
            ends = corners, np.roll(corners, -1, axis=axis)
            sides = centres, np.roll(centres, 1, axis=3 - axis)
            maps[place] = mean_and_noise([*ends, *sides])
        step, amplitude = half, amplitude / decay**2
    return _stretched(maps)


def jpeg(images, rng, quality):
    """Written as a JPEG of a low quality, 1 to 95, and read again."""
    del rng
    found = []
    for pixels in _bytes(images):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        found.append(np.asarray(Image.open(file)))
    return np.stack(found) / 255.0


def pixelate(images, rng, side):
    """Averaged over `side` × `side` equal cells, each then drawn as one large pixel."""
    del rng
    down, left = (_cells(length, side) for length in images.shape[1:])
    small = down @ images @ left.T
    rows, columns = (np.arange(length) * side // length for length in images.shape[1:])
    return small[:, rows][:, :, columns]


def quantize(images, rng, levels):
    """Rounded to so many equally spaced greys, black and white among them."""
    del rng
    return np.round(images * (levels - 1)) / (levels - 1)


def _along(images, angles, places, weights):
    """Weighted means of the pixels at places on lines, rounded to whole pixels."""
    count, height, width = images.shape
    everyone = np.arange(count)[:, None, None]
    rows, columns = np.mgrid[:height, :width]
    found = np.zeros(images.shape)
    for place, weight in zip(places, weights / weights.sum(), strict=True):
        down, right = np.round(place * np.sin(angles)), np.round(place * np.cos(angles))
        row = np.clip(rows + down[:, None, None].astype(int), 0, height - 1)
        column = np.clip(columns + right[:, None, None].astype(int), 0, width - 1)
        found += weight * images[everyone, row, column]
    return found


def _directions(rng, count):
    """Random unit vectors (count, 2)."""
    angles = rng.uniform(0, 2 * np.pi, count)
    return np.stack([np.sin(angles), np.cos(angles)], axis=1)


def _centred(shape):
    """Coordinates (2, H, W) of the pixels, 0 in the middle."""
    rows, columns = np.indices(shape, float)
    return np.stack([rows - (shape[0] - 1) / 2, columns - (shape[1] - 1) / 2])


def _stretched(fields):
    """Fields (N, H, W), each brought to [0, 1]."""
    low, high = (end(fields, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    return (fields - low) / (high - low)


def _cells(length, side):
    """The matrix (side, length) that averages over equal cells; pixels between two are shared."""
    edges = np.linspace(0, length, side + 1)
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(overlap, 0) * side / length


def _bytes(images):
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)
