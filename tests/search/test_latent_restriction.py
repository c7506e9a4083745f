import numpy as np
import pytest

from igc_tf.search import LatentRestriction


def test_is_the_weighted_mean_of_the_absolute_z_scores():
    # the paper's own example: under N(0, 1) the z-scores of [1, 2, -3] are [1, 2, -3]
    restriction = LatentRestriction(weight=0.03)
    np.testing.assert_array_equal(restriction.z_score(np.float32([1, 2, -3])), [1, 2, -3])
    np.testing.assert_allclose(restriction(np.float32([[1, 2, -3]])), [0.03 * 2], rtol=1e-6)


def test_z_scores_are_those_of_the_prior():
    restriction = LatentRestriction(weight=2.0, mean=1.0, standard_deviation=0.5)
    np.testing.assert_allclose(restriction(np.float32([[1, 2], [0, 0]])), [2.0, 4.0])


def test_squared_norm_is_half_the_mean_square():
    restriction = LatentRestriction(weight=4.0, norm="squared")
    np.testing.assert_allclose(restriction(np.float32([[1, -3]])), [4.0 * (1 + 9) / 2 / 2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "-1.0"),
        ({"weight": float("nan")}, "nan"),
        ({"standard_deviation": 0.0}, "standard_deviation 0.0"),
        ({"norm": "cubic"}, "'cubic'.*absolute"),
    ],
)
def test_refuses_values_outside_their_ranges(arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentRestriction(**arguments)
