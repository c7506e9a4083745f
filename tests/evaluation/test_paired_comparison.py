import numpy as np
import pytest
from scipy import stats

from igc_tf.evaluation.paired_comparison import PairedComparison


def _answers(rate, count=400, repetitions=1, seed=0):
    return np.random.default_rng(seed).random([repetitions, count]) < rate


def test_is_the_paired_t_statistic():
    first, second = _answers(0.8, repetitions=3), _answers(0.7, seed=1, repetitions=3)
    compared = PairedComparison(first, second)
    expected = stats.ttest_rel(first.mean(axis=0), second.mean(axis=0)).statistic
    np.testing.assert_allclose(compared.mean / compared.standard_error, expected)
    np.testing.assert_allclose(compared.mean, first.mean() - second.mean())


def test_verdicts():
    good, bad, close = _answers(0.9), _answers(0.6, seed=1), _answers(0.9, seed=2)
    assert PairedComparison(good, bad).verdict == "agreed"
    assert PairedComparison(bad, good).verdict == "contradicted"
    assert PairedComparison(good, close).verdict == "not decided"
    assert PairedComparison(good, good).verdict == "not decided"


def test_numbers_of_repetitions_may_differ():
    assert PairedComparison(_answers(0.9, repetitions=5), _answers(0.2)).verdict == "agreed"


def test_refuses_different_images():
    with pytest.raises(ValueError, match=r"\(1, 400\), \(1, 300\)"):
        PairedComparison(_answers(0.9), _answers(0.9, count=300))
    with pytest.raises(ValueError, match="two images"):
        PairedComparison(_answers(0.9, count=1), _answers(0.9, count=1))
