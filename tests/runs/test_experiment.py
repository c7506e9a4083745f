"""What the runner keeps, continues, refuses to mix and clears away."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from igc_tf.errors import InputError
from igc_tf.runs import Experiment


@dataclass(frozen=True)
class Options:
    output: Path
    images: int = 5
    sigma: tuple[float, ...] = (0.0, 0.3)


def begin(options, facts=None, **arguments):
    return Experiment("python -m evaluation.test", options, facts, verbose=0, **arguments)


def result(options, name="result.json"):
    return json.loads((options.output / name).read_text())


@pytest.fixture
def options(tmp_path):
    return Options(tmp_path / "out")


def test_what_was_asked_is_written_first_and_each_row_when_it_is_found(options):
    experiment = begin(options, {"search": {"steps": 3}})
    asked = result(options, "options.json")
    assert asked["options"] == {
        "output": str(options.output),
        "images": 5,
        "sigma": [0.0, 0.3],
    }
    assert {"command", "commit", "date", "machine"} <= asked["environment"].keys()
    assert not (options.output / "result.json").exists()
    experiment.add({"sigma": 0.3})
    assert result(options)["rows"] == [{"sigma": 0.3}] and result(options)["complete"] is False
    experiment.add({"sigma": 0.0})
    done = experiment.finish(order=lambda row: row["sigma"], mean=1.5)
    assert done == result(options) and done["complete"] and done["mean"] == 1.5
    assert done["search"] == {"steps": 3}
    assert [row["sigma"] for row in done["rows"]] == [0.0, 0.3]


def test_an_interrupted_run_of_the_same_thing_goes_on(options):
    begin(options).add({"sigma": 0.0, "correct": 4})
    again = begin(options)
    assert again.row(sigma=0.0) == {"sigma": 0.0, "correct": 4} and again.row(sigma=0.3) is None
    assert again.rows == [{"sigma": 0.0, "correct": 4}]
    assert again.finished is None


def test_a_resumed_run_says_what_made_its_first_rows(options, monkeypatch):
    def begin_at(commit):
        monkeypatch.setattr(
            "igc_tf.runs.process.describe_code", lambda: {"command": "test", "commit": commit}
        )
        return begin(options)

    first = begin_at("a")
    first.add_all([{"sigma": 0.0}, {"sigma": 0.3}])
    assert "resumed" not in result(options)
    begin_at("b").add({"sigma": 0.4})
    done = begin_at("c").finish()
    assert result(options) == done and done["environment"]["commit"] == "a"
    resumed = [(made["after_rows"], made["environment"]["commit"]) for made in done["resumed"]]
    assert resumed == [(2, "b"), (3, "c")]
    assert result(options, "options.json")["resumed"] == done["resumed"]
    # a new run is its own only
    options = replace(options, images=9)
    assert "resumed" not in begin_at("d").finish()


def test_an_interrupted_run_goes_on_where_its_directory_was_moved(options, tmp_path):
    begin(options, {"output": "a"}).add({"sigma": 0.0})
    options.output.rename(tmp_path / "elsewhere")
    moved = replace(options, output=tmp_path / "elsewhere")
    assert begin(moved, {"output": "a"}).rows == [{"sigma": 0.0}]
    with pytest.raises(InputError, match=r"'output': \('a', 'b'\)"):
        begin(moved, {"output": "b"})


def test_a_generator_is_known_by_its_weights_wherever_it_lies(tmp_path):
    @dataclass(frozen=True)
    class Generated(Options):
        generator: str = "a"

    options = Generated(tmp_path)
    begin(options, {"generator_sha256": "1"}).add({"sigma": 0.0})
    elsewhere = replace(options, generator="b")
    assert begin(elsewhere, {"generator_sha256": "1"}).rows == [{"sigma": 0.0}]
    with pytest.raises(InputError, match=r"'generator_sha256': \('1', '2'\)"):
        begin(elsewhere, {"generator_sha256": "2"})
    begin(replace(options, output=tmp_path / "unknown")).add({"sigma": 0.0})
    with pytest.raises(InputError, match=r"'generator': \('a', 'b'\)"):
        begin(replace(elsewhere, output=tmp_path / "unknown"))


def test_a_finished_run_of_the_same_thing_is_left_as_it_is(options, tmp_path, monkeypatch, capsys):
    def finished(program="test", facts=("a",), holds=None, **changed):
        of = {"data": {"files": list(facts)}}
        found = Experiment(program, replace(options, **changed), of, holds=holds)
        assert found.rows == (found.finished or {"rows": []})["rows"]
        return found.finished

    experiment = Experiment("test", options, {"data": {"files": ["a"]}})
    experiment.add({"sigma": 0.0}, lambda: experiment.write("a.png", Path.touch))
    assert experiment.finished is None
    done = experiment.finish(mean=1.5)
    assert capsys.readouterr().out == ""
    files = {path: path.stat().st_mtime_ns for path in options.output.iterdir()}
    assert finished() == finished(holds=lambda found: found == done) == done == result(options)
    line = f"{options.output}: finished already; give another --output to do it anew\n"
    assert capsys.readouterr().out == 2 * line
    assert {path: path.stat().st_mtime_ns for path in options.output.iterdir()} == files
    # a program that goes on all the same adds to it
    Experiment("test", options, {"data": {"files": ["a"]}}, verbose=0).add({"sigma": 0.3})
    kept = result(options)
    assert kept["rows"] == [{"sigma": 0.0}, {"sigma": 0.3}] and not kept["complete"]
    assert (options.output / "a.png").exists()
    (options.output / "result.json").write_text(json.dumps(done))
    others = {"program": "other"}, {"facts": ("b",)}, {"images": 6}, {"holds": lambda found: False}
    assert [finished(**other) for other in others] == [None] * 4
    options.output.rename(tmp_path / "elsewhere")
    assert finished(output=tmp_path / "elsewhere") == done
    monkeypatch.setenv("HOME", str(tmp_path))
    assert finished(output="~/elsewhere") == done


def test_every_program_looks_whether_it_is_finished():
    root = Path(__file__).parents[2]
    texts = {
        path: path.read_text()
        for folder in ("evaluation", "igc_tf")
        for path in (root / folder).rglob("*.py")
    }
    programs = [path for path, text in texts.items() if " Experiment(" in text]
    assert len(programs) > 20
    # `choose_settings` looks itself
    looks = re.compile(r"\w\.finished is not None:\n +(return|mean|summary)|choose_settings\(\w")
    assert [path for path in programs if not looks.search(texts[path])] == []


def test_an_interrupted_run_of_something_else_is_refused_and_kept(options):
    begin(options, {"generator_sha256": "a"}).add({"sigma": 0.0})
    kept = result(options)
    with pytest.raises(InputError, match=r"unfinished run.*'images': \(5, 100\)\}"):
        begin(replace(options, images=100), {"generator_sha256": "a"})
    with pytest.raises(InputError, match=r"'generator_sha256': \('a', 'b'\)"):
        begin(options, {"generator_sha256": "b"})
    assert result(options) == kept
    assert result(options, "options.json")["options"]["images"] == 5


def test_pictures_of_an_earlier_run_go_when_the_new_one_has_found_something(options):
    first = begin(options)
    first.add({"sigma": 0.0})
    for name in ("a.png", "more/[1].npy"):
        first.write(name, lambda path: path.write_text("first"))
    assert first.finish()["files"] == ["a.png", "more/[1].npy"]
    # what lies there for other reasons stays
    (options.output / "holiday.png").write_text("of the user's own")
    finished = result(options)

    second = begin(replace(options, images=9))
    assert result(options) == finished and (options.output / "a.png").exists()

    def draw():
        assert not (options.output / "a.png").exists()
        second.write("b.png", lambda path: path.write_text("second"))

    second.add({"sigma": 0.0}, draw)
    names = {path.name for path in options.output.iterdir()}
    assert names == {"b.png", "holiday.png", "more", "options.json", "result.json"}
    assert not any((options.output / "more").iterdir())
    # a run that goes on keeps its own
    assert begin(replace(options, images=9)).finish()["files"] == ["b.png"]
    assert (options.output / "b.png").exists()
    # and a new one what it has written over the earlier one's
    third = begin(replace(options, images=8))
    third.write("b.png", lambda path: path.write_text("third"))
    third.add({"sigma": 0.0})
    assert (options.output / "b.png").read_text() == "third"


def test_rows_that_belong_together_count_together(options):
    experiment = begin(options)
    experiment.add_all([{"way": "means"}, {"way": "chance"}])
    assert result(options)["rows"] == begin(options).rows == [{"way": "means"}, {"way": "chance"}]

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        experiment.add_all([{"way": "one"}, {"way": "two"}], interrupted)
    assert len(begin(options).rows) == 2


def test_a_row_counts_when_it_is_drawn(options):
    experiment = begin(options)

    def interrupted():
        raise KeyboardInterrupt

    experiment.add({"sigma": 0.0})
    with pytest.raises(KeyboardInterrupt):
        experiment.add({"sigma": 0.3}, interrupted)
    assert result(options)["rows"] == begin(options).rows == [{"sigma": 0.0}]


def test_other_names_of_rows(options):
    begin(options, rows="tried").add({"score": 1})
    assert result(options)["tried"] == begin(options, rows="tried").rows == [{"score": 1}]
    assert begin(options).rows == []


def test_silence_and_speech(options, capsys):
    begin(options).say("nothing")
    experiment = Experiment("program", options)
    experiment.say("a line")
    assert experiment.progress(3, "image", initial=2).initial == 2
    with experiment.progress(3, "image") as bar:
        bar.set_description("sigma 0")
        for _ in range(3):
            bar.update()
    captured = capsys.readouterr()
    # stderr is no terminal here, and this took no minute
    assert captured.out == "a line\n" and captured.err == ""
