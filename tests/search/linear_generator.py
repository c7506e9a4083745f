"""A generator whose search has a known optimum."""

import keras
import numpy as np

from igc_tf.search import SearchSettings

# converges to the least-squares optimum
EXACT = SearchSettings(
    steps=600,
    learning_rate=0.1,
    final_learning_rate=0.0,
    difference="mean_squared",
    restriction_weight=0.0,
)


def linear_generator(seed=0, classes=3, latent_size=4, data_shape=(6,)):
    """Returns `(model, offsets (C, D), matrix (Z, D))`: G(c, z) = offsets[c] + z · matrix."""
    generator = np.random.default_rng(seed)
    elements = int(np.prod(data_shape))
    offsets = generator.normal(size=(classes, elements)).astype(np.float32)
    matrix = generator.normal(size=(latent_size, elements)).astype(np.float32)
    condition = keras.Input([classes])
    latent = keras.Input([latent_size])
    from_condition = keras.layers.Dense(elements, use_bias=False)
    from_latent = keras.layers.Dense(elements, use_bias=False)
    data = keras.layers.Add()([from_condition(condition), from_latent(latent)])
    model = keras.Model([condition, latent], keras.layers.Reshape(data_shape)(data))
    from_condition.set_weights([offsets])
    from_latent.set_weights([matrix])
    return model, offsets, matrix


def two_label_optima(data, offsets, matrix):
    """For two binary labels, the least mean squared differences (N, 2, 2), and where they are.

    With one label held at a value, and the other's mixture p · a + (1 - p) · b, the rest not
    reached by any latent is a parabola in p: its least in [0, 1] is the clipped vertex.
    """
    projector = np.eye(6) - matrix.T @ np.linalg.pinv(matrix.T)
    flat = data.reshape(-1, 6)
    differences, mixtures = np.zeros([2, len(flat), 2, 2])
    for label in range(2):
        first, second = offsets[2 * (1 - label)], offsets[2 * (1 - label) + 1]
        direction = projector @ (first - second)
        for value in range(2):
            rest = (flat - offsets[2 * label + value] - second) @ projector.T
            p = np.clip(rest @ direction / (direction @ direction), 0, 1)
            mixtures[:, label, value] = p
            differences[:, label, value] = ((rest - p[:, None] * direction) ** 2).mean(axis=1)
    return differences, mixtures
