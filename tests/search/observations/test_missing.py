"""What fills the gaps of a picture of which pixels are missing."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

import igc_tf
from igc_tf.data import bundled_digits
from igc_tf.search import SearchSettings
from igc_tf.search.observations import AnyOf, Identity, Polarity, Undone, fill_missing

DIGITS = bundled_digits().sample(40, seed=5)
BACKGROUND = -0.5


def _visible(share, seed=0):
    shape = DIGITS.images.shape
    return np.float32(np.random.default_rng(seed).random(shape) < share)


def test_gaps_are_filled_by_the_narrowest_average_that_sees_enough():
    image = np.random.default_rng(1).normal(size=(28, 28)).astype(np.float32)
    visible = np.zeros([28, 28], np.float32)
    visible[:, :9] = np.random.default_rng(2).random([28, 9]) < 0.5
    expected, left = np.zeros([28, 28]), np.ones([28, 28])
    for width in (0.7, 1.4, 2.8, 5.6):
        weight, total = (
            gaussian_filter(np.float64(of), width, mode="constant", truncate=40)
            for of in (visible, visible * image)
        )
        share = left * np.minimum(weight / 0.05, 1)
        expected += share * total / np.maximum(weight, 1e-300)
        left -= share
    # what lies far from all that is visible is background
    assert left[14, 27] > 0.9
    expected = np.where(visible > 0, image, expected + left * BACKGROUND)
    data = np.where(visible > 0, image, np.nan)[None, ..., None]
    filled = fill_missing(tf.constant(data), visible[None, ..., None], BACKGROUND)
    np.testing.assert_allclose(filled[0, ..., 0], expected, atol=2e-4)


def test_what_is_visible_stays_and_an_even_page_is_filled_evenly():
    images = tf.constant(DIGITS.images)
    for everything in (1.0, np.ones([1, 28, 28, 1], np.float32)):
        np.testing.assert_array_equal(fill_missing(images, everything, BACKGROUND), images)
    nothing = fill_missing(images, 0.0, BACKGROUND)
    np.testing.assert_array_equal(nothing, np.full(images.shape, BACKGROUND, np.float32))
    even = fill_missing(tf.fill([1, 28, 28, 3], 0.3), _visible(0.3)[:1], BACKGROUND)
    np.testing.assert_allclose(even, np.full([1, 28, 28, 3], 0.3), atol=1e-5)
    # what is half visible is half filled
    half = np.ones([1, 28, 28, 1], np.float32)
    half[0, 3, 3] = 0.5
    page = np.zeros([1, 28, 28, 1], np.float32)
    page[0, 3, 3] = 0.4
    filled = float(fill_missing(tf.constant(page), half, BACKGROUND)[0, 3, 3, 0])
    expected = 0.5 * 0.4 + 0.5 * _average_of_own_weight(0.4, 0.5)
    assert filled == pytest.approx(expected, abs=1e-5)


def _average_of_own_weight(value, visible):
    """The average by the narrowest Gaussian about one pixel of a value on a page of zeros."""
    line = np.exp(-0.5 * (np.arange(-28, 29) / 0.7) ** 2)
    own = 1 / line.sum() ** 2
    return own * visible * value / (1 - own * (1 - visible))


def test_digits_of_which_half_the_pixels_are_missing_are_read():
    classifier = igc_tf.load_classifier("mnist-cagan-compact", "fast")
    visible = _visible(0.5)
    hidden = np.where(visible > 0, DIGITS.images, np.float32(BACKGROUND))
    right = classifier.classify(hidden, mask=visible).predictions == DIGITS.labels
    assert right.mean() >= 0.95
    # what stands in the gaps is not looked at
    other = np.where(visible > 0, DIGITS.images, np.float32(0.5))
    np.testing.assert_array_equal(
        classifier.predict(hidden, mask=visible), classifier.predict(other, mask=visible)
    )


def test_where_an_observation_is_undone_what_fills_the_gaps_is_compared():
    generator = igc_tf.load_generator("mnist-cagan-compact")
    classifier = igc_tf.InvertedGeneratorClassifier(
        generator,
        SearchSettings(steps=0, start="encoder", plan=((0, 10),)),
        AnyOf(Identity(), Undone(Polarity())),
    )
    visible = _visible(0.6)
    filled = fill_missing(tf.constant(DIGITS.images), visible, BACKGROUND).numpy()
    masked = classifier.predict(DIGITS.images, mask=visible)
    np.testing.assert_allclose(masked, classifier.predict(filled), atol=1e-5)
    assert (np.argmax(masked, axis=1) == DIGITS.labels).mean() >= 0.9
