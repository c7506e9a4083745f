"""The GANs of the DCGAN and CGAN coursework: dense or convolutional, with or without a condition.

A condition of one value says nothing: networks for it take it, as every generator does, and do
not look at it. That is the vanilla GAN and the DCGAN; with more values it is the CGAN.
"""

import math
from dataclasses import dataclass

import keras
from keras import layers

from igc_tf.generators.keras_files import keras_defaults
from igc_tf.generators.layers import (
    BatchDropout,
    LeaveReference,
    ReferenceBatch,
    VirtualBatchNormalization,
    check_image_shape,
    check_latent_size,
)

_KERNEL = 3
_SLOPE = 0.2
# the weights move fast: statistics of the last few batches
_MOMENTUM = 0.8
_STRIDES = 2


@dataclass(frozen=True)
class DCGANSize:
    """What distinguishes one network from another.

    Attributes:
        is_convolutional: whether the networks convolve, or have dense layers alone.
        generator: units of the generator's blocks; of the convolutional one the channels of its
            two transposed convolutions.
        discriminator: units of the discriminator's layers, or channels of its two convolutions.
    """

    is_convolutional: bool
    generator: tuple[int, ...]
    discriminator: tuple[int, ...]

    @property
    def divisor(self):
        """What height and width are multiples of."""
        return 2**_STRIDES if self.is_convolutional else 1


# the document gives the numbers of dense blocks, 1, 3 and 5, and the channels; the units and the
# discriminators' sizes, which it keeps to, are this project's
DCGAN_SIZES = {
    ("dense", "shallow"): DCGANSize(False, (256,), (512, 512, 512)),
    ("dense", "medium"): DCGANSize(False, (256, 512, 1024), (512, 512, 512)),
    ("dense", "deep"): DCGANSize(False, (256, 512, 1024, 1024, 1024), (512, 512, 512)),
    ("convolutional", "shallow"): DCGANSize(True, (128, 64), (64, 128)),
    ("convolutional", "medium"): DCGANSize(True, (256, 128), (64, 128)),
    ("convolutional", "deep"): DCGANSize(True, (512, 256), (64, 128)),
}


@keras_defaults()
def build_dcgan_generator(size, condition_size, data_shape, latent_size, reference=None):
    """Builds `[condition (B, C), latent (B, Z)] -> data (B, H, W, channels)` in [-0.5, 0.5].

    The dense one: blocks of a dense layer, leaky ReLU 0.2 and batch normalisation. The
    convolutional one: a dense layer to a feature map a quarter as high and wide, and two
    transposed 3×3 convolutions of stride 2, all three with batch normalisation and ReLU, then a 3×3
    convolution. Both end in tanh, halved.

    Args:
        size: a `DCGANSize`.
        condition_size: C; with 1 the condition is not looked at.
        data_shape: (H, W, channels); H and W divisible by 4 where the size is convolutional.
        latent_size: Z; latents are drawn from N(0, 1) in training.
        reference: conditions (R, C) of the reference batch of virtual batch normalisation, whose
            latents are drawn by Keras' seed; None for batch normalisation.

    Returns:
        A Keras model whose inputs are named "condition" and "latent".

    Raises:
        InputError: for a latent size below 1, or a data shape that the strides cannot build.
    """
    check_image_shape(data_shape, size.divisor)
    check_latent_size(latent_size)
    condition = keras.Input([condition_size], name="condition")
    latent = keras.Input([latent_size], name="latent")
    x = latent if condition_size == 1 else layers.Concatenate()([latent, condition])
    count = 0 if reference is None else len(reference)
    if count:
        x = ReferenceBatch(_reference(reference, latent_size), name="reference")(x)

    def normalized(x):
        if count:
            return VirtualBatchNormalization(count)(x)
        return layers.BatchNormalization(momentum=_MOMENTUM)(x)

    if size.is_convolutional:
        x = _transposed_convolutions(x, size.generator, data_shape, normalized)
    else:
        for units in size.generator:
            x = normalized(layers.LeakyReLU(_SLOPE)(layers.Dense(units)(x)))
        x = layers.Reshape(data_shape)(layers.Dense(math.prod(data_shape))(x))
    if count:
        x = LeaveReference(count)(x)
    # float32 also where the layers before compute in less
    x = layers.Activation("tanh", dtype="float32")(x)
    data = layers.Rescaling(0.5, dtype="float32")(x)
    return keras.Model([condition, latent], data, name="generator")


@keras_defaults()
def build_dcgan_discriminator(size, condition_size, data_shape, dropout, auxiliary=False):
    """Builds `[data (B, H, W, channels), condition (B, C)] -> logit (B,)` of "this is real".

    Layers of the size, each with leaky ReLU 0.2 and dropout: dense ones, or 3×3 convolutions of
    stride 2, batch-normalised but for the first. The condition scales, through a dense layer, each
    element of the data; of the convolutional one each of the last features. (Ten elements beside
    the 784 of an image would hardly be heard: the generator learns to disregard the condition.)

    Args:
        size, condition_size, data_shape: as for `build_dcgan_generator`.
        dropout: the share of each layer's outputs that is left out in training, in [0, 1).
        auxiliary: whether it is not told the condition, but says what it is: it then returns
            `[logit (B,), condition logits (B, C)]` (auxiliary classifier GAN, Odena et al. 2017).

    Raises:
        InputError: for a data shape that the strides cannot build.
    """
    check_image_shape(data_shape, size.divisor)
    data = keras.Input(data_shape, name="data")
    condition = keras.Input([condition_size], name="condition")
    is_told = condition_size > 1 and not auxiliary
    if size.is_convolutional:
        x = data
        for number, filters in enumerate(size.discriminator):
            x = layers.Conv2D(filters, _KERNEL, strides=2, padding="same")(x)
            if number > 0:
                x = layers.BatchNormalization(momentum=_MOMENTUM)(x)
            x = BatchDropout(dropout)(layers.LeakyReLU(_SLOPE)(x))
        x = layers.Flatten()(x)
        if is_told:
            x = _scaled(x, condition, keras.initializers.RandomNormal(stddev=0.3), "ones")
    else:
        x = layers.Flatten()(data)
        if is_told:
            # small at first, which keeps so high a learning rate in check
            x = _scaled(x, condition, keras.initializers.RandomUniform(-0.05, 0.05), "zeros")
        for units in size.discriminator:
            x = BatchDropout(dropout)(layers.LeakyReLU(_SLOPE)(layers.Dense(units)(x)))
    logit = layers.Reshape(())(layers.Dense(1, name="logit")(x))
    outputs = logit
    if auxiliary:
        outputs = [logit, layers.Dense(condition_size, name="condition_logits")(x)]
    return keras.Model([data, condition], outputs, name="discriminator")


def _scaled(x, condition, kernel, bias):
    """x (B, D), each element times what a dense layer makes of the condition."""
    scale = layers.Dense(x.shape[1], kernel_initializer=kernel, bias_initializer=bias)
    return layers.Multiply()([x, scale(condition)])


def _transposed_convolutions(x, filters, data_shape, normalized):
    """What the convolutional generator makes of its input, before the last activation."""
    height, width, channels = data_shape
    feature_map = (height // 2**_STRIDES, width // 2**_STRIDES, filters[0])
    # searches start at the latent 0, where a rectifier of 0 would let no gradient pass
    spread = keras.initializers.RandomNormal(stddev=0.02)
    x = layers.Dense(math.prod(feature_map), bias_initializer=spread)(x)
    # without this normalisation the discriminator wins at once where the layers are wide
    x = layers.Reshape(feature_map)(layers.ReLU()(normalized(x)))
    for count in filters:
        x = layers.Conv2DTranspose(count, _KERNEL, strides=2, padding="same")(x)
        x = layers.ReLU()(normalized(x))
    return layers.Conv2D(channels, _KERNEL, padding="same")(x)


def _reference(conditions, latent_size):
    """The generator's inputs (R, ...) for the reference batch, as it concatenates them."""
    latents = keras.random.normal([len(conditions), latent_size])
    if conditions.shape[1] == 1:
        return latents
    return keras.ops.concatenate([latents, conditions], axis=-1)
