import pytest
from scipy.stats import binomtest

from igc_tf.metrics import wilson_interval


@pytest.mark.parametrize(("correct", "count"), [(951, 1000), (0, 10), (10, 10), (1, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_agrees_with_scipy(correct, count, confidence):
    expected = binomtest(correct, count).proportion_ci(confidence, method="wilson")
    assert wilson_interval(correct, count, confidence) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize("arguments", [(1, 0), (-1, 5), (6, 5), (1, 2, 1.0)])
def test_refuses_impossible_counts(arguments):
    with pytest.raises(ValueError, match="expected"):
        wilson_interval(*arguments)
