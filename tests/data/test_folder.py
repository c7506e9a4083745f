"""Pictures of one's own are found wherever people keep them."""

import errno
import os
import re

import numpy as np
import pytest
from PIL import Image

from igc_tf.data.folder import files_below, find_pictures, natural_order
from igc_tf.errors import DataError, ImageFileError

from .idx_writer import idx_bytes


def _pixels(number, side=6):
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)


def _save(path, number=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(_pixels(number)).save(path, **options)
    return path


def _rows(found):
    return [(picture.name, picture.label, picture.split) for picture in found.pictures]


def test_a_sub_folder_is_a_class_and_what_is_none_is_told(tmp_path):
    folder = tmp_path / "pets"
    for number, name in enumerate(("owl/b.png", "owl/deep/a.bmp", "cat/x.PNG")):
        _save(folder / name, number)
    for name in ("owl/.hidden/c.png", "cat/._x.png", "__MACOSX/owl/b.png"):
        _save(folder / name)
    (folder / "empty").mkdir()
    for name in ("notes.txt", "cat/about.txt", "cat/Thumbs.db"):
        (folder / name).write_text("x")
    found = find_pictures(folder)
    assert (found.name, found.class_names) == ("pets", ("cat", "owl"))
    assert _rows(found) == [
        ("cat/x.PNG", "cat", None),
        ("owl/b.png", "owl", None),
        ("owl/deep/a.bmp", "owl", None),
    ]
    np.testing.assert_array_equal(found.pictures[1].read(), _pixels(0) / 255)
    assert found.remarks == (
        "1 lie beside the classes' folders and were left out: notes.txt",
        "1 are no pictures by their names and were left out: cat/about.txt",
        "1 hold no pictures and are no classes: empty",
    )


def test_a_folder_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    for number, name in enumerate(("owl/a.png", "owl/deep/b.png", "cat/c.png", "cow/d.png")):
        _save(tmp_path / name, number)
    shut = {str(tmp_path / name) for name in ("owl/deep", "cow")}
    scandir = os.scandir

    # as of a folder of someone else; root may read any
    def refusing(path):
        if str(path) in shut:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find_pictures(tmp_path)
    assert [picture.name for picture in found.pictures] == ["cat/c.png", "owl/a.png"]
    assert found.remarks == (
        "2 are folders that cannot be read and were left out: cow (Permission denied), "
        "owl/deep (Permission denied)",
    )
    with pytest.raises(DataError, match="owl/deep: cannot be read .Permission denied"):
        files_below(tmp_path / "owl")
    shut |= {str(tmp_path / name) for name in ("owl", "cat")}
    with pytest.raises(DataError, match="folders that cannot be read, such as cat .Perm"):
        find_pictures(tmp_path)
    shut.add(str(tmp_path))
    with pytest.raises(DataError, match=f"^{tmp_path}: cannot be read .Permission denied"):
        find_pictures(tmp_path)


def test_links_are_followed_once(tmp_path):
    _save(tmp_path / "elsewhere" / "a.png")
    _save(tmp_path / "pets" / "cat" / "b.png", 1)
    _save(tmp_path / "pets" / "owl" / "c.png", 2)
    for name, target in {
        "owl/more": "elsewhere",
        "owl/self": "pets/owl",
        "owl/up": "pets",
        "barn owl": "pets/owl",
    }.items():
        (tmp_path / "pets" / name).symlink_to(tmp_path / target)
    (tmp_path / "pets" / "owl" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    found = find_pictures(tmp_path / "pets")
    assert [(picture.name, picture.label) for picture in found.pictures] == [
        ("barn owl/c.png", "barn owl"),
        ("barn owl/gone.png", "barn owl"),
        ("barn owl/more/a.png", "barn owl"),
        ("cat/b.png", "cat"),
        ("owl/c.png", "owl"),
        ("owl/gone.png", "owl"),
        ("owl/more/a.png", "owl"),
    ]
    with pytest.raises(ImageFileError, match=r"owl/gone\.png: no such file"):
        found.pictures[5].read()
    assert found.remarks == ()


def test_parts_may_be_kept_apart(tmp_path):
    for name in ("train/a/1.png", "train/b/2.png", "val/a/3.png", "Test/b/4.png"):
        _save(tmp_path / name)
    assert {(p.label, p.split) for p in find_pictures(tmp_path).pictures} == {
        ("a", "train"),
        ("b", "train"),
        ("a", "validation"),
        ("b", "test"),
    }


def test_what_lies_beside_the_parts_is_no_class(tmp_path):
    for name in ("train/a/1.png", "train/b/2.png", "test/b/4.png", "samples/5.png"):
        _save(tmp_path / name)
    (tmp_path / "docs").mkdir()
    found = find_pictures(tmp_path)
    assert found.class_names == ("a", "b")
    assert {picture.split for picture in found.pictures} == {"train", "test"}
    assert found.remarks == ("2 are no parts of the set and were left out: docs, samples",)


@pytest.mark.parametrize("name", ["test", "train"])
def test_classes_that_only_sound_like_parts_are_classes(name, tmp_path):
    for file in (f"{name}/1.png", "exam/2.png"):
        _save(tmp_path / file)
    assert find_pictures(tmp_path).class_names == ("exam", name)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP", "TIFF", "GIF", "JPEG"])
def test_every_format_is_read(form, tmp_path):
    pixels = np.full((8, 8, 3), (200, 40, 90), np.uint8)
    suffix = {"JPEG": "jpg", "TIFF": "tif"}.get(form, form.lower())
    path = tmp_path / "x" / f"one.{suffix}"
    path.parent.mkdir()
    options = {"lossless": True} if form == "WEBP" else {}
    Image.fromarray(pixels).save(path, form, **options)
    (found,) = find_pictures(tmp_path).pictures
    np.testing.assert_allclose(found.read(), pixels / 255, atol=0.02 if form == "JPEG" else 1e-9)


def test_of_a_gif_it_is_the_first_picture_and_a_photograph_is_turned(tmp_path):
    first, second = (Image.new("L", (4, 4), grey) for grey in (250, 10))
    (tmp_path / "x").mkdir()
    first.save(tmp_path / "x" / "moving.gif", save_all=True, append_images=[second])
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned: the stored right is up
    wide = np.zeros((4, 8), np.uint8)
    wide[:, :4] = 255
    Image.fromarray(wide).save(tmp_path / "x" / "photo.png", exif=exif)
    moving, photo = (picture.read() for picture in find_pictures(tmp_path).pictures)
    assert moving.mean() > 0.9
    assert photo.shape == (8, 4) and photo[:4].mean() == 1 and photo[4:].mean() == 0


def test_a_damaged_file_is_called_by_its_name(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "bad.png").write_bytes(b"no picture")
    (found,) = find_pictures(tmp_path).pictures
    with pytest.raises(ImageFileError, match=r"^x/bad\.png: is not a PNG, JPEG, WebP"):
        found.read()


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.png,owl\nb.png,cat\n",
        "\ufefflabel;Filename\nowl;a.png\ncat;b.png\n",
        "a.png\towl\nb.png\tcat",
    ],
)
def test_a_table_names_files_and_labels(text, tmp_path):
    for number, name in enumerate(("a.png", "b.png")):
        _save(tmp_path / name, number)
    (tmp_path / "birds.csv").write_text(text, encoding="utf-8")
    found = find_pictures(tmp_path / "birds.csv")
    assert _rows(found) == [("a.png", "owl", None), ("b.png", "cat", None)]
    assert (found.name, found.class_names) == ("birds", ("cat", "owl"))
    np.testing.assert_array_equal(found.pictures[1].read(), _pixels(1) / 255)


def test_a_table_may_say_the_parts_and_a_missing_file_is_found_missing(tmp_path):
    (tmp_path / "t.csv").write_text("path,class,split\na.png,owl,val\n")
    (found,) = find_pictures(tmp_path / "t.csv").pictures
    assert found.split == "validation"
    with pytest.raises(ImageFileError, match="a.png: no such file"):
        found.read()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("file,label\n\na.png,owl\nb.png\n", "line 4 is 'b.png': expected a file and a label"),
        ("here.png,owl\nb.png\n", "line 2 is 'b.png': expected a file and a label"),
        ("file,label,split\na.png,owl,later\n", "line 2 has the split 'later': expected one of"),
        (
            "id,img,Kind\n1,here.png,owl\n",
            "its columns are id, img, Kind: expected one of file, .* and one of label, class",
        ),
        ("file,kind\nhere.png,owl\n", "its columns are file, kind: expected one of"),
        ("", "names no pictures"),
    ],
)
def test_a_table_that_says_too_little_is_refused(text, told, tmp_path):
    _save(tmp_path / "here.png")
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        find_pictures(tmp_path / "t.csv")


def test_arrays_of_bytes_and_of_floats_are_one(tmp_path):
    images = np.stack([_pixels(number)[..., 0] for number in range(3)])
    labels = np.array([10, 2, 10])
    # what is not used may be anything, such as objects
    np.savez(tmp_path / "bytes.npz", images=images, labels=labels, notes=np.array([{}], object))
    np.savez(tmp_path / "floats.npz", x=(images / 255)[..., None], y=labels[:, None])
    for name in ("bytes", "floats"):
        found = find_pictures(tmp_path / f"{name}.npz")
        # as people count
        assert found.class_names == ("2", "10")
        assert [picture.label for picture in found.pictures] == ["10", "2", "10"]
        np.testing.assert_allclose(found.pictures[2].read(), images[2] / 255)


@pytest.mark.parametrize("kind", ["U", "S"])
def test_arrays_may_have_parts_and_names(kind, tmp_path):
    images = np.stack([_pixels(number) for number in range(2)])
    np.savez(
        tmp_path / "set.npz",
        x_train=images,
        y_train=[1, 0],
        x_test=images,
        y_test=[0, 1],
        class_names=np.array(["zebra", "ant"], kind),
    )
    found = find_pictures(tmp_path / "set.npz")
    assert found.class_names == ("zebra", "ant")
    assert [(picture.label, picture.split) for picture in found.pictures] == [
        ("ant", "train"),
        ("zebra", "train"),
        ("zebra", "test"),
        ("ant", "test"),
    ]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"images": np.zeros((2, 4, 4))}, 'expected "images" and "labels"'),
        ({"images": np.zeros((2, 4)), "labels": [0, 1]}, r"images of shape \(2, 4\)"),
        ({"images": np.zeros((2, 4, 4)), "labels": [0]}, r"expected integers or texts \(2,\)"),
        *(
            ({"images": np.full((2, 4, 4), value), "labels": [0, 1]}, "expected whole numbers")
            for value in (16.0, 1.01, -0.01)
        ),
        (
            {"images": np.full((2, 4, 4), 256), "labels": [0, 1]},
            "array of images has whole numbers from 256 to 256 of type int64",
        ),
        *(
            (
                {"images": np.zeros((1, 4, 4)), "labels": [label], "class_names": ["a", "b"]},
                f"labels from {label} to {label}: expected places in its 2 class_names",
            )
            for label in (2, -1)
        ),
        (
            {"images": np.zeros((2, 4, 4)), "labels": ["a", "c"], "class_names": ["a", "b"]},
            "set has labels c: expected its class names, a, b",
        ),
    ],
)
def test_arrays_that_are_no_set_are_refused(arrays, told, tmp_path):
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(DataError, match=told):
        find_pictures(tmp_path / "set.npz")


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint16, np.float32, bool])
def test_arrays_are_of_any_type_that_people_have(kind, tmp_path):
    bits = np.arange(32).reshape(2, 4, 4) % 3 == 0
    whole = np.issubdtype(kind, np.integer)
    images = 255 * bits.astype(kind) if whole else bits.astype(kind)
    np.savez(tmp_path / "set.npz", images=images, labels=[0, 1])
    for picture, expected in zip(find_pictures(tmp_path / "set.npz").pictures, bits, strict=True):
        np.testing.assert_array_equal(picture.read(), expected)


@pytest.mark.parametrize(("prefix", "turned"), [("", False), ("emnist-letters-", True)])
def test_idx_files_are_a_set(prefix, turned, write_idx):
    images = np.stack([_pixels(number)[..., 1] for number in range(4)])
    folder = write_idx(images[:3], [3, 1, 3], images[3:], [1], prefix)
    found = find_pictures(folder)
    assert found.class_names == ("1", "3")
    assert [(p.label, p.split) for p in found.pictures] == [
        ("3", None),
        ("1", None),
        ("3", None),
        ("1", "test"),
    ]
    expected = images[3].T if turned else images[3]
    np.testing.assert_allclose(found.pictures[3].read(), expected / 255)


@pytest.mark.parametrize("prefixes", [("", "k-"), ("emnist-balanced-", "emnist-letters-")])
def test_idx_files_of_several_sets_are_refused(prefixes, write_idx):
    images = _pixels(0)[None, ..., 0]
    for prefix in prefixes:
        folder = write_idx(images, [1], images, [1], prefix)
    # also where one has nothing but images to report by
    (folder / f"{prefixes[1]}train-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match=f"begin with {re.escape(str(list(prefixes)))}: expected"):
        find_pictures(folder)


def test_idx_files_need_no_test_pictures(tmp_path):
    for name, array in (("images-idx3", _pixels(0)[None, ..., 0]), ("labels-idx1", np.array([7]))):
        (tmp_path / f"train-{name}-ubyte").write_bytes(idx_bytes(array))
    assert [p.label for p in find_pictures(tmp_path).pictures] == ["7"]


def test_what_is_no_set_is_refused(tmp_path):
    _save(tmp_path / "loose" / "a.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "bad.npz").write_bytes(b"PK")
    with open(tmp_path / "alone.npz", "wb") as file:
        np.save(file, np.arange(9))
    np.savez_compressed(tmp_path / "flipped.npz", images=np.arange(999), labels=np.arange(999))
    whole = bytearray((tmp_path / "flipped.npz").read_bytes())
    whole[200:210] = bytes(byte ^ 255 for byte in whole[200:210])
    (tmp_path / "flipped.npz").write_bytes(whole)
    (tmp_path / "long.csv").write_text("file,label\n" + "x" * 200_000 + ",1\n")
    for name, told in {
        "nowhere": "no such file or folder",
        "loose": "holds files, such as a.png: expected a sub-folder for each class",
        "empty": "holds no pictures: expected a sub-folder",
        "x.txt": "expected a folder with a sub-folder for each class, a .csv file",
        "bad.npz": "is no usable NPZ file",
        "alone.npz": "is no usable NPZ file .*no archive",
        "flipped.npz": "is no usable NPZ file .*invalid",
        "long.csv": "expected a table of files and labels .*field larger",
    }.items():
        with pytest.raises(DataError, match=told):
            find_pictures(tmp_path / name)


def test_numbers_sort_as_people_count():
    assert sorted(["10", "b2", "9", "B10", "a"], key=natural_order) == ["9", "10", "a", "b2", "B10"]
