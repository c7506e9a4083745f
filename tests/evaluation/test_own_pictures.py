"""Sets of one's own are made, learnt, and read by all."""

import json
from dataclasses import replace

import numpy as np
import pytest

import evaluation.own_pictures.__main__ as program
from evaluation.own_pictures import glyphs, shapes
from evaluation.own_pictures.__main__ import OwnPicturesOptions, learn_own_pictures
from evaluation.own_pictures.sets import SETS
from igc_tf.data.folder import FoundPictures, OwnPicture, find_pictures
from igc_tf.data.own_images import load_own_images
from igc_tf.data.splits import PARTS
from igc_tf.training import own_pictures as own_training
from igc_tf.training.own_pictures import nearest_mean

SIDE = 64


def test_shapes_are_the_same_for_one_seed_and_as_often_of_each_kind():
    pictures, labels = shapes.shapes(90, SIDE, seed=1)
    assert pictures.shape == (90, SIDE, SIDE, 3) and np.bincount(labels).tolist() == [30] * 3
    np.testing.assert_array_equal(pictures, shapes.shapes(90, SIDE, seed=1)[0])
    assert not np.array_equal(pictures, shapes.shapes(90, SIDE, seed=2)[0])


@pytest.mark.parametrize(
    ("name", "area"), [("circle", np.pi / 4), ("square", 1), ("triangle", 0.5)]
)
def test_a_shape_covers_its_part_of_a_box(name, area, monkeypatch):
    # on black, of one width: the share that is not black is the form's own
    monkeypatch.setattr(shapes, "_BACKGROUNDS", (lambda rng, side: np.zeros((side, side, 3)),))
    picture = shapes.draw_shape(np.random.default_rng(3), name, 200)
    drawn = picture.max(axis=2) > 40
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) for axis in (1, 0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 0.24 * 200 <= width <= 0.71 * 200 and abs(height - width) <= 2
    assert drawn.sum() / (height * width) == pytest.approx(area, abs=0.03)


def test_letters_are_dark_on_light_pages_of_any_size():
    pages, labels = glyphs.letters(20, ("DejaVu Sans", "Aileron"), seed=0)
    assert len({page.shape for page in pages}) > 15 and labels.tolist() == [*range(10)] * 2
    for page in pages:
        assert np.median(page) > 150 and page.min() < 110 and (page < 130).mean() < 0.2


def test_signs_have_a_glyph_in_every_face():
    for families in glyphs.SIGN_FAMILIES:
        for family in families:
            pictures, labels = glyphs.signs(200, (family,), seed=0)
            assert len(set(glyphs.SIGNS)) == 100 and labels.max() == 99
            flat = pictures[:100].reshape(100, -1)
            # no two alike, as the boxes of what a font lacks would be; and none at the border
            assert len(np.unique(flat, axis=0)) == 100
            assert pictures[:, [0, -1]].max() < 60 and pictures[:, :, [0, -1]].max() < 60


def test_families_that_are_new_are_none_of_those_that_one_has():
    for own, new in (glyphs.LETTER_FAMILIES, glyphs.SIGN_FAMILIES):
        assert not set(own) & set(new) and {*own, *new} <= glyphs.FAMILIES.keys()


@pytest.mark.parametrize(
    ("name", "classes", "shape", "arrange"),
    [
        ("shapes", 3, (32, 32, 3), False),
        ("letters", 10, (28, 28, 1), True),
        ("digits8", 10, (16, 16, 1), False),
        ("signs", 100, (32, 32, 1), False),
    ],
)
def test_each_set_is_found_as_people_have_theirs(name, classes, shape, arrange, tmp_path):
    count = 6 * classes
    SETS[name].write(tmp_path, count, False, 0)
    tables = [*tmp_path.glob("*.csv"), *tmp_path.glob("*.npz")]
    found = find_pictures(tables[0] if tables else tmp_path)
    assert len(found.pictures) == count and len(found.class_names) == classes
    images = load_own_images(found, verbose=0)
    assert (images.shape, images.arrange, images.remarks) == (shape, arrange, ())


@pytest.fixture
def no_choice(monkeypatch):
    """The settings are taken as they are; how they are chosen is tested with the command."""
    monkeypatch.setattr(own_training, "encoder_rounds", lambda *_, **__: ())


@pytest.mark.usefixtures("no_choice")
def test_everything_from_pictures_to_a_result(tmp_path):
    options = OwnPicturesOptions(
        set="digits8", count=120, new=40, steps=4, networks=("lenet",), output=tmp_path
    )
    result = learn_own_pictures(options, verbose=0)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    rows = {row["reader"]: row for row in result["rows"]}
    assert list(rows) == ["library, best", "library, fast", "lenet", "nearest class mean"]
    assert all(row["count"] == 40 for row in rows.values())
    assert sum(result["pictures"].values()) == 120 and result["classes"] == 10
    # LeNet learnt from the same pictures, varied alike, as often
    library, lenet = (
        json.loads((tmp_path / name / "options.json").read_text())["recipe"]
        for name in ("library", "lenet")
    )
    for field in ("distortion", "shift", "scaling", "colours", "sigma"):
        assert lenet[field] == library["joint"][field]
    for field in ("passes", "epochs", "batch_size", "dataset"):
        assert lenet[field] == library[field]
    assert rows["nearest class mean"]["accuracy"] > 0.6
    for name in ("library, best", "lenet"):
        assert rows[name]["processor_seconds"] > 0
    # both are of all the work: epochs, what is built before them, and what is evaluated after
    network = json.loads((tmp_path / "lenet" / "options.json").read_text())
    assert rows["lenet"]["seconds"] > network["seconds"] > 0
    known = json.loads((tmp_path / "library" / "result.json").read_text())["seconds"]
    assert rows["library, best"]["seconds"] > sum(known.values()) > 0
    assert (tmp_path / "examples.png").exists()
    # of a training that was there nobody knows what its processes took
    (tmp_path / "result.json").unlink()
    again = {row["reader"]: row for row in learn_own_pictures(options, verbose=0)["rows"]}
    assert again["lenet"] == rows["lenet"] | {"seconds": None, "processor_seconds": None}
    assert again["library, best"]["seconds"] is None


def test_pictures_of_another_set_number_or_seed_are_not_taken_for_these(tmp_path):
    options = OwnPicturesOptions(set="digits8", count=20, new=10, output=tmp_path)
    signs = replace(options, set="signs", count=200, new=100)
    asked = [options, signs, replace(options, count=30, new=15), replace(signs, seed=1), options]
    own, new = zip(*map(program._found, asked), strict=True)
    assert [len(found.pictures) for found in own] == [20, 200, 30, 200, 20]
    assert [len(found.pictures) for found in new] == [10, 100, 15, 100, 10]
    assert [len(found.class_names) for found in own] == [10, 100, 10, 100, 10]
    first, another = (own[place].pictures[0].read() for place in (1, 3))
    assert not np.array_equal(first, another)


def test_no_picture_is_both_learnt_from_and_new(tmp_path):
    from sklearn.datasets import load_digits

    assert SETS["digits8"].most == len(load_digits().images)
    # all of them, each once
    whole = OwnPicturesOptions(set="digits8", count=1790, new=7, output=tmp_path)
    read = [np.stack([one.read() for one in of.pictures]) for of in program._found(whole)]
    assert [len(pictures) for pictures in read] == [1790, 7]
    assert len(np.unique(np.concatenate(read), axis=0)) == len(
        np.unique(load_digits().images, axis=0)
    )
    with pytest.raises(ValueError, match="count=1791, new=7 with set='digits8'.* 1797"):
        OwnPicturesOptions(set="digits8", count=1791, new=7)
    with pytest.raises(ValueError, match="count=1437, new=361 with"):
        OwnPicturesOptions(set="digits8", new=361)
    # of what is drawn there are as many as one likes
    assert OwnPicturesOptions(set="signs", count=10**6).numbers == (10**6, 1000)


@pytest.mark.usefixtures("no_choice")
def test_of_a_set_by_name_its_own_test_images_are_new(tmp_path, monkeypatch):
    def pictures(split, seed):
        labels = np.arange(20) % 10
        noise = np.random.default_rng(seed).uniform(0, 0.1, [20, 28, 28])
        bright = (labels / 10)[:, np.newaxis, np.newaxis]
        read = [lambda image=image: image for image in 0.9 * bright + noise]
        names = (str(label) for label in labels)
        return [OwnPicture("one", *of) for of in zip(names, [split] * 20, read, strict=True)]

    parts = [one for seed, split in enumerate(PARTS) for one in pictures(split, seed)]
    found = FoundPictures("a set", "made here", tuple(parts), tuple(map(str, range(10))))
    monkeypatch.setattr(program, "find_own_pictures", {"fashion_mnist": found}.get)
    own, new = program._found(OwnPicturesOptions(set="fashion_mnist", output=tmp_path))
    assert own is found and len(own.pictures) == 60
    assert new.class_names == own.class_names and len(new.pictures) == 20
    assert all(mine is theirs for mine, theirs in zip(new.pictures, parts[40:], strict=True))
    with pytest.raises(ValueError, match="count=5, new=None with set='fashion_mnist'"):
        OwnPicturesOptions(set="fashion_mnist", count=5)


def test_the_nearest_mean_by_hand():
    from igc_tf.data import ConditionLayout, LabelledData

    def of(values, labels):
        data = np.array(values, np.float32).reshape(-1, 1, 1, 1)
        layout = ConditionLayout.classes(2)
        return LabelledData(data, np.array(labels), layout, (0, 1), "x", "train", "here")

    # means 0.1 and 0.6: 0.3 is nearer to the first, 0.4 to the second
    train = of([0.0, 0.2, 0.6], [0, 0, 1])
    found = nearest_mean(train, of([0.3, 0.4, 0.9], [0, 0, 1]))
    assert (found["correct"], found["count"]) == (2, 3)
