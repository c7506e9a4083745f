"""Runs a network that turns images into features, batch by batch."""

import keras
import numpy as np

from igc_tf.errors import InputError


def image_features(model, images, batch_size, verbose):
    """Features of images, whatever their number.

    Args:
        model: a Keras model `(B, H, W, channels) -> (B, D)`.
        images: float32 (N, H, W, channels) in [-0.5, 0.5].
        batch_size: images at once; bounds the memory.
        verbose: 1 shows a progress bar with the time left, 0 is silent.

    Returns:
        float32 (N, D).

    Raises:
        InputError: for no images, or images of another shape or range.
    """
    images = np.asarray(images, np.float32)
    expected = model.input_shape[1:]
    if images.ndim != 4 or not len(images) or images.shape[1:] != expected:
        raise InputError(f"images have shape {images.shape}: expected (N, *{expected}), N >= 1")
    # written so that NaN fails too
    if not (images.min() >= -0.5 - 1e-6 and images.max() <= 0.5 + 1e-6):
        raise InputError(
            f"images lie in [{images.min():g}, {images.max():g}]: expected [-0.5, 0.5]"
        )
    progress = keras.utils.Progbar(len(images), unit_name="image") if verbose else None
    features = []
    for begin in range(0, len(images), batch_size):
        batch = images[begin : begin + batch_size]
        features.append(model.predict_on_batch(batch))
        if progress is not None:
            progress.add(len(batch))
    return np.concatenate(features)
