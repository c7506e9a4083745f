"""The distance in "Fréchet Inception distance"."""

import numpy as np

from igc_tf.errors import InputError


def frechet_distance(first, second):
    """Squared Fréchet (2-Wasserstein) distance of two Gaussians with these statistics.

    |m₁ - m₂|² + tr(S₁ + S₂ - 2 (S₁ S₂)^½), Heusel et al. 2017, eq. 6. The root's trace is that of
    the symmetric (S₁^½ S₂ S₁^½)^½: the sum of the roots of its eigenvalues, which rounding alone
    can make negative.

    Args:
        first, second: `FeatureStatistics` of the same size, of two vectors or more each.

    Returns:
        A float, at least 0.

    Raises:
        InputError: for different sizes, or fewer than two vectors.
    """
    if first.size != second.size:
        raise InputError(f"statistics of size {first.size} and {second.size}: expected the same")
    values, vectors = np.linalg.eigh(first.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixed = np.linalg.eigvalsh(root @ second.covariance @ root)
    root_trace = np.sqrt(np.maximum(mixed, 0)).sum()
    shift = first.mean - second.mean
    traces = np.trace(first.covariance) + np.trace(second.covariance)
    return max(0.0, float(shift @ shift + traces - 2 * root_trace))
