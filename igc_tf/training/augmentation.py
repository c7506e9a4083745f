"""Changes of images in training: small distortions and noise, drawn inside a graph."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import tensorflow as tf

from igc_tf.generators.replicas import draw_rows
from igc_tf.ranges import Range
from igc_tf.training.adversarial import Perturbation

# what may become of an image's colours
Colours = Literal["kept", "varied", "any"]
# how far colours vary: the logarithm of the contrast of all and of each channel, and the shift of
# each, as a part of the range
_CONTRAST, _TINT, _TONE = 0.25, 0.08, 0.08
# where they become any: the logarithm of the contrast, and the place of the mean as a part of the
# range
_ANY_CONTRAST, _ANY_MEAN = 0.5, 0.3


@dataclass(frozen=True, kw_only=True)
class Variation:
    """What happens to training images, so that what is learnt holds of others, too.

    `distort` does what `distortion` and `colours` say. Noise, gaps and the perturbation are left to
    the training, between which it may do more to the images.

    Attributes:
        distortion: whether each image is first turned, stretched, sheared and shifted a little, at
            random (see `random_affine`).
        shift: the largest shift, a fraction of the image's side.
        scaling: the largest relative change of each side.
        colours: what becomes of an image's colours (see `random_colours`): "kept", "varied" a
            little, or "any" others, where they say nothing of the class.
        sigma: if positive, each image gets Gaussian noise with probability ½, of a standard
            deviation drawn from 0..sigma, and is clipped to its bounds.
        missing: the share of the images of which pixels are missing (see `random_gaps`).
        perturbation: how each image is then changed, so as to be taken for another class:
            adversarial training (Madry et al. 2018).
    """

    distortion: bool = False
    shift: Annotated[float, Range(0, 0.5)] = 0.75 / 28
    scaling: Annotated[float, Range(0, 1, below=True)] = 0.1
    colours: Colours = "kept"
    sigma: Annotated[float, Range(0)] = 0.0
    missing: Annotated[float, Range(0, 1)] = 0.0
    perturbation: Perturbation = field(default_factory=Perturbation)

    def distort(self, images, seed, bounds, reach=1.0):
        """Distorts images and changes their colours, as `distortion` and `colours` say.

        Args:
            images: float (B, H, W, channels).
            seed: int32 (2,); decides everything.
            bounds: (low, high) of the images.
            reach: as for `random_affine`.

        Returns:
            Images of the same shape.
        """
        if self.distortion:
            images = random_affine(
                images, seed, scaling=self.scaling, shift=self.shift, reach=reach
            )
        if self.colours != "kept":
            colour_seed = tf.random.experimental.stateless_fold_in(seed, 1)
            images = random_colours(images, colour_seed, self.colours, bounds)
        return images


def random_colours(images, seed, kind, bounds):
    """Changes the colours of each image at random, all of its pixels alike.

    Args:
        images: float (B, H, W, channels).
        seed: int32 (2,); decides everything.
        kind: "varied": contrast, tint and tone change a little, as with the light. "any": the
            colours are turned about their mean, in the space of the channels, by any rotation or
            reflection (of grey images that is as they are or their negative), their contrast
            changes, and the mean becomes any: what is left are the forms.
        bounds: (low, high) of the images, finite.

    Returns:
        Images of the same shape, clipped to the bounds.
    """
    low, high = bounds
    middle, extent = (low + high) / 2, high - low
    count, channels = tf.shape(images)[0], images.shape[-1]
    first, second, third = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    if kind == "varied":
        contrast = _CONTRAST * _uniform(count, [1, 1, 1], first, 1.0)
        contrast += _TINT * _uniform(count, [1, 1, channels], second, 1.0)
        tone = _uniform(count, [1, 1, channels], third, _TONE)
        changed = middle + (images - middle) * tf.exp(contrast) + extent * tone
    else:
        # the QR decomposition of a Gaussian matrix, its signs drawn too: any orthogonal one
        normal = draw_rows(
            lambda count: tf.random.stateless_normal([count, channels, channels], first), count
        )
        turn, triangle = tf.linalg.qr(normal)
        turn *= tf.sign(tf.linalg.diag_part(triangle))[:, tf.newaxis]
        turn *= tf.exp(_uniform(count, [1, channels], second, _ANY_CONTRAST))
        place = _uniform(count, [1, 1, channels], third, _ANY_MEAN)
        mean = tf.reduce_mean(images, axis=[1, 2], keepdims=True)
        turned = tf.einsum("bhwc,bcd->bhwd", images - mean, turn)
        changed = middle + extent * place + turned
    return tf.clip_by_value(changed, low, high)


def random_affine(images, seed, rotation=0.15, scaling=0.1, shear=0.1, shift=0.75 / 28, reach=1.0):
    """Rotates, scales, shears and shifts each image about its centre, at random.

    Args:
        images: float (B, H, W, channels); what moves in from outside repeats the border, so the
            background may be dark or light.
        seed: int32 (2,); decides everything.
        rotation: largest angle, radians.
        scaling: largest relative change of each side.
        shear: largest horizontal shift per unit of height.
        shift: largest shift in each direction, as a fraction of the image's side; the default is
            0.75 pixels of 28.
        reach: times all of these.

    Returns:
        Images of the same shape, sampled bilinearly.
    """
    count, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    uniform = draw_rows(
        lambda count: tf.random.stateless_uniform([6, count], seed, -1.0, 1.0), count, axis=1
    )
    draw = reach * uniform
    angle, skew = rotation * draw[0], shear * draw[1]
    stretch_x, stretch_y = 1.0 + scaling * draw[2], 1.0 + scaling * draw[3]
    # output pixel -> input pixel: (a b; c d) about the centre, then the shift
    a, b = stretch_x * tf.cos(angle), -stretch_y * tf.sin(angle) + skew
    c, d = stretch_x * tf.sin(angle), stretch_y * tf.cos(angle)
    x, y = (width - 1) / 2, (height - 1) / 2
    offset_x = x - a * x - b * y + shift * width * draw[4]
    offset_y = y - c * x - d * y + shift * height * draw[5]
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, offset_x, c, d, offset_y, zero, zero], axis=1),
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )


def noise_half(data, noise_seed, sigma_seed, sigma, bounds):
    """Adds Gaussian noise to each example with probability ½, and clips to the bounds.

    The standard deviation of each noised example is drawn uniformly from 0 to `sigma`.

    Args:
        data: float32 (B, ...).
        noise_seed, sigma_seed: int32 (2,) each; decide the noise, and which examples get how much.
        sigma: largest standard deviation, in units of the data, above 0.
        bounds: (low, high) of the data; either may be infinite.

    Returns:
        float32 of the same shape, within the bounds.
    """
    count, shape = tf.shape(data)[0], data.shape[1:]
    deviation = _uniform(count, [1] * len(shape), sigma_seed, sigma)
    normal = draw_rows(lambda count: tf.random.stateless_normal([count, *shape], noise_seed), count)
    return tf.clip_by_value(data + tf.maximum(deviation, 0.0) * normal, *bounds)


def _uniform(count, shape, seed, most):
    """Numbers from -most to most, (count, *shape)."""
    return draw_rows(
        lambda count: tf.random.stateless_uniform([count, *shape], seed, -most, most), count
    )
