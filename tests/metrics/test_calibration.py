"""The calibration error, by hand."""

import numpy as np
import pytest

from igc_tf.errors import InputError
from igc_tf.metrics import expected_calibration_error, reliability, wilson_interval


def _of(confidences):
    """Two classes, of which the first has these probabilities, at least ½."""
    return np.stack([confidences, 1 - np.asarray(confidences)], axis=1)


def test_by_hand():
    # bins of a fifth: (0.4, 0.6]: 0.6 twice, right once; (0.8, 1]: 0.9, 1.0, 1.0, right twice
    probabilities = _of([0.6, 0.6, 0.9, 1.0, 1.0])
    found = expected_calibration_error(probabilities, [0, 1, 0, 0, 1], bins=5)
    assert found == pytest.approx(2 / 5 * 0.1 + 3 / 5 * abs(2 / 3 - 2.9 / 3))
    # all in one bin: 3 of 5 right, mean confidence 0.82
    assert expected_calibration_error(probabilities, [0, 1, 0, 0, 1], bins=1) == pytest.approx(0.22)


def test_ends_of_the_bins_belong_to_the_lower_one():
    # 0.5 | 0.75: in halves of [0, 1] apart, each off by its own
    probabilities = _of([0.5, 0.75])
    assert expected_calibration_error(probabilities, [1, 0], bins=2) == pytest.approx(
        (0.5 + 0.25) / 2
    )
    # together, they make up for one another
    assert expected_calibration_error(probabilities, [1, 0], bins=1) == pytest.approx(0.125)


def test_honest_probabilities_have_none_and_boasting_has_all():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 200_000)
    labels = (rng.random(200_000) > confidence).astype(int)
    assert expected_calibration_error(_of(confidence), labels) < 0.005
    assert expected_calibration_error(_of(np.ones(4)), np.ones(4, int)) == 1


def test_refuses_what_are_no_probabilities():
    for probabilities, labels, bins, message in (
        (np.ones([2]), [0, 0], 15, r"\(2,\)"),
        (np.ones([2, 2]), [0], 15, r"\(1,\)"),
        (np.ones([0, 2]), [], 15, "at least 1"),
        (np.full([2, 2], 2.0), [0, 0], 15, "0 to 1"),
        (np.ones([2, 2]), [0, 0], 0, "bins=0"),
    ):
        with pytest.raises(InputError, match=message):
            expected_calibration_error(probabilities, labels, bins)


def test_the_points_of_a_curve_by_hand():
    # bins of a fifth: (0.4, 0.6]: 0.6 twice, right once; (0.8, 1]: 0.9, 1.0, 1.0, right twice
    rows = reliability(_of([0.6, 0.6, 0.9, 1.0, 1.0]), [0, 1, 0, 0, 1], bins=5)
    assert [row["count"] for row in rows] == [2, 3]
    assert [row["confidence"] for row in rows] == pytest.approx([0.6, 2.9 / 3])
    assert [row["accuracy"] for row in rows] == pytest.approx([1 / 2, 2 / 3])
    assert [row["interval"] for row in rows] == [
        list(wilson_interval(1, 2)),
        pytest.approx(wilson_interval(2, 3)),
    ]
    # of ten bins, the curve's, they share one; of fifteen, the error's, they don't
    apart = _of([0.52, 0.58])
    assert [row["count"] for row in reliability(apart, [0, 1])] == [2]
    assert expected_calibration_error(apart, [0, 1]) == pytest.approx((0.48 + 0.58) / 2)
    with pytest.raises(InputError, match="bins=0"):
        reliability(_of([0.6]), [0], bins=0)
