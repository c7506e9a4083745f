"""Normalised latents: a search near the origin gets somewhere."""

import keras
from keras import ops

from igc_tf.errors import InputError


@keras.saving.register_keras_serializable("igc_tf")
class LatentNormalization(keras.layers.Layer):
    """`z / sqrt(mean(z²) + epsilon)`, over the last axis.

    Latents from the prior N(0, 1) pass almost unchanged. Near the origin, where a search starts,
    the layer multiplies by 1/√epsilon; far out it bounds the length. The paper's 100 steps of
    0.001 move each element by about 0.1: `epsilon` decides how much of the latent space the
    search reaches with that. In the paper-size generator the first instance normalisation has
    the same effect.

    Args:
        epsilon: at least the smallest positive float; 0.01 multiplies by 10 at the origin.

    Raises:
        InputError: for an epsilon that is not positive.
    """

    def __init__(self, epsilon=0.01, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise InputError(f"epsilon={epsilon!r}: expected a number > 0")
        self.epsilon = epsilon

    def call(self, latent):
        mean_square = ops.mean(ops.square(latent), axis=-1, keepdims=True)
        return latent * ops.rsqrt(mean_square + self.epsilon)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
