"""What can be classified: each kind of source gives the same digits, in parts and as a whole."""

import dataclasses
import io
import pickle
import struct

import keras
import numpy as np
import pandas
import pyarrow
import pytest
import tensorflow as tf
from PIL import Image
from pyarrow import parquet

from igc_tf.cli.classify import picture_files
from igc_tf.data import PictureFrame
from igc_tf.distributed.records import as_value
from igc_tf.distributed.sources import frame_values, open_source
from igc_tf.errors import DataError, InputError
from igc_tf.generators import Generator, load_generator

NAMES = [f"digit {number}" for number in range(23)]


@pytest.fixture(scope="module")
def loaded(generator):
    return load_generator(generator)


def encoded(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()


def write_records(path, features):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for feature in features:
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())


def of_bytes(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def parquet_file(path, column, **options):
    parquet.write_table(pyarrow.table({"image": column, "file": NAMES}), path, **options)
    return path


def numbers_in_parquet(folder, pixels):
    """Several row groups, whose ends are no ends of parts."""
    return parquet_file(folder / "n.parquet", list(pixels.reshape(23, -1)), row_group_size=7)


def nested_in_parquet(folder, pixels):
    return parquet_file(folder / "l.parquet", pixels.tolist())


def pictures_in_parquet(folder, pixels):
    return parquet_file(folder / "p.parquet", [encoded(image) for image in pixels])


def hugging_face(folder, pixels):
    column = [{"bytes": encoded(image), "path": None} for image in pixels]
    return parquet_file(folder / "h.parquet", column)


def files_in_parquet(folder, pixels):
    """Two files, in the order of their names."""
    inside = folder / "several"
    inside.mkdir()
    for name, part in (("b", slice(9, None)), ("a", slice(0, 9))):
        table = {"picture": list(pixels[part].reshape(-1, 784)), "file": NAMES[part]}
        parquet.write_table(pyarrow.table(table), inside / f"{name}.parquet")
    return inside


def npz(folder, pixels):
    np.savez(folder / "a.npz", images=pixels, files=np.array(NAMES))
    return folder / "a.npz"


def records(folder, pixels):
    features = [
        {"image_raw": of_bytes(image.tobytes()), "file": of_bytes(name.encode())}
        for image, name in zip(pixels, NAMES, strict=True)
    ]
    # more than the nearest place that is kept
    write_records(folder / "a.tfrecord", features * 4)
    return folder / "a.tfrecord"


KINDS = (
    *(numbers_in_parquet, nested_in_parquet, pictures_in_parquet, hugging_face, files_in_parquet),
    *(npz, records),
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_digits(kind, tmp_path, loaded, digits, pixels):
    source = pickle.loads(pickle.dumps(open_source(kind(tmp_path, pixels))))
    assert source.count == (4 * 23 if kind is records else 23)
    for begin, end in ((0, 23), (5, 16), (8, 10), (22, 23)):
        names, values = source.read(begin, end)
        assert names == NAMES[begin:end]
        data, errors = frame_values(names, values, loaded)
        assert errors == {}
        np.testing.assert_allclose(data, digits.images[begin:end], atol=1e-6)
    if kind is records:
        names, values = source.read(67, 75)
        assert names == (NAMES * 4)[67:75]
        data, _ = frame_values(names, values, loaded)
        np.testing.assert_allclose(data, np.tile(digits.images, [4, 1, 1, 1])[67:75], atol=1e-6)


def test_folders_are_read_at_any_depth(tmp_path, loaded, pixels):
    names = ("b/1.png", "a/2.png", "a/3/4.png", "a/3/_MG_1.png", ".hidden/5.png", "a/._2.png")
    for number, name in enumerate(names):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(pixels[number]))
    (tmp_path / "notes.txt").write_text("no picture")
    source = open_source(tmp_path)
    names, values = source.read(0, 10)
    seen = ("a/2.png", "a/3/4.png", "a/3/_MG_1.png", "b/1.png")
    assert names == [str(tmp_path / name) for name in seen]
    # the same as without an engine
    assert list(map(str, picture_files([tmp_path]))) == names
    # also of what is given twice
    twice = [tmp_path, tmp_path / "a/2.png", tmp_path / "a"]
    assert open_source(twice).read(0, 10)[0] == list(map(str, picture_files(twice))) == names
    data, errors = frame_values(names, values, loaded)
    picture = PictureFrame(loaded.data_shape, loaded.bounds).read(tmp_path / "a/2.png")
    assert errors == {} and np.array_equal(data[0], picture)
    (tmp_path / "a/2.png").write_bytes(encoded(pixels[9]) + b"more")
    assert source.identity() != open_source([tmp_path / "b"]).identity()


def test_what_writers_of_records_keep_is_left_out(tmp_path, pixels):
    (tmp_path / "_log").mkdir()
    for path in (tmp_path, tmp_path / "_log"):
        npz(path, pixels)
    assert open_source(tmp_path).count == 23
    (tmp_path / "gone.npz").symlink_to(tmp_path / "nowhere.npz")
    with pytest.raises(DataError, match=r"gone\.npz: cannot be read \(No such file"):
        open_source(tmp_path)


def test_what_decides_the_answers_has_an_identity(tmp_path, digits, pixels):
    copied = dataclasses.replace(digits, data=digits.data.copy())
    assert open_source(digits).identity() == open_source(copied).identity()
    # its examples have other names in the answers
    assert open_source(digits).identity() != open_source(digits.images).identity()
    assert open_source(digits.images[::-1]).identity() != open_source(digits.images).identity()
    path = npz(tmp_path, pixels)
    before = open_source(path).identity()
    assert before == open_source(path).identity()
    np.savez(path, images=pixels[3:20], files=np.array(NAMES[3:20]))
    after = open_source(path)
    assert after.identity() != before
    # and it is read anew
    assert after.count == 17 and after.read(0, 1)[0] == NAMES[3:4]
    np.testing.assert_array_equal(after.read(0, 1)[1][0], pixels[3])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.zeros(783, np.uint8), r"shape \(783,\)"),
        (np.full([28, 28], 2.0, np.float32), "from 2 to 2"),
        (np.full([28, 28], np.nan, np.float32), "not finite"),
        (np.full([28, 28], 300), "from 300 to 300"),
        # as of a picture file
        (np.zeros([28, 28], np.uint8), r"is blank \(no ink\)"),
        (np.full([784], 0.2, np.float32), r"is blank \(no ink\)"),
        (bytes(784), r"is blank \(no ink\)"),
        (np.full([9, 9], 1.5), "from 1.5 to 1.5"),
        (b"no picture", "is not a"),
        (None, "is missing"),
        (as_value({"bytes": None, "path": "a.png"}), "has a path and no bytes"),
        (as_value({"bytes": None, "path": None}), "is missing"),
        (np.array([[1, 2], [3]], object), "type object"),
    ],
)
def test_what_cannot_be_used_is_told_of_alone(value, expected, loaded, digits):
    data, errors = frame_values(
        ["a", "bad", "c"], [digits.images[0], value, digits.images[1]], loaded
    )
    assert np.array_equal(data, digits.images[:2])
    assert list(errors) == [1] and errors[1].startswith("bad: ")
    with pytest.raises(AssertionError, match=expected):
        raise AssertionError(errors[1])


def test_what_is_no_drawing_may_be_of_one_colour(loaded):
    black = np.full(loaded.data_shape, -0.5, np.float32)
    photographs = Generator(loaded.model, arrange=False, bounds=loaded.bounds)
    sequences = Generator(loaded.model, bounds=(-np.inf, np.inf))
    for generator in (photographs, sequences):
        data, errors = frame_values(["black"], [black], generator)
        assert errors == {} and np.array_equal(data[0], black)


def test_a_picture_may_be_dark_but_bytes_are_not_all_0_and_1(tmp_path, loaded):
    photographs = Generator(loaded.model, arrange=False, bounds=loaded.bounds)
    dark = np.zeros([2, 28, 28], np.uint8)
    dark[0, 3, 4], dark[1] = 1, 200
    names, values = open_source(dark).read(0, 2)
    data, errors = frame_values(names, values, photographs)
    assert errors == {} and data[0].max() == pytest.approx(1 / 255 - 0.5, abs=1e-6)
    np.savez(tmp_path / "dark.npz", images=dark[:1])
    for source in (dark[:1], tmp_path / "dark.npz"):
        with pytest.raises(DataError, match="from 0 to 1 of type uint8"):
            open_source(source)


def test_a_drawing_of_two_dimensions_is_refused_where_it_is_blank():
    condition, latent = keras.Input([10]), keras.Input([3])
    output = keras.layers.Dense(784, "sigmoid")(keras.layers.concatenate([condition, latent]))
    model = keras.Model([condition, latent], keras.layers.Reshape([28, 28])(output))
    generator = Generator(model, condition_input=0)
    data, errors = frame_values("ab", [np.zeros([28, 28], np.uint8), np.eye(28)], generator)
    assert list(errors) == [0] and "is blank" in errors[0] and data.shape == (1, 28, 28)


def test_pictures_of_another_size_are_framed(loaded, digits, pixels):
    large = np.kron(pixels[0], np.ones([4, 4], np.uint8))
    data, errors = frame_values(["a", "b"], [large, large / 255.0], loaded)
    assert errors == {}
    assert np.abs(data[0] - digits.images[0]).mean() < 0.03
    np.testing.assert_allclose(data[0], data[1], atol=1e-5)


def test_an_npz_array_of_another_shape_holds_no_names(tmp_path, pixels):
    path = tmp_path / "a.npz"
    fallback = [f"{path} {number}" for number in range(3)]
    letters = np.array(list("abc"))
    for more, expected in (
        ({"id": 5}, fallback),
        ({"path": "where/it/came/from"}, fallback),
        ({"id": [5], "filename": [["a", "b"]] * 3}, fallback),
        ({"id": [5], "Key": letters}, ["a", "b", "c"]),
        ({"id": letters, "path": letters[:2]}, ["a", "b", "c"]),
    ):
        np.savez(path, images=pixels[:3], **more)
        assert open_source(path).read(0, 3)[0] == expected
    for name, value, shape in (("files", letters[:2], r"\(2,\)"), ("File", "a", r"\(\)")):
        np.savez(path, images=pixels[:3], **{name: value})
        with pytest.raises(DataError, match=rf"3 images and '{name}' of shape {shape}: expected"):
            open_source(path)


def test_damage_spoils_no_other_row_group_or_record(tmp_path, loaded, digits, pixels):
    path = parquet_file(tmp_path / "a.parquet", [*map(encoded, pixels)], row_group_size=4)
    column = parquet.read_metadata(path).row_group(2).column(0)
    whole = path.read_bytes()
    place = column.dictionary_page_offset + 30
    path.write_bytes(whole[:place] + bytes(40) + whole[place + 40 :])
    names, values = open_source(path).read(3, 20)
    data, errors = frame_values(names, values, loaded)
    # the third row group is that of the rows 8 to 11
    assert list(errors) == [5, 6, 7, 8]
    for row in range(5, 9):
        assert errors[row].startswith(f"{path} {3 + row}: is damaged (")
    np.testing.assert_allclose(data, digits.images[[*range(3, 8), *range(12, 20)]], atol=1e-6)

    path = tmp_path / "a.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, image in enumerate(pixels[:4]):
            features = tf.train.Features(feature={"image": of_bytes(encoded(image))})
            example = tf.train.Example(features=features).SerializeToString()
            writer.write(b"\xff" * 9 if number % 2 == 0 else example)
    names, values = open_source(path).read(0, 4)
    data, errors = frame_values(names, values, loaded)
    assert list(errors) == [0, 2] and errors[2].startswith(f"{path} 2: is damaged, or no")
    np.testing.assert_allclose(data, digits.images[[1, 3]], atol=1e-6)


def test_the_first_record_may_lack_what_others_have(tmp_path, pixels):
    image, path = of_bytes(encoded(pixels[0])), tmp_path / "a.tfrecord"
    rows = [{"label": of_bytes(b"3")}, {"image": image}, {"image": image, "file": of_bytes(b"a")}]
    write_records(path, rows)
    names, values = open_source(path).read(0, 3)
    assert names == [f"{path} 0", f"{path} 1", "a"]
    assert values == [None, encoded(pixels[0]), encoded(pixels[0])]
    write_records(path, rows[:1])
    with pytest.raises(DataError, match=r"features \['label'\] in.*with one called \"image\""):
        open_source(path)


def test_names_are_spelt_alike_in_all_files(tmp_path, pixels):
    images, names = [encoded(image) for image in pixels[:3]], [b"caf\xc3\xa9", b"\xff", b"7"]

    def read(name, begin=0):
        return open_source(tmp_path / name).read(begin, 3)[0]

    table = pyarrow.table({"image": images, "file": names})
    parquet.write_table(table, tmp_path / "bytes.parquet")
    np.savez(tmp_path / "bytes.npz", images=pixels[:3], files=np.array(names))
    features = [{"image": of_bytes(images[0]), "file": of_bytes(name)} for name in names]
    write_records(tmp_path / "bytes.tfrecord", features)
    for suffix in ("parquet", "npz", "tfrecord"):
        assert read(f"bytes.{suffix}") == ["café", "\ufffd", "7"]
    # where one has none, it is where it lies
    table = pyarrow.table({"image": images, "file": ["a", None, None]})
    parquet.write_table(table, tmp_path / "none.parquet")
    write_records(tmp_path / "none.tfrecord", [features[0], *[{"image": of_bytes(images[0])}] * 2])
    for name in ("none.parquet", "none.tfrecord"):
        assert read(name, begin=1) == [f"{tmp_path / name} {number}" for number in (1, 2)]
    table = pyarrow.table({"image": images, "id": [[7, 8], [], [9]]})
    parquet.write_table(table, tmp_path / "lists.parquet")
    assert read("lists.parquet") == ["7 8", "", "9"]


def test_one_missing_pixel_spoils_no_other_image(tmp_path, loaded, digits, pixels):
    lists = [image.reshape(-1).tolist() for image in pixels[:3]]
    lists[1][5] = None
    parquet.write_table(
        pyarrow.table({"image": pyarrow.array(lists, pyarrow.list_(pyarrow.uint8()))}),
        tmp_path / "a.parquet",
    )
    data, errors = frame_values(*open_source(tmp_path).read(0, 3), loaded)
    assert list(errors) == [1] and "must be numbers" in errors[1]
    np.testing.assert_allclose(data, digits.images[[0, 2]], atol=1e-6)


def test_a_missing_tensor_spoils_no_other(tmp_path, pixels):
    lists = [None if row == 1 else image.reshape(-1).tolist() for row, image in enumerate(pixels)]
    tensors = pyarrow.ExtensionArray.from_storage(
        pyarrow.fixed_shape_tensor(pyarrow.uint8(), [28, 28]),
        pyarrow.array(lists, pyarrow.list_(pyarrow.uint8(), 784)),
    )
    # of the first row group one is missing, of the others none
    path = parquet_file(tmp_path / "a.parquet", tensors, row_group_size=7)
    for begin, end in ((0, 23), (1, 3), (2, 9)):
        _, values = open_source(path).read(begin, end)
        assert [value is None for value in values] == [row == 1 for row in range(begin, end)]
        for value, expected in zip(values, pixels[begin:end], strict=True):
            if value is not None:
                np.testing.assert_array_equal(value, expected.reshape(28, 28))


def test_a_path_is_the_same_from_anywhere(tmp_path, pixels, monkeypatch):
    npz(tmp_path, pixels)
    absolute = open_source(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert open_source("a.npz").identity() == absolute.identity()
    source = open_source(".")
    (tmp_path / "a.npz").rename("~a.npz")
    assert open_source("~a.npz").count == 23
    (tmp_path / "~a.npz").rename("a.npz")
    monkeypatch.chdir(tmp_path.parent)
    assert source.read(0, 2)[0] == NAMES[:2]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_source("~/a.npz").identity() == absolute.identity()


def test_what_is_no_source_is_refused(tmp_path, pixels):
    with pytest.raises(DataError, match="no such file"):
        open_source(tmp_path / "none")
    with pytest.raises(DataError, match="holds nothing to classify"):
        open_source(tmp_path)
    npz(tmp_path, pixels)
    (tmp_path / "1.png").write_bytes(encoded(pixels[0]))
    with pytest.raises(DataError, match=r"one kind, not pictures \(1.png\) and NPZ files"):
        open_source(tmp_path)
    (tmp_path / "a.csv").write_text("a")
    with pytest.raises(DataError, match="a.csv is none of"):
        open_source(tmp_path / "a.csv")
    parquet.write_table(pyarrow.table({"label": [1]}), tmp_path / "l.parquet")
    with pytest.raises(DataError, match=r"columns \['label'\]: expected one called \"image\""):
        open_source(tmp_path / "l.parquet")
    for name in ("t.parquet", "t.npz"):
        (tmp_path / name).write_text("nothing of the kind")
        with pytest.raises(DataError, match="no usable"):
            open_source(tmp_path / name)
    footer = b"\x0e" * 40
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + footer + struct.pack("<I", 40) + b"PAR1")
    with pytest.raises(DataError, match=r"no usable.*\)\Z"):
        open_source(tmp_path / "t.parquet")
    columns = [pyarrow.array([b"1"]), pyarrow.array([b"2"]), pyarrow.array([b"3"])]
    for called in (["image", "image", "file"], ["file", "image", "file"]):
        path = tmp_path / "t.parquet"
        parquet.write_table(pyarrow.Table.from_arrays(columns, called), path)
        with pytest.raises(DataError, match=r"columns \['\w+', 'image', 'file'\].*none twice"):
            open_source(path)
    path = records(tmp_path, pixels)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match="damaged or compressed at byte"):
        open_source(path)
    for address in ("s3://bucket/x.parquet", ["1.png", "gs://bucket/x"]):
        with pytest.raises(InputError, match="bucket/x.*: expected a path on this machine"):
            open_source(address)
    with pytest.raises(InputError, match=r"shape \(0, 28, 28\): expected \(N, \.\.\.\)"):
        open_source(np.zeros([0, 28, 28]))
    table = {"image": list(pixels)}
    for strange in (3, table, pandas.DataFrame(table), pyarrow.table({"file": NAMES})):
        with pytest.raises(InputError, match=f"dataset is a {type(strange).__name__}: expected"):
            open_source(strange)
    # a column of paths is as good as a list of them
    assert open_source(pandas.Series([str(tmp_path / "1.png")])).count == 1
