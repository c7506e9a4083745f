"""Sets of one's own are looked through, framed and parted, and what is odd is told."""

import numpy as np
import pytest

from igc_tf.data.folder import FoundPictures, OwnPicture, labelled_pictures, natural_order
from igc_tf.data.own_images import PARTS, find_own_pictures, load_own_images
from igc_tf.data.picture import PictureFrame
from igc_tf.errors import DataError, ImageFileError, InputError


def _noise(number, height=20, width=20, channels=0):
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(number).integers(0, 256, shape) / 255


def _drawn(number, side):
    """Dark ink on a light page, somewhere."""
    page = np.full((side, side), 0.9)
    top, left = np.random.default_rng(number).integers(2, side // 2, 2)
    page[top : top + side // 3, left : left + side // 5] = 0.1
    return page


def _found(*pictures):
    """Pictures (label, pixels) or (label, pixels, split); an exception in the place of pixels."""

    def reader(pixels):
        def read():
            if isinstance(pixels, Exception):
                raise pixels
            return pixels

        return read

    made = [
        OwnPicture(f"{label}/{number}", label, (*split, None)[0], reader(pixels))
        for number, (label, pixels, *split) in enumerate(pictures)
    ]
    names = sorted({one.label for one in made}, key=natural_order)
    return FoundPictures("mine", "made here", tuple(made), tuple(names))


def _set(count, make=_noise, **options):
    return [(f"class {i % 2}", make(i, **options)) for i in range(count)]


def _load(pictures, **options):
    return load_own_images(_found(*pictures), verbose=0, **options)


def _contents(data):
    return {image.tobytes() for image in data.images}


def test_pictures_lie_in_the_frame_as_they_are_read_later():
    pictures = _set(16, height=40, width=36)
    images = _load(pictures, size=(20, 16))
    assert images.shape == (20, 16, 1) and not images.arrange
    frame = PictureFrame((20, 16, 1), (-0.5, 0.5), arrange=False)
    expected = {frame.fit(p).tobytes(): label for label, p in pictures}
    found = {}
    for part in PARTS:
        data = getattr(images, part)
        assert (data.name, data.split, data.bounds) == ("mine", part, (-0.5, 0.5))
        assert data.class_names == ("class 0", "class 1")
        names = (data.class_names[label] for label in data.labels)
        found |= {image.tobytes(): name for image, name in zip(data.images, names, strict=True)}
    assert found == expected


@pytest.mark.parametrize(
    ("sizes", "frame"),
    [
        ([(28, 28)] * 8, (28, 28)),
        ([(8, 8)] * 8, (16, 16)),
        ([(300, 260), (200, 220), (500, 480), (90, 90)] * 2, (32, 32)),
        ([(30, 120)] * 8, (16, 32)),
        ([(120, 60)] * 8, (32, 16)),
        # a square as long as the longer side
        ([(24, 20)] * 8, (24, 24)),
        # the middle size
        ([(16, 16)] * 3 + [(24, 24)] * 5, (24, 24)),
    ],
)
def test_the_frame_is_chosen_by_the_sizes(sizes, frame):
    pictures = [(f"class {i % 2}", _noise(i, *size)) for i, size in enumerate(sizes)]
    images = _load(pictures)
    assert images.shape == (*frame, 1)
    assert f"frame {frame[0]}×{frame[1]}: " in " ".join(images.reasons)
    assert _load(pictures, size=64).shape == (64, 64, 1)


@pytest.mark.parametrize("size", [30, (28, 30), 12, 68, (28,)])
def test_frames_that_the_networks_cannot_make_are_refused(size):
    with pytest.raises(InputError, match="size=.*expected .height, width., multiples of 4"):
        _load(_set(8), size=size)


def test_colour_is_found_out_or_asked_for():
    grey = _set(8)
    stored_as_colour = [(label, np.repeat(p[..., None], 3, axis=2)) for label, p in grey]
    coloured = _set(8, channels=3)
    assert _load(grey).shape[2] == 1
    assert _load(stored_as_colour).shape[2] == 1
    assert _load(coloured).shape[2] == 3
    assert _load(coloured, colour=False).shape[2] == 1
    assert _load(grey, colour=True).shape[2] == 3
    # so many of forty pictures, whose blue is so much brighter than their other channels
    for count, excess, channels in ((3, 0.06, 3), (40, 0.04, 1), (2, 0.5, 1)):
        tinted = [(label, p[..., None] / 2 + [0, 0, excess]) for label, p in _set(40)[:count]]
        assert _load([*tinted, *_set(40)[count:]]).shape[2] == channels


def test_drawings_of_different_sizes_are_arranged_and_others_are_not():
    drawn = [(f"class {i % 2}", _drawn(i, side=40 + 3 * i)) for i in range(8)]
    images = _load(drawn)
    assert images.arrange and images.shape == (28, 28, 1)
    # light ink on dark
    assert np.median(images.train.images) == -0.5
    assert not _load(drawn, arrange=False).arrange
    one_size = [(label, _drawn(i, side=40)) for i, (label, _) in enumerate(drawn)]
    assert not _load(one_size).arrange and _load(one_size, arrange=True).arrange
    noise = [(f"class {i % 2}", _noise(i, 40 + i, 40 + i)) for i in range(8)]
    assert not _load(noise).arrange and not _load([*drawn, *noise]).arrange
    with pytest.raises(InputError, match="arrange=True for pictures in colour"):
        _load(_set(8, channels=3), arrange=True)


def test_what_lies_as_mnist_does_stays_so():
    from igc_tf.data import bundled_digits

    digits = bundled_digits().sample(200, seed=0)
    pictures = [
        (str(label), (image[..., 0] + 0.5).astype(float))
        for image, label in zip(digits.images, digits.labels, strict=True)
    ]
    images = _load(pictures, held_out=0.3)
    assert images.arrange
    kept = [_contents(getattr(images, part)) for part in PARTS]
    assert set.union(*kept) == _contents(digits)


def test_the_same_set_is_parted_alike_whatever_its_order():
    pictures = _set(60)
    images, again = _load(pictures), _load(pictures[::-1])
    for part in PARTS:
        assert _contents(getattr(images, part)) == _contents(getattr(again, part))
    assert images.digest == again.digest != _load(pictures[1:]).digest


def test_more_pictures_leave_the_others_where_they_are():
    few, many = _load(_set(100)), _load(_set(400))
    for part in PARTS:
        assert _contents(getattr(few, part)) <= _contents(getattr(many, part))


def test_every_class_is_held_out_in_its_share():
    images = _load(_set(400))
    for part, share in (("validation", 0.125), ("test", 0.125), ("train", 0.75)):
        counts = np.bincount(getattr(images, part).labels, minlength=2)
        assert counts.min() >= share * 200 / 1.5 and counts.max() <= share * 200 * 1.5
    for part in PARTS:
        # three of each class are just enough
        assert np.bincount(getattr(_load(_set(6)), part).labels).tolist() == [1, 1]


def test_parts_that_the_set_says_are_kept():
    splits = ("train", "validation", "test")
    given = [(f"class {i % 2}", _noise(i), splits[i // 4]) for i in range(12)]
    images = _load(given)
    frame = PictureFrame(images.shape, (-0.5, 0.5), arrange=False)
    for number, part in enumerate(splits):
        own = [(label, pixels) for label, pixels, split in given if split == part]
        data = getattr(images, part)
        assert len(data) == len(own) == 4
        assert _contents(data) == {frame.fit(p).tobytes() for _, p in own}, number
    halves = _load([(label, p, "validation" if s == "test" else s) for label, p, s in given])
    assert len(halves.train) == 4 and len(halves.validation) + len(halves.test) == 8
    for part in (halves.validation, halves.test):
        assert np.bincount(part.labels).min() >= 1
    many = [(f"class {i % 2}", _noise(i), "validation" if i < 60 else "train") for i in range(70)]
    # half, give or take a half of it
    assert 20 <= len(_load(many).test) <= 40
    tested = _load([(label, p, None if s != "test" else s) for label, p, s in given])
    assert len(tested.test) == 4 and len(tested.validation) == 2
    for found, told in (
        (images, "what the set says"),
        (halves, "what the set says is for validation, by content half of it for the report"),
        (
            tested,
            "for choices 12.5 % of each class, by content; for the report the set's own test "
            "pictures",
        ),
        (_load(_set(8)), "25 % of each class, by content; half for choices, half for the report"),
    ):
        assert found.reasons[-1] == f"held out: {told}"


def test_other_classes_of_the_same_pictures_are_another_set():
    given = _set(12)
    digest = _load(given).digest
    assert _load(given[::-1]).digest == digest
    # two that were mistaken for each other, and classes called otherwise
    mended = [("class 1", given[0][1]), ("class 0", given[1][1]), *given[2:]]
    renamed = [(label.replace("0", "2"), pixels) for label, pixels in given]
    assert len({digest, _load(mended).digest, _load(renamed).digest}) == 3


def test_copies_count_once_and_are_told():
    pictures = _set(12)
    grey = np.repeat(pictures[0][1][..., None], 3, axis=2)
    images = _load([*pictures, (pictures[0][0], grey)])
    assert sum(len(getattr(images, part)) for part in PARTS) == 12
    assert images.remarks == (
        "1 are there more than once, one of each kept: class 0/0 = class 0/12",
    )


def test_pictures_are_told_apart_by_all_that_was_read():
    faint = [(label, pixels * 0.0015) for label, pixels in _set(20)]
    images = _load([*faint, (faint[0][0], faint[0][1].copy())])
    assert sum(len(getattr(images, part)) for part in PARTS) == 20
    assert images.remarks[0].startswith("1 are there more than once")
    # the same bytes stored as floats are the same picture
    pictures = _set(12)
    images = _load([*pictures, (pictures[0][0], pictures[0][1].astype(np.float32))])
    assert sum(len(getattr(images, part)) for part in PARTS) == 12


def test_copies_across_parts_stay_where_they_are_held_out():
    given = [(f"class {i % 2}", _noise(i), ("train", "test")[i // 8]) for i in range(12)]
    label, pixels, _ = given[10]
    images = _load([(label, pixels, "train"), *given])
    assert len(images.test) == 4 and len(images.train) + len(images.validation) == 8
    (remark,) = images.remarks
    assert "in two parts of the set, kept where they are held out" in remark


def test_one_picture_in_two_classes_is_in_none():
    pictures = _set(12)
    images = _load([*pictures, ("class 1", pictures[0][1])])
    assert sum(len(getattr(images, part)) for part in PARTS) == 11
    assert "in two classes, the very same picture, and were left out" in images.remarks[0]


def test_what_cannot_be_read_is_told_and_left_out():
    broken = [("class 0", ImageFileError(f"class 0/{i}.png: is damaged")) for i in range(7)]
    images = _load([*_set(12), *broken])
    assert images.remarks == (
        "7 could not be read and were left out: "
        + ", ".join(f"class 0/{i}.png: is damaged" for i in range(5))
        + " and 2 more",
    )


def test_uneven_classes_are_told():
    for count, told in ((20, ("the classes are uneven: 20 pictures of many, 4 of few",)), (19, ())):
        many = [("many", _noise(i)) for i in range(count)]
        assert _load([*many, *(("few", _noise(100 + i)) for i in range(4))]).remarks == told


def test_sets_that_cannot_be_learnt_are_refused_and_say_why():
    with pytest.raises(DataError, match="1 of the classes only have pictures: expected two"):
        _load([("only", _noise(i)) for i in range(9)])
    broken = ImageFileError("b/1: is empty")
    with pytest.raises(
        DataError, match="1 of the classes a, b have.*\n  1 could not be read.*empty"
    ):
        _load([*(("a", _noise(i)) for i in range(9)), ("b", broken)])
    with pytest.raises(DataError, match=r"too few pictures of b \(2\): expected 3 or more of each"):
        _load([*(("a", _noise(i)) for i in range(9)), ("b", _noise(10)), ("b", _noise(11))])
    trained = [(f"class {i % 2}", _noise(i), "test" if i % 2 else None) for i in range(9)]
    with pytest.raises(DataError, match=r"too few pictures of class 1 \(0\): expected 2 or more"):
        _load(trained)
    halved = [(f"class {i % 2}", _noise(i), "validation" if i < 2 else "train") for i in range(8)]
    with pytest.raises(DataError, match=r"few pictures for validation \(2\): expected two or more"):
        _load(halved)
    for share in (0, 1, -0.1):
        with pytest.raises(InputError, match="held_out=.*expected a number > 0 and < 1"):
            _load(_set(8), held_out=share)


def test_a_blank_drawing_is_told():
    drawn = [(f"class {i % 2}", _drawn(i, side=40 + 3 * i)) for i in range(12)]
    images = _load([*drawn, ("class 0", np.ones((50, 50)))])
    assert images.arrange and "1 could not be arranged and were left out" in images.remarks[0]


def test_blank_drawings_count_in_no_class():
    drawn = [(f"class {i % 2}", _drawn(i, side=40 + 3 * i)) for i in range(24)]
    few = [_drawn(100 + i, side=60) for i in range(2)]
    blank = [np.full((50, 50 + i), 0.9) for i in range(30)]
    among = _load([*drawn, *(("class 0", page) for page in blank[:5])], arrange=True)
    alone = _load(drawn, arrange=True)
    for part in PARTS:
        assert _contents(getattr(among, part)) == _contents(getattr(alone, part))
    for left in (0, 2):
        own = [("class 2", page) for page in (*blank, *few[:left])]
        with pytest.raises(DataError, match=rf"few pictures of class 2 \({left}\): .*\n.*no ink"):
            _load([*drawn, *own], arrange=True)


def test_a_class_whose_pictures_cannot_be_read_is_refused():
    broken = ImageFileError("b/1: is empty")
    with pytest.raises(DataError, match=r"few pictures of b \(0\): .*\n  1 could not be read"):
        _load([*_set(12), ("b", broken)])


def test_a_set_by_name_comes_as_it_is(monkeypatch):
    from igc_tf.data import bundled_digits, own_images

    def load(dataset, split, data_dir):
        assert (dataset, data_dir) == ("mnist", "there")
        seeds = {"train": 1, "validation/choices": 2, "test": 3}
        return bundled_digits().sample(50, seed=seeds[split])

    monkeypatch.setattr(own_images, "load_images", load)
    found = find_own_pictures("mnist", "there")
    assert found.class_names == tuple("0123456789") and len(found.pictures) == 150
    first = load("mnist", "test", "there")
    np.testing.assert_array_equal(found.pictures[100].read(), first.images[0, ..., 0] + 0.5)
    (black_and_white,) = labelled_pictures(first.take([0]).within((-1, 3)), "test")
    np.testing.assert_allclose(black_and_white.read(), found.pictures[100].read(), atol=1e-6)
    assert found.pictures[100][1:3] == (str(first.labels[0]), "test")


def test_a_small_set_by_name_is_parted_by_content(tmp_path):
    from igc_tf.data.tfds import store_images

    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    labels = np.arange(40) % 2
    splits = {"train": (pixels[:30], labels[:30]), "test": (pixels[30:], labels[30:])}
    store_images("my_own", tmp_path, splits, "made here")
    found = find_own_pictures("my_own", tmp_path)
    assert (found.kind, found.class_names) == ("made here", ("0", "1"))
    images = load_own_images(found, verbose=0)
    assert len(images.test) == 10 and len(images.train) + len(images.validation) == 30
    # in an order of its own
    stored = np.sort((pixels[30:] / 255 - 0.5).reshape(10, -1), axis=0)
    np.testing.assert_allclose(
        np.sort(images.test.images.reshape(10, -1), axis=0), stored, atol=1e-6
    )


def test_what_is_neither_path_nor_set_is_refused():
    with pytest.raises(DataError, match="'no/such/folder' is no file or folder here, and no set"):
        find_own_pictures("no/such/folder")
