"""Lenses that training tells its searches, light that it undoes, pixels that it hides."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data import bundled_digits
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import load_generator
from igc_tf.search import Batch, SearchSettings
from igc_tf.search.observations import Blur, Identity, Light, MotionBlur, Outline, UnevenLight
from igc_tf.training.class_separation import ClassSeparation
from igc_tf.training.known_lens import KnownLens, random_gaps, relit
from tests.fixtures.linear_generator import linear_generator

BOUNDS = (-0.5, 0.5)
DIGITS = bundled_digits().sample(40, seed=4)
SEED, OTHER_SEED = tf.constant([3, 4]), tf.constant([3, 5])


def test_lenses_are_drawn_in_their_share_and_ranges():
    lens = KnownLens(BOUNDS)
    values = dict(zip(lens.names, lens.draw(6000, 0.6, SEED).numpy().T, strict=True))
    shares = np.bincount(values["lens"].astype(int)) / 6000
    np.testing.assert_allclose(shares, [0.4, 0.2, 0.2, 0.2], atol=0.02)
    for name, (low, high) in {
        "blur": (0.4, 2.2),
        "motion": (2.0, 9.0),
        "motion angle": (-90.0, 90.0),
        "outline": (0.4, 1.4),
    }.items():
        found = values[name]
        assert low <= found.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < found.max() <= high
    np.testing.assert_array_equal(lens.draw(50, 0.0, SEED)[:, 0], np.zeros(50))
    np.testing.assert_array_equal(lens.draw(50, 0.6, SEED), lens.draw(50, 0.6, SEED))


def test_each_image_is_seen_through_its_own_lens():
    lens = KnownLens(BOUNDS)
    nuisance = lens.draw(40, 0.8, SEED)
    seen = lens.apply(DIGITS.images, nuisance).numpy()
    parts = Identity(), Blur(), MotionBlur(), Outline()
    own = [[], [1], [2, 3], [4]]
    assert len(set(nuisance[:, 0].numpy())) == 4
    for image, values, result in zip(DIGITS.images, nuisance.numpy(), seen, strict=True):
        kind = int(values[0])
        expected = parts[kind].apply(image[np.newaxis], values[np.newaxis, own[kind]])[0]
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_light_falls_on_its_share_and_is_undone_by_the_observations():
    lit, undo = relit(DIGITS.images, 0.5, SEED, BOUNDS)
    back = undo(lit).numpy()
    was_lit = np.abs(lit - DIGITS.images).max(axis=(1, 2, 3)) > 0
    assert 10 <= was_lit.sum() <= 30
    np.testing.assert_array_equal(back[~was_lit], DIGITS.images[~was_lit])
    for image, result in zip(lit.numpy()[was_lit], back[was_lit], strict=True):
        undone = []
        for light in (UnevenLight(), Light()):
            start = light.start(Batch(tf.constant(image[np.newaxis])), None)[:, 0]
            undone.append(np.abs(light.undo(image[np.newaxis], start) - result).max())
        assert min(undone) < 1e-6
    errors = [np.abs(images[was_lit] - DIGITS.images[was_lit]).mean() for images in (lit, back)]
    assert errors[1] < 0.5 * errors[0]


def test_light_of_the_same_seed_is_the_same_in_any_bounds():
    lit, undo = relit(DIGITS.images, 1.0, SEED, BOUNDS)
    wide, undo_wide = relit(2 * (DIGITS.images + 0.5), 1.0, SEED, (0.0, 2.0))
    np.testing.assert_allclose(wide, 2 * (lit + 0.5), atol=1e-5)
    np.testing.assert_allclose(undo_wide(wide), 2 * (undo(lit) + 0.5), atol=1e-5)


def test_the_brighter_the_page_the_less_contrast_is_left_above_it():
    pages = np.full([400, 8, 8, 1], -0.5, np.float32)
    low, high = (
        relit(page, 1.0, SEED, BOUNDS)[0].numpy().reshape(400, -1) for page in (pages, pages + 0.1)
    )
    is_even = np.ptp(low, axis=1) < 1e-6
    height, contrast = low[is_even, 0] + 0.5, (high - low)[is_even, 0] / 0.1
    limit = 1 - 0.7 * contrast
    assert (height < limit + 1e-5).all() and 0.2 < np.isclose(height, limit, atol=1e-5).mean() < 0.8


def test_the_search_compares_through_the_lens_it_was_told():
    generator = load_generator("mnist-cagan-compact")
    settings = SearchSettings(steps=0, start="encoder")
    separation = ClassSeparation(settings, images=12, observed=1.0)
    search = separation.search_of(generator)
    condition = tf.constant(DIGITS.conditions)
    searched = separation.search(search, tf.constant(DIGITS.images), condition, SEED)
    data, nuisance = searched.state.batch.data, searched.state.candidates.values["nuisance"]
    np.testing.assert_array_equal(nuisance, np.repeat(nuisance[:, :1], 10, axis=1))
    lens = KnownLens(BOUNDS)
    np.testing.assert_allclose(data, lens.apply(DIGITS.images[:12], nuisance[:, 0]), atol=1e-5)
    generated, observed = search.show(searched.state)
    through = lens.apply(tf.reshape(generated, [120, 28, 28, 1]), tf.reshape(nuisance, [120, -1]))
    np.testing.assert_allclose(tf.reshape(observed, [120, 28, 28, 1]), through, atol=1e-5)
    difference = np.abs(data[:, None] - observed).mean(axis=(2, 3, 4))
    np.testing.assert_allclose(search.terms(searched.state).difference, difference, rtol=1e-4)
    # all three lenses among them, the right digits are reproduced through them
    right = (difference * DIGITS.conditions[:12]).sum(axis=1)
    assert right.mean() < 0.1 and set(nuisance[:, 0, 0].numpy()) == {1.0, 2.0, 3.0}
    # with another seed others
    searched = separation.search(search, tf.constant(DIGITS.images), condition, OTHER_SEED)
    assert not np.array_equal(searched.state.candidates.values["nuisance"], nuisance)


def _searched(**values):
    """The digits as `ClassSeparation` searches them, with these of its values."""
    model, *_ = linear_generator(classes=10, data_shape=(28, 28, 1), bound=0.5)
    separation = ClassSeparation(SearchSettings(steps=0), images=40, **values)
    search = separation.search_of(Generator(model, bounds=BOUNDS))
    images, condition = tf.constant(DIGITS.images), tf.constant(DIGITS.conditions)
    return separation.search(search, images, condition, SEED).state.batch.data


def test_light_is_undone_before_the_search():
    lit = relit(DIGITS.images, 1.0, SEED, BOUNDS)[0]
    before, after = (np.abs(images - DIGITS.images).mean() for images in (lit, _searched(lit=1.0)))
    assert 0 < after < 0.5 * before


def test_a_reach_of_0_distorts_nothing():
    still = _searched(distortion=True, reach=0.0)
    np.testing.assert_allclose(still, DIGITS.images, atol=1e-5)


def test_a_share_of_none_changes_nothing():
    generator = load_generator("mnist-cagan-compact")
    plain = ClassSeparation(SearchSettings(steps=0, start="encoder"), images=4)
    told = dataclasses.replace(plain, observed=1e-9)
    losses = []
    for separation in (plain, told):
        search = separation.search_of(generator)
        condition = tf.constant(DIGITS.conditions)
        searched = separation.search(search, tf.constant(DIGITS.images), condition, SEED)
        losses.append(float(separation.loss(searched)[0]))
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_gaps_are_single_pixels_or_a_rectangle_each_in_half_of_the_share():
    images = np.zeros([3000, 28, 28, 1], np.float32)
    is_missing = random_gaps(tf.constant(images), 0.6, SEED).numpy()[..., 0] == 0
    shares = is_missing.mean(axis=(1, 2))
    assert (shares > 0).mean() == pytest.approx(0.6, abs=0.02)
    rows, columns = is_missing.any(axis=2), is_missing.any(axis=1)
    # a rectangle is all of its rows and columns
    is_rectangle = (is_missing == rows[:, :, None] & columns[:, None]).all(axis=(1, 2))
    is_rectangle &= shares > 0
    assert is_rectangle.mean() == pytest.approx(0.3, abs=0.03)
    for sides in (rows[is_rectangle].sum(axis=1), columns[is_rectangle].sum(axis=1)):
        assert sides.min() == 5 and sides.max() == 14
        assert sides.mean() == pytest.approx(0.35 * 28, abs=0.3)
    # each side begins anywhere within the picture
    assert rows[is_rectangle, 0].any() and rows[is_rectangle, -1].any()
    single = shares[(shares > 0) & ~is_rectangle]
    assert 0.25 < single.min() < 0.32 and 0.93 < single.max() < 0.99
    assert single.mean() == pytest.approx(0.625, abs=0.02)
    np.testing.assert_array_equal(random_gaps(tf.constant(images), 0.0, SEED), 1 + images)


def test_the_search_is_shown_what_is_visible_alone():
    generator = load_generator("mnist-cagan-compact")
    settings = SearchSettings(steps=0, start="encoder")
    separation = ClassSeparation(settings, images=12, missing=1.0)
    search = separation.search_of(generator)
    images, condition = tf.constant(DIGITS.images), tf.constant(DIGITS.conditions)
    searched = separation.search(search, images, condition, SEED)
    batch = searched.state.batch
    visible = batch.visible.numpy()
    assert (visible.min(axis=(1, 2, 3)) == 0).all()
    differences = np.abs(batch.data.numpy()[:, None] - search.show(searched.state)[0].numpy())
    expected = (differences * visible[:, None]).sum(axis=(2, 3, 4)) / visible.sum(axis=(1, 2, 3))[
        :, None
    ]
    np.testing.assert_allclose(search.terms(searched.state).difference, expected, rtol=1e-4)
    # with another seed other gaps
    other = separation.search(search, images, condition, OTHER_SEED).state.batch
    assert not np.array_equal(other.visible, visible)
