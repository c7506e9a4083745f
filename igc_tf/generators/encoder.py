"""The encoder: for an image and a class, the latent from which the generator makes it best."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from igc_tf.generators.keras_files import keras_defaults
from igc_tf.generators.layers import modulated_dense

# what the trunk makes of one example
FEATURE_LAYER = "features"
_COARSE_GAIN = 4.0


@dataclass(frozen=True)
class EncoderSize:
    """Everything that distinguishes one size from another.

    Attributes:
        convolutions: of the trunk, `(channels, width of the kernel, stride)` each; data without
            height and width pass dense layers only.
        features: that the trunk makes of one example.
        hidden_units: of the head's second layer.
        groups: of channels that are normalised after each convolution; None for none.
        coarse: the features also see the means of blocks of so many pixels each way, as
            normalisation leaves nothing of how bright what is; None for none.
    """

    convolutions: tuple[tuple[int, int, int], ...]
    features: int
    hidden_units: int
    groups: int | None = None
    coarse: int | None = None


ENCODER_SIZES = {
    "compact": EncoderSize(
        convolutions=((32, 5, 2), (64, 3, 1), (64, 3, 2), (64, 3, 1)),
        features=384,
        hidden_units=256,
    ),
    # halves the sides once more, and is normalised: what lies where in which colours matters less
    "deep": EncoderSize(
        convolutions=((32, 5, 2), (64, 3, 1), (64, 3, 2), (96, 3, 1), (96, 3, 2), (128, 3, 1)),
        features=384,
        hidden_units=256,
        groups=8,
        coarse=4,
    ),
}


@keras_defaults()
def build_encoder(size, condition_size, data_shape, latent_size, bounds=(-0.5, 0.5)):
    """Builds `[data (B, ...), condition (B or 1, K, C)] -> latent (B, K, Z)`.

    The trunk sees each example once; the head, a few small layers that the condition scales and
    shifts, makes of its features one latent for each of K conditions. An untrained encoder's
    latents lie near 0.

    Args:
        size: an `EncoderSize`.
        condition_size: C.
        data_shape: shape of one example: (H, W, channels), or any other.
        latent_size: Z.
        bounds: of the data, which the trunk sees in [-0.5, 0.5]; infinite ones are left alone.

    Returns:
        A Keras model whose inputs are named "data" and "condition".
    """
    low, high = bounds
    data = keras.Input(data_shape, name="data")
    condition = keras.Input([None, condition_size], name="condition")
    x = data
    if np.isfinite([low, high]).all() and (low, high) != (-0.5, 0.5):
        x = layers.Rescaling(1 / (high - low), -low / (high - low) - 0.5)(x)
    scaled = x
    if len(data_shape) == 3:
        for channels, width, stride in size.convolutions:
            x = _convolution(x, channels, width, stride, size.groups)
    x = layers.Flatten()(x)
    if size.coarse is not None and len(data_shape) == 3:
        means = layers.AveragePooling2D(size.coarse)(scaled)
        # as large as what else there is
        means = layers.Rescaling(_COARSE_GAIN)(layers.Flatten()(means))
        x = layers.Concatenate()([x, means])
    features = layers.Dense(size.features, activation="relu", name=FEATURE_LAYER)(x)
    features = layers.Reshape([1, size.features])(features)
    x = modulated_dense(features, condition, size.features)
    x = layers.Dense(size.hidden_units, activation="relu")(layers.Add()([x, features]))
    near_zero = keras.initializers.RandomNormal(stddev=0.005)
    latent = layers.Dense(latent_size, kernel_initializer=near_zero)(x)
    return keras.Model([data, condition], latent, name="encoder")


def _convolution(x, channels, width, stride, groups):
    if groups is None:
        return layers.Conv2D(channels, width, stride, padding="same", activation="relu")(x)
    x = layers.Conv2D(channels, width, stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.GroupNormalization(groups)(x))
