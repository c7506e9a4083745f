"""Distortions against SciPy's, and noise against its own statistics."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import affine_transform

from igc_tf.training import NetworkRecipe
from igc_tf.training.augmentation import noise_half, random_affine, random_colours
from igc_tf.training.class_separation import ClassSeparation


def _blob():
    y, x = np.mgrid[:28, :28]
    return (np.exp(-((x - 12) ** 2 + (y - 15) ** 2) / 30) - 0.5).astype(np.float32)[None, ..., None]


def test_without_amounts_nothing_changes():
    image = _blob()
    same = random_affine(image, tf.constant([1, 2]), 0.0, 0.0, 0.0, 0.0)
    np.testing.assert_allclose(same, image, atol=1e-5)


def test_agrees_with_scipy():
    image, seed = _blob(), tf.constant([3, 4])
    draw = tf.random.stateless_uniform([6, 1], seed, -1.0, 1.0).numpy()[:, 0]
    angle, skew = 0.15 * draw[0], 0.1 * draw[1]
    sx, sy = 1 + 0.1 * draw[2], 1 + 0.1 * draw[3]
    # scipy's coordinates are (row, column)
    matrix = np.array(
        [[sy * np.cos(angle), sx * np.sin(angle)], [-sy * np.sin(angle) + skew, sx * np.cos(angle)]]
    )
    centre = np.array([13.5, 13.5])
    offset = centre - matrix @ centre + 0.75 * draw[[5, 4]]
    expected = affine_transform(image[0, ..., 0], matrix, offset, order=1, cval=-0.5)
    found = random_affine(image, seed).numpy()[0, ..., 0]
    # at the very border the two mix in the outside differently
    np.testing.assert_allclose(found[2:-2, 2:-2], expected[2:-2, 2:-2], atol=1e-4)
    assert np.abs(found - image[0, ..., 0]).max() > 0.05


def test_a_light_background_stays_light_to_the_border():
    inverted = -_blob()
    found = random_affine(np.repeat(inverted, 20, axis=0), tf.constant([5, 6])).numpy()
    border = np.concatenate([found[:, 0], found[:, -1], found[:, :, 0], found[:, :, -1]])
    ground = np.concatenate(
        [inverted[:, 0], inverted[:, -1], inverted[:, :, 0], inverted[:, :, -1]]
    )
    assert border.min() > ground.min() - 0.05


def test_images_are_distorted_apart():
    images = np.repeat(_blob(), 3, axis=0)
    first, second, third = random_affine(images, tf.constant([0, 0])).numpy()
    assert np.abs(first - second).max() > 0.02 and np.abs(second - third).max() > 0.02


def test_the_shift_is_a_fraction_of_the_side():
    image, seed = np.zeros([1, 40, 80, 1], np.float32), tf.constant([1, 2])
    image[0, 20, 40] = 1
    draw = tf.random.stateless_uniform([6, 1], seed, -1.0, 1.0).numpy()[:, 0]
    found = random_affine(image, seed, 0.0, 0.0, 0.0, shift=0.1).numpy()[0, ..., 0]
    rows, columns = np.mgrid[:40, :80]
    centre = [(found * places).sum() / found.sum() for places in (rows, columns)]
    np.testing.assert_allclose(centre, [20 - 4 * draw[5], 40 - 8 * draw[4]], atol=1e-4)


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (0.0, 1.0), (-np.inf, np.inf)])
def test_noise_is_decided_by_its_seeds_and_leaves_about_half_alone(bounds):
    data = tf.fill([400, 30], 0.25)
    noise, sigma = tf.constant([0, 1]), tf.constant([0, 2])
    found = noise_half(data, noise, sigma, 0.2, bounds).numpy()
    np.testing.assert_array_equal(found, noise_half(data, noise, sigma, 0.2, bounds))
    assert not np.array_equal(found, noise_half(data, tf.constant([0, 3]), sigma, 0.2, bounds))
    noised = (found != 0.25).any(axis=1)
    assert 0.4 < noised.mean() < 0.6
    assert found.min() >= bounds[0] and found.max() <= bounds[1]
    if np.isinf(bounds[0]):
        # deviations uniform in 0..0.2: the mean variance is 0.2² / 3
        assert found[noised].var() == pytest.approx(0.2**2 / 3, rel=0.15)


def _coloured(count=6):
    return np.random.default_rng(0).uniform(-0.2, 0.2, [count, 8, 8, 3]).astype(np.float32)


def test_colours_vary_a_little_by_the_light_alone():
    images, bounds = _coloured(), (-0.5, 0.5)
    found = random_colours(images, tf.constant([1, 2]), "varied", bounds).numpy()
    for before, after in zip(images, found, strict=True):
        for channel in range(3):
            # of each channel a contrast and a tone
            x, y = before[..., channel].ravel(), after[..., channel].ravel()
            slope, offset = np.polyfit(x, y, 1)
            np.testing.assert_allclose(y, slope * x + offset, atol=1e-5)
            assert np.exp(-0.33) <= slope <= np.exp(0.33) and abs(offset) <= 0.08 + 1e-6
    assert np.abs(found - images).max() > 0.02
    assert not np.allclose(found[0] - images[0], found[1] - images[1], atol=1e-3)


def test_any_colours_keep_the_forms_and_nothing_else():
    images, bounds = 0.3 * _coloured(40), (-0.5, 0.5)
    found = random_colours(images, tf.constant([1, 2]), "any", bounds).numpy()
    turns = []
    for before, after in zip(images, found, strict=True):
        x = (before - before.mean(axis=(0, 1))).reshape(-1, 3)
        y = (after - after.mean(axis=(0, 1))).reshape(-1, 3)
        turn, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
        # one linear map for all pixels: a rotation or reflection, then each channel's contrast
        assert residual.max() < 1e-3 * (y**2).sum()
        scales = np.linalg.norm(turn, axis=0)
        assert (scales >= np.exp(-0.5) - 1e-3).all() and (scales <= np.exp(0.5) + 1e-3).all()
        np.testing.assert_allclose((turn / scales).T @ (turn / scales), np.eye(3), atol=1e-3)
        turns.append(turn / scales)
    assert {round(np.linalg.det(turn)) for turn in turns} == {-1, 1}
    # every way is as likely
    assert np.abs(np.mean(turns, axis=0)).max() < 0.4
    means = found.mean(axis=(1, 2))
    assert means.min() < -0.2 and means.max() > 0.2 and np.abs(means).max() <= 0.3 + 1e-5


def test_a_grey_image_becomes_itself_or_its_negative():
    image = np.linspace(-0.05, 0.05, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    found = random_colours(np.repeat(image, 40, axis=0), tf.constant([3, 4]), "any", (-0.5, 0.5))
    slopes = np.sign(found.numpy()[:, -1, -1, 0] - found.numpy()[:, 0, 0, 0])
    assert set(slopes) == {-1, 1}


def test_changed_colours_stay_within_the_bounds():
    images = np.random.default_rng(0).uniform(0, 1, [20, 6, 6, 3]).astype(np.float32)
    for kind in ("varied", "any"):
        found = random_colours(images, tf.constant([5, 6]), kind, (0, 1)).numpy()
        assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("kind", ["varied", "any"])
def test_colours_change_by_parts_of_the_range(kind):
    images, seed = _coloured(), tf.constant([1, 2])
    found = random_colours(images, seed, kind, (-0.5, 0.5))
    wide = random_colours(2 * (images + 0.5), seed, kind, (0.0, 2.0))
    np.testing.assert_allclose(wide, 2 * (found + 0.5), atol=1e-5)


@pytest.mark.parametrize("options", [NetworkRecipe, ClassSeparation])
def test_distortions_are_those_that_the_options_of_a_training_say(options):
    images, seed, bounds = _coloured(), tf.constant([7, 8]), (-0.5, 0.5)
    moving = options(distortion=True, shift=0.2, scaling=0.3)
    moved = random_affine(images, seed, scaling=0.3, shift=0.2, reach=0.5)
    np.testing.assert_array_equal(moving.distort(images, seed, bounds, 0.5), moved)
    plain = replace(moving, distortion=False)
    np.testing.assert_array_equal(plain.distort(images, seed, bounds), images)
    coloured = replace(plain, colours="any").distort(images, seed, bounds).numpy()
    assert np.abs(coloured - images).max() > 0.1
    both = replace(moving, colours="any").distort(images, seed, bounds, 0.5)
    assert not np.allclose(both, moved, atol=0.05) and not np.allclose(both, coloured, atol=0.05)
