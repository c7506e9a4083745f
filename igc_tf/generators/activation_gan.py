"""The conditional activation GAN of the paper: its generator and discriminator, in two sizes."""

import math
from dataclasses import dataclass

import keras
from keras import layers

from igc_tf.generators.keras_files import keras_defaults
from igc_tf.generators.layers import (
    LatentNormalization,
    check_image_shape,
    check_latent_size,
    modulated_dense,
)

_STAGES = 2


@dataclass(frozen=True)
class CAGANSize:
    """Everything that distinguishes one size from another.

    Attributes:
        generator_filters: channels of the generator's first feature map, a quarter of the image
            high and wide; each of two stages doubles the resolution and halves the channels.
        hidden_units: if any, the generator is of the cheap kind: dense layers of these widths,
            each scaled and shifted by the condition, come before the first feature map, and two
            convolutions at its resolution make the image of it. Without, condition and latent
            are concatenated, and the stages upsample and convolve, as the author's do.
        discriminator_filters: channels of the discriminator's first convolution; each of two
            stages halves the resolution and doubles the channels.
        convolutions: 3×3 convolutions in every stage (not of the cheap generator).
        instance_normalization: normalise after every convolution (and the first feature map).
        latent_epsilon: if given, the generator begins with a `LatentNormalization`.
    """

    generator_filters: int
    hidden_units: tuple[int, ...]
    discriminator_filters: int
    convolutions: int
    instance_normalization: bool
    latent_epsilon: float | None


CAGAN_SIZES = {
    # the author's published architecture for MNIST
    "paper": CAGANSize(
        hidden_units=(),
        generator_filters=256,
        discriminator_filters=64,
        convolutions=3,
        instance_normalization=True,
        latent_epsilon=None,
    ),
    "compact": CAGANSize(
        hidden_units=(512,),
        generator_filters=32,
        discriminator_filters=32,
        convolutions=1,
        instance_normalization=False,
        latent_epsilon=0.01,
    ),
}


@keras_defaults()
def build_generator(size, condition_size, data_shape, latent_size=256):
    """Builds `[condition (B, C), latent (B, Z)] -> data (B, H, W, channels)` in [-0.5, 0.5].

    Args:
        size: a `CAGANSize`.
        condition_size: C.
        data_shape: (H, W, channels); H and W divisible by 4.
        latent_size: Z; latents are drawn from N(0, 1) in training.

    Returns:
        A Keras model whose inputs are named "condition" and "latent".

    Raises:
        InputError: for a latent size below 1, or a data shape that two stages cannot build.
    """
    check_image_shape(data_shape, 2**_STAGES)
    check_latent_size(latent_size)
    height, width, channels = data_shape
    condition = keras.Input([condition_size], name="condition")
    latent = keras.Input([latent_size], name="latent")
    x = latent
    if size.latent_epsilon is not None:
        x = LatentNormalization(size.latent_epsilon)(x)
    scale = 2**_STAGES
    feature_map = (height // scale, width // scale, size.generator_filters)
    if size.hidden_units:
        for units in (*size.hidden_units, math.prod(feature_map)):
            x = modulated_dense(x, condition, units)
        x = layers.Reshape(feature_map)(x)
        x = layers.Conv2D(2 * size.generator_filters, 3, padding="same")(x)
        x = _sub_pixel_convolution(layers.LeakyReLU(0.2)(x), scale, channels)
    else:
        x = layers.Concatenate()([condition, x])
        x = layers.Dense(math.prod(feature_map), use_bias=False)(x)
        x = _normalized(layers.Reshape(feature_map)(layers.LeakyReLU(0.2)(x)), size)
        for stage in range(1, _STAGES + 1):
            x = layers.UpSampling2D(2)(x)
            x = _convolutions(x, size.generator_filters // 2**stage, size)
        x = layers.Conv2D(channels, 1)(x)
    data = layers.Rescaling(0.5)(layers.Activation("tanh")(x))
    return keras.Model([condition, latent], data, name="generator")


@keras_defaults()
def build_discriminator(size, condition_size, data_shape):
    """Builds `data (B, H, W, channels) -> condition activation (B, C)`, any real numbers.

    Args and raises: as for `build_generator`.
    """
    check_image_shape(data_shape, 2**_STAGES)
    data = keras.Input(data_shape, name="data")
    filters = size.discriminator_filters
    x = layers.Conv2D(filters, 3, padding="same", use_bias=not size.instance_normalization)(data)
    x = _normalized(layers.LeakyReLU(0.2)(x), size)
    for _ in range(_STAGES):
        filters *= 2
        x = layers.AveragePooling2D(2)(x)
        x = _convolutions(x, filters, size)
    activation = layers.Dense(condition_size, name="condition_activation")(layers.Flatten()(x))
    return keras.Model(data, activation, name="discriminator")


def _sub_pixel_convolution(x, scale, channels):
    """A 3×3 convolution whose channels become scale × scale pixels each (Shi et al. 2016)."""
    height, width = x.shape[1:3]
    x = layers.Conv2D(scale**2 * channels, 3, padding="same")(x)
    x = layers.Reshape((height, width, scale, scale, channels))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((scale * height, scale * width, channels))(x)


def _convolutions(x, filters, size):
    for _ in range(size.convolutions):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=not size.instance_normalization)(x)
        x = _normalized(layers.LeakyReLU(0.2)(x), size)
    return x


def _normalized(x, size):
    if not size.instance_normalization:
        return x
    # one group per channel: instance normalisation
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)
