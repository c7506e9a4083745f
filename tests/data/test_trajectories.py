import numpy as np
import pytest

from igc_tf.data import TrajectoryData, pen_positions, stratified_split, synthetic_strokes
from igc_tf.padding import PADDING


def _data(lengths=(4, 6, 5), steps=6):
    generator = np.random.default_rng(0)
    series = generator.normal(size=[len(lengths), steps, 3]).astype(np.float32)
    for row, length in zip(series, lengths, strict=True):
        row[length:] = PADDING
    labels = np.arange(len(lengths)) % 2
    return TrajectoryData(series, labels, ("a", "b"), "these tests")


def test_tells_masks_lengths_and_conditions():
    data = _data()
    np.testing.assert_array_equal(data.lengths, [4, 6, 5])
    np.testing.assert_array_equal(data.mask[0], [True] * 4 + [False] * 2)
    np.testing.assert_array_equal(data.conditions, [[1, 0], [0, 1], [1, 0]])


def test_pen_positions_are_the_sums_of_the_velocities():
    data = _data()
    positions = pen_positions(data.series)
    velocities = data.series[0, :4, :2]
    np.testing.assert_allclose(positions[0, :4], np.cumsum(velocities, axis=0), rtol=1e-5)
    # the pen rests after the end
    np.testing.assert_allclose(positions[0, 4:], positions[0, [3, 3]])
    np.testing.assert_allclose(pen_positions(data.series[0]), positions[0])


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_subsampling_keeps_where_the_pen_comes(factor):
    data = _data()
    fewer = data.subsample(factor)
    assert fewer.series.shape == (3, -(-6 // factor), 3) and fewer.subsampling == factor
    np.testing.assert_array_equal(
        fewer.lengths, [-(-4 // factor), -(-6 // factor), -(-5 // factor)]
    )
    for i, length in enumerate(data.lengths):
        whole = length // factor
        np.testing.assert_allclose(
            factor * pen_positions(fewer.series[i])[:whole],
            pen_positions(data.series[i])[factor - 1 : length : factor],
            rtol=1e-4,
            atol=1e-5,
        )
    np.testing.assert_array_equal(data.subsample(1).series, data.series)


def test_left_over_steps_are_averaged_over_what_is_left():
    data = _data(lengths=(5,), steps=5)
    fewer = data.subsample(3)
    np.testing.assert_allclose(fewer.series[0, 1], data.series[0, 3:5].mean(axis=0), rtol=1e-5)


def test_split_gives_every_class_its_share_and_no_trajectory_twice():
    data = synthetic_strokes(per_class=20, classes=3, steps=8)
    split = stratified_split(data, validation=0.1, test=0.25, seed=3)
    assert [len(part) for part in split] == [39, 6, 15]
    for part, share in zip(split, (13, 2, 5), strict=True):
        np.testing.assert_array_equal(np.bincount(part.labels), [share] * 3)
    everything = np.concatenate([part.series for part in split]).reshape(60, -1)
    assert len(np.unique(everything, axis=0)) == 60
    again = stratified_split(data, validation=0.1, test=0.25, seed=3)
    np.testing.assert_array_equal(again.test.series, split.test.series)
    other = stratified_split(data, validation=0.1, test=0.25, seed=4)
    assert not np.array_equal(other.test.series, split.test.series)
    with pytest.raises(ValueError, match="test=0.95"):
        stratified_split(data, test=0.95)


def test_few_of_each_class_are_part_of_more():
    data = synthetic_strokes(per_class=5, classes=3, steps=8)
    four = data.few_per_class(4, seed=1)
    one = data.few_per_class(1, seed=1)
    np.testing.assert_array_equal(np.bincount(four.labels), [4, 4, 4])
    np.testing.assert_array_equal(one.labels, [0, 1, 2])
    for label in range(3):
        assert (one.series[label] == four.series[four.labels == label]).all(axis=(1, 2)).any()
    assert not np.array_equal(data.few_per_class(1, seed=2).series, one.series)
    with pytest.raises(ValueError, match="6 trajectories of 'arc': expected 1 to 5"):
        data.few_per_class(6, seed=1)


def test_first_classes():
    data = synthetic_strokes(per_class=2, classes=4, steps=8).first_classes(2)
    assert data.class_names == ("arc", "bowl") and len(data) == 4
    with pytest.raises(ValueError, match="3 classes: expected 1 to 2"):
        data.first_classes(3)


def test_strokes_of_a_class_are_nearer_to_it_than_to_others():
    data = synthetic_strokes(per_class=10, classes=6, steps=24)
    assert data.lengths.min() >= 18 and len(np.unique(data.lengths)) > 2
    ends = np.where(data.series[:, :18] == PADDING, 0, data.series[:, :18]).reshape(6, 10, -1)
    means = ends.mean(axis=1)
    distances = ((ends[:, :, None] - means) ** 2).mean(axis=-1)
    assert (distances.argmin(axis=-1) == np.arange(6)[:, None]).mean() > 0.9
    np.testing.assert_array_equal(
        synthetic_strokes(2, 2, seed=1).series, synthetic_strokes(2, 2, seed=1).series
    )


@pytest.mark.parametrize(
    ("series", "labels", "message"),
    [
        (np.zeros([2, 4, 2], np.float32), [0, 1], "must be float32"),
        (np.zeros([2, 4, 3], np.float32), [0], "labels must be int64"),
        (np.zeros([2, 4, 3], np.float32), [0, 2], "must lie in"),
        (np.full([1, 4, 3], np.nan, np.float32), [0], "not finite"),
        (np.float32([[[PADDING] * 3, [1, 1, 1]]]), [0], "before their end"),
        (np.float32([[[1, PADDING, 1]]]), [0], "some channels only"),
    ],
)
def test_refuses_what_does_not_fit(series, labels, message):
    with pytest.raises(ValueError, match=message):
        TrajectoryData(series, np.array(labels), ("a", "b"), "")
