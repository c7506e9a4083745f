"""Statistics of the published tables: how sure differences, signs and correlations are."""

import math
from statistics import NormalDist

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincinv
from scipy.stats import rankdata, t

from igc_tf.errors import InputError
from igc_tf.metrics.intervals import CONFIDENCE
from igc_tf.ranges import check_number


def binomial_upper_bound(events, count, confidence=0.95):
    """The exact one-sided upper bound of a proportion (Clopper & Pearson 1934).

    The largest proportion with which so few events, or fewer, still have probability
    1 - `confidence`. A proportion above a level is refuted by a bound below it.

    Args:
        events: 0 to `count`.
        count: trials, at least 1.
        confidence: in (0, 1).

    Returns:
        A float in (0, 1].

    Raises:
        InputError: for arguments outside their ranges.
    """
    if count < 1 or not 0 <= events <= count:
        raise InputError(f"{events} of {count}: expected 0 <= events <= count and count >= 1")
    check_number("confidence", confidence, CONFIDENCE)
    return 1.0 if events == count else float(betaincinv(events + 1, count - events, confidence))


def paired_interval(first_only, second_only, count, confidence=0.95):
    """The score interval of the difference of two accuracies on the same examples (Tango 1998).

    It holds every difference that the score test does not reject: 0 just where McNemar's test,
    |b - c| / √(b + c), finds none. Examples that both have right, or both wrong, only count.

    Args:
        first_only: b, how many examples the first has right and the second wrong.
        second_only: c, how many the second has right and the first wrong.
        count: n, of all examples, at least 1.
        confidence: coverage, in (0, 1).

    Returns:
        `(low, high)` of the first's accuracy less the second's, (b - c) / n, both in [-1, 1].

    Raises:
        InputError: for arguments outside their ranges.
    """
    if count < 1 or first_only < 0 or second_only < 0 or first_only + second_only > count:
        raise InputError(
            f"{first_only} and {second_only} of {count}: expected two numbers >= 0 with a sum of "
            "at most the count, and count >= 1"
        )
    check_number("confidence", confidence, CONFIDENCE)
    z = NormalDist().inv_cdf((1 + confidence) / 2)

    def excess(difference, limit):
        """How far the score lies above a limit; falls as the difference grows."""
        share = difference * (1 - difference)
        # the most probable share of examples that only the second has right, given the difference
        b = (2 * count - first_only + second_only) * difference - first_only - second_only
        root = math.sqrt(max(0.0, b * b + 8 * count * second_only * share))
        second_share = (root - b) / (4 * count)
        variance = max(0.0, count * (2 * second_share + share))
        return first_only - second_only - count * difference - limit * math.sqrt(variance)

    # a little aside: where all examples are alike, the difference that was found is a root too
    below = (first_only - second_only) / count - 1e-9
    above = (first_only - second_only) / count + 1e-9
    low = -1.0 if excess(-1.0, z) <= 0 else brentq(excess, -1.0, below, args=(z,))
    high = 1.0 if excess(1.0, -z) >= 0 else brentq(excess, above, 1.0, args=(-z,))
    return low, high


def sign_of_mean(values, confidence=0.95):
    """Whether the mean of a few numbers is above or below 0, as far as they decide it.

    Student's t-test, two-sided: of three numbers the mean must lie 4.3 standard errors from 0.

    Args:
        values: N numbers, drawn alike, such as the differences of pairs.
        confidence: in (0, 1).

    Returns:
        1, -1, or 0 where it is not decided: always with a single number.
    """
    check_number("confidence", confidence, CONFIDENCE)
    values = np.asarray(values, float)
    if len(values) < 2:
        return 0
    return _sign(values.mean(), values.var(ddof=1) / len(values), len(values) - 1, confidence)


def sign_of_difference(first, second, confidence=0.95):
    """Whether the mean of some numbers is above or below that of others, as far as decided.

    Welch's t-test, two-sided (Welch 1947): the two may deviate differently, and be of other number.

    Args:
        first, second: numbers, each drawn alike.
        confidence: in (0, 1).

    Returns:
        1, -1, or 0 where it is not decided: always with a single number of one.
    """
    check_number("confidence", confidence, CONFIDENCE)
    parts = [np.asarray(values, float) for values in (first, second)]
    if min(map(len, parts)) < 2:
        return 0
    variances = np.array([values.var(ddof=1) / len(values) for values in parts])
    total, degrees = variances.sum(), math.inf
    if total:
        degrees = total**2 / (variances**2 / [len(values) - 1 for values in parts]).sum()
    return _sign(parts[0].mean() - parts[1].mean(), total, degrees, confidence)


def _sign(mean, variance, degrees, confidence):
    """The sign of a mean with a variance of so many degrees of freedom, 0 if not decided."""
    limit = t.ppf((1 + confidence) / 2, degrees) * math.sqrt(variance)
    return int(np.sign(mean)) if abs(mean) > limit else 0


def rank_correlation(
    first, second, groups=None, strata=None, confidence=0.95, resamples=2000, seed=0
):
    """Spearman's rank correlation, and its interval by bootstrap over groups.

    Numbers of one group (say, of one training's checkpoints) are not independent: as many groups as
    there are are drawn with replacement, each with all its numbers, and the interval holds the
    middle of what is found (Efron 1979; the percentile method).

    Numbers may agree because both follow a third thing, such as the time. With `strata` each number
    is ranked among those of its own stratum only, by the share of them that lie below it, and what
    differs between strata says nothing.

    Args:
        first, second: N numbers each, N at least 2, none of them not-a-number.
        groups: of each number its group; None if each is one by itself.
        strata: of each number its stratum; None if all are compared with all.
        confidence: coverage, in (0, 1).
        resamples: how often groups are drawn.
        seed: of the draws.

    Returns:
        `(correlation, (low, high))`; not-a-number where either is constant in every stratum, and
        for the ends of a single group. Draws in which that is so tell nothing and are left out.

    Raises:
        InputError: for arguments outside their ranges.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    groups = np.arange(len(first)) if groups is None else np.asarray(groups)
    strata = np.zeros(len(first)) if strata is None else np.asarray(strata)
    shapes = [values.shape for values in (first, second, groups, strata)]
    if first.ndim != 1 or len(first) < 2 or len(set(shapes)) > 1:
        raise InputError(
            "{} and {} numbers in {} groups, {} strata: expected (N,) of each, N >= 2".format(
                *shapes
            )
        )
    if np.isnan([first, second]).any():
        raise InputError("numbers to rank hold not-a-number: expected numbers only")
    check_number("confidence", confidence, CONFIDENCE)
    _, strata = np.unique(strata, return_inverse=True)
    values = rankdata([first, second], axis=1) + (len(first) + 1) * strata
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    draw = np.random.default_rng(seed)
    found = []
    # of one group every draw is the same, which says nothing of its certainty
    for _ in range(resamples if len(members) > 1 else 0):
        chosen = draw.integers(0, len(members), len(members))
        indices = np.concatenate([members[number] for number in chosen])
        found.append(_spearman(values[:, indices], strata[indices]))
    found = [value for value in found if not math.isnan(value)]
    ends = (math.nan, math.nan)
    if found:
        ends = tuple(np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist())
    return _spearman(values, strata), ends


def _spearman(values, strata):
    """Pearson's correlation of the ranks within the strata, ties sharing theirs.

    Args:
        values: two rows of numbers; those of a later stratum are all the greater.
        strata: of each number, from 0.
    """
    ranks = rankdata(values, axis=1)
    sizes = np.bincount(strata)[strata]
    means = [np.bincount(strata, row)[strata] / sizes for row in ranks]
    # around 0 and as shares, so that a stratum that was drawn twice counts twice
    shares = (ranks - means) / sizes
    if min(np.ptp(shares, axis=1)) == 0:
        return math.nan
    return float(np.corrcoef(shares)[0, 1])


def intraclass_correlation(batches):
    """How alike the examples of a batch are, beyond the likeness of all: Fisher's correlation.

    (M_b - M_w) / (M_b + (B - 1) M_w), M the mean squares between and within batches of a one-way
    analysis of variance, summed over the elements: 1 where a batch holds one example only, and
    0 in expectation where it does not matter in which batch an example is. Not below -1 / (B - 1).

    Args:
        batches: (K, B, ...), K batches of B examples, at least two each.

    Returns:
        A float.

    Raises:
        InputError: for fewer, or for examples that are all the same.
    """
    batches = np.asarray(batches, np.float64)
    if batches.ndim < 3 or min(batches.shape[:2]) < 2:
        raise InputError(f"batches of shape {batches.shape}: expected (K, B, ...), K and B >= 2")
    count, size = batches.shape[:2]
    flat = batches.reshape(count, size, -1)
    means = flat.mean(axis=1)
    between = size * np.square(means - means.mean(axis=0)).sum() / (count - 1)
    within = np.square(flat - means[:, np.newaxis]).sum() / (count * (size - 1))
    if between + within == 0:
        raise InputError("all examples are the same: expected some that differ")
    return float((between - within) / (between + (size - 1) * within))
