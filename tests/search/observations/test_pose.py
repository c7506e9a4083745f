"""Poses against SciPy's affine sampling."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from igc_tf.data import bundled_digits
from igc_tf.search import Batch
from igc_tf.search.observations import Pose

DIGITS = bundled_digits().sample(4, seed=3).images
BENT = np.float32(
    [[0, 0, 1, 0, 0], [2, -3, 1, 0, 0], [0.5, 1.2, 0.8, 25, 0.1], [-1, 0, 1.2, -40, -0.3]]
)


def _matrix(scale, angle, slant):
    """On (down, right) from the middle: slanted, turned left, scaled."""
    a = np.deg2rad(angle)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return scale * turn @ np.array([[1, 0], [-slant, 1]])


@pytest.mark.parametrize("frame", [None, (40, 44)])
def test_pose_is_scipys_affine(frame):
    pose = Pose(frame=frame)
    shown = pose.apply(DIGITS, BENT).numpy()
    size = frame or (28, 28)
    assert shown.shape == (4, *size, 1) and pose.shape_of((28, 28, 1)) == (*size, 1)
    middle, old = (np.array(size) - 1) / 2, np.array([13.5, 13.5])
    for image, (down, right, *bent), result in zip(DIGITS, BENT, shown, strict=True):
        inverse = np.linalg.inv(_matrix(*bent))
        offset = old - inverse @ (middle + np.array([down, right]))
        ink = np.pad(image[..., 0] + 0.5, 2)
        expected = ndimage.affine_transform(ink, inverse, offset + 2, size, order=1)
        np.testing.assert_allclose(result[..., 0] + 0.5, expected, atol=2e-4)


@pytest.mark.parametrize("pose", [Pose(), Pose(shifts_only=True)])
def test_one_pose_is_that_of_all(pose):
    one = BENT[1:2, : len(pose.names)]
    np.testing.assert_array_equal(pose.apply(DIGITS, one), pose.apply(DIGITS, one.repeat(4, 0)))


def test_undoing_brings_back_what_was_posed():
    pose = Pose()
    back = pose.undo(pose.apply(DIGITS, BENT), BENT).numpy()
    np.testing.assert_allclose(back[:1], DIGITS[:1], atol=1e-5)
    assert np.abs(back - DIGITS).mean() < 0.03


def test_a_coarser_sensor_averages():
    coarse = Pose(frame=(7, 7), inner=(28, 28), scale=1 / 4)
    shown = coarse.apply(DIGITS, np.tile(coarse.neutral, (4, 1))).numpy()
    np.testing.assert_allclose(shown, DIGITS.reshape(4, 7, 4, 7, 4, 1).mean(axis=(2, 4)), atol=1e-5)
    back = coarse.undo(shown, np.tile(coarse.neutral, (4, 1))).numpy()
    assert back.shape == DIGITS.shape and np.abs(back - DIGITS).mean() < 0.12


def test_shifts_start_where_the_ink_is_and_rest_in_the_dead_zone():
    shifts = Pose(shifts_only=True)
    centred = np.pad(DIGITS[:, 5:-5, 5:-5], [(0, 0), (5, 5), (5, 5), (0, 0)], constant_values=-0.5)
    centred = np.maximum(centred, centred[:, ::-1])
    centred = np.maximum(centred, centred[:, :, ::-1])
    moved = np.roll(centred, (3, -2), axis=(1, 2))
    start = shifts.start(Batch(moved), None).numpy()
    np.testing.assert_array_equal(start, [[[3, -2]]] * 4)
    np.testing.assert_allclose(shifts.undo(moved, start[:, 0]), centred, atol=1e-5)
    start = Pose(shifts_only=True, dead_zone=5).start(Batch(moved), None)
    np.testing.assert_array_equal(start, np.zeros([4, 1, 2]))
    start = Pose(shifts_only=True, reach=2.5).start(Batch(moved), None)
    np.testing.assert_array_equal(start, [[[2.5, -2]]] * 4)
    np.testing.assert_array_equal(Pose().start(Batch(moved), None)[:, 0, 2:], [[1, 0, 0]] * 4)


@pytest.mark.parametrize("i", range(5))
def test_gradients_are_those_of_finite_differences(i):
    smooth = ndimage.gaussian_filter(DIGITS, (0, 2, 2, 0))
    at = tf.constant([[0.3, -0.6, 0.9, 11.0, 0.1]])

    def loss(nuisance):
        shown = Pose().apply(smooth[:1], nuisance)
        return tf.reduce_mean(tf.square(shown - smooth[1:2]))

    with tf.GradientTape() as tape:
        tape.watch(at)
        value = loss(at)
    gradient = tape.gradient(value, at).numpy()[0, i]
    nudge = np.zeros([1, 5], np.float32)
    nudge[0, i] = 1.0 if i == 3 else 0.02
    slope = float(loss(at + nudge) - loss(at - nudge)) / (2 * nudge[0, i])
    assert gradient == pytest.approx(slope, rel=0.2, abs=2e-5)


def test_what_is_usual_costs_the_weight():
    usual = np.diag(np.float32([3, 3, 0.25, 15, 0.25]))
    penalty = Pose(weight=0.1).penalty(np.float32([0, 0, 1, 0, 0]) + usual[np.newaxis])
    np.testing.assert_allclose(penalty, [[0.1] * 5], rtol=1e-5)


def test_it_says_how_a_picture_lies():
    assert (
        Pose().says(BENT[2]) == "turned 25° to the left, shrunk to 80 %, slanted by 0.10, "
        "shifted 1 pixel to the right"
    )
    assert Pose().says(BENT[0]) == ""
