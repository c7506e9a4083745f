import numpy as np
import pytest

from igc_tf.data import add_gaussian_noise


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


@pytest.mark.parametrize("sigma", [-0.1, float("nan"), float("inf")])
def test_bad_sigma(sigma):
    with pytest.raises(ValueError, match=f"sigma is {sigma}"):
        add_gaussian_noise(np.zeros(3, np.float32), sigma, seed=0)
