"""`igc-tf classify`: which files it takes, and what it writes."""

import csv
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas
import pytest

from igc_tf.cli import classify
from igc_tf.cli.main import run_command_line
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError

ODD_NAMES = ["a $x$ b.png", "😀.png", "two\nlines\t\x1b[2J.png", os.fsdecode(b"caf\xe9.png")]


def run(*arguments):
    with pytest.raises(SystemExit) as exit:
        run_command_line(["classify", *map(str, arguments)])
    return exit.value.code


def digit(label):
    """A validation digit, uint8 (28, 28, 1), light on dark."""
    digits = bundled_digits()
    image = digits.images[np.flatnonzero(digits.labels == label)[3]]
    return np.rint(255 * (image + 0.5))


def save(path, pixels):
    # keras' own function encodes the name, which not every name allows
    with open(path, "wb") as file:
        keras.utils.array_to_img(pixels, scale=False).save(file, format="PNG")


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    """Good and bad files and a folder in one call: what it wrote, printed and ended with."""
    folder = tmp_path_factory.mktemp("classify")
    for label in (0, 1):
        save(folder / f"{label}.png", digit(label))
    (folder / "more").mkdir()
    save(folder / "more" / "inverted.png", 255 - np.kron(digit(0), np.ones([4, 4, 1])))
    (folder / "more" / "below").mkdir()
    for label, name in enumerate(ODD_NAMES):
        save(folder / "more" / ("below" if label % 2 else "") / name, digit(label))
    (folder / "more" / "notes.txt").write_text("no picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("not an image")
    output = folder / "out"
    output.mkdir()
    # of an earlier run, and of the user's own
    for name in ("007-earlier.png", "holiday.png"):
        (output / name).write_bytes(b"")
    earlier = {"program": "igc-tf classify", "pictures": ["007-earlier.png"]}
    (output / "results.json").write_text(json.dumps(earlier))
    files = [
        folder / name for name in ("0.png", "empty.png", "1.png", "text.png", "none.png", "more")
    ]
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = run(*files, "--output", output)
    return SimpleNamespace(output=output, code=code, out=out.getvalue(), err=err.getvalue())


def test_files_and_folders_are_classified_and_drawn(classified):
    assert classified.code == 2
    output = classified.output
    # each unreadable file has its line
    errors = classified.err.splitlines()
    assert len(errors) == 3 and all(line.startswith("error: ") for line in errors)
    assert all(name in line for name, line in zip(("empty", "text", "none"), errors, strict=True))

    result = json.loads((output / "results.json").read_text(encoding="utf-8"))
    rows = {os.path.basename(row["file"]): row for row in result["rows"]}
    assert set(rows) == {"0.png", "1.png", "inverted.png", *ODD_NAMES}
    expected = {"0.png": "0", "1.png": "1", "inverted.png": "0"}
    expected |= {name: str(label) for label, name in enumerate(ODD_NAMES)}
    assert {name: row["prediction"] for name, row in rows.items()} == expected
    for row in result["rows"]:
        scores = {name[6:]: value for name, value in row.items() if name.startswith("score:")}
        assert list(scores) == list("0123456789")
        first, second = sorted(scores.values(), reverse=True)[:2]
        assert max(scores, key=scores.get) == row["prediction"]
        assert row["score"] == first and row["margin"] == pytest.approx(first - second)
        assert 0.5 < row["probability"] <= 1 and row["warnings"] == "" and row["seconds"] > 0
        assert row["doubtful"] is False
        assert row["explanation"].split(", ")[0].endswith(f" {row['prediction']}")
        assert abs(row["nuisance:rotation"]) < 40 and row["nuisance:scale"] > 0.5
    # what happened to pictures is found out unless something else is asked for
    assert result["options"]["generator"] == "mnist-cagan-observed"
    assert result["options"]["settings"] is None and result["search"]["observation"] == "robust"

    lines = [line for line in classified.out.splitlines() if " -> " in line]
    assert [line.split()[0] for line in lines] == [row["prediction"] for row in result["rows"]]
    # a line of the table each, whatever the files are called
    assert "two\\nlines\\t\\x1b[2J.png -> " in classified.out and "\x1b" not in classified.out
    # a picture for each, none of another run, and no other was removed
    assert {path.name for path in output.glob("*.png")} == {*result["pictures"], "holiday.png"}
    assert len(result["pictures"]) == len(rows) and "007-earlier.png" not in result["pictures"]


def test_what_finds_nothing_leaves_the_earlier_results(tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise InputError("before the first answer")

    save(tmp_path / "0.png", digit(0))
    output = tmp_path / "out"
    output.mkdir()
    earlier = json.dumps({"program": "igc-tf classify", "pictures": ["000-0.png"]})
    for name in ("results.json", "results.csv", "000-0.png"):
        (output / name).write_text(earlier)
    monkeypatch.setattr("igc_tf.classifiers.table.classify_in_rows", interrupted)
    with redirect_stderr(StringIO()) as err:
        assert run(tmp_path / "0.png", "--output", output) == 2
    assert "before the first answer" in err.getvalue()
    assert {path.name: path.read_text() for path in output.iterdir()} == dict.fromkeys(
        ("results.json", "results.csv", "000-0.png"), earlier
    )


def test_the_csv_is_the_same_table(classified):
    output = classified.output
    rows = json.loads((output / "results.json").read_text(encoding="utf-8"))["rows"]
    with open(output / "results.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == list(rows[0])
    assert list(table[0])[:9] == [
        "file",
        "prediction",
        "probability",
        "score",
        "margin",
        "warnings",
        "seconds",
        "doubtful",
        "explanation",
    ]
    for read, row in zip(table, rows, strict=True):
        assert read["prediction"] == row["prediction"] and read["doubtful"] == "False"
        assert float(read["probability"]) == row["probability"]
        assert float(read["score:3"]) == row["score:3"]


def test_what_was_finished_is_kept_of_what_is_interrupted(tmp_path, monkeypatch):
    name = 246 * "n"
    (tmp_path / "in").mkdir()
    for first, label in (("0", 0), ("1", 1)):
        save(tmp_path / "in" / f"{first}{name}.png", digit(label))
    drawn = iter([plt.figure()])

    def draw(*_):
        try:
            return next(drawn)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(classify, "_draw", draw)
    output = tmp_path / "out"
    assert run(tmp_path / "in", "--settings", "fast", "--output", output) == 130
    result = json.loads((output / "results.json").read_text())
    (row,) = result["rows"]
    assert row["prediction"] == "0" and row["file"].endswith(f"0{name}.png")
    # the picture's name is as long as names may be
    assert result["pictures"] == [f"000-0{199 * 'n'}.png"]
    assert (output / result["pictures"][0]).exists() and (output / "results.csv").exists()


def test_tables_name_what_was_drawn_after_each_batch(tmp_path, monkeypatch):
    for label in (0, 1, 2):
        save(tmp_path / f"{label}.png", digit(label))
    output, seen = tmp_path / "out", []

    def draw(*_):
        # what a kill at this moment leaves
        tables = sorted(path.name for path in output.glob("results.*"))
        named = json.loads((output / tables[1]).read_text())["pictures"] if tables else []
        seen.append((tables, named, sorted(path.name for path in output.glob("*.png"))))
        return plt.figure()

    monkeypatch.setattr(classify, "_draw", draw)
    arguments = ("--settings", "fast", "--batch-size", 1, "--output", output)
    assert run(*(tmp_path / f"{label}.png" for label in (0, 1, 2)), *arguments) == 0
    both, names = ["results.csv", "results.json"], ["000-0.png", "001-1.png"]
    assert seen == [([], [], []), (both, names[:1], names[:1]), (both, names, names)]


def test_results_are_not_written_among_the_pictures(tmp_path, capsys):
    save(tmp_path / "7.png", digit(7))
    # an engine leaves out what it wrote before
    for output, *more in ((tmp_path, "--engine", "process"), (tmp_path,), (tmp_path / "out",)):
        assert run(tmp_path, "--output", output, *more) == 2
        assert "expected a directory apart from" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["7.png"]


def test_files_of_records_are_read_with_an_engine(tmp_path, capsys):
    np.savez(tmp_path / "many.npz", images=digit(7)[None])
    (tmp_path / "text.png").write_text("not an image")
    files = (tmp_path / "many.npz", tmp_path / "text.png")
    asked = ("--generator", "mnist-cagan-compact", "--settings", "fast", "--output", tmp_path / "o")
    assert run(*files, *asked) == 2
    *errors, hint = capsys.readouterr().err.splitlines()
    assert len(errors) == 2 and hint == "note: NPZ files are read with --engine"


def test_a_picture_that_is_named_twice_is_one(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    seven, output = tmp_path / "in" / "7.png", tmp_path / "out"
    save(seven, digit(7))
    assert run(tmp_path / "in", seven, "--settings", "fast", "--output", output) == 0
    assert len(json.loads((output / "results.json").read_text())["rows"]) == 1


def test_several_labels_are_read_together(tmp_path, capsys):
    save(tmp_path / "7.png", digit(7))
    output = tmp_path / "out"
    name = "mnist-multilabel-cagan-compact"
    assert run(tmp_path / "7.png", "--generator", name, "--output", output) == 0
    (row,) = json.loads((output / "results.json").read_text(encoding="utf-8"))["rows"]
    answers = row["prediction"].split(", ")
    assert len(answers) == 4 and all(f"score:{answer}" in row for answer in answers)
    scores = [row[f"score:{answer}"] for answer in answers]
    assert row["score"] == pytest.approx(np.mean(scores))
    rivals = [value for name, value in row.items() if name.startswith("score:")]
    assert len(rivals) == 8 and 0 <= row["margin"] <= max(rivals) - min(rivals)
    assert (output / "000-7.png").exists() and row["prediction"] in capsys.readouterr().out


def test_the_class_vector_may_be_searched_too(tmp_path, capsys):
    save(tmp_path / "7.png", digit(7))
    output = tmp_path / "out"
    arguments = ["--generator", "mnist-cgan-compact-25", "--kind", "inverse", "--output", output]
    assert run(tmp_path / "7.png", *arguments) == 0
    (row,) = json.loads((output / "results.json").read_text(encoding="utf-8"))["rows"]
    scores = [value for name, value in row.items() if name.startswith("score:")]
    # the scores are the class vector that was found
    assert sum(scores) == pytest.approx(1, abs=1e-4) and row["score"] == max(scores)
    assert (output / "000-7.png").exists()


def test_what_is_no_digit_is_doubted_and_keeps_its_nearest_class(tmp_path, capsys):
    face = np.zeros([28, 28, 1])
    face[2:26, 2:26:3] = face[2:26:3, 2:26] = 255
    save(tmp_path / "grid.png", face)
    save(tmp_path / "7.png", digit(7))
    files, output = (tmp_path / "grid.png", tmp_path / "7.png"), tmp_path / "out"
    for share, expected in ((0.01, [True, False]), (0, [None, None])):
        arguments = ["--settings", "fast", "--false-alarm", share, "--output", output]
        assert run(*files, *arguments) == 0
        rows = json.loads((output / "results.json").read_text(encoding="utf-8"))["rows"]
        assert [row["doubtful"] for row in rows] == expected
        assert rows[0]["prediction"] in list("0123456789") and rows[1]["prediction"] == "7"
        lines = [line for line in capsys.readouterr().out.splitlines() if " -> " in line]
        assert lines[0].endswith(" (perhaps none of them)") == bool(share)
        assert "none of them" not in lines[1]


def test_a_generator_that_is_not_calibrated_has_no_probabilities(tmp_path, capsys):
    save(tmp_path / "7.png", digit(7))
    output = tmp_path / "out"
    arguments = ["--generator", "mnist-cgan-compact-10", "--output", output]
    assert run(tmp_path / "7.png", *arguments) == 0
    (row,) = json.loads((output / "results.json").read_text(encoding="utf-8"))["rows"]
    assert row["probability"] is None and row["doubtful"] is None and row["explanation"] is None
    with open(output / "results.csv", newline="") as file:
        (read,) = csv.DictReader(file)
    assert read["probability"] == read["doubtful"] == ""


def test_the_csv_reads_back_whatever_a_file_is_called():
    names = ["a.png", "two\nlines.png", "a\rb.png", "a\r\nb.png", "end\r", ' "a", b\r\n', ""]
    rows = [{"file": name, "score": str(number)} for number, name in enumerate(names)]
    text = classify._as_csv(rows)
    assert text.startswith('file,score\na.png,0\n"two\nlines.png",1\n"a\rb.png",2\n')
    assert list(csv.DictReader(StringIO(text, newline=""))) == rows


def test_robust_settings_say_what_happened(tmp_path, capsys):
    pixels = np.roll(digit(4), 5, axis=0)
    np.save(tmp_path / "low.npy", (0.3 * pixels / 255 + 0.4).astype(np.float32)[..., 0])
    output = tmp_path / "out"
    arguments = ("--generator", "mnist-cagan-compact", "--settings", "robust", "--no-measure")
    assert run(tmp_path / "low.npy", *arguments, "--output", output) == 0
    with open(output / "results.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["explanation"].startswith(f"a {row['prediction']}, ")
    assert row["explanation"] in capsys.readouterr().out
    said = json.loads((output / "results.json").read_text())
    assert said["units"]["nuisance:shift down"] == "pixels"
    columns = {name for name in row if name.startswith("nuisance:")}
    assert columns == {name for name in said["units"] if name.startswith("nuisance:")}
    assert {"nuisance:lens", "nuisance:blur", "nuisance:gain", "nuisance:explanation"} < columns
    assert "nuisance:rotation" not in columns
    assert all(np.isfinite(float(row[name])) for name in columns)
    assert (output / "000-low.png").stat().st_size > 5000


def test_an_engine_writes_parts(tmp_path, capsys):
    folder = tmp_path / "pictures" / "below"
    folder.mkdir(parents=True)
    for label in (0, 1, 2):
        save(folder / f"{label}.png", digit(label))
    (folder / "3.png").write_text("not an image")
    output = tmp_path / "out"
    asked = (tmp_path / "pictures", "--engine", "process", "--part-size", 3, "--output", output)
    assert run(*asked) == 2
    captured = capsys.readouterr()
    assert "4 examples in 2 parts, 4 of them now, by 1 process: " in captured.out
    assert "error: 1 could not be read" in captured.err
    table = pandas.read_parquet(output)
    assert table["file"].tolist() == [str(folder / f"{label}.png") for label in range(4)]
    assert table["prediction"][:3].tolist() == ["0", "1", "2"]
    assert table["prediction"].isna().tolist() == [False, False, False, True]
    assert "3.png: is not a" in table["warnings"][3]
    # as without an engine: what happened is found out and measured, and some are doubted
    assert table["explanation"][0].startswith("a 0, ")
    assert table["nuisance:rotation"][:3].abs().max() < 40
    assert table["doubtful"][:3].tolist() == [False, False, False]
    assert run(*asked) == 2
    assert "4 examples in 2 parts, 0 of them now" in capsys.readouterr().out
    assert run("--engine", "process") == 2
    assert "no source given" in capsys.readouterr().err
