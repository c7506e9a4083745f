"""The kernel distance against a double loop, and its expectation."""

import importlib

import numpy as np
import pytest

from igc_tf.metrics import kernel_distance


def _kernel(x, y):
    return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3


def _double_loop(first, second):
    among = []
    for vectors in (first, second):
        pairs = [
            _kernel(x, y) for i, x in enumerate(vectors) for j, y in enumerate(vectors) if i != j
        ]
        among.append(sum(pairs) / len(pairs))
    between = [_kernel(x, y) for x in first for y in second]
    return among[0] + among[1] - 2 * sum(between) / len(between)


@pytest.mark.parametrize("block", [4, 1000])
def test_agrees_with_a_double_loop(block, monkeypatch):
    monkeypatch.setattr(importlib.import_module("igc_tf.metrics.kernel_distance"), "_BLOCK", block)
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=[9, 3]), rng.normal(0.5, 2, size=[13, 3])
    assert kernel_distance(first, second) == pytest.approx(_double_loop(first, second))


def test_is_unbiased_where_distributions_are_equal():
    rng = np.random.default_rng(1)
    found = np.array([kernel_distance(*rng.normal(size=[2, 10, 4])) for _ in range(2000)])
    error = found.std() / np.sqrt(len(found))
    # with the pairs of a vector with itself, the mean would be some 30 of these errors above 0
    assert abs(found.mean()) < 4 * error
    assert found.min() < 0 < found.max()


def test_grows_with_the_difference():
    rng = np.random.default_rng(2)
    first = rng.normal(size=[200, 4])
    near, far = (kernel_distance(first, rng.normal(shift, 1, [200, 4])) for shift in (0.3, 1))
    assert 0 < near < far


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(3, 4\)"):
        kernel_distance(np.zeros([3, 2]), np.zeros([3, 4]))
    with pytest.raises(ValueError, match="1 and 3 vectors"):
        kernel_distance(np.zeros([1, 2]), np.zeros([3, 2]))
