"""Corrupted images: what no training set of clean digits holds.

Two sets. `MNIST_C` are the fifteen corruptions of MNIST-C (Mu & Gilmer 2019, "MNIST-C: A Robustness
Benchmark for Computer Vision"), made anew from their definitions: other random numbers, so not the
same bits. They are there for reporting: no weights are trained on them, no settings chosen by them;
but which explanations and lenses the observation `robust` has was designed with them known.
`VALIDATION_CORRUPTIONS` are others, most of which the same authors define too: they are there to
choose by and to train with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from igc_tf.data import corruption_camera as camera
from igc_tf.data import corruption_page as page
from igc_tf.data.labelled import IMAGE_BOUNDS
from igc_tf.errors import InputError
from igc_tf.ranges import lie_within

# drawn at once: bounds the memory
_IMAGES_AT_ONCE = 1000


@dataclass(frozen=True)
class Corruption:
    """One way to spoil an image, and how strongly.

    Attributes:
        change: `(images (N, H, W) in [0, 1], rng, **options) -> images`; see
            `igc_tf.data.corruption_camera` and `igc_tf.data.corruption_page`.
        severity: for people.
        options: of `change`, by name.
    """

    change: Callable
    severity: str
    options: dict = field(default_factory=dict)


MNIST_C = {
    "shot noise": Corruption(camera.shot_noise, "3 photons for white", {"photons": 3}),
    "impulse noise": Corruption(camera.impulse_noise, "17 % of the pixels", {"share": 0.17}),
    "glass blur": Corruption(
        camera.glass_blur,
        "sigma 0.7 down the columns, 2 passes, 1 pixel",
        {"sigma": 0.7, "passes": 2},
    ),
    "motion blur": Corruption(
        camera.motion_blur,
        "radius 10, sigma 3, ±45°",
        {"radius": 10, "sigma": 3, "degrees": 45},
    ),
    "shear": Corruption(page.shear, "±0.4 radians", {"angle": 0.4}),
    "scale": Corruption(page.scale, "0.7 of the size", {"factor": 0.7}),
    "rotate": Corruption(page.rotate, "±0.4 radians", {"angle": 0.4}),
    "brightness": Corruption(camera.brightness, "+0.5", {"amount": 0.5}),
    "translate": Corruption(page.translate, "±3 pixels on each axis", {"distance": 3}),
    "stripe": Corruption(page.stripe, "half of the columns, negative"),
    "fog": Corruption(
        camera.fog,
        "3 × the corner of a plasma fractal of 256 × 256 pixels and decay 1.4",
        {"amount": 3.0, "decay": 1.4, "side": 256},
    ),
    "spatter": Corruption(
        page.spatter,
        "mud of grey 0.25, thresholds 0.65 and 0.8",
        {
            "mean": 0.65,
            "deviation": 0.3,
            "thresholds": [0.65, 0.8],
            "blurs": [1.0, 1.5],
            "grey": 63 / 255,
        },
    ),
    "dotted line": Corruption(page.dotted_line, "2 pixels off, 2 on"),
    "zigzag": Corruption(
        page.zigzag,
        "amplitude 2, half-period 4, rising or falling by 5",
        {"amplitude": 2.0, "half_period": 4.0, "margin": 2, "rise": 5},
    ),
    "canny edges": Corruption(
        page.canny_edges, "sigma 1, 0.1 and 0.2", {"sigma": 1.0, "low": 0.1, "high": 0.2}
    ),
}

VALIDATION_CORRUPTIONS = {
    "gaussian noise": Corruption(camera.gaussian_noise, "sigma 0.38", {"sigma": 0.38}),
    "speckle noise": Corruption(camera.speckle_noise, "sigma 0.6", {"sigma": 0.6}),
    "gaussian blur": Corruption(camera.gaussian_blur, "sigma 2", {"sigma": 2.0}),
    "defocus blur": Corruption(camera.defocus_blur, "radius 3", {"radius": 3.0}),
    "zoom blur": Corruption(camera.zoom_blur, "1 to 1.33", {"largest": 1.33, "step": 0.03}),
    "streak": Corruption(camera.streak, "7 pixels, any direction", {"length": 7}),
    "snow": Corruption(
        page.snow, "5 % of 2×2 cells, 3 pixels long", {"share": 0.05, "length": 3, "light": 0.2}
    ),
    "haze": Corruption(camera.haze, "up to +0.8, patches of 5", {"sigma": 5.0, "amount": 0.8}),
    "contrast": Corruption(camera.contrast, "× 0.15 about the mean", {"factor": 0.15}),
    "saturate": Corruption(camera.saturate, "gain 5", {"gain": 5.0}),
    "gamma": Corruption(camera.gamma, "3 or 1/3", {"exponent": 3.0}),
    "light gradient": Corruption(camera.light_gradient, "0 to +0.8", {"amount": 0.8}),
    "spots": Corruption(
        camera.spots, "3 of sigma 3, +0.8", {"count": 3, "sigma": 3.0, "amount": 0.8}
    ),
    "jpeg": Corruption(camera.jpeg, "quality 7", {"quality": 7}),
    "pixelate": Corruption(camera.pixelate, "8 × 8 cells", {"side": 8}),
    "quantize": Corruption(camera.quantize, "2 levels", {"levels": 2}),
    "shift": Corruption(page.shift, "up to 4 pixels", {"largest": 4.0}),
    "pose": Corruption(
        page.pose,
        "±0.3 radians, 0.8 to 1.2 of the size, shear ±0.2, ±2 pixels",
        {"rotation": 0.3, "scaling": 0.2, "shear": 0.2, "shift": 2.0},
    ),
    "elastic": Corruption(
        page.elastic, "1.2 pixels, smooth by 3", {"deviation": 1.2, "sigma": 3.0}
    ),
    "inversion": Corruption(page.inversion, "the negative"),
    "partial inversion": Corruption(page.partial_inversion, "beyond a random line"),
    "solid line": Corruption(page.solid_line, "1.6 pixels thick"),
    "outline": Corruption(page.outline, "2 × 2 pixels"),
}

CORRUPTIONS = MNIST_C | VALIDATION_CORRUPTIONS


def corrupt(
    images: np.ndarray,
    name: str,
    seed: int,
    bounds: tuple[float, float] = IMAGE_BOUNDS,
    background: float | None = None,
) -> np.ndarray:
    """Spoils grey images in one of the ways of `CORRUPTIONS`, each image by other random numbers.

    Args:
        images: (N, H, W, 1) within `bounds`; not modified.
        name: a key of `CORRUPTIONS`.
        seed: same seed and images, same result.
        bounds: (low, high) of the images, finite.
        background: of the images, `low` or `high`; None for `low`. Strokes are drawn in the other.

    Returns:
        A new float32 array of the same shape, within `bounds`.

    Raises:
        InputError: for another name, another shape, or values outside the bounds.
    """
    if name not in CORRUPTIONS:
        raise InputError(f"corruption {name!r}: expected one of {', '.join(CORRUPTIONS)}")
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] != 1:
        raise InputError(f"images of shape {images.shape}: expected grey ones, (N, H, W, 1)")
    low, high = bounds
    if not (np.isfinite([low, high]).all() and low < high and lie_within(images, bounds)):
        raise InputError(
            f"images from {images.min():g} to {images.max():g}, bounds {bounds}: expected values "
            "within finite bounds; scale the images, or name their bounds"
        )
    if background not in (None, low, high):
        raise InputError(f"background={background!r}: expected {low:g} or {high:g}")
    paper, ink = (low, high) if background in (None, low) else (high, low)
    corruption, rng = CORRUPTIONS[name], np.random.default_rng(seed)
    changed = np.empty(images.shape, np.float32)
    for begin in range(0, len(images), _IMAGES_AT_ONCE):
        part = np.s_[begin : begin + _IMAGES_AT_ONCE]
        unit = (images[part, ..., 0].astype(float) - paper) / (ink - paper)
        found = corruption.change(np.clip(unit, 0, 1), rng, **corruption.options)
        changed[part, ..., 0] = paper + (ink - paper) * np.clip(found, 0, 1)
    return np.clip(changed, np.float32(low), np.float32(high), out=changed)


def corrupt_some(
    images: np.ndarray,
    names: Sequence[str],
    seed: int | Sequence[int],
    share: float = 1.0,
    bounds: tuple[float, float] = IMAGE_BOUNDS,
) -> np.ndarray:
    """Spoils a share of the images, each in a way of its own, drawn evenly from some.

    Args:
        images: (N, H, W, 1) within `bounds`; not modified.
        names: keys of `CORRUPTIONS`.
        seed: a number or several; same seed and images, same result.
        share: the probability, 0 to 1, with which an image is changed.
        bounds: (low, high) of the images, finite; their background is `low`.

    Returns:
        A new float32 array of the same shape, within `bounds`.

    Raises:
        InputError: as for `corrupt`.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.integers(len(names), size=len(images))
    kinds[rng.random(len(images)) >= share] = -1
    changed = np.array(images, np.float32)
    for kind in np.unique(kinds[kinds >= 0]):
        chosen = kinds == kind
        changed[chosen] = corrupt(changed[chosen], names[kind], rng.integers(2**31), bounds)
    return changed
