"""What generated examples are like: as a classifier sees them, and among each other."""

from typing import NamedTuple

import numpy as np
from scipy.special import entr, rel_entr

from igc_tf.errors import InputError

# how far the sum of an example's probabilities may be from 1
_ROUNDING = 1e-3


class InceptionScore(NamedTuple):
    """What `inception_score` found.

    Attributes:
        mean: of the splits' scores, from 1 to the number of classes.
        standard_deviation: of the splits' scores.
    """

    mean: float
    standard_deviation: float


class ClassShares(NamedTuple):
    """What `class_shares` found.

    Attributes:
        shares: of the examples that a classifier takes for each class, (C,), their sum 1.
        entropy: -Σ share ln share, nats: 0 where all are of one class, ln C where each is as
            frequent as the others.
    """

    shares: np.ndarray
    entropy: float


def inception_score(probabilities, splits=10, seed=0):
    """exp(E_x KL(p(y|x) ‖ p(y))), where p(y) is the mean of all p(y|x) (Salimans et al. 2016, §4).

    1 where the classifier says the same of all examples, C where it is sure of each and takes as
    many for each of the C classes. The examples are split at random, and each part scored.

    Args:
        probabilities: p(y|x) of any classifier for generated examples, (N, C) in [0, 1]; of a
            Keras model those are `NetworkFeatures(model, bounds, name)(images)`.
        splits: parts, from 1 to N.
        seed: of the split.

    Returns:
        An `InceptionScore`.

    Raises:
        InputError: for what are no probabilities, or another number of splits.
    """
    probabilities = _checked(probabilities)
    if not 1 <= splits <= len(probabilities):
        raise InputError(f"splits={splits!r}: expected 1 to {len(probabilities)}, the examples")
    order = np.random.default_rng(seed).permutation(len(probabilities))
    scores = []
    for part in np.array_split(probabilities[order], splits):
        divergences = rel_entr(part, part.mean(axis=0)).sum(axis=1)
        scores.append(np.exp(divergences.mean()))
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def class_shares(probabilities):
    """Says how evenly generated examples are spread over the classes: a collapse, as a number.

    Args:
        probabilities: as for `inception_score`.

    Returns:
        `ClassShares` of the most probable class of each example.

    Raises:
        InputError: for what are no probabilities.
    """
    probabilities = _checked(probabilities)
    counts = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
    shares = counts / len(probabilities)
    return ClassShares(shares, float(entr(shares).sum()))


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


def _checked(probabilities):
    """Probabilities as float64 (N, C)."""
    probabilities = np.asarray(probabilities, np.float64)
    if probabilities.ndim != 2 or not probabilities.size:
        raise InputError(f"probabilities have shape {probabilities.shape}: expected (N, C)")
    sums = probabilities.sum(axis=1)
    if not (probabilities.min() >= 0 and np.abs(sums - 1).max() <= _ROUNDING):
        raise InputError(
            f"probabilities from {probabilities.min():g} to {probabilities.max():g}, with sums "
            f"from {sums.min():g} to {sums.max():g}: expected numbers >= 0 with the sum 1"
        )
    return probabilities
