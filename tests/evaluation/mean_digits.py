"""Generators of 28×28 images that train in no time."""

import keras
import numpy as np

from igc_tf.data import bundled_digits, label_conditions, label_digits


def mean_digit_generator(spread=0.0):
    """G(c, z) = the mean of digit c + `spread` · z · (the same two directions for all classes)."""
    digits = bundled_digits()
    means = [digits.images[digits.labels == c].mean(axis=0).ravel() for c in range(10)]
    directions = np.random.default_rng(0).normal(size=(2, 784)).astype(np.float32)
    return _linear_generator(np.stack(means), spread * directions)


def label_generator():
    """G(c, z) = the sum of the least-squares images of the label values; z does nothing."""
    digits = label_digits(bundled_digits().sample(500, seed=1), seed=1)
    conditions = label_conditions(digits.labels)
    parts = np.linalg.lstsq(conditions, digits.images.reshape(500, 784), rcond=None)[0]
    return _linear_generator(parts, np.zeros([2, 784]))


def _linear_generator(images, directions):
    """G(c, z) = c · images + z · directions, as images (28, 28, 1)."""
    condition, latent = keras.Input([len(images)]), keras.Input([len(directions)])
    image, direction = (keras.layers.Dense(784, use_bias=False) for _ in range(2))
    data = keras.layers.Add()([image(condition), direction(latent)])
    model = keras.Model([condition, latent], keras.layers.Reshape([28, 28, 1])(data))
    image.set_weights([images])
    direction.set_weights([directions])
    return model
