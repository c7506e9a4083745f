"""Intervals against SciPy's."""

import json

import numpy as np
import pytest
from scipy import stats

from igc_tf.errors import InputError
from igc_tf.metrics import format_proportion, proportion, wilson_interval


@pytest.mark.parametrize(("correct", "count"), [(951, 1000), (0, 10), (10, 10), (1, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_interval_agrees_with_scipy(correct, count, confidence):
    expected = stats.binomtest(correct, count).proportion_ci(confidence, method="wilson")
    assert wilson_interval(correct, count, confidence) == pytest.approx(tuple(expected), abs=1e-12)


def test_rounding_brings_no_end_out_of_its_range():
    for count in range(1, 100):
        assert wilson_interval(0, count)[0] >= 0 and wilson_interval(count, count)[1] <= 1


def test_a_proportion_is_said_in_one_way():
    row = proportion(951, 1000)
    interval = stats.binomtest(951, 1000).proportion_ci(method="wilson")
    assert row.pop("interval") == pytest.approx([interval.low, interval.high])
    assert row == {"accuracy": 0.951, "correct": 951, "count": 1000}
    # of what NumPy counted, too, it is JSON's
    assert json.loads(json.dumps(proportion(np.int64(2), np.int32(4)))) == proportion(2, 4)
    assert proportion(0, 4)["accuracy"] == 0
    for correct, count in ((1.5, 4), (1, 4.0)):
        with pytest.raises(InputError, match="expected a whole number"):
            proportion(correct, count)
    row |= {"interval": (0.93578, 0.9627)}
    assert format_proportion(row) == "95.1 % (93.6 to 96.3)"
    assert format_proportion(row, 2) == "95.10 % (93.58 to 96.27)"


@pytest.mark.parametrize("arguments", [(1, 0), (-1, 5), (6, 5), (1, 2, 1.0)])
def test_refuses_impossible_counts(arguments):
    with pytest.raises(ValueError, match="expected"):
        wilson_interval(*arguments)
