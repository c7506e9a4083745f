"""The noise of the paper's robustness experiments."""

import math

import numpy as np

from igc_tf.errors import InputError


def add_gaussian_noise(images: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    """clip(x + sigma * n, -0.5, 0.5) with n ~ N(0, 1) for every element.

    From "Inverted Generator Classifier" (Cho 2020), section 2.

    Args:
        images: In [-0.5, 0.5], any shape; not modified.
        sigma: Standard deviation, at least 0; the paper uses 0, 0.2 and 0.4. 0 changes nothing.
        seed: Same seed, same noise.

    Returns:
        A new float32 array of the same shape, in [-0.5, 0.5].

    Raises:
        InputError: If `sigma` is negative or not finite.
    """
    if not math.isfinite(sigma) or sigma < 0:
        raise InputError(f"sigma is {sigma}; it must be a finite number, at least 0")
    images = np.array(images, dtype=np.float32)
    if sigma == 0:
        return images
    noise = np.random.default_rng(seed).standard_normal(images.shape, dtype=np.float32)
    return np.clip(images + np.float32(sigma) * noise, -0.5, 0.5)
