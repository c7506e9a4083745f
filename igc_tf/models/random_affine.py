"""Small random distortions of images."""

import tensorflow as tf


def random_affine(images, seed, rotation=0.15, scaling=0.1, shear=0.1, shift=0.75):
    """Rotates, scales, shears and shifts each image about its centre, by chance.

    Args:
        images: float (B, H, W, channels); what moves in from outside repeats the border, so the
            ground may be dark or light.
        seed: int32 (2,); decides everything.
        rotation: largest angle, radians.
        scaling: largest relative change of each side.
        shear: largest horizontal shift per unit of height.
        shift: largest shift in each direction, pixels.

    Returns:
        Images of the same shape, sampled bilinearly.
    """
    count, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    draw = tf.random.stateless_uniform([6, count], seed, -1.0, 1.0)
    angle, skew = rotation * draw[0], shear * draw[1]
    stretch_x, stretch_y = 1.0 + scaling * draw[2], 1.0 + scaling * draw[3]
    # output pixel -> input pixel: (a b; c d) about the centre, then the shift
    a, b = stretch_x * tf.cos(angle), -stretch_y * tf.sin(angle) + skew
    c, d = stretch_x * tf.sin(angle), stretch_y * tf.cos(angle)
    x, y = (width - 1) / 2, (height - 1) / 2
    offset_x = x - a * x - b * y + shift * draw[4]
    offset_y = y - c * x - d * y + shift * draw[5]
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, offset_x, c, d, offset_y, zero, zero], axis=1),
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
