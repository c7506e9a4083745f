"""The Fréchet distance against closed forms and SciPy's matrix root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from igc_tf.metrics import FeatureStatistics, frechet_distance


def _gaussian(mean, covariance, count=11):
    """Statistics with exactly this mean and covariance."""
    statistics = FeatureStatistics(len(mean))
    statistics.count = count
    statistics.mean = np.asarray(mean, np.float64)
    statistics.scatter = np.asarray(covariance, np.float64) * (count - 1)
    return statistics


def _random_covariance(size, rank, seed):
    factor = np.random.default_rng(seed).normal(size=[size, rank])
    return factor @ factor.T / rank


def test_one_dimension():
    # (m - n)² + (s - t)²
    assert frechet_distance(_gaussian([1.0], [[4.0]]), _gaussian([4.0], [[25.0]])) == (
        pytest.approx(9 + 9)
    )


def test_diagonal_covariances_add_up():
    first = _gaussian([0, 1, 2], np.diag([1.0, 4.0, 0.0]))
    second = _gaussian([0, 3, 2], np.diag([9.0, 4.0, 0.25]))
    assert frechet_distance(first, second) == pytest.approx(4 + 0 + 4 + 0.25)


@pytest.mark.parametrize("rank", [3, 6, 20])
def test_identical_and_shifted(rank):
    covariance = _random_covariance(6, rank, 0)
    first, second = _gaussian(np.zeros(6), covariance), _gaussian(np.arange(6), covariance)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(first, second) == pytest.approx(55, abs=1e-6)


@pytest.mark.parametrize("size", [2, 5, 40])
def test_agrees_with_scipy_on_covariances_that_do_not_commute(size):
    rng = np.random.default_rng(size)
    means = rng.normal(size=[2, size])
    one, two = (_random_covariance(size, 2 * size, seed) for seed in (1, 2))
    assert np.abs(one @ two - two @ one).max() > 0.01
    expected = ((means[0] - means[1]) ** 2).sum()
    expected += np.trace(one + two - 2 * np.real(sqrtm(one @ two)))
    first, second = _gaussian(means[0], one), _gaussian(means[1], two)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-8)


def test_fewer_vectors_than_dimensions_give_a_number():
    # orthogonal supports: the root's trace is 0
    first = FeatureStatistics.of(np.pad(np.eye(3), [(0, 0), (0, 3)]))
    second = FeatureStatistics.of(np.pad(np.eye(3), [(0, 0), (3, 0)]))
    assert frechet_distance(first, second) == pytest.approx(6 / 9 + 1 + 1)


def test_refuses_other_sizes():
    with pytest.raises(ValueError, match="size 1 and 2"):
        frechet_distance(_gaussian([0], [[1]]), _gaussian([0, 0], np.eye(2)))
