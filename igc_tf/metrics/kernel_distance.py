"""The distance in "kernel Inception distance"."""

import numpy as np

from igc_tf.errors import InputError

# rows of a kernel matrix held at once
_BLOCK = 1000


def kernel_distance(first, second):
    """Unbiased squared maximum mean discrepancy with the kernel (x·y / D + 1)³.

    The kernel Inception distance of Bińkowski et al. 2018, §4, of all vectors at once. Unlike the
    Fréchet distance its expectation does not depend on the number of vectors: it is 0 where the
    distributions are equal, and the estimate is then as often negative as positive.

    Args:
        first: feature vectors (M, D), M at least 2.
        second: feature vectors (N, D), N at least 2.

    Returns:
        A float.

    Raises:
        InputError: for other shapes.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise InputError(
            f"features have shapes {first.shape} and {second.shape}: expected (M, D) and (N, D)"
        )
    if min(len(first), len(second)) < 2:
        raise InputError(f"{len(first)} and {len(second)} vectors: expected at least 2 of each")
    return (
        _mean_among(first)
        + _mean_among(second)
        - 2 * _sum(first, second) / (len(first) * len(second))
    )


def _mean_among(vectors):
    """The kernel's mean over pairs of different vectors."""
    count = len(vectors)
    itself = _kernel((vectors * vectors).sum(axis=1), vectors.shape[1]).sum()
    return (_sum(vectors, vectors) - itself) / (count * (count - 1))


def _sum(first, second):
    blocks = (first[begin : begin + _BLOCK] for begin in range(0, len(first), _BLOCK))
    return sum(_kernel(block @ second.T, first.shape[1]).sum() for block in blocks)


def _kernel(products, size):
    # written out: NumPy's power of 3 is many times slower
    scaled = products / size + 1
    return scaled * scaled * scaled
