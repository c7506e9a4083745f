"""Verdicts on sentences: the tests' own, against SciPy's, and what they decide together."""

import numpy as np
import pytest
from scipy import stats

from evaluation.verdicts import above, interval_above, judged, near, points, verdict_lines
from igc_tf.metrics import wilson_interval


def _sign(test):
    return int(np.sign(test.statistic)) if test.pvalue < 0.05 else 0


def test_means_are_compared_by_t_tests_with_other_values_and_with_a_number():
    draw, signs = np.random.default_rng(0), set()
    for _ in range(60):
        first, second = draw.normal(1, 1, 4), draw.normal(0, 2, 3)
        by = draw.normal()
        expected = _sign(stats.ttest_ind(first - by, second, equal_var=False))
        assert above(first, second, by) == -above(second, first, -by) == expected
        signs.add(expected)
        expected = _sign(stats.ttest_1samp(first, 0.2 + by))
        assert above(first, 0.2, by) == -above(0.2, first, -by) == expected
        signs.add(expected)
    assert signs == {-1, 0, 1}
    assert above([9.0], [1.0, 1.1]) == above([9.0], 1) == above(1, [9.0]) == 0


@pytest.mark.parametrize(
    ("values", "sign"),
    [([0.9, 0.91, 0.89], 1), ([0.7, 0.71, 0.69], -1), ([0.8, 1.0, 0.9], 0), ([0.9], 0)],
)
def test_near_is_nearer_than_a_margin_as_far_as_decided(values, sign):
    assert near(values, 0.92, 0.1) == near(0.92, values, 0.1) == sign
    if len(values) > 1:
        assert near(values, [0.919, 0.921], 0.1) == sign


def test_shares_are_apart_where_their_intervals_are():
    low, high = wilson_interval(10, 100), wilson_interval(40, 100)
    assert (interval_above(high, low), interval_above(low, high)) == (1, -1)
    assert interval_above(high, wilson_interval(45, 100)) == 0
    assert interval_above(wilson_interval(45, 100), (0.5, 0.5)) == 0
    assert interval_above(low, (0.5, 0.5)) == -1


def test_a_verdict_is_read_with_its_evidence():
    assert points([0.01, 0.03]) == "+2.00 ± 1.00 points" and points([-0.01]) == "-1.00 points"
    verdicts = [judged("it rains", sign, "1 mm") for sign in (1, 0, -1)]
    assert verdict_lines(verdicts)[1:] == [
        "- it rains: holds (1 mm)",
        "- it rains: not decided (1 mm)",
        "- it rains: does not hold (1 mm)",
    ]
