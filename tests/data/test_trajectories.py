import numpy as np
import pytest

from igc_tf.data import (
    data_and_mask,
    label_trajectories,
    pen_positions,
    stratified_split,
    subsample,
    synthetic_strokes,
)
from igc_tf.errors import InputError


def _data(lengths=(4, 6, 5)):
    generator = np.random.default_rng(0)
    series = [generator.normal(size=[length, 3]).astype(np.float32) for length in lengths]
    labels = np.arange(len(lengths)) % 2
    return label_trajectories(series, labels, ("a", "b"), "made_up", "these tests")


def lengths(data):
    return data.mask.sum(axis=(1, 2))


def test_masks_tell_where_trajectories_end_and_data_are_0_behind():
    data = _data()
    assert data.data.shape == (3, 6, 3) and data.mask.shape == (3, 6, 1)
    np.testing.assert_array_equal(data.mask[0, :, 0], [True] * 4 + [False] * 2)
    assert (data.data[0, :4] != 0).all() and (data.data[0, 4:] == 0).all()
    np.testing.assert_array_equal(data.conditions, [[1, 0], [0, 1], [1, 0]])
    assert data.bounds == (-np.inf, np.inf) and data.class_names == ("a", "b")


def test_networks_are_given_the_mask_as_a_channel():
    data = _data()
    given = data_and_mask(data)
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given[..., :3], data.data)
    np.testing.assert_array_equal(given[..., 3:], data.mask)


def test_pen_positions_are_the_sums_of_the_velocities():
    data = _data()
    positions = pen_positions(data.data)
    velocities = data.data[0, :4, :2]
    np.testing.assert_allclose(positions[0, :4], np.cumsum(velocities, axis=0), rtol=1e-5)
    # the pen rests after the end
    np.testing.assert_allclose(positions[0, 4:], positions[0, [3, 3]])
    np.testing.assert_allclose(pen_positions(data.data[0]), positions[0])


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_subsampling_keeps_where_the_pen_comes(factor):
    data = _data()
    fewer = subsample(data, factor)
    assert fewer.data.shape == (3, -(-6 // factor), 3)
    np.testing.assert_array_equal(
        lengths(fewer), [-(-4 // factor), -(-6 // factor), -(-5 // factor)]
    )
    for i, length in enumerate(lengths(data)):
        whole = length // factor
        np.testing.assert_allclose(
            factor * pen_positions(fewer.data[i])[:whole],
            pen_positions(data.data[i])[factor - 1 : length : factor],
            rtol=1e-4,
            atol=1e-5,
        )
    np.testing.assert_array_equal(subsample(data, 1).data, data.data)


def test_left_over_steps_are_averaged_over_what_is_left():
    data = _data(lengths=(5,))
    fewer = subsample(data, 3)
    np.testing.assert_allclose(fewer.data[0, 1], data.data[0, 3:5].mean(axis=0), rtol=1e-5)


def test_split_gives_every_class_its_share_and_no_trajectory_twice():
    data = synthetic_strokes(per_class=20, classes=3, steps=8)
    split = stratified_split(data, validation=0.1, test=0.25, seed=3)
    assert [len(part) for part in split] == [39, 6, 15]
    for part, share in zip(split, (13, 2, 5), strict=True):
        np.testing.assert_array_equal(np.bincount(part.labels), [share] * 3)
    everything = np.concatenate([part.data for part in split]).reshape(60, -1)
    assert len(np.unique(everything, axis=0)) == 60
    again = stratified_split(data, validation=0.1, test=0.25, seed=3)
    np.testing.assert_array_equal(again.test.data, split.test.data)
    other = stratified_split(data, validation=0.1, test=0.25, seed=4)
    assert not np.array_equal(other.test.data, split.test.data)
    assert [part.split for part in split] == ["train", "validation", "test"]
    with pytest.raises(ValueError, match="test=0.95"):
        stratified_split(data, test=0.95)
    with pytest.raises(InputError, match="generated in code cannot be split"):
        stratified_split(synthetic_strokes(per_class=1, classes=3, steps=8))


def test_few_of_each_class_are_part_of_more():
    data = synthetic_strokes(per_class=5, classes=3, steps=8)
    four = data.few_per_class(4, seed=1)
    one = data.few_per_class(1, seed=1)
    np.testing.assert_array_equal(np.bincount(four.labels), [4, 4, 4])
    np.testing.assert_array_equal(one.labels, [0, 1, 2])
    for label in range(3):
        assert (one.data[label] == four.data[four.labels == label]).all(axis=(1, 2)).any()
    assert not np.array_equal(data.few_per_class(1, seed=2).data, one.data)
    for count in (0, 6):
        with pytest.raises(ValueError, match=f"{count} examples of 'arc': expected 1 to 5"):
            data.few_per_class(count, seed=1)


def test_first_classes():
    data = synthetic_strokes(per_class=2, classes=4, steps=8).first_classes(2)
    assert data.class_names == ("arc", "bowl") and len(data) == 4
    for count in (0, 3):
        with pytest.raises(ValueError, match=f"{count} classes: expected 1 to 2"):
            data.first_classes(count)


def test_strokes_of_a_class_are_nearer_to_it_than_to_others():
    data = synthetic_strokes(per_class=10, classes=6, steps=24)
    assert lengths(data).min() >= 18 and len(np.unique(lengths(data))) > 2
    # the pen is pressed in the middle
    pressed = data.data[:, [2, 12], 2].mean(axis=0)
    assert pressed[0] > 0.5 and pressed[1] < 0
    # the array has room for the longest that there might be
    short = synthetic_strokes(per_class=1, classes=1, steps=24)
    assert short.data.shape == (1, 24, 3) and lengths(short) < 24
    ends = data.data[:, :18].reshape(6, 10, -1)
    means = ends.mean(axis=1)
    distances = ((ends[:, :, None] - means) ** 2).mean(axis=-1)
    assert (distances.argmin(axis=-1) == np.arange(6)[:, None]).mean() > 0.9
    np.testing.assert_array_equal(
        synthetic_strokes(2, 2, seed=1).data, synthetic_strokes(2, 2, seed=1).data
    )


@pytest.mark.parametrize(
    "more", [{"classes": 0}, {"classes": 7}, {"steps": 7}, {"per_class": 0}, {"steps": 8.0}]
)
def test_strokes_that_there_are_not_are_refused(more):
    ((name, value),) = more.items()
    with pytest.raises(InputError, match=f"{name}={value}: expected"):
        synthetic_strokes(**more)


@pytest.mark.parametrize(
    ("series", "labels", "message"),
    [
        ([np.zeros([4, 3])] * 2, [0], r"labels have shape \(1,\)"),
        ([np.zeros([4, 3])] * 2, [0, 2], "from 0 to 1"),
        ([np.full([4, 3], np.nan)], [0], "not finite"),
    ],
)
def test_refuses_what_does_not_fit(series, labels, message):
    with pytest.raises(ValueError, match=message):
        label_trajectories(series, np.array(labels), ("a", "b"), "", "")
