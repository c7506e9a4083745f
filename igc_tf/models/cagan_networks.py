"""Generator and discriminator of the conditional activation GAN, in any `CAGANSize`."""

import math

import keras
from keras import layers

from igc_tf.errors import InputError
from igc_tf.models.latent_normalization import LatentNormalization

_STAGES = 2


def build_generator(size, condition_size=10, latent_size=256, data_shape=(28, 28, 1)):
    """Builds `[condition (B, C), latent (B, Z)] -> data (B, H, W, channels)` in [-0.5, 0.5].

    Args:
        size: a `CAGANSize`.
        condition_size: C.
        latent_size: Z; latents are drawn from N(0, 1) in training.
        data_shape: (H, W, channels); H and W divisible by 4.

    Raises:
        InputError: for a data shape that two stages cannot build.
    """
    _check_data_shape(data_shape)
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
            x = _modulated_dense(x, condition, units)
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


def build_discriminator(size, condition_size=10, data_shape=(28, 28, 1)):
    """Builds `data (B, H, W, channels) -> condition activation (B, C)`, any real numbers.

    Args and raises: as for `build_generator`.
    """
    _check_data_shape(data_shape)
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


def _modulated_dense(x, condition, units):
    """A dense layer whose units each class scales and shifts (FiLM, Perez et al. 2018)."""
    spread = keras.initializers.RandomNormal(stddev=0.3)
    scale = layers.Dense(units, kernel_initializer=spread, bias_initializer="ones")(condition)
    shift = layers.Dense(units, kernel_initializer=spread)(condition)
    x = layers.Multiply()([layers.Dense(units, use_bias=False)(x), scale])
    return layers.LeakyReLU(0.2)(layers.Add()([x, shift]))


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


def _check_data_shape(data_shape):
    if len(data_shape) != 3 or data_shape[0] % 2**_STAGES or data_shape[1] % 2**_STAGES:
        raise InputError(
            f"data_shape={data_shape}: expected (height, width, channels) with height and width "
            f"divisible by {2**_STAGES}"
        )
