"""The statistics of the tables against SciPy's, and by what is known of them."""

import numpy as np
import pytest
from scipy import optimize, stats

from evaluation.statistics import (
    binomial_upper_bound,
    intraclass_correlation,
    paired_interval,
    rank_correlation,
    sign_of_difference,
    sign_of_mean,
)


def test_rank_correlation_is_scipys_and_its_interval_about_fishers():
    draw = np.random.default_rng(0)
    first = draw.normal(size=200).round(1)
    second = 0.7 * first + draw.normal(size=200).round(1)
    found, (low, high) = rank_correlation(first, second)
    assert found == pytest.approx(stats.spearmanr(first, second).statistic)
    # Fisher's transformation, with the variance of Bonett & Wright 2000
    spread = 1.96 * np.sqrt((1 + found**2 / 2) / 197)
    expected = np.tanh(np.arctanh(found) + spread * np.array([-1, 1]))
    np.testing.assert_allclose([low, high], expected, atol=0.03)
    assert rank_correlation(first, second) == (found, (low, high))
    _, narrower = rank_correlation(first, second, confidence=0.5)
    assert np.ptp(narrower) == pytest.approx((high - low) * 0.6745 / 1.96, rel=0.15)


def test_numbers_of_one_group_are_drawn_together():
    draw = np.random.default_rng(1)
    first, second = draw.normal(size=[2, 20])
    found, single = rank_correlation(first, second)
    # each number ten times over says no more than once
    again, grouped = rank_correlation(
        np.repeat(first, 10), np.repeat(second, 10), np.repeat(np.arange(20), 10)
    )
    assert again == pytest.approx(found)
    np.testing.assert_allclose(grouped, single, atol=1e-9)
    _, alone = rank_correlation(np.repeat(first, 10), np.repeat(second, 10))
    assert np.ptp(alone) < 0.5 * np.ptp(single)


def test_what_follows_the_stratum_is_no_correlation_within_strata():
    draw = np.random.default_rng(2)
    # a trend in the strata, and noise that agrees in one only
    strata = np.repeat(["a", "b"], [30, 60])
    first, second = np.array([0, 100]).repeat([30, 60]) + draw.normal(size=[2, 90]).round(1)
    first[:30] = second[:30] ** 3
    assert rank_correlation(first, second)[0] > 0.6
    within = [
        stats.spearmanr(first[part], second[part]).statistic for part in np.split(range(90), [30])
    ]
    found, (low, high) = rank_correlation(first, second, strata=strata)
    # the variance of ranks as shares is about 1/12 in each, so that a stratum counts by its numbers
    assert found == pytest.approx(np.average(within, weights=[30, 60]), abs=0.01)
    assert low < found < high
    # a stratum of its own has nothing to be compared with
    again, _ = rank_correlation([*first, 1e6], [*second, -1e6], strata=[*strata, "c"])
    assert again == pytest.approx(found, abs=0.01)
    assert np.isnan(rank_correlation([1, 2, 3], [1, 2, 3], strata=[0, 1, 2])[0])
    # drawing a stratum several times does not change its ranks
    _, alike = rank_correlation(
        *np.tile([[1, 3, 2, 4], [1, 2, 3, 4]], 3), *[np.repeat([0, 1, 2], 4)] * 2
    )
    assert alike == pytest.approx([0.8, 0.8])


def test_a_constant_has_no_rank_correlation():
    found, interval = rank_correlation([1, 2, 3], [5, 5, 5])
    assert np.isnan([found, *interval]).all()
    assert rank_correlation([1, 2, 3], [2, 4, 9]) == (pytest.approx(1), (pytest.approx(1),) * 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ([1], [1]),
        ([1, 2], [1, 2, 3]),
        ([1, 2], [1, 2], [0]),
        ([1, 2], [1, 2], None, [0]),
        ([1, np.nan, 3], [1, 2, 3]),
        ([1, 2, 3], [1, 2, np.nan]),
    ],
)
def test_refuses_what_has_no_ranks(arguments):
    with pytest.raises(ValueError, match="expected"):
        rank_correlation(*arguments)


@pytest.mark.parametrize(("events", "count"), [(0, 1500), (3, 1500), (1, 2), (9, 10), (10, 10)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_upper_bound_is_clopper_and_pearsons(events, count, confidence):
    bound = binomial_upper_bound(events, count, confidence)
    test = stats.binomtest(events, count, alternative="less")
    assert bound == pytest.approx(test.proportion_ci(confidence, method="exact").high, rel=1e-9)
    # what it is: that so few happen has just the probability that is left
    if events < count:
        assert stats.binom.cdf(events, count, bound) == pytest.approx(1 - confidence, rel=1e-6)


def test_what_never_happened_among_1500_happens_in_less_than_a_fifth_of_a_per_cent():
    # (1 - p)^1500 = 0.05
    assert binomial_upper_bound(0, 1500) == pytest.approx(1 - 0.05 ** (1 / 1500), rel=1e-9)
    assert binomial_upper_bound(0, 1500) < 0.002


@pytest.mark.parametrize("arguments", [(1, 0), (-1, 5), (6, 5), (1, 2, 0.0)])
def test_an_upper_bound_refuses_impossible_counts(arguments):
    with pytest.raises(ValueError, match="expected"):
        binomial_upper_bound(*arguments)


def _score(first_only, second_only, count, difference):
    """The score of a difference, its other parameter found by maximising the likelihood."""

    def unlikely(second_share):
        shares = np.array([second_share + difference, second_share])
        shares = np.append(shares, 1 - shares.sum())
        seen = np.array([first_only, second_only, count - first_only - second_only])
        return -(seen * np.log(np.maximum(shares, 1e-300))).sum()

    ends = max(0.0, -difference), (1 - difference) / 2
    share = optimize.minimize_scalar(unlikely, ends, bounds=ends, options={"xatol": 1e-12}).x
    variance = (2 * share + difference - difference**2) / count
    return ((first_only - second_only) / count - difference) / np.sqrt(variance)


@pytest.mark.parametrize("counts", [(12, 2, 50), (1, 9, 44), (70, 55, 10_000), (3, 0, 20)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_a_paired_interval_ends_where_the_score_test_begins_to_reject(counts, confidence):
    low, high = paired_interval(*counts, confidence)
    z = stats.norm.ppf((1 + confidence) / 2)
    assert _score(*counts, low) == pytest.approx(z, abs=1e-3)
    assert _score(*counts, high) == pytest.approx(-z, abs=1e-3)
    # seen from the other side
    first, second, count = counts
    other = paired_interval(second, first, count, confidence)
    assert (-other[1], -other[0]) == pytest.approx((low, high), abs=1e-9)


def test_a_paired_interval_holds_zero_where_mcnemars_test_finds_no_difference():
    for first, second in [(60, 40), (59, 41), (10, 2), (9, 3), (30, 30), (1, 0), (5, 0)]:
        low, high = paired_interval(first, second, 1000)
        decided = abs(first - second) / np.sqrt(first + second) > stats.norm.ppf(0.975)
        assert (low > 0 or high < 0) == decided
        assert low <= (first - second) / 1000 <= high


def test_a_paired_interval_is_about_that_of_a_bootstrap():
    generator = np.random.default_rng(0)
    counts = generator.multinomial(5000, [0.03, 0.02, 0.95], size=20_000)
    differences = (counts[:, 0] - counts[:, 1]) / 5000
    expected = np.quantile(differences, [0.025, 0.975])
    np.testing.assert_allclose(paired_interval(150, 100, 5000), expected, atol=3e-4)


def test_the_same_answers_everywhere_still_leave_a_doubt():
    low, high = paired_interval(0, 0, 100)
    # of a difference d at least a share d of the examples is told apart: n d² = z² d (1 - d)
    z = stats.norm.ppf(0.975)
    assert (low, high) == pytest.approx((-(z**2) / (100 + z**2), z**2 / (100 + z**2)))
    assert paired_interval(5, 0, 5)[1] == 1.0


@pytest.mark.parametrize("arguments", [(1, 0, 0), (-1, 0, 5), (3, 3, 5), (1, 1, 5, 1.0)])
def test_a_paired_interval_refuses_impossible_counts(arguments):
    with pytest.raises(ValueError, match="expected"):
        paired_interval(*arguments)


def test_signs_of_means_are_those_that_scipy_finds():
    draw = np.random.default_rng(0)
    signs = set()
    for _ in range(60):
        first, second = draw.normal(0.6, 1, 3), draw.normal(-0.6, 2, 4)
        one = stats.ttest_1samp(first, 0)
        expected = int(np.sign(one.statistic)) if one.pvalue < 0.05 else 0
        assert sign_of_mean(first) == -sign_of_mean(-first) == expected
        two = stats.ttest_ind(first, second, equal_var=False)
        expected = int(np.sign(two.statistic)) if two.pvalue < 0.05 else 0
        assert sign_of_difference(first, second) == -sign_of_difference(second, first) == expected
        signs |= {sign_of_mean(first), sign_of_difference(first, second)}
    assert signs == {0, 1}
    # three numbers with a standard error of 1: the table's 4.303
    assert sign_of_mean([4.2, 4.2 + 3**0.5, 4.2 - 3**0.5]) == 0
    assert sign_of_mean([4.4, 4.4 + 3**0.5, 4.4 - 3**0.5]) == 1


def test_a_single_number_decides_nothing_and_equal_ones_all():
    assert sign_of_mean([3.0]) == sign_of_difference([3.0], [1.0, 1.1]) == 0
    assert sign_of_mean([0.5, 0.5]) == 1 and sign_of_mean([0.0, 0.0]) == 0
    assert sign_of_difference([1.0, 1.0], [2.0, 2.0]) == -1


def test_one_group_says_nothing_of_its_certainty():
    correlation, ends = rank_correlation([1, 2, 3], [2, 4, 9], ["one"] * 3)
    assert correlation == pytest.approx(1) and np.isnan(ends).all()


def test_intraclass_correlation_of_known_variances():
    draw = np.random.default_rng(0)
    own = draw.normal(size=[40, 30, 50])
    shared = draw.normal(size=[40, 1, 50])
    assert intraclass_correlation(own) == pytest.approx(0, abs=0.005)
    # variance 1 of the batch, 4 of the example
    assert intraclass_correlation(shared + 2 * own) == pytest.approx(0.2, abs=0.02)
    assert intraclass_correlation(np.repeat(shared, 3, axis=1)) == pytest.approx(1)
    # means of the batches that are all the same: the least there is
    alternating = np.tile([[1.0], [-1.0]], [3, 2, 1]).reshape(3, 4, 1)
    assert intraclass_correlation(alternating) == pytest.approx(-1 / 3)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 4, 2), r"\(1, 4, 2\): expected \(K, B"), ((2, 4, 2), "all examples are the same")],
)
def test_an_intraclass_correlation_needs_batches_that_differ(shape, message):
    with pytest.raises(ValueError, match=message):
        intraclass_correlation(np.ones(shape))
