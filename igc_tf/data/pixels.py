"""The one conversion from stored bytes to the library's value range."""

import numpy as np


def to_unit_range(pixels: np.ndarray) -> np.ndarray:
    """uint8 in [0, 255], any shape -> float32 in [-0.5, 0.5], same shape."""
    images = pixels.astype(np.float32)
    images /= 255.0
    images -= 0.5
    return images
