"""Drawings, as the page sends them."""

import io

import numpy as np
from PIL import Image

from igc_tf.data import bundled_digits


def png(pixels):
    """The bytes of a PNG file of pixels uint8 (H, W) or (H, W, 3)."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, "PNG")
    return file.getvalue()


def drawn_digit(label):
    """A PNG file of a validation digit, large, dark on light."""
    digits = bundled_digits()
    image = digits.images[np.flatnonzero(digits.labels == label)[3], ..., 0]
    return png(np.rint(255 * (0.5 - np.kron(image, np.ones([8, 8])))))
