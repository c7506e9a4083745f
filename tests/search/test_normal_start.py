import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from igc_tf.search import NormalStart


def test_start_belongs_to_the_example_and_the_seed():
    start = NormalStart(elements=5, seed=3)
    together = start(tf.range(4)).numpy()
    assert together.shape == (4, 1, 5)
    np.testing.assert_array_equal(start(tf.constant([2])).numpy(), together[2:3])
    np.testing.assert_array_equal(start(tf.constant([3, 0])).numpy(), together[[3, 0]])
    assert len(np.unique(together)) == 20
    assert not np.isclose(NormalStart(5, seed=4)(tf.range(4)), together).any()


def test_is_drawn_from_the_prior():
    values = NormalStart(50, seed=1, mean=2.0, standard_deviation=3.0)(tf.range(200)).numpy()
    assert stats.kstest(values.ravel(), "norm", args=(2.0, 3.0)).pvalue > 0.01


def test_refuses_a_negative_deviation():
    with pytest.raises(ValueError, match="-1"):
        NormalStart(5, standard_deviation=-1.0)
