import gzip
import struct

import numpy as np
import pytest

from igc_tf.data import DataError, IdxFileError, UnknownDatasetError, import_idx, load_images
from igc_tf.data.idx import read_idx

from .idx_writer import idx_bytes

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_plain_and_gzipped(pack):
    np.testing.assert_array_equal(read_idx(pack(idx_bytes(IMAGES)), "f", 3), IMAGES)
    np.testing.assert_array_equal(read_idx(pack(idx_bytes(IMAGES[0, 0])), "f", 1), IMAGES[0, 0])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "truncated, 0 of 16 header bytes"),
        (idx_bytes(IMAGES)[:9], "truncated, 9 of 16 header bytes"),
        (idx_bytes(IMAGES)[:-1], "truncated, 23 of 24 bytes"),
        (idx_bytes(IMAGES) + b"x", "longer than the 24 bytes"),
        (idx_bytes(IMAGES[0]), "bad magic number 00000802, expected 00000803"),
        (b"\x89PNG" + bytes(40), "bad magic number 89504e47"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 28, 28), "header claims"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:-12], "truncated gzip"),
        (b"\x1f\x8b" + bytes(30), "damaged or truncated gzip"),
    ],
)
def test_damage_is_named(data, message):
    with pytest.raises(IdxFileError, match=f"^some-file: .*{message}"):
        read_idx(data, "some-file", 3)


def stored(dataset, data_dir, split):
    """What plain TFDS reads, sorted by label (TFDS shuffles when it writes)."""
    import tensorflow_datasets as tfds

    examples = tfds.as_numpy(
        tfds.load(dataset, split=split, data_dir=data_dir, batch_size=-1, download=False)
    )
    order = np.argsort(examples["label"])
    return examples["image"][order][..., 0], examples["label"][order]


def test_tfds_and_load_images_find_the_same_pixels(random_idx, tmp_path, refusing):
    folder, (train_images, train_labels, test_images, test_labels) = random_idx
    path = import_idx(folder, tmp_path / "tfds")
    assert path.parent == tmp_path / "tfds" / "mnist" and (path / "dataset_info.json").is_file()
    for split, images, labels in [
        ("train", train_images, train_labels),
        ("test", test_images, test_labels),
    ]:
        found_images, found_labels = stored("mnist", tmp_path / "tfds", split)
        np.testing.assert_array_equal(found_images, images)
        np.testing.assert_array_equal(found_labels, labels)
    data = load_images("mnist", "test", tmp_path / "tfds", sources=refusing[0])
    order = np.argsort(data.labels)
    np.testing.assert_allclose(
        data.images[order][..., 0], test_images.astype(np.float64) / 255 - 0.5, atol=1e-7
    )
    assert data.source == "IDX files, imported into TensorFlow Datasets"
    assert refusing[1] == []


def test_gzip_dots_and_test_instead_of_t10k(random_idx, tmp_path):
    folder, (_, _, test_images, _) = random_idx
    for file in list(folder.iterdir()):
        name = file.name.replace("-idx", ".idx").replace("t10k", "test") + ".gz"
        (folder / name).write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        file.unlink()
    import_idx(folder, tmp_path / "tfds")
    np.testing.assert_array_equal(stored("mnist", tmp_path / "tfds", "test")[0], test_images)


def test_registered_set_with_configuration_is_turned_upright(random_idx, write_idx, tmp_path):
    folder, arrays = random_idx
    for file in folder.iterdir():
        file.unlink()
    write_idx(*arrays, prefix="emnist-letters-")
    path = import_idx(folder, tmp_path / "tfds", "emnist/letters")
    assert path.parent == tmp_path / "tfds" / "emnist" / "letters"
    data = load_images("emnist/letters", "test", tmp_path / "tfds", download=False)
    assert data.num_classes == 37
    pixels = np.round((data.images[np.argsort(data.labels)][..., 0] + 0.5) * 255)
    np.testing.assert_array_equal(pixels, arrays[2].transpose(0, 2, 1))


def test_of_several_sets_in_a_folder_the_named_one_is_imported(random_idx, write_idx, tmp_path):
    folder, (train_images, train_labels, test_images, test_labels) = random_idx
    write_idx(255 - train_images, train_labels, 255 - test_images, test_labels, "my_digits-")
    import_idx(folder, tmp_path / "tfds", "my_digits")
    found, _ = stored("my_digits", tmp_path / "tfds", "test")
    np.testing.assert_array_equal(found, 255 - test_images)


def test_new_name(random_idx, tmp_path):
    folder, (_, _, _, test_labels) = random_idx
    import_idx(folder, tmp_path / "tfds", "my_digits")
    data = load_images("my_digits", "test", tmp_path / "tfds", download=False)
    assert data.name == "my_digits" and data.num_classes == 6
    assert data.class_names == tuple("012345")
    assert sorted(data.labels) == test_labels.tolist()


def test_images_of_another_size_under_a_new_name(write_idx, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 9, 12), dtype=np.uint8)
    folder = write_idx(images, np.arange(4), images[:2], np.arange(2))
    import_idx(folder, tmp_path / "tfds", "wide")
    data = load_images("wide", "test", tmp_path / "tfds", download=False, bounds=(0, 1))
    assert data.images.shape == (2, 9, 12, 1) and data.bounds == (0, 1)
    order = np.argsort(data.labels)
    np.testing.assert_allclose(data.images[order][..., 0], images[:2] / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("dataset", "transposed", "is_turned"),
    [
        ("mine", True, True),
        ("mine", False, False),
        ("mnist", True, True),
        ("emnist/letters", True, True),
        ("emnist/letters", False, False),
    ],
)
def test_transposed_files_are_turned_upright(dataset, transposed, is_turned, random_idx, tmp_path):
    folder, (_, _, test_images, _) = random_idx
    import_idx(folder, tmp_path / "tfds", dataset, transposed)
    data = load_images(dataset, "test", tmp_path / "tfds", download=False)
    pixels = np.round((data.images[np.argsort(data.labels)][..., 0] + 0.5) * 255)
    np.testing.assert_array_equal(
        pixels, test_images.transpose(0, 2, 1) if is_turned else test_images
    )


def test_missing_file_is_named(random_idx, tmp_path):
    folder, _ = random_idx
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(IdxFileError, match="t10k-labels-idx1-ubyte"):
        import_idx(folder, tmp_path / "tfds")
    with pytest.raises(IdxFileError, match="is not a directory"):
        import_idx(folder / "nowhere", tmp_path / "tfds")
    assert not (tmp_path / "tfds").exists()


def test_counts_sizes_and_labels_must_fit(write_idx, tmp_path):
    images = np.zeros((3, 28, 28))
    target = tmp_path / "tfds"
    with pytest.raises(IdxFileError, match=r"3 images, .* 2 labels"):
        import_idx(write_idx(images, [0, 1], images, [0, 1, 2]), target)
    with pytest.raises(IdxFileError, match="no images"):
        import_idx(write_idx(images[:0], [], images, [0, 1, 2]), target)
    small = np.zeros((3, 20, 20))
    with pytest.raises(DataError, match=r"mnist have shape \(20, 20, 1\), .* \(28, 28, 1\)"):
        import_idx(write_idx(small, [0, 1, 2], small, [0, 1, 2]), target)
    with pytest.raises(DataError, match=r"test images of mine .* \(28, 28, 1\), .* \(20, 20, 1\)"):
        import_idx(write_idx(small, [0, 1, 2], images, [0, 1, 2]), target, "mine")
    with pytest.raises(DataError, match="label 10 does not fit mnist, which has 10 classes"):
        import_idx(write_idx(images, [0, 1, 10], images, [0, 1, 2]), target)
    with pytest.raises(DataError, match="cifar10 also holds id: .*another name"):
        import_idx(write_idx(images, [0, 1, 2], images, [0, 1, 2]), target, "cifar10")
    with pytest.raises(UnknownDatasetError, match="name such as"):
        import_idx(write_idx(images, [0, 1, 2], images, [0, 1, 2]), target, "../up")
    assert not target.exists()


def test_second_import_is_refused(random_idx, tmp_path):
    folder, _ = random_idx
    path = import_idx(folder, tmp_path / "tfds")
    with pytest.raises(DataError, match=r"already prepared in .*; delete that directory"):
        import_idx(folder, tmp_path / "tfds")
    assert (path / "dataset_info.json").is_file()


def test_interrupted_import_leaves_nothing_prepared(random_idx, tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    folder, _ = random_idx
    real = tfds.features.Image.encode_example
    calls = []

    def encode_then_break(self, example):
        calls.append(1)
        if len(calls) == 8:  # in the second split
            raise KeyboardInterrupt
        return real(self, example)

    with monkeypatch.context() as patch:
        patch.setattr(tfds.features.Image, "encode_example", encode_then_break)
        with pytest.raises(KeyboardInterrupt):
            import_idx(folder, tmp_path / "tfds")
    assert len(calls) == 8
    assert not list((tmp_path / "tfds").rglob("*.json"))
    assert not tfds.builder("mnist", data_dir=tmp_path / "tfds").is_prepared()
    import_idx(folder, tmp_path / "tfds")
    assert len(load_images("mnist", "test", tmp_path / "tfds", download=False)) == 4


def test_prints_nothing(random_idx, tmp_path, capfd):
    import tensorflow as tf

    tf.constant(0)  # TensorFlow's own start-up messages come before the measurement
    capfd.readouterr()
    folder, _ = random_idx
    import_idx(folder, tmp_path / "tfds")
    load_images("mnist", "test", tmp_path / "tfds", download=False)
    out, err = capfd.readouterr()
    assert out == ""
    for word in ("Generating", "Downloading", "Dataset", "WARNING"):
        assert word not in err
