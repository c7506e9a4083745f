"""What a lens does to a picture, and what is left of one of which only the outline is seen."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import tensorflow as tf

from igc_tf.ranges import Range, check_ranges
from igc_tf.search.observations.base import ImageObservation, Parameter

# a Gaussian narrower than this is a point
_LEAST_WIDTH = 0.05
# pixels from the middle of a line to the end of its kernel
_REACH = 7
# how soft the edges of a stroke are: the variance of a blur that makes them so, pixels²
_SOFT = 0.3
# points that a line is drawn with
_POINTS = 33


class _OfWidths(ImageObservation):
    """An observation with one parameter, whose starts are its `widths`."""

    @property
    def num_starts(self):
        return len(self.widths)

    def start(self, batch, generator):
        """The widths, (B, S, 1)."""
        return _for_all(batch, [[width] for width in self.widths])


@dataclass(frozen=True)
class Blur(_OfWidths):
    """A lens out of focus: a Gaussian blur, with background around the picture.

    Attributes:
        widths: its standard deviation, pixels; each is a start.
        background: of the data.
        weight: of the penalty.
    """

    widths: Annotated[tuple[float, ...], Range(0, 5)] = (1.0,)
    background: float = -0.5
    weight: Annotated[float, Range(0)] = 0.0
    parameters = (Parameter("blur", "pixels", 0.0, 5.0, 0.0, 1.0),)

    def __post_init__(self):
        check_ranges(self)

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        blurred = along_both(generated - self.background, nuisance[:, 0], (0, 0))
        return blurred + self.background

    def says(self, nuisance):
        """See `Observation.says`."""
        return f"blurred by {nuisance[0]:.1f} pixels" if nuisance[0] > 0.3 else ""


@dataclass(frozen=True)
class MotionBlur(ImageObservation):
    """A camera that moved: every point becomes a line, evenly bright, about it.

    Attributes:
        lengths: of the line, pixels.
        angles: of its direction, degrees from the horizontal, up to the right; each length with
            each angle is a start.
        background: of the data.
        weight: of the penalty.
    """

    lengths: Annotated[tuple[float, ...], Range(0, 12)] = (5.0,)
    angles: Annotated[tuple[float, ...], Range(-180, 180)] = (0.0,)
    background: float = -0.5
    weight: Annotated[float, Range(0)] = 0.0
    parameters = (
        Parameter("motion", "pixels", 0.0, 12.0, 0.0, 4.0),
        Parameter("motion angle", "degrees", -180.0, 180.0, 0.0, float("inf")),
    )

    def __post_init__(self):
        check_ranges(self)

    @property
    def num_starts(self):
        return len(self.lengths) * len(self.angles)

    def start(self, batch, generator):
        """Lengths and angles, (B, S, 2)."""
        return _for_all(batch, [[length, a] for length in self.lengths for a in self.angles])

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        if isinstance(nuisance, np.ndarray):
            # known while a graph is built: many weights are 0
            with tf.init_scope():
                kernels = _cropped(self._kernels(nuisance).numpy())
        else:
            kernels = self._kernels(nuisance)
        ink = generated - self.background
        if kernels.shape[0] == 1:
            kernel = tf.tile(
                tf.transpose(kernels, [1, 2, 0])[..., tf.newaxis], [1, 1, generated.shape[-1], 1]
            )
            return tf.nn.depthwise_conv2d(ink, kernel, [1] * 4, "SAME") + self.background
        # a channel for each image, each with a kernel of its own
        height, width, channels = generated.shape[1:]
        stacked = tf.reshape(tf.transpose(ink, [1, 2, 0, 3]), [1, height, width, -1])
        kernels = tf.repeat(tf.transpose(kernels, [1, 2, 0]), channels, axis=2)
        # one more, so that there is one even where there are no images
        stacked, kernels = (
            tf.pad(part, [[0, 0]] * (part.shape.rank - 1) + [[0, 1]]) for part in (stacked, kernels)
        )
        moved = tf.nn.depthwise_conv2d(stacked, kernels[..., tf.newaxis], [1] * 4, "SAME")
        moved = tf.reshape(moved[..., :-1], [height, width, -1, channels])
        return tf.transpose(moved, [2, 0, 1, 3]) + self.background

    @staticmethod
    def _kernels(nuisance):
        """(N, 2 reach + 1, 2 reach + 1): points along the line, each shared by its neighbours."""
        length, angle = nuisance[:, :1], nuisance[:, 1:] * np.float32(np.pi / 180)
        along = length * np.linspace(-0.5, 0.5, _POINTS, dtype=np.float32)
        pixels = np.arange(-_REACH, _REACH + 1, dtype=np.float32)[:, np.newaxis]

        def shares(places):
            return tf.maximum(1.0 - tf.abs(pixels - places[:, tf.newaxis]), 0.0)

        down, right = shares(-along * tf.sin(angle)), shares(along * tf.cos(angle))
        return tf.einsum("nip,njp->nij", down, right) / _POINTS

    def says(self, nuisance):
        """See `Observation.says`."""
        length, angle = (float(value) for value in nuisance)
        return f"moved by {length:.0f} pixels at {angle:.0f}°" if length > 0.5 else ""


@dataclass(frozen=True)
class Outline(_OfWidths):
    """Only the edges are seen: how steep a picture is after a Gaussian blur, times a factor.

    As `crests`, only where it is steepest along the slope, on lines of a pixel's width, as an edge
    detector draws them (Canny 1986). So far is a point from the crest of a straight edge that is
    blurred with variance v: v · |second derivative along the slope| / slope.

    Attributes:
        widths: standard deviation of the blur, pixels; each is a start.
        steepness: what the slope, of the range per pixel, is multiplied with before it is clipped.
        crests: whether they are all that is seen; an edge weighs 1 - d as far as d pixels from it.
        low, high: the bounds of the data.
        weight: of the penalty.
    """

    widths: Annotated[tuple[float, ...], Range(0.3, 3)] = (0.7,)
    steepness: Annotated[float, Range(0, above=True)] = 2.0
    crests: bool = False
    low: float = -0.5
    high: float = 0.5
    weight: Annotated[float, Range(0)] = 0.0
    parameters = (Parameter("outline", "pixels", 0.3, 3.0, 0.3, 1.0),)

    def __post_init__(self):
        check_ranges(self)

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        ink, width = (generated - self.low) / (self.high - self.low), nuisance[:, 0]
        down, right = (along_both(ink, width, way) for way in ((1, 0), (0, 1)))
        # a slope of nothing has no direction, and must have a gradient
        squared = tf.square(down) + tf.square(right) + 1e-8
        slope = tf.sqrt(squared) - 1e-4
        lines = tf.minimum(self.steepness * slope, 1.0)
        if self.crests:
            twice = [along_both(ink, width, ways) for ways in ((2, 0), (0, 2), (1, 1))]
            bend = tf.square(down) * twice[0] + tf.square(right) * twice[1]
            bend += 2.0 * down * right * twice[2]
            variance = tf.square(width)[:, tf.newaxis, tf.newaxis, tf.newaxis] + _SOFT
            away = variance * tf.abs(bend) / (squared * tf.sqrt(squared))
            lines *= tf.maximum(1.0 - away, 0.0)
        return self.low + (self.high - self.low) * lines

    def says(self, nuisance):
        """See `Observation.says`."""
        return "seen as an outline"


def along_both(images, width, derivatives):
    """A Gaussian, or its derivatives, along columns and rows, nothing around the picture.

    Args:
        images: float32 (N, H, W, channels).
        width: (N or 1,), its standard deviation, pixels.
        derivatives: (down, right): 0 for the Gaussian itself, 1 for its derivative, 2 for the
            second.

    Returns:
        float32 (N, H, W, channels).
    """
    height, across = images.shape[1:3]
    down, right = (
        _gaussians(size, width, derivative)
        for size, derivative in zip((height, across), derivatives, strict=True)
    )
    if width.shape[0] == 1:
        return tf.einsum("ij,njlc->nilc", down[0], tf.einsum("njkc,lk->njlc", images, right[0]))
    return tf.einsum("nij,njlc->nilc", down, tf.einsum("njkc,nlk->njlc", images, right))


def _for_all(batch, starts):
    """The same starts (S, P) for all examples of a batch, (B, S, P)."""
    starts = np.float32(starts)
    return tf.tile(starts[np.newaxis], [tf.shape(batch.data)[0], 1, 1])


def _cropped(kernels):
    """Kernels (N, k, k) without what is 0 in all of them at either end, the middle kept."""
    middle = kernels.shape[1] // 2
    reach = [
        max(abs(np.flatnonzero((kernels > 1e-6).any(axis=axes)) - middle), default=0)
        for axes in ((0, 2), (0, 1))
    ]
    rows, columns = (slice(middle - most, middle + most + 1) for most in reach)
    return kernels[:, rows, columns]


def _gaussians(size, width, derivative):
    """(N, size, size): row i weighs the pixels by a Gaussian about pixel i, or a derivative."""
    width = tf.maximum(width, _LEAST_WIDTH)[:, tf.newaxis, tf.newaxis]
    reach = np.arange(-size, size + 1, dtype=np.float32)
    total = tf.reduce_sum(tf.exp(-0.5 * tf.square(reach / width)), axis=2, keepdims=True)
    places = np.arange(size, dtype=np.float32)
    apart = places - places[:, np.newaxis]
    gaussians = tf.exp(-0.5 * tf.square(apart / width)) / total
    variance = tf.square(width)
    if derivative == 0:
        return gaussians
    # as the pixels' weights they are turned about: the slope is positive where it grows
    slopes = gaussians * apart / variance
    return slopes if derivative == 1 else (slopes * apart - gaussians) / variance
