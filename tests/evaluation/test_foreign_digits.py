"""Other writers, missing pixels, poses: what the readers are handed, and what is written."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from evaluation.missing_pixels.__main__ import (
    MissingPixelsOptions,
    random_pixels,
    random_squares,
    read_missing_pixels,
)
from evaluation.other_writers.__main__ import (
    OtherWritersOptions,
    boxed,
    read_other_writers,
    small_digits,
)
from evaluation.pose.__main__ import PoseOptions, cut_out, posed_in_frame, read_poses
from evaluation.readers import Readers
from igc_tf.classifiers import evaluate_network, load_network
from igc_tf.data import bundled_digits
from igc_tf.data.corruption_page import pose
from igc_tf.data.ink import arrange_ink
from igc_tf.errors import InputError
from igc_tf.search import SearchSettings
from igc_tf.search.observations import fill_missing
from tests.fixtures.encoded_digits import save_encoded_digits

COUNT, SEED = 20, 2
FAST = SearchSettings(steps=0, start="encoder")

pytestmark = pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")


def _options(kind, folder, **more):
    save_encoded_digits(folder / "own", fast=FAST)
    return kind(
        generator=str(folder / "own"),
        settings=("fast",),
        networks=("mnist-lenet",),
        images=COUNT,
        seed=SEED,
        output=folder / "out",
        **more,
    )


def _correct(result, kind):
    (row,) = [r for r in result["rows"] if (r["kind"], r["reader"]) == (kind, "mnist-lenet")]
    return row["correct"]


def test_other_writers_digits_are_enlarged(tmp_path):
    options = _options(OtherWritersOptions, tmp_path)
    result = read_other_writers(options, verbose=0)
    assert json.loads((options.output / "result.json").read_text()) == result
    assert result["data"]["count"] == COUNT and "8×8" in result["data"]["source"]
    digits, labels = small_digits()
    assert digits.shape == (1797, 8, 8) and (digits.min(), digits.max()) == (0, 1)
    chosen = np.random.default_rng(SEED).permutation(1797)[:COUNT]
    lenet = load_network("mnist-lenet")
    for kind, enlarged in (("boxed", boxed), ("arranged", arrange_ink)):
        images = np.stack([enlarged(digit, (28, 28)) for digit in digits[chosen]])
        images = images[..., None].astype(np.float32) - 0.5
        expected = evaluate_network(lenet, images, labels[chosen])
        assert _correct(result, kind) == expected.correct > COUNT / 2
    assert (options.output / "examples-fast.png").stat().st_size > 1000
    assert set(result["readers"]) == {"library, fast", "mnist-lenet"}


def test_a_box_holds_the_digit_in_the_middle():
    drawn = boxed(np.ones([8, 8]), (28, 28))
    assert (drawn[4:24, 4:24] == 1).all() and drawn.sum() == 400
    ramp = boxed(np.broadcast_to(np.arange(8.0) / 8, [8, 8]), (28, 28))[10, 4:24]
    # linear between the middles of the pixels
    np.testing.assert_allclose(np.diff(ramp)[2:-2], 1 / 20, atol=1e-6)


def test_missing_pixels_are_filled_for_all(tmp_path):
    options = _options(MissingPixelsOptions, tmp_path, probabilities=(0.5,), squares=(2,))
    digits = bundled_digits()
    result = read_missing_pixels(options, digits, verbose=0)
    assert [row["kind"] for row in result["rows"][::2]] == ["each pixel, 0.5", "2 squares"]
    assert result["published"]["each pixel, 0.5"] == [0.984, 0.957]
    drawn = digits.sample(COUNT, seed=SEED)
    # two squares: so that some are misread
    visible = random_squares(np.random.default_rng(SEED), (COUNT, 28, 28), 2, 12 / 28)[..., None]
    visible = visible.astype(np.float32)
    filled = fill_missing(tf.constant(drawn.images), visible, -0.5).numpy()
    expected = evaluate_network(load_network("mnist-lenet"), filled, drawn.labels)
    assert _correct(result, "2 squares") == expected.correct
    # the library is told
    readers = Readers(options)
    told = readers.measure("library, fast", filled, drawn.labels, visible)
    (_, row) = [r for r in result["rows"] if r["reader"] == "library, fast"]
    assert row["correct"] == told["correct"]
    assert told["correct"] != readers.measure("library, fast", filled, drawn.labels)["correct"]


def test_masks_hide_what_they_say():
    visible = random_pixels(np.random.default_rng(0), (100, 28, 28), 0.9)
    assert visible.mean() == pytest.approx(0.1, abs=0.005)
    one = ~random_squares(np.random.default_rng(0), (200, 28, 28), 1, 12 / 28)
    assert (one.sum(axis=(1, 2)) == 144).all()
    for image in one[:20]:
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        assert len(rows) == len(columns) == 12 and np.ptp(rows) == np.ptp(columns) == 11
    # everywhere, up to the borders
    assert one[:, 0].any() and one[:, -1].any() and one[:, :, 0].any() and one[:, :, -1].any()
    # of the shorter side, whichever that is
    for shape in ((1, 20, 40), (1, 40, 20)):
        assert (~random_squares(np.random.default_rng(0), shape, 1, 0.5)).sum() == 10 * 10
    two = ~random_squares(np.random.default_rng(0), (200, 28, 28), 2, 12 / 28)
    assert (two.sum(axis=(1, 2)) <= 288).all() and two.sum() > 1.4 * one.sum()
    assert (two & one).sum() == one.sum()


def test_masks_show_a_pixel_of_every_image_and_else_what_was_drawn():
    shape = (1000, 28, 28)
    drawn = np.random.default_rng(0).random(shape) >= 0.99
    hidden = ~drawn.any(axis=(1, 2))
    assert np.flatnonzero(hidden).tolist() == [274]
    visible = random_pixels(np.random.default_rng(0), shape, 0.99)
    assert visible[hidden].sum() == 1
    np.testing.assert_array_equal(visible[~hidden], drawn[~hidden])
    # not the same pixel of each
    single = random_pixels(np.random.default_rng(0), (50, 4, 5), 0.9999)
    assert (single.sum(axis=(1, 2)) == 1).all() and single.any(axis=0).sum() > 10
    with pytest.raises(InputError, match=r"probabilities=\(0.5, 1\): .* numbers >= 0 and < 1"):
        MissingPixelsOptions(probabilities=(0.5, 1))


def test_poses_are_cut_out_of_a_larger_frame(tmp_path):
    options = _options(PoseOptions, tmp_path)
    digits = bundled_digits()
    result = read_poses(options, digits, verbose=0)
    assert [row["kind"] for row in result["rows"][::2]] == ["middle", "centre of mass"]
    drawn = digits.sample(COUNT, seed=SEED)
    posed = posed_in_frame(drawn, options)
    assert posed.shape == (COUNT, 40, 40)
    lenet = load_network("mnist-lenet")
    middle = posed[:, 6:34, 6:34, None].astype(np.float32) - 0.5
    expected = evaluate_network(lenet, middle, drawn.labels)
    assert _correct(result, "middle") == expected.correct
    # with nothing turned and nothing shifted a digit is what it was
    still = replace(options, rotation=0.0, scaling=0.0, shear=0.0, shift=0.0)
    np.testing.assert_allclose(
        posed_in_frame(drawn, still)[:, 6:34, 6:34], drawn.images[..., 0] + 0.5, atol=1e-6
    )
    with pytest.raises(InputError, match="frame=20"):
        read_poses(replace(options, frame=20), digits, verbose=0)


def test_poses_are_drawn_within_what_is_asked_for():
    digits = bundled_digits().sample(COUNT, seed=0)
    wide = np.pad(digits.images[..., 0].astype(float) + 0.5, [(0, 0), (6, 6), (6, 6)])
    drawn = pose(wide, np.random.default_rng(3), np.pi / 9, 0.2, 0.1, 4.0)
    found = posed_in_frame(digits, PoseOptions(seed=3))
    np.testing.assert_allclose(found, np.clip(drawn, 0, 1), atol=1e-6)


def test_a_window_follows_its_centre_and_stays_inside():
    posed = np.zeros([3, 40, 40])
    for image, (row, column) in zip(posed, ((20, 20), (15, 25), (1, 39)), strict=True):
        image[row, column] = 1
    centres = np.array([ndimage.center_of_mass(image) for image in posed])
    found = cut_out(posed, (28, 28), centres, (-0.5, 0.5))
    assert found.shape == (3, 28, 28, 1) and found.dtype == np.float32
    places = [np.unravel_index(image.argmax(), (28, 28)) for image in found]
    assert all(abs(place - 13.5) <= 1 for pair in places[:2] for place in pair)
    assert places[2] == (1, 27)
    assert (found.min(), found.max()) == (-0.5, 0.5)
    # a middle between pixels of the frame goes to the nearest one of the window
    ramp = np.broadcast_to(np.arange(40.0), [1, 40, 40])
    cut = cut_out(ramp, (28, 28), np.array([[20.3, 20.2]]), (0.0, 1.0))
    assert cut[0, 0, 0, 0] == 7
