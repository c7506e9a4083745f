import numpy as np
import pytest
import tensorflow as tf

from igc_tf.search import LabelSimplex


def test_clamps_and_normalises_each_label_by_itself():
    # 0.6 + 0.2 is scaled to 1; 1.5 is clamped to 1, -0.5 to 0; nothing left: equal
    found = LabelSimplex(2)(tf.constant([[0.6, 0.2, 1.5, -0.5, -1.0, -2.0]]))
    np.testing.assert_allclose(found, [[0.75, 0.25, 1.0, 0.0, 0.5, 0.5]])
    found = LabelSimplex(3)(tf.constant([[0.5, 0.25, 0.25, -1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(found, [[0.5, 0.25, 0.25, 0.0, 0.5, 0.5]])


@pytest.mark.parametrize("values", [2, 3])
def test_projecting_twice_is_projecting_once(values):
    drawn = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    once = LabelSimplex(values)(tf.constant(drawn))
    np.testing.assert_allclose(LabelSimplex(values)(once), once, atol=1e-6)
    np.testing.assert_allclose(
        once.numpy().reshape(20, -1, values).sum(axis=-1), np.ones([20, 6 // values]), rtol=1e-6
    )


def test_tangent_takes_each_labels_mean_away():
    found = LabelSimplex(2).tangent(tf.constant([[3.0, 1.0, -2.0, -2.0]]))
    np.testing.assert_allclose(found, [[1.0, -1.0, 0.0, 0.0]])
