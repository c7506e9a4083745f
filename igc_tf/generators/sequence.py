"""LSTMs for pen trajectories: a generator, and the classifier that it is compared with."""

import keras
from keras import layers

from igc_tf.generators.keras_files import keras_defaults
from igc_tf.generators.layers import ConditionNoise


@keras_defaults()
def build_sequence_generator(
    classes, steps, channels=3, units=64, noise_standard_deviation=0.0, seed=0
):
    """Builds `condition (B, C) -> series (B, steps, channels)`.

    The LSTM is given the class vector at every step ("Inverse classification using generative
    models" §2), so that the gradients of all steps
    reach it; a dense layer reads the series off its outputs.

    Args:
        classes: C.
        steps: of the series.
        channels: of the series.
        units: of the LSTM.
        noise_standard_deviation: of `ConditionNoise`, in training only.
        seed: of that noise.
    """
    condition = keras.Input([classes], name="condition")
    noised = ConditionNoise(noise_standard_deviation, seed, name="condition_noise")(condition)
    x = layers.RepeatVector(steps)(noised)
    x = layers.LSTM(units, return_sequences=True, name="lstm")(x)
    series = layers.Dense(channels, name="series")(x)
    return keras.Model(condition, series, name="sequence_generator")


@keras_defaults()
def build_sequence_classifier(classes, steps, channels=3, units=64):
    """Builds `series (B, steps, channels + 1) -> probabilities (B, C)`: a plain forward LSTM.

    The last channel is 1 where there are data (`igc_tf.data.data_and_mask`); steps at which it is 0
    are skipped. The answer is read off the last step's output.

    Args:
        classes: C.
        steps: of the longest series.
        channels: of the series, the mask not counted.
        units: of the LSTM.
    """
    series = keras.Input([steps, channels + 1], name="series")
    mask = keras.ops.greater(series[..., channels], 0.5)
    x = layers.LSTM(units, name="lstm")(series[..., :channels], mask=mask)
    probabilities = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(series, probabilities, name="sequence_classifier")
