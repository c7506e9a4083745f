import re
from dataclasses import replace

import numpy as np
import pytest

from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError


def test_statistics_where_nothing_is_clipped():
    images = np.full((50, 28, 28, 1), 0.1, np.float32)
    noisy = add_gaussian_noise(images, 0.05, seed=0)
    assert noisy.dtype == np.float32 and noisy.shape == images.shape
    # 39,200 draws: the mean is within 5 standard errors, the deviation within 2 %.
    assert abs(noisy.mean() - 0.1) < 5 * 0.05 / np.sqrt(39200)
    assert abs(noisy.std() - 0.05) < 0.001


def test_clipping_at_both_ends():
    black = add_gaussian_noise(np.full(10000, -0.5, np.float32), 0.4, seed=1)
    white = add_gaussian_noise(np.full(10000, 0.5, np.float32), 0.4, seed=1)
    # Half of the draws push beyond the end they start from.
    assert abs((black == -0.5).mean() - 0.5) < 0.03 and black.max() <= 0.5
    assert abs((white == 0.5).mean() - 0.5) < 0.03 and white.min() >= -0.5
    # A shift by 1 reaches the other end: P(n > 2.5) = 0.0062.
    assert 0.003 < (black == 0.5).mean() < 0.01


def test_noise_scales_with_sigma():
    images = np.zeros(1000, np.float32)
    small, large = (add_gaussian_noise(images, sigma, seed=5) for sigma in (0.01, 0.02))
    np.testing.assert_allclose(large, 2 * small, rtol=1e-5)


def test_seed_input_and_zero():
    images = np.linspace(-0.5, 0.5, 100, dtype=np.float32).reshape(1, 10, 10, 1)
    before = images.copy()
    first = add_gaussian_noise(images, 0.2, seed=3)
    np.testing.assert_array_equal(first, add_gaussian_noise(images, 0.2, seed=3))
    assert not np.array_equal(first, add_gaussian_noise(images, 0.2, seed=4))
    same = add_gaussian_noise(images, 0, seed=3)
    np.testing.assert_array_equal(same, images)
    same[:] = 0
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("sigma", [-0.1, float("nan"), float("inf"), 1e308, 2e6])
def test_bad_sigma(sigma):
    with pytest.raises(ValueError, match=rf"sigma is {re.escape(str(sigma))}; .*<= 1e\+06"):
        add_gaussian_noise(np.zeros(3, np.float32), sigma, seed=0)


def test_the_strongest_noise_is_finite():
    noisy = add_gaussian_noise(np.zeros(1000, np.float32), 1e6, seed=0)
    assert np.isfinite(noisy).all() and set(np.abs(noisy)) == {0.5}


@pytest.mark.parametrize("bounds", [(0, 1), (-1, 1), (0, 255)])
def test_clips_to_the_bounds_of_the_images(bounds):
    low, high = bounds
    images = np.full(1000, (low + high) / 2, np.float32)
    noisy = add_gaussian_noise(images, high - low, seed=0, bounds=bounds)
    assert noisy.min() == low and noisy.max() == high
    unclipped = add_gaussian_noise(images, high - low, seed=0, bounds=(-np.inf, np.inf))
    assert unclipped.min() < low and unclipped.max() > high


@pytest.mark.parametrize(
    ("images", "received"),
    [
        (np.arange(256, dtype=np.uint8), "uint8 from 0 to 255"),
        (np.linspace(0, 1, 9, dtype=np.float32), "float32 from 0 to 1"),
        (np.linspace(-1, 1, 9), "float64 from -1 to 1"),
        (np.float32([0, np.nan]), "nan"),
    ],
)
@pytest.mark.parametrize("sigma", [0, 0.2])
def test_images_of_another_range_are_refused_with_what_was_received(images, received, sigma):
    with pytest.raises(ValueError, match=rf"{received}.*: expected values in \[-0.5, 0.5\]"):
        add_gaussian_noise(images, sigma, seed=0)


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (-1, 1), (0, 255)])
def test_a_part_of_the_range_is_the_same_noise_in_any_bounds(bounds):
    digits = bundled_digits().sample(5, seed=0)
    found = with_noise(digits.within(bounds), 0.4, seed=2)
    expected = np.interp(add_gaussian_noise(digits.images, 0.4, seed=2), (-0.5, 0.5), bounds)
    np.testing.assert_allclose(found.images, expected, atol=1e-5 * (bounds[1] - bounds[0]))
    assert found.bounds == bounds
    np.testing.assert_array_equal(found.labels, digits.labels)


def test_what_a_mask_hides_may_be_anything():
    digits = bundled_digits().sample(5, seed=0)
    mask = np.random.default_rng(0).random(digits.data.shape) < 0.5
    hidden = replace(digits, data=np.where(mask, digits.data, np.float32(-100)), mask=mask)
    found = with_noise(hidden, 0.4, seed=2)
    np.testing.assert_array_equal(found.data[mask], with_noise(digits, 0.4, seed=2).data[mask])
    np.testing.assert_array_equal(found.mask, mask)


def test_a_part_of_no_finite_range_is_refused():
    endless = replace(bundled_digits().sample(5, seed=0), bounds=(-0.5, np.inf))
    with pytest.raises(InputError, match=r"bounds=\(-0.5, inf\): expected finite"):
        with_noise(endless, 0.4, seed=0)
