"""The conditional GAN of "Inverse Classification using GANs": its two networks, in two sizes."""

import math
from dataclasses import dataclass

import keras
from keras import layers

from igc_tf.generators.keras_files import keras_defaults
from igc_tf.generators.layers import check_image_shape, check_latent_size

_KERNEL = 5


@dataclass(frozen=True)
class ConditionalGANSize:
    """Widths of generator and discriminator, see `build_conditional_generator`.

    Attributes:
        class_units: of the dense layer that the class vector passes before it meets the noise.
        filters: channels of the generator's first feature map.
        convolution_filters: of the first of its two transposed convolutions.
        stride: of both, and of the discriminator's two convolutions; the first feature map is
            stride² times smaller than the data.
        discriminator_filters: of these two.
        discriminator_units: of its dense layer.
        discriminator_normalization: batch normalisation after its convolutions.
    """

    class_units: int
    filters: int
    convolution_filters: int
    stride: int
    discriminator_filters: tuple[int, int]
    discriminator_units: int
    discriminator_normalization: bool


CONDITIONAL_GAN_SIZES = {
    # the same inputs and layers, on 7 × 7 instead of 28 × 28 elements
    "compact": ConditionalGANSize(100, 32, 32, 2, (16, 32), 256, False),
    # the document's published network
    "document": ConditionalGANSize(1000, 64, 32, 1, (32, 64), 1024, True),
}


@keras_defaults()
def build_conditional_generator(size, condition_size, data_shape, latent_size):
    """Builds `[condition (B, C), latent (B, Z)] -> data (B, H, W, channels)` in [-0.5, 0.5].

    The network of "Inverse Classification using GANs": the class vector passes a dense
    layer of its own before it meets the noise; then a dense layer, batch normalisation and two
    transposed 5×5 convolutions. The document's images lie in [0, 1] and its network ends in a
    sigmoid; here 0.5 is subtracted from it.

    Args:
        size: a `ConditionalGANSize`.
        condition_size: C.
        data_shape: (H, W, channels); H and W divisible by the size's stride².
        latent_size: Z, the document's noise size; latents are drawn from N(0, 1) in training.

    Returns:
        A Keras model whose inputs are named "condition" and "latent".

    Raises:
        InputError: for a latent size below 1, or a data shape that the strides cannot build.
    """
    check_image_shape(data_shape, size.stride**2)
    check_latent_size(latent_size)
    height, width, channels = data_shape
    condition = keras.Input([condition_size], name="condition")
    latent = keras.Input([latent_size], name="latent")
    x = layers.Dense(size.class_units, activation="relu")(condition)
    x = layers.Concatenate()([x, latent])
    feature_map = (height // size.stride**2, width // size.stride**2, size.filters)
    x = layers.Dense(math.prod(feature_map))(x)
    x = layers.Reshape(feature_map)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(size.convolution_filters, _KERNEL, size.stride, "same")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(channels, _KERNEL, size.stride, "same")(x)
    # float32 also where the layers before compute in less
    x = layers.Activation("sigmoid", dtype="float32")(x)
    data = layers.Rescaling(1.0, offset=-0.5, dtype="float32")(x)
    return keras.Model([condition, latent], data, name="generator")


@keras_defaults()
def build_conditional_discriminator(size, condition_size, data_shape):
    """Builds `[data (B, H, W, channels), condition (B, C)] -> logit (B,)` of "this is real".

    Args and raises: as for `build_conditional_generator`.
    """
    check_image_shape(data_shape, size.stride**2)
    data = keras.Input(data_shape, name="data")
    condition = keras.Input([condition_size], name="condition")
    x = data
    for filters in size.discriminator_filters:
        x = layers.Conv2D(filters, _KERNEL, size.stride, "same")(x)
        if size.discriminator_normalization:
            x = layers.BatchNormalization()(x)
        x = layers.LeakyReLU(0.0 if size.discriminator_normalization else 0.2)(x)
    classes = layers.Dense(size.class_units, activation="relu")(condition)
    x = layers.Concatenate()([layers.Flatten()(x), classes])
    x = layers.Dense(size.discriminator_units, activation="relu")(x)
    logit = layers.Reshape(())(layers.Dense(1, name="logit")(x))
    return keras.Model([data, condition], logit, name="discriminator")
