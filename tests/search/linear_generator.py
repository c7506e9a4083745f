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
