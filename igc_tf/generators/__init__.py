"""Conditional generators, and what belongs to them.

Imported when first asked for: Keras is told of this package's layers (`igc_tf.generators.layers`)
while it is being imported itself.
"""

from igc_tf.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Generator": "generator",
        "Prior": "generator",
        "analogy": "latent_arithmetic",
        "generator_card": "store",
        "generator_names": "store",
        "latent_path": "latent_arithmetic",
        "load_generator": "store",
        "mean_latent": "latent_arithmetic",
        "save_generator": "store",
    },
)
