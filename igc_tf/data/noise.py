"""The noise of the paper's robustness experiments."""

import dataclasses

import numpy as np

from igc_tf.data.labelled import IMAGE_BOUNDS, LabelledData
from igc_tf.errors import InputError
from igc_tf.ranges import Range, lie_within

# Of the noise's standard deviation. Far beyond any bounds, and float32 holds such noise.
SIGMA_RANGE = Range(0, 1e6)


def add_gaussian_noise(
    images: np.ndarray, sigma: float, seed: int, bounds: tuple[float, float] = IMAGE_BOUNDS
) -> np.ndarray:
    """clip(x + sigma * n, low, high) with n ~ N(0, 1) for every element.

    From the paper, "Inverted Generator Classifier" (Cho 2020), section 2.

    Args:
        images: within `bounds`, any shape; not modified.
        sigma: standard deviation, in units of the images; the paper uses 0, 0.2 and 0.4 in
            [-0.5, 0.5]. 0 changes nothing.
        seed: same seed, same noise.
        bounds: (low, high) of the images: those of their `LabelledData` or their generator.

    Returns:
        A new float32 array of the same shape, within `bounds`.

    Raises:
        InputError: if `sigma` is negative, not finite or beyond 1e6, or the images do not lie
            within the bounds: bytes, or images made for another range.
    """
    if sigma not in SIGMA_RANGE:
        raise InputError(f"sigma is {sigma}; it must be a number {SIGMA_RANGE}")
    received = np.asarray(images)
    images = np.array(received, dtype=np.float32)
    low, high = bounds
    if not lie_within(images, bounds):
        raise InputError(
            f"images are {received.dtype} from {images.min():g} to {images.max():g}: expected "
            f"values in [{low:g}, {high:g}]; scale them, or name their bounds"
        )
    if sigma == 0:
        return images
    noise = np.random.default_rng(seed).standard_normal(images.shape, dtype=np.float32)
    return np.clip(images + np.float32(sigma) * noise, np.float32(low), np.float32(high))


def with_noise(data: LabelledData, sigma: float, seed: int) -> LabelledData:
    """Returns the same examples with noise that is as strong to the eye in any bounds.

    Args:
        data: `LabelledData` within finite bounds; what its mask hides is taken for the lower one.
        sigma: standard deviation, as a part of the range from black to white.
        seed: same seed, same noise.

    Raises:
        InputError: for bounds that are not finite, or as `add_gaussian_noise` raises it.
    """
    low, high = data.bounds
    if not np.isfinite([low, high]).all():
        raise InputError(f"bounds={data.bounds}: expected finite ones, of which sigma is a part")
    noised = add_gaussian_noise(data.shown, sigma * (high - low), seed, data.bounds)
    return dataclasses.replace(data, data=noised)
