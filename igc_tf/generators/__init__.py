"""Conditional generators, and what belongs to them.

Imported when first asked for: Keras is told of this package's layers (`igc_tf.generators.layers`)
while it is being imported itself.
"""

import importlib

_PUBLIC = {
    "Generator": "igc_tf.generators.generator",
    "Prior": "igc_tf.generators.generator",
    "analogy": "igc_tf.generators.latent_arithmetic",
    "generator_card": "igc_tf.generators.store",
    "generator_names": "igc_tf.generators.store",
    "latent_path": "igc_tf.generators.latent_arithmetic",
    "load_generator": "igc_tf.generators.store",
    "mean_latent": "igc_tf.generators.latent_arithmetic",
    "save_generator": "igc_tf.generators.store",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'igc_tf.generators' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
