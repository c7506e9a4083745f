"""`igc-tf data import`, in this process."""

import numpy as np
import pytest

from igc_tf.cli.data import (
    ImportOptions,
    ListOptions,
    PrepareOptions,
    import_files,
    prepare,
    print_datasets,
)
from igc_tf.cli.main import run_command_line
from igc_tf.data import DatasetRow, Preparation
from tests.data.idx_writer import idx_bytes


def test_import_shows_the_images_and_the_orientation_it_assumes(tmp_path, capsys):
    images = np.zeros([3, 28, 28], np.uint8)
    images[:, 3] = 255  # a line in the fourth row
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(3)))

    import_files(ImportOptions(tmp_path, "turned", transposed=True, data_dir=tmp_path / "tfds"))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "The files were taken for transposed. Test images:"
    # every second row is shown; the line is now in the fourth column of each image
    assert shown[2] == "   @" + 29 * " " + "@" + 29 * " " + "@"
    assert "import again with --transposed False" in shown[-2]

    import_files(ImportOptions(tmp_path, "upright", data_dir=tmp_path / "tfds"))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "The files were taken for upright. Test images:"
    assert "import again with --transposed True" in shown[-2] and str(tmp_path) in shown[-1]


@pytest.mark.parametrize(
    ("said", "taken", "lines", "other"),
    [((), "transposed", 14, False), (("--transposed", "False"), "upright", 1, True)],
)
def test_what_is_said_of_files_of_emnist_holds(said, taken, lines, other, tmp_path, capsys):
    image = np.zeros([1, 28, 28], np.uint8)
    # a line in a row that is shown, as every second one is
    image[0, 4] = 255
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(image))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(np.ones(1)))
    words = ["data", "import", str(tmp_path), "--dataset", "emnist/digits", *said]
    with pytest.raises(SystemExit) as ended:
        run_command_line([*words, "--data-dir", str(tmp_path / "tfds")])
    shown = capsys.readouterr().out
    assert ended.value.code in (0, None) and f"were taken for {taken}" in shown
    assert sum("@" in line for line in shown.splitlines()) == lines
    assert f"import again with --transposed {other}." in shown


def test_prepare_tells_what_was_tried_and_where_the_set_is(tmp_path, capsys, monkeypatch):
    def prepared(dataset, data_dir):
        return Preparation(dataset, data_dir / "kmnist", "made here", ("a: no", "b: no"))

    monkeypatch.setattr("igc_tf.data.prepare_dataset", prepared)
    prepare(PrepareOptions("kmnist", tmp_path))
    expected = f"tried: a: no\ntried: b: no\nkmnist is ready in {tmp_path}/kmnist (made here)\n"
    assert capsys.readouterr().out == expected


def test_list_tells_of_the_sets_in_a_directory(tmp_path, capsys, monkeypatch):
    def found(data_dir):
        counts = {"train": 60000, "test": 10}
        rows = [DatasetRow("a", True, data_dir, counts, 9, (2, 2, 1), "made here")]
        return [*rows, DatasetRow("b", False, None, {}, 3, (2, 2, 1), "")]

    monkeypatch.setattr("igc_tf.data.list_datasets", found)
    print_datasets(ListOptions(tmp_path))
    first, where, second = capsys.readouterr().out.splitlines()
    assert first.split() == [
        "a",
        "ready",
        "60,000",
        "train,",
        "10",
        "test",
        "9",
        "classes",
        "made",
        "here",
    ]
    assert where.strip() == str(tmp_path) and second.split() == [
        "b",
        "not",
        "prepared",
        "-",
        "3",
        "classes",
    ]
