"""Input-noise training: what smooths a generator's space of class vectors."""

import keras
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.label_simplex import LabelSimplex


@keras.saving.register_keras_serializable("igc_tf")
class ConditionNoise(keras.layers.Layer):
    """Adds Gaussian noise to class vectors in training, then clips and renormalises them.

    "Inverse classification using generative models" (001 §3): what the generator is trained with
    stays a vector of probabilities, `c <- clip(c + std · n, 0, 1)`, divided by its sum. Outside of
    training, and with a standard deviation of 0, nothing is changed, not even vectors that do
    not sum to 1.

    Args:
        standard_deviation: of the noise, at least 0; 001 tries 0, 0.1, 0.2, 0.3 and 0.4.
        seed: of the noise.

    Raises:
        InputError: for a negative standard deviation.
    """

    def __init__(self, standard_deviation, seed=0, **kwargs):
        super().__init__(**kwargs)
        if not standard_deviation >= 0:
            raise InputError(f"standard_deviation={standard_deviation!r}: expected a number >= 0")
        self.standard_deviation = standard_deviation
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, condition, training=False):
        """Returns conditions (B, C), noised if `training`."""
        if not training or self.standard_deviation == 0:
            return condition
        noise = keras.random.normal(tf.shape(condition), seed=self.seed_generator)
        noised = condition + self.standard_deviation * noise
        return LabelSimplex(condition.shape[1])(noised)

    def get_config(self):
        return {
            **super().get_config(),
            "standard_deviation": self.standard_deviation,
            "seed": self.seed,
        }
