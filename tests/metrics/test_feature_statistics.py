"""Statistics against NumPy's, however the features come."""

import numpy as np
import pytest

from igc_tf.metrics import FeatureStatistics

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


def test_merged_statistics_are_those_of_all():
    parts = FeatureStatistics.of(FEATURES[:30]), FeatureStatistics.of(FEATURES[30:])
    merged = FeatureStatistics(4)
    merged.merge(FeatureStatistics(4))
    for part in parts:
        merged.merge(part)
    _agree(merged, FEATURES)
    _agree(parts[0], FEATURES[:30])


def test_float32_features_far_from_zero_keep_their_covariance():
    # a float32 sum of squares of these has no digit left of the variance 1
    features = (np.random.default_rng(1).normal(size=[1000, 2]) + 1e5).astype(np.float32)
    statistics = FeatureStatistics(2)
    for batch in np.split(features, 10):
        statistics.update(batch)
    _agree(statistics, features.astype(np.float64))


def test_saved_statistics_can_be_continued(tmp_path):
    statistics = FeatureStatistics.of(FEATURES[:60])
    statistics.save(tmp_path / "real.npz")
    loaded = FeatureStatistics.load(tmp_path / "real.npz")
    _agree(loaded, FEATURES[:60])
    loaded.update(FEATURES[60:])
    _agree(loaded, FEATURES)


def test_refuses_what_does_not_fit(tmp_path):
    statistics = FeatureStatistics(4)
    with pytest.raises(ValueError, match=r"\(2, 3\): expected \(N, 4\)"):
        statistics.update(np.zeros([2, 3]))
    with pytest.raises(ValueError, match="finite"):
        statistics.update(np.full([2, 4], np.nan))
    with pytest.raises(ValueError, match="size 3: expected 4"):
        statistics.merge(FeatureStatistics(3))
    statistics.update(FEATURES[:1])
    with pytest.raises(ValueError, match="1 feature vectors"):
        _ = statistics.covariance
    np.savez(tmp_path / "other.npz", mean=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz holds \['mean'\]"):
        FeatureStatistics.load(tmp_path / "other.npz")
