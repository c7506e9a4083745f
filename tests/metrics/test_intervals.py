"""Intervals and comparisons against SciPy's."""

import numpy as np
import pytest
from scipy import stats

from igc_tf.metrics import PairedComparison, wilson_interval


@pytest.mark.parametrize(("correct", "count"), [(951, 1000), (0, 10), (10, 10), (1, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_interval_agrees_with_scipy(correct, count, confidence):
    expected = stats.binomtest(correct, count).proportion_ci(confidence, method="wilson")
    assert wilson_interval(correct, count, confidence) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize("arguments", [(1, 0), (-1, 5), (6, 5), (1, 2, 1.0)])
def test_refuses_impossible_counts(arguments):
    with pytest.raises(ValueError, match="expected"):
        wilson_interval(*arguments)


def _right(rate, count=400, repetitions=1, seed=0):
    return np.random.default_rng(seed).random([repetitions, count]) < rate


def test_comparison_is_the_paired_t_statistic():
    first, second = _right(0.8, repetitions=3), _right(0.7, seed=1, repetitions=3)
    compared = PairedComparison(first, second)
    expected = stats.ttest_rel(first.mean(axis=0), second.mean(axis=0)).statistic
    np.testing.assert_allclose(compared.mean / compared.standard_error, expected)
    np.testing.assert_allclose(compared.mean, first.mean() - second.mean())


def test_verdicts():
    good, bad, close = _right(0.9), _right(0.6, seed=1), _right(0.9, seed=2)
    assert PairedComparison(good, bad).verdict == "agreed"
    assert PairedComparison(bad, good).verdict == "contradicted"
    assert PairedComparison(good, close).verdict == "not decided"
    assert PairedComparison(good, good).verdict == "not decided"


def test_numbers_of_repetitions_may_differ():
    assert PairedComparison(_right(0.9, repetitions=5), _right(0.2)).verdict == "agreed"


def test_comparison_refuses_different_examples():
    with pytest.raises(ValueError, match=r"\(1, 400\), \(1, 300\)"):
        PairedComparison(_right(0.9), _right(0.9, count=300))
    with pytest.raises(ValueError, match="1 examples: expected at least two"):
        PairedComparison(_right(0.9, count=1), _right(0.9, count=1))
