"""Scores of generated examples, against closed forms and SciPy."""

import numpy as np
import pytest
import scipy.stats

from igc_tf.metrics import class_shares, inception_score


@pytest.mark.parametrize("classes", [2, 10])
def test_inception_score_of_constant_answers_is_1_and_of_perfect_ones_the_classes(classes):
    constant = np.tile(np.random.default_rng(0).dirichlet(np.ones(classes)), [60, 1])
    assert inception_score(constant, splits=6) == pytest.approx((1, 0), abs=1e-9)
    perfect = np.eye(classes)[np.arange(60) % classes]
    assert inception_score(perfect, splits=1) == pytest.approx((classes, 0))
    # sure of each, and all of one class
    assert inception_score(np.eye(classes)[np.zeros(60, int)]) == pytest.approx((1, 0))


def test_inception_score_is_the_exponential_of_the_mean_divergence():
    p = np.random.default_rng(1).dirichlet(0.3 * np.ones(4), 50)
    divergences = [scipy.stats.entropy(row, p.mean(axis=0)) for row in p]
    assert inception_score(p, splits=1).mean == pytest.approx(np.exp(np.mean(divergences)))
    # the deviation is that of the splits' own scores, of which there are no others
    order = np.random.default_rng(0).permutation(50)
    parts = [inception_score(p[part], splits=1).mean for part in np.split(order, 5)]
    found = inception_score(p, splits=5)
    spread = np.sqrt(np.mean(np.square(parts - np.mean(parts))))
    assert found == pytest.approx((np.mean(parts), spread))
    # the mutual information of example and answer: H(y) - H(y|x)
    mutual = scipy.stats.entropy(p.mean(axis=0)) - scipy.stats.entropy(p, axis=1).mean()
    assert inception_score(p, splits=1).mean == pytest.approx(np.exp(mutual))


def test_splits_are_drawn_so_that_the_order_of_the_classes_does_not_matter():
    p = np.eye(10)[np.repeat(np.arange(10), 100)]
    # parts in the given order would hold one class each, and score 1
    found = inception_score(p, splits=10)
    assert 8.5 < found.mean < 10 and 0 < found.standard_deviation < 0.3
    assert inception_score(p, splits=10, seed=1) != found == inception_score(p, splits=10)


def test_class_shares_tell_a_collapse():
    p = np.array([[0.6, 0.4, 0.0], [0.9, 0.0, 0.1], [0.5, 0.2, 0.3], [0.1, 0.8, 0.1]])
    found = class_shares(p)
    np.testing.assert_allclose(found.shares, [0.75, 0.25, 0])
    assert found.entropy == pytest.approx(scipy.stats.entropy([0.75, 0.25]))
    assert class_shares(np.eye(10)).entropy == pytest.approx(np.log(10))
    assert class_shares(p[:3]).entropy == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inception_score(np.ones([3, 2])), "sums from 2 to 2: expected"),
        (lambda: inception_score([[1.5, -0.5]]), "from -0.5 to 1.5"),
        (lambda: inception_score(np.ones(3)), r"shape \(3,\): expected \(N, C\)"),
        (lambda: inception_score(np.eye(3), splits=4), "splits=4: expected 1 to 3"),
        (lambda: class_shares(np.zeros([0, 2])), r"shape \(0, 2\)"),
    ],
)
def test_refuses_what_cannot_be_scored(call, message):
    with pytest.raises(ValueError, match=message):
        call()
