"""Images of given classes from a generator."""

import numpy as np

_BATCH = 500


def generate_images(generator, labels, seed):
    """Generates one image for each label, of a latent from N(0, 1).

    Args:
        generator: a Keras model `[condition (B, C), latent (B, Z)] -> images (B, ...)`.
        labels: (N,) integers in [0, C), N at least 1.
        seed: of the latents; with one seed, fewer labels get the first of more latents.

    Returns:
        float32 (N, ...).
    """
    classes, latent_size = (tensor.shape[1] for tensor in generator.inputs)
    condition = np.eye(classes, dtype=np.float32)[labels]
    latent = np.random.default_rng(seed).standard_normal([len(labels), latent_size], np.float32)
    images = [
        generator.predict_on_batch([condition[i : i + _BATCH], latent[i : i + _BATCH]])
        for i in range(0, len(labels), _BATCH)
    ]
    return np.concatenate(images).astype(np.float32)
