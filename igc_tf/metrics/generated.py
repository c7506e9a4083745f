"""What generated examples are like, as a classifier sees them."""

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
