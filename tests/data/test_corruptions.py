"""Every corruption of both sets does what its definition says, by another way of reckoning."""

import io
import itertools
import math

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from igc_tf.data import bundled_digits
from igc_tf.data import corruption_camera as camera
from igc_tf.data import corruption_page as page
from igc_tf.data.corruptions import (
    CORRUPTIONS,
    MNIST_C,
    VALIDATION_CORRUPTIONS,
    Corruption,
    corrupt,
    corrupt_some,
)
from igc_tf.errors import InputError

COUNT = 40
# of which nothing is drawn at random
FIXED = {
    *("scale", "brightness", "stripe", "canny edges", "gaussian blur", "defocus blur"),
    *("zoom blur", "contrast", "saturate", "jpeg", "pixelate", "quantize", "inversion", "outline"),
}


@pytest.fixture(scope="module")
def digits():
    """Digits as the functions take them, (N, 28, 28) in [0, 1]."""
    return bundled_digits((0.0, 1.0)).sample(COUNT, seed=3).images[..., 0].astype(float)


def _changed(digits, name, seed=0):
    return corrupt(digits[..., None].astype(np.float32), name, seed, (0.0, 1.0))[..., 0]


def _grey(value, count=1, side=28):
    return np.full([count, side, side], value, float)


def _dot(row, column, side=28):
    image = np.zeros([1, side, side])
    image[0, row, column] = 1
    return image


def _rng(seed=0):
    return np.random.default_rng(seed)


def test_both_sets_are_whole_and_apart():
    assert len(MNIST_C) == 15 and len(VALIDATION_CORRUPTIONS) >= 19
    assert not set(MNIST_C) & set(VALIDATION_CORRUPTIONS)
    assert set(CORRUPTIONS) == set(MNIST_C) | set(VALIDATION_CORRUPTIONS)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_same_seed_same_images_within_bounds_and_nothing_else_touched(digits, name):
    before = digits.copy()
    once, again, other = (_changed(digits, name, seed) for seed in (5, 5, 6))
    assert once.dtype == np.float32 and once.shape == digits.shape
    assert once.min() >= 0 and once.max() <= 1
    assert (digits == before).all() and (once == again).all()
    assert np.abs(once - digits).mean() > 0.003
    assert (once == other).all() == (name in FIXED)
    # no image depends on another
    if name in FIXED:
        np.testing.assert_allclose(_changed(digits[7:8], name), once[7:8], atol=1e-6)
    assert CORRUPTIONS[name].severity


def test_bounds_and_background_are_the_images_own(digits):
    images = digits[..., None].astype(np.float32)
    expected = corrupt(images, "solid line", 1, (0.0, 1.0))
    shifted = corrupt(images - 0.5, "solid line", 1)
    np.testing.assert_allclose(shifted, expected - 0.5, atol=1e-6)
    negative = corrupt(1 - images, "solid line", 1, (0.0, 1.0), background=1.0)
    np.testing.assert_allclose(negative, 1 - expected, atol=1e-6)


def test_refuses_what_it_cannot_change(digits):
    images = digits[..., None].astype(np.float32)
    for images_, name, more, message in (
        (images, "rust", {}, "'rust'.*shot noise"),
        (images[..., 0], "fog", {}, r"\(40, 28, 28\)"),
        (images.repeat(3, axis=3), "fog", {}, "grey"),
        (images, "fog", {}, "bounds"),
        (images, "fog", {"bounds": (0.0, np.inf)}, "finite"),
        (images, "fog", {"bounds": (0.0, 1.0), "background": 0.5}, "background=0.5"),
    ):
        with pytest.raises(InputError, match=message):
            corrupt(images_, name, 0, **more)


def test_a_large_set_is_changed_in_parts_by_one_stream(monkeypatch):
    monkeypatch.setattr("igc_tf.data.corruptions._IMAGES_AT_ONCE", 3)
    monkeypatch.setitem(
        CORRUPTIONS, "draw", Corruption(lambda images, rng: rng.random(images.shape), "")
    )
    found = corrupt(np.zeros([7, 2, 2, 1], np.float32), "draw", 4, (0.0, 1.0))
    np.testing.assert_allclose(found[..., 0], _rng(4).random([7, 2, 2]), atol=1e-6)


def test_some_images_are_changed_each_in_a_way_of_its_own(digits):
    images = np.repeat(digits[..., None].astype(np.float32), 10, axis=0)
    names = ["inversion", "saturate", "solid line"]
    before = images.copy()
    found = corrupt_some(images, names, [4, 5], 0.6, (0.0, 1.0))
    assert (images == before).all() and found.dtype == np.float32
    assert (found == corrupt_some(images, names, [4, 5], 0.6, (0.0, 1.0))).all()
    assert (found != corrupt_some(images, names, [4, 6], 0.6, (0.0, 1.0))).any()
    ways = {
        "none": images,
        "inversion": 1 - images,
        "saturate": np.minimum(5 * images, 1),
    }
    shares = {
        name: np.isclose(found, made, atol=1e-6).all(axis=(1, 2, 3)).mean()
        for name, made in ways.items()
    }
    # standard errors are 0.025
    assert shares == {
        "none": pytest.approx(0.4, abs=0.08),
        "inversion": pytest.approx(0.2, abs=0.08),
        "saturate": pytest.approx(0.2, abs=0.08),
    }
    assert (corrupt_some(images, names, 0, 0.0, (0.0, 1.0)) == images).all()


# noise


def test_shot_noise_is_poisson():
    found = camera.shot_noise(_grey(0.5, 200), _rng(), 3)
    counts = 3 * found
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
    assert counts.mean() == pytest.approx(1.5, abs=0.02)
    assert counts.var() == pytest.approx(1.5, abs=0.05)
    assert (camera.shot_noise(_grey(0.0), _rng(), 3) == 0).all()


def test_impulse_noise_is_salt_and_pepper():
    found = camera.impulse_noise(_grey(0.5, 200), _rng(), 0.17)
    shares = [(found == value).mean() for value in (0.0, 1.0, 0.5)]
    assert shares == pytest.approx([0.085, 0.085, 0.83], abs=0.004)


def test_gaussian_and_speckle_noise_have_their_deviations():
    found = camera.gaussian_noise(_grey(0.5, 200), _rng(), 0.38) - 0.5
    assert (found.mean(), found.std()) == pytest.approx((0, 0.38), abs=0.005)
    found = camera.speckle_noise(_grey(0.5, 200), _rng(), 0.6) - 0.5
    assert (found.mean(), found.std()) == pytest.approx((0, 0.3), abs=0.005)
    assert (camera.speckle_noise(_grey(0.0), _rng(), 0.6) == 0).all()


# blur


def test_gaussian_blur_is_each_axis_kernel():
    found = camera.gaussian_blur(_dot(14, 14), None, 1.0)[0]
    places = np.arange(28) - 14
    kernel = np.where(np.abs(places) <= 4, np.exp(-(places**2) / 2), 0)
    kernel /= kernel.sum()
    np.testing.assert_allclose(found, np.outer(kernel, kernel), atol=1e-12)


def test_defocus_is_the_mean_over_a_disc():
    found = camera.defocus_blur(_dot(14, 14), None, 3.0)[0]
    rows, columns = np.mgrid[:28, :28] - 14
    distance = np.hypot(rows, columns)
    inside, outside = found[distance <= 2.5], found[distance >= 3.5]
    assert found.sum() == pytest.approx(1) and (outside == 0).all()
    # of a disc of radius 3
    np.testing.assert_allclose(inside, 1 / (np.pi * 9), rtol=0.05)


@pytest.mark.parametrize("name", ["motion blur", "streak", "glass blur", "zoom blur"])
def test_a_blur_leaves_an_even_picture_alone(name):
    corruption = CORRUPTIONS[name]
    found = corruption.change(_grey(0.6, 3), _rng(), **corruption.options)
    inside = found[:, 6:-6, 6:-6]
    np.testing.assert_allclose(inside, 0.6, atol=1e-9)


def test_glass_blur_runs_down_the_columns_before_and_after():
    found = camera.glass_blur(_dot(14, 14), None, 0.7, 0)[0]
    kernel = np.exp(-(np.arange(-3, 4) ** 2) / (2 * 0.7**2))
    kernel /= kernel.sum()
    np.testing.assert_allclose(found[8:21, 14], np.convolve(kernel, kernel), atol=1e-12)
    assert found[:, 14].sum() == pytest.approx(found.sum()) == pytest.approx(1)


def test_glass_blur_only_exchanges_pixels():
    images = _rng(1).random([5, 12, 12])
    found = camera.glass_blur(images, _rng(), 1e-6, 2)
    assert not np.allclose(found, images)
    for before, after in zip(images, found, strict=True):
        np.testing.assert_allclose(np.sort(before.ravel()), np.sort(after.ravel()))
    # the last row and column are nobody's neighbours up and left of them, and begin no exchange
    # themselves but at their inner ends
    assert (found[:, 0, -1] == images[:, 0, -1]).all()


def test_motion_blur_is_half_a_gaussian_along_a_line():
    images = np.repeat(_dot(30, 40, 61), 200, axis=0)
    found = camera.motion_blur(images, _rng(), 10, 3, 0)
    weights = np.exp(-(np.arange(21) ** 2) / 18)
    np.testing.assert_allclose(found[0, 30, 40 : 40 - 21 : -1], weights / weights.sum(), atol=1e-9)
    assert found[0].sum() == pytest.approx(1)
    found = camera.motion_blur(images, _rng(), 10, 3, 45)
    rows, columns = (np.indices([61, 61])[axis] - (30, 40)[axis] for axis in (0, 1))
    angles = [np.arctan2((image * rows).sum(), -(image * columns).sum()) for image in found]
    assert np.rad2deg(np.max(np.abs(angles))) < 48
    assert np.rad2deg(np.std(angles)) == pytest.approx(90 / np.sqrt(12), abs=3)


def test_a_streak_is_as_long_as_it_says():
    found = camera.streak(np.repeat(_dot(14, 14), 50, axis=0), _rng(), 7)
    rows, columns = np.mgrid[:28, :28] - 14
    reach = [np.hypot(rows, columns)[image > 0].max() for image in found]
    np.testing.assert_allclose(reach, 3, atol=0.75)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1)


def test_zoom_blur_is_the_mean_of_enlarged_images(digits):
    # half of the weight stays, half goes to twice the distance from the middle
    found = camera.zoom_blur(_dot(6, 6, 17), None, 2.5, 1.0)[0]
    assert found[6, 6] == pytest.approx(0.5) and found[4, 4] == pytest.approx(0.5)
    assert found[8, 8] == 0


# light


def test_light_is_reckoned_pixel_by_pixel(digits):
    np.testing.assert_allclose(
        _changed(digits, "brightness"), np.minimum(digits + 0.5, 1), atol=1e-6
    )
    np.testing.assert_allclose(_changed(digits, "saturate"), np.minimum(5 * digits, 1), atol=1e-6)
    np.testing.assert_allclose(_changed(digits, "quantize"), np.round(digits), atol=1e-6)
    np.testing.assert_allclose(_changed(digits, "inversion"), 1 - digits, atol=1e-6)
    found = _changed(digits, "contrast")
    assert found.mean(axis=(1, 2)) == pytest.approx(digits.mean(axis=(1, 2)), abs=1e-5)
    assert found.std(axis=(1, 2)) == pytest.approx(0.15 * digits.std(axis=(1, 2)), abs=1e-5)


def test_gamma_is_one_of_two_curves(digits):
    found = _changed(digits, "gamma")
    is_dark, is_light = (
        np.isclose(found, digits**power, atol=1e-5).all(axis=(1, 2)) for power in (3, 1 / 3)
    )
    assert (is_dark | is_light).all() and 10 < is_dark.sum() < 30


def test_a_light_gradient_is_a_plane():
    found = camera.light_gradient(_grey(0.0, 20), _rng(), 0.8)
    assert found.min(axis=(1, 2)) == pytest.approx(np.zeros(20), abs=1e-12)
    assert found.max(axis=(1, 2)) == pytest.approx(np.full(20, 0.8))
    for axis in (1, 2):
        np.testing.assert_allclose(np.diff(found, 2, axis=axis), 0, atol=1e-12)


def test_spots_are_gaussian():
    found = camera.spots(_grey(0.0, 500, 41), _rng(), 1, 3.0, 0.8)
    inside = found[(found[:, 15:26, 15:26].max(axis=(1, 2)) == found.max(axis=(1, 2)))]
    assert len(inside) and 0.7 < inside.max() <= 0.8
    # ∫∫ 0.8 exp(-r² / 18)
    assert inside.sum(axis=(1, 2)) == pytest.approx(np.full(len(inside), 0.8 * 2 * np.pi * 9), 0.01)


def test_haze_is_smooth_and_fills_its_range():
    found = camera.haze(_grey(0.0, 30), _rng(), 5.0, 0.8)
    assert found.min(axis=(1, 2)) == pytest.approx(np.zeros(30))
    assert found.max(axis=(1, 2)) == pytest.approx(np.full(30, 0.8))
    assert np.abs(np.diff(found, axis=1)).max() < 0.25


def test_fog_adds_a_fractal_and_keeps_the_maximum_in_mind(digits):
    found = camera.fog(digits, _rng(), 3.0, 1.4, 64)
    most = digits.max(axis=(1, 2), keepdims=True)
    field = (found * (most + 3.0) / most - digits) / 3.0
    # the same one under every image of the same stream
    expected = camera.plasma_fractal(COUNT, 64, 1.4, _rng())[:, :28, :28]
    np.testing.assert_allclose(field, expected, atol=1e-9)


def test_a_plasma_fractal_is_rougher_where_it_is_finer_the_less_it_decays():
    rough, smooth = (camera.plasma_fractal(100, 32, decay, _rng()) for decay in (1.4, 3.0))
    for maps in (rough, smooth):
        assert maps.min(axis=(1, 2)) == pytest.approx(np.zeros(100))
        assert maps.max(axis=(1, 2)) == pytest.approx(np.ones(100))
    roughness = [np.abs(np.diff(maps, axis=2)).mean() for maps in (rough, smooth)]
    assert roughness[0] > 1.5 * roughness[1]
    # the opposite edges are neighbours
    across = np.abs(smooth[:, 0] - smooth[:, -1]).mean()
    assert across < 1.5 * np.abs(np.diff(smooth, axis=1)).mean()
    # the last points are means of their neighbours, and a noise of their own size
    deviation = (
        rough[:, 1::2, ::2]
        - (
            rough[:, ::2, ::2]
            + np.roll(rough, -1, axis=1)[:, 1::2, ::2]
            + rough[:, 1::2, 1::2]
            + np.roll(rough, 1, axis=2)[:, 1::2, ::2]
        )
        / 4
    )
    coarse = np.abs(rough[:, 16, 16] - rough[:, 0, 0]).mean()
    assert 0 < deviation.std() < 0.2 * coarse


# files


def test_jpeg_is_what_the_file_holds(digits):
    pixels = np.round(255 * digits[0]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=7)
    np.testing.assert_allclose(
        _changed(digits, "jpeg")[0], np.asarray(Image.open(file)) / 255.0, atol=1e-6
    )


def test_pixels_are_means_of_cells(digits):
    found = camera.pixelate(digits, None, 7)
    means = digits.reshape(COUNT, 7, 4, 7, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(found, means.repeat(4, axis=1).repeat(4, axis=2), atol=1e-12)
    # where cells and pixels do not match, the light is still all there
    found = camera.pixelate(digits, None, 8)
    cells = found[:, ::3, ::3]
    assert len(np.unique(found[0])) <= 64 and cells.shape[1] == 10
    np.testing.assert_allclose(found.mean(axis=(1, 2)), digits.mean(axis=(1, 2)), rtol=0.1)


# pose


def test_a_warp_is_scipys(digits):
    matrices = _rng().normal([[1, 0], [0, 1]], 0.2, [COUNT, 2, 2])
    shifts = _rng(1).normal(0, 2, [COUNT, 2])
    found = page.warp(digits, matrices, shifts)
    middle = np.array([13.5, 13.5])
    for image, matrix, move, warped in zip(digits, matrices, shifts, found, strict=True):
        expected = ndimage.affine_transform(
            image, matrix, middle - matrix @ (middle + move), order=1, mode="grid-constant"
        )
        np.testing.assert_allclose(warped, expected, atol=1e-9)
    with pytest.raises(InputError, match="for 40 images"):
        page.warp(digits, matrices[:3])


def test_poses_move_a_dot_where_they_say():
    side = 41
    dot = np.repeat(_dot(20, 30, side), 400, axis=0)

    def places(images):
        rows, columns = np.indices([side, side]) - 20.0
        total = images.sum(axis=(1, 2))
        return (images * rows).sum(axis=(1, 2)) / total, (images * columns).sum(axis=(1, 2)) / total

    rows, columns = places(page.rotate(dot, _rng(), 0.4))
    np.testing.assert_allclose(np.abs(rows), 10 * np.sin(0.4), atol=0.35)
    np.testing.assert_allclose(columns, 10 * np.cos(0.4), atol=0.35)
    assert 150 < (rows > 0).sum() < 250
    below = np.repeat(_dot(30, 20, side), 400, axis=0)
    rows, columns = places(page.shear(below, _rng(), 0.4))
    np.testing.assert_allclose(np.abs(columns), 10 * np.tan(0.4), atol=0.35)
    np.testing.assert_allclose(rows, 10 / np.cos(0.4), atol=0.35)
    assert 150 < (columns > 0).sum() < 250
    rows, columns = places(page.scale(np.repeat(dot, 1, axis=0), None, 0.7))
    np.testing.assert_allclose(columns, 7, atol=0.3)
    rows, columns = places(page.translate(dot, _rng(), 3))
    assert set(zip(np.round(rows, 6), np.round(columns, 6), strict=True)) == {
        (down, right) for down in (-3.0, 3.0) for right in (7.0, 13.0)
    }
    rows, columns = places(page.shift(dot, _rng(), 4.0))
    assert np.abs(rows).max() < 4.001 and np.abs(columns - 10).max() < 4.001
    assert rows.std() == pytest.approx(8 / np.sqrt(12), abs=0.3)


def test_a_shear_shows_what_the_published_one_would(digits):
    # each pixel looks sin(angle) of a row aside for each row, and cos(angle) of its way down
    def leaned(image, angle):
        def source(place):
            row, column = np.array(place) - 13.5
            return 13.5 + row * math.cos(angle), 13.5 + column - row * math.sin(angle)

        return ndimage.geometric_transform(image, source, order=1, mode="grid-constant")

    ways = [
        [np.allclose(one, leaned(image, angle), atol=1e-6) for angle in (-0.4, 0.4)]
        for image, one in zip(digits, _changed(digits, "shear"), strict=True)
    ]
    assert (np.sum(ways, axis=1) == 1).all() and 10 < np.sum(ways, axis=0)[0] < 30


def test_a_pose_is_all_of_them_within_their_ranges():
    side = 61
    dots = np.zeros([300, 3, side, side])
    for place, (row, column) in enumerate(((30, 30), (20, 30), (30, 40))):
        dots[:, place, row, column] = 1
    limits = {"rotation": 0.3, "scaling": 0.2, "shear": 0.1, "shift": 4.0}
    rows, columns = np.indices([side, side]) - 30.0
    middle, up, right = (
        np.array([[(image * part).sum() for part in (rows, columns)] / image.sum() for image in of])
        for of in (page.pose(dots[:, place], _rng(), **limits) for place in range(3))
    )
    assert 3.5 < np.abs(middle).max() < 4.2
    # the axis along a row is only turned and scaled
    right, up = (right - middle) / 10, (middle - up) / 10
    angles, widths = np.arctan2(-right[:, 0], right[:, 1]), np.hypot(*right.T)
    assert np.abs(angles).max() < 0.32 and angles.std() == pytest.approx(0.6 / 12**0.5, rel=0.2)
    assert 0.75 < widths.min() < 0.83 < 1.17 < widths.max() < 1.25
    # the area is that of both sizes; what leans, leans by the shear
    heights = (up[:, 0] * right[:, 1] - up[:, 1] * right[:, 0]) / widths
    assert 0.75 < heights.min() < 0.83 < 1.17 < heights.max() < 1.25
    lean = (up * right).sum(axis=1) / widths
    assert 0.06 < np.abs(lean).max() < 0.13


def test_elastic_fields_have_their_size():
    side = 40
    ramp = np.broadcast_to(np.arange(side, dtype=float), [50, side, side])
    inside = np.s_[:, 8:-8, 8:-8]
    found = (page.elastic(ramp, _rng(), 1.2, 3.0) - ramp)[inside]
    # what a ramp shows is where it was taken from; near the border fields are larger
    assert found.std() == pytest.approx(1.2, rel=0.25)
    half = (page.elastic(ramp, _rng(), 0.6, 3.0) - ramp)[inside]
    np.testing.assert_allclose(half, found / 2, atol=1e-9)
    assert np.abs(np.diff(found, axis=2)).max() < 2


# polarity


def test_negatives_lie_where_they_should(digits):
    found = _changed(digits, "stripe")
    np.testing.assert_allclose(found[:, :, 7:21], digits[:, :, 7:21], atol=1e-6)
    for outside in (np.s_[:, :, :7], np.s_[:, :, 21:]):
        np.testing.assert_allclose(found[outside], 1 - digits[outside], atol=1e-6)
    is_negative = page.partial_inversion(_grey(0.0, 300), _rng()) == 1
    assert 0.1 < is_negative.mean(axis=(1, 2)).min() < is_negative.mean(axis=(1, 2)).max() < 0.9
    assert is_negative.mean() == pytest.approx(0.5, abs=0.03)
    # one straight border: each row changes at most once
    assert (np.abs(np.diff(is_negative.astype(int), axis=2)).sum(axis=2) <= 1).all()


# ink


def test_lines_cross_from_left_to_right():
    solid = page.solid_line(_grey(0.0, 200), _rng())
    dotted = page.dotted_line(_grey(0.0, 200), _rng())
    is_on = np.arange(28) % 4 >= 2
    np.testing.assert_array_equal(dotted[:, :, is_on], solid[:, :, is_on])
    assert (dotted[:, :, ~is_on] == 0).all()
    # the middle of its ink lies on one straight line, as far as it is in the picture
    rows = np.arange(28)[:, None]
    middle = ((solid * rows).sum(axis=1) / np.maximum(solid.sum(axis=1), 1e-9))[:, :27]
    is_inside = (middle.min(axis=1) > 2) & (middle.max(axis=1) < 25)
    assert is_inside.sum() > 20
    np.testing.assert_allclose(np.diff(middle[is_inside], 2), 0, atol=0.15)
    # of a level one: a whole pixel, and one to either side of 1 + log(1 - 1 / 2.3)
    level = solid[is_inside][np.ptp(middle[is_inside], axis=1) < 1e-6]
    assert len(level) and level[:, :, :27].sum(axis=1) == pytest.approx(
        np.full((len(level), 27), 1 + 2 * 0.4295), abs=1e-3
    )


def test_a_zigzag_turns_six_times_and_ends_beside_its_line(digits):
    found = _changed(digits, "zigzag")
    is_same = np.isclose(found, digits, atol=1e-6)
    assert (found >= digits - 1e-6).all() and 0.85 < is_same.mean() < 0.97
    corruption = CORRUPTIONS["zigzag"]
    found = np.clip(corruption.change(_grey(0.0, COUNT), _rng(), **corruption.options), 0, 1)
    rng = _rng()
    first, rise = rng.integers(0, 27, COUNT), rng.integers(-5, 5, COUNT)
    assert set(rise) == set(range(-5, 5))
    for begin, up, image in zip(first, rise, found, strict=True):
        # along the line and aside from it, as complex numbers: turned by a product
        line = 23 + 1j * up
        length = abs(line)
        corners = [2 + 2j, 6 - 2j, 10 + 2j, 14 - 2j, 18 + 2j, 22 - 2j]
        points = np.array([0, *corners, length - 1j / (length - 20)])
        points = 2 + 1j * begin + points * line / length
        expected = np.zeros([28, 28])
        for here, there in itertools.pairwise(points):
            for column in range(math.floor(here.real), math.ceil(there.real)):
                way = (column - here.real) / (there - here).real
                away = np.abs(np.arange(28) - (here + way * (there - here)).imag)
                near = away < 2.3
                expected[near, column] += np.maximum(1 + np.log(1 - away[near] / 2.3), 0)
        np.testing.assert_allclose(image, np.minimum(expected, 1), atol=1e-6)


@pytest.mark.parametrize("side", [7, 29, 40])
def test_a_zigzag_stays_near_its_line_in_frames_of_any_width(side):
    corruption = CORRUPTIONS["zigzag"]
    found = corruption.change(_grey(0.0, 200, side), _rng(), **corruption.options)
    assert np.isfinite(found).all()
    rows = np.nonzero(found.any(axis=2))
    first = _rng().integers(0, side - 1, 200)
    # rise, amplitude, half of the stroke, and what leaning adds
    assert np.abs(rows[1] - first[rows[0]]).max() < 5 + 2 + 1.5 + 1


def test_spatter_covers_with_mud(digits):
    corruption = CORRUPTIONS["spatter"]
    black, white = (
        corruption.change(_grey(value, 100), _rng(), **corruption.options) for value in (0.0, 1.0)
    )
    is_clean = black == 0
    assert 0.6 < is_clean.mean() < 0.95 and (white[is_clean] == 1).all()
    mud = 1 - (white - black)
    assert mud[~is_clean].min() == pytest.approx(0.8, abs=0.01)
    np.testing.assert_allclose(black, mud * 63 / 255, atol=1e-9)


def test_snow_falls_on_a_share_of_the_page():
    found = page.snow(_grey(0.0, 200), _rng(), 0.05, 3, 0.2)
    assert found.min() == pytest.approx(0.2)
    # the mean of a flake's light is 3/4, of its smear the same
    assert (found - 0.2).mean() == pytest.approx(0.05 * 0.75, rel=0.05)
    # none lies alone in a column or in less than 2 + 3 - 1 rows
    assert ((found[0] > 0.2).sum(axis=0) % 2 == 0).all()


# edges


def test_an_outline_is_dark_inside():
    square = np.zeros([1, 20, 20])
    square[0, 5:15, 5:15] = 1
    found = page.outline(square, None)[0]
    assert (found[7:14, 7:14] == 0).all() and (found[:4] == 0).all()
    assert (found[5, 6:15] == 1).all() and found.sum() == 2 * 11 + 2 * 9


def test_canny_finds_the_border_of_a_square():
    square = np.zeros([2, 28, 28])
    square[:, 8:20, 8:20] = 1
    found = page.canny_edges(square, None, 1.0, 0.1, 0.2)
    assert (found[0] == found[1]).all() and set(np.unique(found)) == {0, 1}
    rows, columns = np.nonzero(found[0])
    distance = np.minimum.reduce(
        [np.abs(part - end) for part in (rows, columns) for end in (7.5, 19.5)]
    )
    assert (distance <= 1).all() and len(rows) >= 40
    # two where both sides of the step are as steep
    assert set(found[0, 10:18, 6:10].sum(axis=1)) <= {1, 2}


def test_canny_keeps_weak_edges_that_hang_on_strong_ones():
    # a bar whose brightness fades away downwards, and a faint one by itself
    image = np.zeros([1, 40, 40])
    image[0, 5:35, 8:16] = np.linspace(0.3, 0.0, 30)[:, None]
    image[0, 5:35, 28:36] = 0.04
    found = page.canny_edges(image, None, 1.0, 0.1, 0.2)[0]
    smooth = ndimage.gaussian_filter(image[0], 1.0, mode="constant")
    smooth /= ndimage.gaussian_filter(np.ones([40, 40]), 1.0, mode="constant")
    lengths = np.hypot(ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1))
    assert (lengths[found == 1] >= 0.1).all()
    weak = (found == 1) & (lengths < 0.2)
    assert weak.any() and weak[:, :20].sum() == weak.sum()
    # the faint bar has gradients above the low threshold, but none above the high one
    assert 0.1 < lengths[:, 24:].max() < 0.2 and found[:, 24:].sum() == 0


def test_canny_thins_a_sloping_edge_to_one_pixel():
    rows, columns = np.mgrid[:30, :30]
    image = np.clip(columns - 0.5 * rows - 5, 0, 1)[None]
    found = page.canny_edges(image, None, 1.0, 0.1, 0.2)[0]
    inside = found[5:25]
    assert (inside.sum(axis=1) >= 1).all() and (inside.sum(axis=1) <= 2).all()
    # the same turned by a quarter gives the same, turned
    turned = page.canny_edges(np.rot90(image[0])[None], None, 1.0, 0.1, 0.2)[0]
    assert (turned != np.rot90(found)).mean() < 0.01
