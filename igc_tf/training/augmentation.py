"""Changes of images in training: small distortions and noise, drawn inside a graph."""

import tensorflow as tf


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
    draw = reach * tf.random.stateless_uniform([6, count], seed, -1.0, 1.0)
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
    shape = tf.shape(data)
    deviations = tf.concat([shape[:1], tf.ones_like(shape[1:])], axis=0)
    deviation = tf.random.stateless_uniform(deviations, sigma_seed, -sigma, sigma)
    data += tf.maximum(deviation, 0.0) * tf.random.stateless_normal(shape, noise_seed)
    return tf.clip_by_value(data, *bounds)
