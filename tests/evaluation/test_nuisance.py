"""How digits are bent, how poses follow each other, and what the check writes."""

import functools
import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import evaluation.nuisance.__main__ as nuisance
from evaluation.nuisance.__main__ import (
    DEMANDED,
    NuisanceOptions,
    _pose_errors,
    check_nuisance,
)
from evaluation.nuisance.bending import (
    Bending,
    blurred,
    composed,
    covered,
    overlap,
    posed,
    random_bending,
)
from igc_tf.classifiers import SearchClassifier
from igc_tf.data import bundled_digits
from igc_tf.search.observations import Pose


@pytest.fixture
def bending():
    return random_bending(np.random.default_rng(0), (40, 28, 28), 20, 4, 0.2, 2)


@pytest.fixture
def unit():
    return bundled_digits().sample(40, seed=1).images[..., 0].astype(float) + 0.5


def test_bendings_are_drawn_within_their_ranges(bending):
    assert np.abs(bending.rotation).max() <= 20 < 1.2 * np.abs(bending.rotation).max()
    assert 0.8 <= bending.scale.min() < 0.85 and 1.15 < bending.scale.max() <= 1.2
    assert np.abs([bending.down, bending.right]).max() <= 4 and bending.blur.max() <= 2
    assert bending.grey.min() >= 0.5 and bending.grey.max() <= 1
    sizes = bending.rectangle.sum(axis=(1, 2))
    assert sizes.min() >= 36 and sizes.max() <= 169
    for cover in bending.rectangle:
        rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
        assert (
            cover.sum()
            == len(rows) * len(columns)
            == np.ptp(rows) * np.ptp(columns) + (np.ptp(rows) + np.ptp(columns) + 1)
        )
    assert (bending.bars.sum(axis=(1, 2)) == 2 * 3 * 28).all()
    for cover in bending.bars:
        # three pixels each, and no fewer between them
        line = cover[:, 0] if cover[:, 0].sum() == 6 else cover[0]
        assert np.diff(np.flatnonzero(line))[2] >= 4
    level = bending.bars.all(axis=2).any(axis=1)
    assert 5 < level.sum() < 35


def test_the_pose_is_the_one_that_the_library_means(unit, bending):
    nuisance = np.stack(
        [bending.down, bending.right, bending.scale, bending.rotation, 0 * bending.scale], axis=1
    )
    images = (unit[..., None] - 0.5).astype(np.float32)
    expected = Pose().apply(images, np.float32(nuisance)).numpy()[..., 0] + 0.5
    np.testing.assert_allclose(posed(unit, bending), expected, atol=2e-3)


def test_poses_one_after_another_are_one_pose():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(6, 2))
    first, second = np.float32([[2, -1, 1.2, 20]] * 6), np.float32([[-3, 2, 0.9, -35]] * 6)
    bending = Bending(*second.T, *[np.zeros(6)] * 4)

    def moved(points, pose):
        # (x right, y down), as the class says
        down, right, scale, angle = pose[0]
        a = np.deg2rad(angle)
        x, y = points.T
        return scale * np.stack(
            [np.cos(a) * x + np.sin(a) * y, -np.sin(a) * x + np.cos(a) * y], axis=1
        ) + [right, down]

    expected = moved(moved(points, first), second)
    np.testing.assert_allclose(moved(points, composed(bending, first)), expected, atol=1e-6)


def test_errors_are_medians_of_what_was_found_less_what_was_done():
    true = np.array([[1, -1, 0.5, 10], [2, 0, 2, 0], [0, 3, 1, -5]])
    off = np.array([[0.1, -0.3, 0.3, 2], [-0.2, 0.4, -0.2, -7], [0.9, 0.5, 0.05, 1]])
    found = _pose_errors(true + off, true)
    # of both shifts together, in each image; of sizes as a share of the right one
    assert found == pytest.approx({"rotation": 2, "shift": 0.35, "scale": 0.1})


def test_blurs_and_covers(unit, bending):
    soft = blurred(unit, bending)
    expected = ndimage.gaussian_filter(unit[7], bending.blur[7], mode="constant")
    np.testing.assert_allclose(soft[7], expected)
    hidden = covered(unit, bending, bending.rectangle)
    np.testing.assert_array_equal(hidden[~bending.rectangle], unit[~bending.rectangle])
    assert (hidden[5][bending.rectangle[5]] == bending.grey[5]).all()


def test_the_overlap_is_the_share_of_what_either_has():
    one, other = np.zeros([2, 1, 4, 4], bool)
    one[0, :2], other[0, 1:3] = True, True
    np.testing.assert_allclose(overlap(one, other), [4 / 12])
    np.testing.assert_array_equal(overlap(one & False, other & False), [0])


def test_a_few_digits_are_checked_and_a_finished_part_is_kept(tmp_path, monkeypatch):
    # one classifier, which is compiled once
    monkeypatch.setattr(nuisance, "load_classifier", functools.cache(nuisance.load_classifier))
    kinds = ("pose and blur", "bars")
    options = NuisanceOptions(kinds=kinds, images=6, batch_size=6, output=tmp_path / "out")
    result = check_nuisance(options, bundled_digits(), verbose=0)
    rows = {row["kind"]: row for row in result["rows"]}
    assert list(rows) == ["nothing", "bars", "pose and blur"] and result["complete"]
    assert result["demanded"] == DEMANDED and rows["nothing"]["errors"] == {}
    posed = rows["pose and blur"]
    assert set(posed["errors"]) | set(rows["bars"]["errors"]) == set(DEMANDED)
    assert set(posed["raw_errors"]) == {"rotation", "shift", "scale"}
    # of six digits
    assert posed["errors"]["rotation"] < 10 and posed["errors"]["blur"] < 0.5
    assert rows["bars"]["errors"]["overlap"] > 0.4
    assert rows["nothing"]["accuracy"] >= 5 / 6 and rows["nothing"]["milliseconds"] > 0
    assert (tmp_path / "out" / "examples.png").stat().st_size > 10_000
    searched, classify = [], SearchClassifier.classify

    def counted(self, data, *arguments, **values):
        searched.append(len(data))
        return classify(self, data, *arguments, **values)

    monkeypatch.setattr(SearchClassifier, "classify", counted)
    path = tmp_path / "out" / "result.json"
    for kept, expected in (3, [2, 2, 2]), (2, [6, 6, 2, 6]):
        searched.clear()
        before = {**result, "rows": result["rows"][:kept], "complete": False}
        path.write_text(json.dumps(before))
        again = check_nuisance(options, bundled_digits(), verbose=0)
        # first to compile, if there is anything to find; of what was found, what is drawn
        assert searched == expected and again["rows"][:kept] == result["rows"][:kept]
        posed = {**again["rows"][2], "milliseconds": 0}
        assert posed == {**rows["pose and blur"], "milliseconds": 0}
    with pytest.raises(ValueError, match="scaling=1"):
        replace(options, scaling=1.0)
