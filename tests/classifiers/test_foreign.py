"""How badly examples are reproduced, for their detail."""

import types
import warnings

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.classifiers.foreign import relative_to_detail, warn_of_foreign
from igc_tf.errors import ForeignDataWarning
from igc_tf.search import Batch, Result
from igc_tf.search.observations import fill_missing

RAMP = np.float32(np.broadcast_to(0.03 * np.arange(10), [1, 8, 10]))[..., None]
# of two candidates
SCORES = [[-0.4, -0.1]]


def _relative(data, score=SCORES, mask=None, compared=None, bounds=(0.0, 1.0)):
    result = Result(**dict.fromkeys(Result._fields))._replace(
        score=tf.constant(score),
        compared=None if compared is None else tf.constant(compared, tf.float32),
    )
    generator = types.SimpleNamespace(bounds=bounds, background=0.0)
    return relative_to_detail(Batch(np.float32(data), mask), result, generator).numpy()


def test_a_difference_counts_for_the_steps_between_neighbours_and_a_little():
    assert _relative(RAMP) == pytest.approx(0.1 / (0.03 + 0.1))
    assert _relative(RAMP, bounds=(0.0, 2.0)) == pytest.approx(0.1 / (0.03 + 0.2))
    # steps down and across add up; of an even page a little is left
    board = np.float32(np.indices([6, 6]).sum(axis=0) % 2)[None, ..., None]
    found = _relative(np.concatenate([board, 0 * board]), 2 * SCORES, bounds=(-np.inf, np.inf))
    np.testing.assert_allclose(found, [0.1 / 2.1, 0.1 / 0.1], rtol=1e-5)
    # of sequences the steps in time
    walk = np.cumsum(np.ones([1, 5, 3]), axis=1) * [1.0, 2.0, 3.0]
    assert _relative(walk) == pytest.approx(0.1 / 2.1)


def test_the_detail_is_that_of_what_the_best_is_compared_with():
    # seen faintly, compared at full contrast
    views = np.stack([0.2 * RAMP, RAMP], axis=1)
    assert _relative(0.2 * RAMP, compared=views) == pytest.approx(0.1 / 0.13)


def test_gaps_are_filled_where_steps_are_counted():
    hidden = np.array(RAMP)
    hidden[0, 3:5, 2:7] = np.nan
    mask = np.float32(np.isfinite(hidden))
    filled = fill_missing(tf.constant(hidden), mask, 0.0).numpy()
    detail = sum(np.abs(np.diff(filled, axis=axis)).mean() for axis in (1, 2)) + 0.1
    assert _relative(hidden, mask=mask) == pytest.approx(0.1 / detail, rel=1e-5)
    # about as many as there are
    assert detail == pytest.approx(0.13, rel=0.1)


def test_data_that_an_even_picture_is_as_near_to_are_warned_of_where_there_are_enough():
    data = np.repeat(RAMP, 10, axis=0)
    # the ten steps lie 0.075 from their median, in the mean
    with pytest.warns(ForeignDataWarning, match="no better than an evenly coloured"):
        warn_of_foreign(data, np.full(10, 0.076))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_foreign(data, np.full(10, 0.074))
        warn_of_foreign(data[:9], np.full(9, 0.076))
