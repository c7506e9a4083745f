"""Verdicts on sentences: the tests' own, against SciPy's, and what they decide together."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from evaluation.statistics import paired_interval
from evaluation.verdicts import (
    above,
    ahead_by,
    all_of,
    any_of,
    interval_above,
    judged,
    near,
    points,
    verdict_lines,
)
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


def test_one_of_several_comparisons_decides_alone_only_if_it_is_surer():
    draw, signs = np.random.default_rng(0), set()
    for number in (2, 3, 10) * 40:
        several = draw.normal(draw.choice([-1, 0, 2]), 0.6, [number, 3])
        tests = [stats.ttest_1samp(values, 0) for values in several]
        is_refuted = any(test.pvalue < 0.05 / number and test.statistic < 0 for test in tests)
        every = {_sign(test) for test in tests} == {1}
        expected = -1 if is_refuted else int(every)
        assert all_of([partial(above, values, 0) for values in several]) == expected
        assert any_of([partial(above, 0, values) for values in several]) == -expected
        signs.add(expected)
    assert signs == {-1, 0, 1}
    assert all_of([]) == any_of([]) == 0
    # in one another: the doubt of the outer is shared by the inner
    unsure, sure = np.array([-3.0, -3.5, -4.6]), np.array([3.0, 3.1, 3.2])
    assert 0.0125 < stats.ttest_1samp(unsure, 0).pvalue < 0.025
    inner = [partial(above, unsure, 0), partial(above, sure, 0)]
    assert all_of(inner) == -1
    assert all_of([partial(all_of, inner), partial(above, sure, 0)]) == 0


def test_groups_that_are_nearly_alike_are_seldom_called_different():
    draw, wrong = np.random.default_rng(0), 0
    for _ in range(200):
        # the ends lie just as far apart as the margin
        means = [[0.0], [0.0], [0.05], [0.05], [0.05]]
        pairs = combinations(draw.normal(means, 0.02, [5, 3]), 2)
        wrong += all_of([partial(near, *pair, 0.05) for pair in pairs]) < 0
    assert wrong / 200 < 0.05


def test_shares_are_apart_where_their_intervals_are():
    low, high = wilson_interval(10, 100), wilson_interval(40, 100)
    assert (interval_above(high, low), interval_above(low, high)) == (1, -1)
    assert interval_above(high, wilson_interval(45, 100)) == 0
    assert interval_above(wilson_interval(45, 100), (0.5, 0.5)) == 0
    assert interval_above(low, (0.5, 0.5)) == -1


def test_the_library_is_ahead_where_it_alone_is_right():
    ours, theirs = (np.arange(50) < right for right in (40, 30))
    theirs[-1] = True
    assert ahead_by(ours, theirs) == {
        "difference": pytest.approx(0.18),
        "interval": pytest.approx(paired_interval(10, 1, 50)),
        "library_only": 10,
        "rival_only": 1,
    }


def test_a_verdict_is_read_with_its_evidence():
    assert points([0.01, 0.03]) == "+2.00 ± 1.00 points" and points([-0.01]) == "-1.00 points"
    verdicts = [judged("it rains", sign, "1 mm") for sign in (1, 0, -1)]
    assert verdict_lines(verdicts)[1:] == [
        "- it rains: holds (1 mm)",
        "- it rains: not decided (1 mm)",
        "- it rains: does not hold (1 mm)",
    ]
