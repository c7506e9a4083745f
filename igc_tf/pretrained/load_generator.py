"""Loads a generator's Keras model by name or from a file."""

from igc_tf.generators import store


def load_generator(generator, precision=None):
    """Loads the Keras model of a generator.

    Args and raises: as for `igc_tf.generators.store.load_generator`.

    Returns:
        A Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`.
    """
    return store.load_model(generator, precision)[0]
