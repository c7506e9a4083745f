"""Classification in parts, in one process: the answers, what stays, and what goes on."""

import errno
import fcntl
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas
import pyarrow
import pytest
import tensorflow as tf
from pyarrow import parquet

from igc_tf.classifiers import load_classifier
from igc_tf.classifiers.load import calibration_record
from igc_tf.classifiers.table import classify_in_rows
from igc_tf.distributed import WorkerOptions, classify_dataset, ray_engine, records
from igc_tf.distributed.classify import _report
from igc_tf.distributed.parts import Parts
from igc_tf.distributed.sources import open_source
from igc_tf.distributed.worker import Asked, Worker
from igc_tf.errors import InputError, MissingPackageError, OutputError
from igc_tf.generators import load_generator
from igc_tf.search import SearchSettings

PARTS = WorkerOptions(part_size=5)


def classify(data, generator, output, settings="fast", **more):
    more = {"engine": "process", "workers": PARTS, "verbose": 0, **more}
    return classify_dataset(data, generator, settings, output=output, **more)


def test_the_answers_are_those_of_one_call(generator, digits, tmp_path):
    settings = SearchSettings(steps=3, learning_rate=0.05)
    report = classify(digits, generator, tmp_path, settings, batch_size=2)
    table = pandas.read_parquet(tmp_path)
    found = load_classifier(generator, settings).classify(digits.images)
    assert table["number"].tolist() == list(range(23))
    assert table["file"].tolist() == [f"mnist validation {i}" for i in range(23)]
    assert table["prediction"].tolist() == [str(label) for label in found.predictions]
    scores = table[[f"score:{name}" for name in range(10)]].to_numpy()
    np.testing.assert_allclose(scores, found.scores, atol=1e-6)
    assert table["score"].tolist() == scores.max(axis=1).tolist()
    assert len(list(tmp_path.glob("part-*.parquet"))) == report["parts"] == 5
    assert report["examples"] == report["classified"] == 23 and report["unreadable"] == 0
    assert 0 < report["first_seconds"] < report["seconds"] and report["memory"]["worker"] > 10**7
    assert json.loads((tmp_path / "_report.json").read_text())["engine"] == "process"


def test_a_part_starts_where_the_whole_would(generator, digits):
    # noise that hardly moves from its random start, which depends on an example's number
    classifier = load_classifier(generator, SearchSettings(steps=1, learning_rate=1e-9), "inverse")
    whole = classifier.classify(digits.images).latents
    for first in (0, 5):
        part = classify_in_rows(classifier, digits.images[5:], batch_size=7, first=first)
        latents = np.concatenate([found.latents for found, _ in part])
        assert np.allclose(latents, whole[5:], atol=1e-6) == (first == 5)


def test_what_is_missing_is_done_and_nothing_else(generator, digits, tmp_path):
    classify(digits, generator, tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("part-*.parquet")}
    before = pandas.read_parquet(tmp_path)
    lost = [tmp_path / "part-00001.parquet", tmp_path / "part-00004.parquet"]
    for path in lost:
        path.unlink()
    (tmp_path / ".writing-abc.parquet").write_text("half a part")
    report = classify(digits, generator, tmp_path)
    assert (report["classified"], report["examples"]) == (8, 23)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("part-*.parquet")}
    assert after.keys() == kept.keys()
    assert {path for path in kept if kept[path] != after[path]} == set(lost)
    again = pandas.read_parquet(tmp_path)
    pandas.testing.assert_frame_equal(before.drop(columns="seconds"), again.drop(columns="seconds"))
    assert [path.name for path in tmp_path.glob(".*")] == [".lock"]
    assert classify(digits, generator, tmp_path)["classified"] == 0


def test_one_run_at_a_time_writes_into_a_directory(tmp_path, monkeypatch):
    parts, left = Parts(tmp_path, 10, 5), tmp_path / ".writing-part.parquet"
    with parts.begin({}):
        parts.count_try(0)
        left.touch()
        with pytest.raises(OutputError, match="another run writes here"), parts.begin({}):
            pass
        # what the first one is about to rename, and what it counts
        assert left.exists() and (tmp_path / ".tries-0").exists()
    with parts.begin({}) as missing:
        assert missing == [0, 1] and not left.exists()

    def cannot_lock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", cannot_lock)
    with parts.begin({}) as missing:
        assert missing == [0, 1]


def test_a_directory_holds_parts_of_one_thing(generator, digits, tmp_path):
    classify(digits, generator, tmp_path)
    np.savez(tmp_path / "4.npz", images=digits.images[:4])
    for what, more in (
        (r": the source[^{]*\(as many examples, but[^{]*$", {"data": digits.images[::-1]}),
        (
            r": the source[^{]*\(23 examples there, 20 examples here\)\.",
            {"data": digits.images[:20]},
        ),
        (r"\(array there, NPZ files here; 23 ex[^{]*, 4 ex[^{]*$", {"data": tmp_path / "4.npz"}),
        (
            r"20 examples here\); options differ \(there, here\): \{'measure': \(False, True\)\}",
            {"data": digits.images[:20], "measure": True},
        ),
        ("part_size", {"workers": WorkerOptions(part_size=6)}),
        ("steps", {"settings": "paper"}),
        ("false_alarm", {"false_alarm": 0.2}),
        ("measure", {"measure": True}),
    ):
        asked = {"data": digits, "generator": generator, "output": tmp_path, **more}
        with pytest.raises(InputError, match=f"something else.*{what}"):
            classify(**asked)
    # what ran out of memory goes on with a smaller batch
    (tmp_path / "part-00001.parquet").unlink()
    assert classify(digits, generator, tmp_path, batch_size=2)["classified"] == PARTS.part_size
    (tmp_path / "_manifest.json").unlink()
    with pytest.raises(OutputError, match="part-0000.* no _manifest"):
        classify(digits, generator, tmp_path)


def test_what_a_generators_card_says_is_part_of_what_was_asked(generator, digits, tmp_path):
    answers = tmp_path / "answers"
    classify(digits, generator, answers)
    card = json.loads((generator / "card.json").read_text())
    classifier = load_classifier(generator, "fast")
    classifier.calibrate(digits.images, digits.labels)
    (label,) = card["labels"]
    for what, said in (
        ("labels", [{**label, "values": [f"no. {value}" for value in label["values"]]}]),
        ("background", 0.25),
        ("arrange", False),
        ("prior", {"mean": 0.5, "standard_deviation": 1.0}),
        ("calibration", {"fast": calibration_record(classifier, digits)}),
    ):
        other = shutil.copytree(generator, tmp_path / what)
        (other / "card.json").write_text(json.dumps({**card, what: said}))
        named = "mean" if what == "prior" else what
        with pytest.raises(InputError, match=f"something else.*'{named}"):
            classify(digits, other, answers)
    # and where it is said no more
    classify(digits, tmp_path / "arrange", tmp_path / "more")
    with pytest.raises(InputError, match="something else.*'arrange"):
        classify(digits, generator, tmp_path / "more")


def write_npz(folder, pixels):
    np.savez(folder / "digits.npz", images=pixels)


def write_parquet(folder, pixels):
    column = list(pixels.reshape(len(pixels), -1))
    parquet.write_table(pyarrow.table({"image": column}), folder / "digits.parquet")


def write_tfrecord(folder, pixels):
    with tf.io.TFRecordWriter(str(folder / "digits.tfrecord")) as writer:
        for image in pixels:
            value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image.tobytes()]))
            features = tf.train.Features(feature={"image": value})
            writer.write(tf.train.Example(features=features).SerializeToString())


def write_pictures(folder, pixels):
    for path in folder.iterdir():
        path.unlink()
    for i, image in enumerate(pixels):
        np.save(folder / f"{i:02}.npy", image)


@pytest.mark.parametrize("write", [write_npz, write_parquet, write_tfrecord, write_pictures])
@pytest.mark.parametrize("changed", [slice(None, None, -1), slice(0, 7)])
def test_no_part_is_written_of_a_file_that_was_changed_meanwhile(
    write, changed, generator, pixels, tmp_path
):
    folder = tmp_path / "source"
    folder.mkdir()
    write(folder, pixels)
    source = open_source(folder)
    parts = Parts(tmp_path / "answers", source.count, 5)
    # as a process of Ray's gets it
    worker = Worker(Asked(generator, "fast"), pickle.loads(pickle.dumps(source)), parts)
    worker(0)
    worker(3)
    write(folder, pixels[changed])
    with pytest.raises(InputError, match=rf"{folder}/\S+ was changed or replaced"):
        worker(1)
    assert [number for number in range(parts.total) if parts.is_finished(number)] == [0, 3]


def test_what_a_search_warns_of_is_told_once_in_its_rows(generator, digits, tmp_path, monkeypatch):
    def warned(*arguments, **options):
        for said in ("odd", "odd", "even"):
            warnings.warn(said, stacklevel=1)
        yield from classify_in_rows(*arguments, **options)

    monkeypatch.setattr("igc_tf.classifiers.table.classify_in_rows", warned)
    classify(digits.images[:5], generator, tmp_path)
    assert pandas.read_parquet(tmp_path)["warnings"].tolist() == ["odd; even"] * 5


def test_a_report_is_of_all_parts_and_its_times_of_this_call():
    known = [{"examples": 5, "unreadable": 2}, {"examples": 5, "unreadable": 0}]
    known.append({"examples": 3, "unreadable": 1})
    parts = SimpleNamespace(total=3, about=lambda number: known[number])
    done = [
        {**known[2], "begun": 104.0, "ended": 109.0, "memory": 7},
        {**known[0], "begun": 102.0, "ended": 106.0, "memory": 9},
    ]
    report = _report(parts, done, 100.0)
    assert report["memory"].pop("caller") > 10**7
    assert report == {
        "examples": 13,
        "unreadable": 3,
        "parts": 3,
        "classified": 8,
        "memory": {"worker": 9},
        "seconds": 7.0,
        "first_seconds": 4.0,
        "start_seconds": 2.0,
    }
    assert _report(parts, [], 100.0)["classified"] == 0


def test_names_of_parts_sort_as_their_numbers(tmp_path):
    parts = Parts(tmp_path, 200_001, 2)
    names = [parts.file(number).name for number in (0, 99_999, 100_000)]
    assert names == ["part-000000.parquet", "part-099999.parquet", "part-100000.parquet"]
    assert parts.total == 100_001 and parts.span(100_000) == (200_000, 200_001)


def test_what_cannot_be_read_has_a_row(generator, digits, tmp_path):
    data = digits.images.copy()
    # the second part holds nothing that can be read
    data[[2, 5, 6, 7, 8, 9]] = 7.0
    report = classify(data, generator, tmp_path)
    table = pandas.read_parquet(tmp_path)
    assert report["unreadable"] == 6 and table["number"].tolist() == list(range(23))
    bad = table["prediction"].isna()
    assert np.flatnonzero(bad).tolist() == [2, 5, 6, 7, 8, 9]
    assert table["warnings"][bad].str.contains("example [25-9]: has values from 7 to 7").all()
    good = np.flatnonzero(~bad)
    found = load_classifier(generator, "fast").classify(digits.images[good])
    assert table["prediction"][good].tolist() == [str(label) for label in found.predictions]


def test_names_of_files_and_classes_in_another_encoding_are_spelt(
    generator, digits, pixels, tmp_path
):
    card = json.loads((generator / "card.json").read_text())
    (label,) = card["labels"]
    names = [os.fsdecode(f"caf\xe9 {value}".encode("latin-1")) for value in label["values"]]
    other = shutil.copytree(generator, tmp_path / "generator")
    card["labels"] = [{**label, "values": names}]
    (other / "card.json").write_text(json.dumps(card))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, values in enumerate((pixels[0], np.zeros([5, 5, 2]))):
        np.save(folder / os.fsdecode(b"\xe9 %d.npy" % i), values)
    classify(folder, other, tmp_path / "answers")
    table = pandas.read_parquet(tmp_path / "answers")
    assert table["file"].tolist() == [f"{folder}/\\udce9 {i}.npy" for i in range(2)]
    (answer,) = load_classifier(generator, "fast").classify(digits.images[:1]).predictions
    assert table["prediction"][0] == f"caf\\udce9 {answer}"
    assert {f"score:caf\\udce9 {i}" for i in range(10)} <= set(table.columns)


def test_answers_among_the_pictures_are_none(generator, pixels, tmp_path):
    np.savez(tmp_path / "digits.npz", images=pixels)
    assert classify(tmp_path, generator, tmp_path / "runs/answers")["classified"] == 23
    assert classify(tmp_path, generator, tmp_path / "runs/answers")["classified"] == 0
    assert classify(tmp_path, generator, tmp_path / "runs/others")["classified"] == 23


def test_a_damaged_part_is_told_of(generator, digits, tmp_path):
    classify(digits, generator, tmp_path)
    (tmp_path / "part-00002.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match="part-00002.parquet is damaged.*remove it"):
        classify(digits, generator, tmp_path)


def test_what_kills_every_worker_is_not_tried_for_ever(tmp_path):
    parts = Parts(tmp_path, 10, 5)
    for _ in range(25):
        parts.count_try(1)
    parts.count_try(0)
    # the size of parts can be changed in another directory only
    expected = "examples 5 to 9 were tried 25 times.*more memory, a smaller batch_size, or another "
    with pytest.raises(InputError, match=f"{expected}.*part_size"):
        parts.count_try(1)
    (tmp_path / ".tries-7").mkdir()
    with pytest.raises(OutputError, match="tries-7: Is a directory"):
        parts.count_try(7)
    (tmp_path / ".tries-7").rmdir()
    # a new call tries anew
    with parts.begin({}) as missing:
        assert missing == [0, 1]
    for strange in ([1], {"more": 1}):
        (tmp_path / "_manifest.json").write_text(json.dumps(strange))
        with pytest.raises(InputError, match="_manifest.json does not say"), parts.begin({}):
            pass
    parts.count_try(1)


def test_an_optional_package_that_is_missing(generator, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_engine, "is_installed", lambda: False)
    assert classify(digits, generator, tmp_path / "a", engine="ray")["engine"] == "process"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'igc-tf\[parquet\]'"):
        records.import_pyarrow()
    with pytest.raises(MissingPackageError, match="pyarrow"):
        classify(digits, generator, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_generator_that_only_this_process_has_is_classified_with_here(
    generator, digits, tmp_path, monkeypatch
):
    monkeypatch.setattr(ray_engine, "is_installed", lambda: True)
    monkeypatch.setenv("HOME", str(tmp_path))
    here = load_generator(generator)
    assert classify(digits, here, "~/answers", engine=None)["engine"] == "process"
    assert (tmp_path / "answers/_report.json").exists()


def test_bad_options_are_refused_first(generator, digits, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="engine='dask': expected one of"):
        classify(digits, generator, tmp_path / "a", engine="dask")
    with pytest.raises(InputError, match="batch_size=0"):
        classify(digits, generator, tmp_path / "a", batch_size=0)
    with pytest.raises(InputError, match="workers=4: expected a WorkerOptions"):
        classify(digits, generator, tmp_path / "a", workers=4)
    with pytest.raises(InputError, match="part_size=0"):
        WorkerOptions(part_size=0)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="s3:/.*: expected a path on this machine"):
        classify(digits, generator, "s3://bucket/answers")
    assert not any(tmp_path.iterdir())


def test_killed_processes_go_on(generator, digits, tmp_path):
    np.savez(tmp_path / "digits.npz", images=np.tile(digits.images, [8, 1, 1, 1]))
    output, root = tmp_path / "out", Path(__file__).parents[2]
    program = "from igc_tf.cli.main import run_command_line as r; r()"
    command = [sys.executable, "-c", program, "classify", str(tmp_path / "digits.npz")]
    command += ["--engine", "process", "--generator", str(generator), "--settings", "paper"]
    command += ["--part-size", "5", "--output", str(output)]
    for _ in range(2):
        before = len(list(output.glob("part-*.parquet")))
        with subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.DEVNULL
        ) as process:
            try:
                while len(list(output.glob("part-*.parquet"))) < before + 2:
                    assert process.poll() is None
                    time.sleep(0.01)
            finally:
                process.send_signal(signal.SIGKILL)
    done = len(list(output.glob("part-*.parquet")))
    assert 4 <= done < 37
    report = classify(
        [tmp_path / "digits.npz"],
        generator,
        output,
        "paper",
        false_alarm=0.01,
        measure=True,
        batch_size=100,
    )
    assert report["classified"] == 184 - 5 * done
    table = pandas.read_parquet(output)
    assert table["number"].tolist() == list(range(184))
    found = load_classifier(generator, "paper").classify(digits.images)
    assert table["prediction"].tolist() == [str(label) for label in found.predictions] * 8
