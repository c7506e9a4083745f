"""Statistics against NumPy's, the distances against closed forms, SciPy and a double loop."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from igc_tf.errors import InputError
from igc_tf.metrics import FeatureStatistics, frechet_distance, kernel_distance

FEATURES = np.random.default_rng(0).normal(3, [1, 2, 0.1, 5], [101, 4]) @ np.ones([4, 4])


def _agree(statistics, features):
    assert statistics.count == len(features)
    np.testing.assert_allclose(statistics.mean, features.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        statistics.covariance, np.cov(features, rowvar=False), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("batch_size", [1, 7, 50, 101, 1000])
def test_batches_of_any_size_give_numpys_mean_and_covariance(batch_size):
    statistics = FeatureStatistics(4)
    for begin in range(0, len(FEATURES), batch_size):
        statistics.update(FEATURES[begin : begin + batch_size])
    _agree(statistics, FEATURES)
    statistics.update(FEATURES[:0])
    _agree(statistics, FEATURES)


def test_several_batches_at_once():
    _agree(FeatureStatistics.of(FEATURES[:30], FEATURES[30:]), FEATURES)


def test_float32_features_far_from_zero_keep_their_covariance():
    # a float32 sum of squares of these has no digit left of the variance 1
    features = (np.random.default_rng(1).normal(size=[1000, 2]) + 1e5).astype(np.float32)
    statistics = FeatureStatistics(2)
    for batch in np.split(features, 10):
        statistics.update(batch)
    _agree(statistics, features.astype(np.float64))


def test_statistics_refuse_what_does_not_fit():
    statistics = FeatureStatistics(4)
    with pytest.raises(ValueError, match=r"\(2, 3\): expected \(N, 4\)"):
        statistics.update(np.zeros([2, 3]))
    with pytest.raises(ValueError, match="finite"):
        statistics.update(np.full([2, 4], np.nan))
    with pytest.raises(ValueError, match=r"\(3,\): expected \(N, D\)"):
        FeatureStatistics.of(np.zeros(3))
    statistics.update(FEATURES[:1])
    with pytest.raises(ValueError, match="1 feature vectors"):
        _ = statistics.covariance


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


def test_frechet_distance_in_one_dimension():
    # (m - n)² + (s - t)²
    assert frechet_distance(_gaussian([1.0], [[4.0]]), _gaussian([4.0], [[25.0]])) == (
        pytest.approx(9 + 9)
    )


def test_frechet_distances_of_diagonal_covariances_add_up():
    first = _gaussian([0, 1, 2], np.diag([1.0, 4.0, 0.0]))
    second = _gaussian([0, 3, 2], np.diag([9.0, 4.0, 0.25]))
    assert frechet_distance(first, second) == pytest.approx(4 + 0 + 4 + 0.25)


@pytest.mark.parametrize("rank", [3, 6, 20])
def test_frechet_distance_of_identical_and_shifted(rank):
    covariance = _random_covariance(6, rank, 0)
    first, second = _gaussian(np.zeros(6), covariance), _gaussian(np.arange(6), covariance)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(first, second) == pytest.approx(55, abs=1e-6)


@pytest.mark.parametrize("size", [2, 5, 40])
def test_frechet_distance_agrees_with_scipy_on_covariances_that_do_not_commute(size):
    rng = np.random.default_rng(size)
    means = rng.normal(size=[2, size])
    one, two = (_random_covariance(size, 2 * size, seed) for seed in (1, 2))
    assert np.abs(one @ two - two @ one).max() > 0.01
    expected = ((means[0] - means[1]) ** 2).sum()
    expected += np.trace(one + two - 2 * np.real(sqrtm(one @ two)))
    first, second = _gaussian(means[0], one), _gaussian(means[1], two)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-8)


def test_rounding_makes_no_distance_negative():
    for features in np.random.default_rng(0).normal(size=[10, 50, 6]):
        statistics = FeatureStatistics.of(features)
        assert frechet_distance(statistics, statistics) >= 0


def test_fewer_vectors_than_dimensions_give_a_number():
    # orthogonal supports: the root's trace is 0
    first = FeatureStatistics.of(np.pad(np.eye(3), [(0, 0), (0, 3)]))
    second = FeatureStatistics.of(np.pad(np.eye(3), [(0, 0), (3, 0)]))
    assert frechet_distance(first, second) == pytest.approx(6 / 9 + 1 + 1)


def test_frechet_distance_refuses_other_sizes():
    with pytest.raises(ValueError, match="size 1 and 2"):
        frechet_distance(_gaussian([0], [[1]]), _gaussian([0, 0], np.eye(2)))


def _kernel(x, y):
    return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3


def _double_loop(first, second):
    among = []
    for vectors in (first, second):
        pairs = [
            _kernel(x, y) for i, x in enumerate(vectors) for j, y in enumerate(vectors) if i != j
        ]
        among.append(sum(pairs) / len(pairs))
    between = [_kernel(x, y) for x in first for y in second]
    return among[0] + among[1] - 2 * sum(between) / len(between)


@pytest.mark.parametrize("block", [4, 1000])
def test_kernel_distance_agrees_with_a_double_loop(block):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=[9, 3]), rng.normal(0.5, 2, size=[13, 3])
    assert kernel_distance(first, second, block) == pytest.approx(_double_loop(first, second))


def test_kernel_distance_is_unbiased_where_distributions_are_equal():
    rng = np.random.default_rng(1)
    found = np.array([kernel_distance(*rng.normal(size=[2, 10, 4])) for _ in range(2000)])
    error = found.std() / np.sqrt(len(found))
    # with the pairs of a vector with itself, the mean would be some 30 of these errors above 0
    assert abs(found.mean()) < 4 * error
    assert found.min() < 0 < found.max()


def test_kernel_distance_grows_with_the_difference():
    rng = np.random.default_rng(2)
    first = rng.normal(size=[200, 4])
    near, far = (kernel_distance(first, rng.normal(shift, 1, [200, 4])) for shift in (0.3, 1))
    assert 0 < near < far


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1])
def test_one_feature_that_is_not_finite_is_refused(which, value):
    vectors = [np.ones([3, 2]), np.zeros([4, 2])]
    vectors[which][2, 1] = value
    with pytest.raises(ValueError, match="not finite"):
        kernel_distance(*vectors)


def test_kernel_distance_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"\(3, 4\): expected \(N, 2\)"):
        kernel_distance(np.zeros([3, 2]), np.zeros([3, 4]))
    with pytest.raises(ValueError, match="1 and 3 vectors"):
        kernel_distance(np.zeros([1, 2]), np.zeros([3, 2]))
    for block in (0, -1, 2.5):
        with pytest.raises(InputError, match=f"block={block}: expected a whole number >= 1"):
            kernel_distance(np.zeros([3, 2]), np.zeros([3, 2]), block)
