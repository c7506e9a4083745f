"""A data difference that forgives small local displacements."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError


@dataclass(frozen=True)
class Deformation:
    """How far one image is from another that may be locally deformed a little first.

    The image distortion model of Keysers et al. ("Deformation Models for Image Recognition",
    2007) on smoothed brightness and derivatives: around every pixel the generated image may shift
    by a few pixels, each pixel for itself, to where its surroundings fit the data best; the
    difference is the mean over pixels of the best squared distance of the surroundings.

    As a decision it lets the right class miss a stroke by a pixel, which the mean absolute
    difference punishes like a missing stroke. It can also be searched with: it is differentiable.

    Attributes:
        displacement: largest shift in each direction, pixels.
        context: width of the square surroundings that are compared, pixels, odd.
        smoothing: standard deviation of the Gaussian that is differentiated, pixels.
        brightness: weight of the smoothed image itself beside its two derivatives.

    Raises:
        InputError: for a value outside its range, or data that are not (N, H, W, channels).
    """

    displacement: int = 2
    context: int = 7
    smoothing: float = 0.7
    brightness: float = 0.3

    def __post_init__(self):
        if self.displacement < 0:
            raise InputError(f"displacement={self.displacement!r}: expected a whole number >= 0")
        if self.context < 1 or self.context % 2 == 0:
            raise InputError(f"context={self.context!r}: expected an odd whole number >= 1")
        if not self.smoothing > 0:
            raise InputError(f"smoothing={self.smoothing!r}: expected a number > 0")
        if not self.brightness >= 0:
            raise InputError(f"brightness={self.brightness!r}: expected a number >= 0")

    def prepare(self, data, visible):
        """What is compared of data (B, H, W, channels); `visible` as for every difference.

        Raises:
            InputError: for data that are no images, or too small for the margin around them.
        """
        check_images("deformation", data, self.displacement + self._radius())
        if visible is None:
            return self._features(data, margin=0)[:, tf.newaxis], None, None
        visible = tf.broadcast_to(tf.cast(visible, data.dtype), tf.shape(data))
        return None, data[:, tf.newaxis], visible[:, tf.newaxis]

    def __call__(self, reference, generated):
        """The difference (B, K) of what `prepare` returned and generated (B, K, H, W, channels)."""
        wanted, data, visible = reference
        candidates, height, width = generated.shape[1:4]
        if visible is None:
            # repeated once, and not by each of the many subtractions
            wanted = tf.repeat(wanted[:, 0], candidates, axis=0)
        else:
            # what is hidden is taken to be as generated: it neither speaks for nor against
            wanted = self._features(self._flat(tf.where(visible > 0, data, generated)), margin=0)
        offered = self._features(self._flat(generated), margin=self.displacement)
        shifts = range(2 * self.displacement + 1)
        distances = [
            tf.reduce_sum(
                tf.square(wanted - offered[:, row : row + height, column : column + width]), axis=-1
            )
            for row in shifts
            for column in shifts
        ]
        # a channel for each shift, and first down, then across: many times faster
        distances = tf.stack(distances, axis=-1)
        for window in ([self.context, 1], [1, self.context]):
            distances = tf.nn.avg_pool2d(distances, window, strides=1, padding="SAME")
        least = tf.reshape(tf.reduce_min(distances, axis=-1), [-1, candidates, height, width])
        if visible is None:
            return tf.reduce_mean(least, axis=[2, 3])
        weights = tf.reduce_mean(visible, axis=-1)
        total = tf.reduce_sum(least * weights, axis=[2, 3])
        return tf.math.divide_no_nan(total, tf.reduce_sum(weights, axis=[2, 3]))

    @staticmethod
    def _flat(tensor):
        """(B, K, ...) as (B · K, ...)."""
        return tf.reshape(tensor, [-1, *tensor.shape[2:]])

    def _features(self, images, margin):
        """Smoothed brightness and derivatives (N, H + 2 margin, W + 2 margin, 3 · channels)."""
        kernel = self._kernel()
        border = margin + self._radius()
        padded = tf.pad(images, [[0, 0], [border, border], [border, border], [0, 0]], "SYMMETRIC")
        kernel = np.tile(kernel[:, :, np.newaxis], [1, 1, images.shape[-1], 1])
        return tf.nn.depthwise_conv2d(padded, kernel, [1, 1, 1, 1], "VALID")

    def _radius(self):
        """Of the kernel, pixels."""
        return int(4 * self.smoothing + 0.5)

    def _kernel(self):
        """A Gaussian, weighted, and its derivatives down and across, (K, K, 3)."""
        x = np.arange(-self._radius(), self._radius() + 1)
        gaussian = np.exp(-0.5 * (x / self.smoothing) ** 2)
        gaussian /= gaussian.sum()
        # correlation with this gives the slope in brightness per pixel
        derivative = x / self.smoothing**2 * gaussian
        planes = [
            self.brightness * np.outer(gaussian, gaussian),
            np.outer(derivative, gaussian),
            np.outer(gaussian, derivative),
        ]
        return np.stack(planes, axis=-1).astype(np.float32)


def check_images(name, data, side):
    """Checks that data are images, of sides that a difference can work with.

    Args:
        name: of the difference.
        data: (N, ...).
        side: the least, pixels.

    Raises:
        InputError: for others.
    """
    shape = data.shape
    if shape.rank != 4 or min(shape[1:3]) < side:
        raise InputError(
            f"data have shape {shape}: the difference {name!r} expects images (N, height, width, "
            f"channels) of {side} × {side} pixels or more"
        )
