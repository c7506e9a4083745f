import numpy as np
import pytest

from igc_tf.generators.layers import LatentNormalization


def test_multiplies_near_the_origin_and_bounds_the_length():
    layer = LatentNormalization(0.01)
    near = np.float32([[1e-4, -1e-4]])
    np.testing.assert_allclose(layer(near), 10 * near, rtol=1e-5)
    np.testing.assert_allclose(
        layer(np.float32([[300, -400]])), [[0.6 * 2**0.5, -0.8 * 2**0.5]], 1e-5
    )
    # mean square 1: divided by the root of 1.01
    np.testing.assert_allclose(layer(np.float32([[1, -1]])), [[1.01**-0.5, -(1.01**-0.5)]], 1e-5)


def test_refuses_an_epsilon_that_is_not_positive():
    with pytest.raises(ValueError, match=r"epsilon=0.0"):
        LatentNormalization(0.0)
