"""Where a picture lies: shifted, scaled, turned, slanted, in a frame of its own."""

from dataclasses import dataclass
from math import ceil
from typing import Annotated

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.ranges import Range, check_ranges
from igc_tf.search.observations.base import ImageObservation, Parameter

# of the range: paler pixels are no ink whose middle is sought
_PALE = 0.3


@dataclass(frozen=True)
class Pose(ImageObservation):
    """What is generated, shifted, scaled, turned and slanted about the middle of the picture.

    A point (x right, y down, from the middle) of what is generated is seen, with the angle a, at

        (x', y') = scale · (cos a · (x - slant · y) + sin a · y,
                           -sin a · (x - slant · y) + cos a · y) + shift

    sampled bilinearly; a picture that is made smaller is averaged over several points of a pixel.
    The picture may have another size than what is generated, its `frame`: more page around it, or
    fewer and larger pixels (`scale` less than 1).

    It starts from the data: shifted by whole pixels so that the middle of the ink lies where
    that of the training images does, the middle of the picture, as far as it reaches; not at all
    where less than `dead_zone` is to be gained, since digits are seldom centred better.

    Attributes:
        frame: (height, width) of the picture; None for that of what is generated.
        inner: (height, width) of what is generated, needed with a `frame` of another size.
        scale: how large what is generated is in the picture, where nothing is bent.
        reach: the largest shift in each direction, pixels.
        shifts_only: search for nothing but the shift.
        slants: search for the slant, too.
        angles: degrees to the left; each is a start.
        dead_zone: pixels.
        background: of the data.
        high: the bound of the data that ink has.
        weight: of the penalty.
    """

    frame: tuple[int, int] | None = None
    inner: tuple[int, int] | None = None
    scale: Annotated[float, Range(0, above=True)] = 1.0
    reach: Annotated[float, Range(0, above=True)] = 14.0
    shifts_only: bool = False
    slants: bool = True
    angles: Annotated[tuple[float, ...], Range(-90, 90)] = (0.0,)
    dead_zone: Annotated[float, Range(0)] = 1.0
    background: float = -0.5
    high: float = 0.5
    weight: Annotated[float, Range(0)] = 0.0

    def __post_init__(self):
        check_ranges(self)

    @property
    def num_starts(self):
        return 1 if self.shifts_only else len(self.angles)

    @property
    def parameters(self):
        shifts = (
            Parameter("shift down", "pixels", -self.reach, self.reach, 0.0, 3.0),
            Parameter("shift right", "pixels", -self.reach, self.reach, 0.0, 3.0),
        )
        if self.shifts_only:
            return shifts
        turned = (
            *shifts,
            Parameter("scale", "times", self.scale / 3, self.scale * 3, self.scale, self.scale / 4),
            Parameter("rotation", "degrees", -90.0, 90.0, 0.0, 15.0),
        )
        if not self.slants:
            return turned
        return (*turned, Parameter("slant", "per height", -1.0, 1.0, 0.0, 0.25))

    @property
    def unit(self):
        """A third of what is usual: a solver turns by degrees while it shifts by pixels."""
        return np.float32([parameter.usual / 3 for parameter in self.parameters])

    def check(self, generator):
        """See `Observation.check`; a frame of another size needs that of what is generated."""
        super().check(generator)
        size = tuple(generator.data_shape[:2])
        if (self.inner or self.frame or size) != size:
            raise InputError(
                f"Pose(frame={self.frame}, inner={self.inner}) for a generator of {size}: "
                f"expected inner={size}"
            )

    def shape_of(self, shape):
        """See `Observation.shape_of`: the frame."""
        return (*(self.frame or shape[:2]), shape[2])

    def start(self, batch, generator):
        """The whole pixels by which the ink lies off the middle, at each angle: (B, S, P)."""
        ink = tf.reduce_mean((batch.data - self.background) / (self.high - self.background), -1)
        ink = tf.maximum(ink - _PALE, 0.0)
        mass = tf.maximum(tf.reduce_sum(ink, axis=[1, 2]), 1e-6)
        off = []
        for axis, other in ((1, 2), (2, 1)):
            places = np.arange(ink.shape[axis], dtype=np.float32) - (ink.shape[axis] - 1) / 2
            middle = tf.reduce_sum(tf.reduce_sum(ink, axis=other) * places, axis=1) / mass
            off.append(tf.where(tf.abs(middle) < self.dead_zone, 0.0, tf.round(middle)))
        shift = tf.clip_by_value(tf.stack(off, axis=1), -self.reach, self.reach)[:, tf.newaxis]
        if self.shifts_only:
            return shift
        rest = np.tile(self.neutral[2:], [self.num_starts, 1])
        rest[:, 1] = self.angles
        count = tf.shape(shift)[0]
        return tf.concat(
            [tf.tile(shift, [1, self.num_starts, 1]), tf.tile(rest[np.newaxis], [count, 1, 1])],
            axis=2,
        )

    def apply(self, generated, nuisance):
        """What generated data (N, H, W, channels) look like, (N, *frame or H and W, channels)."""
        nuisance = tf.broadcast_to(nuisance, [tf.shape(generated)[0], nuisance.shape[1]])
        forward, shift = self._map(nuisance)
        a, b, c, d = (forward[:, i, j] for i in (0, 1) for j in (0, 1))
        inverse = tf.stack([tf.stack([d, -b], 1), tf.stack([-c, a], 1)], 1)
        inverse /= (a * d - b * c)[:, tf.newaxis, tf.newaxis]
        origin = -tf.linalg.matvec(inverse, shift)
        size = self.frame or tuple(generated.shape[1:3])
        return self._sampled(generated, inverse, origin, size, ceil(1 / self.scale - 1e-6))

    def undo(self, data, nuisance):
        """See `Observation.undo`; of the size `inner`, or of the picture's own."""
        forward, shift = self._map(nuisance)
        size = self.inner or tuple(data.shape[1:3])
        return self._sampled(data, forward, shift, size, ceil(self.scale - 1e-6))

    def _map(self, nuisance):
        """The matrix (N, 2, 2), on (x, y), and the shift (N, 2)."""
        shift = tf.stack([nuisance[:, 1], nuisance[:, 0]], axis=1)
        if self.shifts_only:
            eye = tf.eye(2, batch_shape=tf.shape(nuisance)[:1]) * self.scale
            return eye, shift
        scale, angle = nuisance[:, 2], nuisance[:, 3] * np.float32(np.pi / 180)
        slant = nuisance[:, 4] if self.slants else tf.zeros_like(scale)
        cos, sin = tf.cos(angle), tf.sin(angle)
        matrix = tf.stack(
            [tf.stack([cos, sin - slant * cos], 1), tf.stack([-sin, cos + slant * sin], 1)], 1
        )
        return scale[:, tf.newaxis, tf.newaxis] * matrix, shift

    def _sampled(self, images, matrix, origin, size, points):
        """Images at matrix · (x, y) + origin, (x, y) those of a picture of `size`."""
        (height, width), channels = images.shape[1:3], images.shape[3]
        inside = (np.arange(points, dtype=np.float32) + 0.5) / points - 0.5

        def places(count):
            pixels = np.arange(count, dtype=np.float32) - (count - 1) / 2
            return (pixels[:, np.newaxis] + inside).reshape(-1)

        y, x = (part.reshape(-1) for part in np.meshgrid(*map(places, size), indexing="ij"))
        there = tf.einsum("nij,jp->nip", matrix, np.stack([x, y])) + origin[:, :, tf.newaxis]
        sampled = bilinear(
            images - self.background,
            there[:, 1] + (height - 1) / 2,
            there[:, 0] + (width - 1) / 2,
        )
        sampled = tf.reshape(sampled, [-1, size[0], points, size[1], points, channels])
        return tf.reduce_mean(sampled, axis=[2, 4]) + self.background

    def says(self, nuisance):
        """See `Observation.says`."""
        down, right = (float(value) for value in nuisance[:2])
        words = []
        if not self.shifts_only:
            scale, angle = float(nuisance[2]) / self.scale, float(nuisance[3])
            if abs(angle) >= 5:
                words.append(f"turned {abs(angle):.0f}° to the {'left' if angle > 0 else 'right'}")
            if abs(scale - 1) >= 0.1:
                words.append(f"{'enlarged' if scale > 1 else 'shrunk'} to {100 * scale:.0f} %")
            if self.slants and abs(nuisance[4]) >= 0.1:
                words.append(f"slanted by {float(nuisance[4]):.2f}")
        for amount, ways in ((down, ("down", "up")), (right, ("to the right", "to the left"))):
            if abs(amount) >= 1:
                pixels = "pixel" if round(abs(amount)) == 1 else "pixels"
                words.append(f"shifted {abs(amount):.0f} {pixels} {ways[int(amount < 0)]}")
        return ", ".join(words)


def bilinear(images, down, right):
    """Images at points between their pixels; 0 around them. Differentiable in the places, too.

    Args:
        images: float32 (N or 1, H, W, channels).
        down, right: float32 (N, P), the places, pixels from the middle of the first one.

    Returns:
        float32 (N, P, channels).
    """
    height, width, channels = images.shape[1:]
    padded = tf.pad(images, [[0, 0], [1, 2], [1, 2], [0, 0]])
    down = tf.clip_by_value(down, -1.0, float(height)) + 1.0
    right = tf.clip_by_value(right, -1.0, float(width)) + 1.0
    top, left = tf.floor(down), tf.floor(right)
    flat = tf.reshape(padded, [-1, (height + 3) * (width + 3), channels])
    first = tf.cast(top, tf.int32) * (width + 3) + tf.cast(left, tf.int32)
    low, near = (down - top)[..., tf.newaxis], (right - left)[..., tf.newaxis]

    def at(offset):
        return tf.gather(flat, first + offset, batch_dims=1)

    above = at(0) * (1.0 - near) + at(1) * near
    below = at(width + 3) * (1.0 - near) + at(width + 4) * near
    return above * (1.0 - low) + below * low
