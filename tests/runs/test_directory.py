"""Files and directories that appear when they are complete."""

import json
import math
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from igc_tf.errors import InputError, OutputError
from igc_tf.runs import (
    RunDirectory,
    check_apart,
    check_writable,
    differences,
    json_ready,
    new_directory,
    read_json,
)


def test_differences_name_what_differs_inside_of_dictionaries():
    earlier = {"a": 1, "b": {"c": 2, "d": 3}, "old": 0}
    assert differences(earlier, {"a": 1, "b": {"c": 2, "d": 4}, "e": 5}) == {
        "d": (3, 4),
        "e": (None, 5),
    }
    assert differences(earlier, {"a": 2, "b": 0}, besides=("a",)) == {"b": ({"c": 2, "d": 3}, 0)}


def test_options_read_back_the_same_in_every_process():
    @dataclass
    class Options:
        output: Path
        sizes: tuple
        difference: Callable
        bounds: tuple

    known = {"output": "a/b", "sizes": [1, 2], "difference": "RunDirectory.write"}
    for bounds, written in (((0.0, math.inf), [0.0, None]), ((-math.inf, 1.0), [None, 1.0])):
        options = Options(Path("a/b"), (1, 2), RunDirectory.write, bounds)
        # as bounds are written everywhere
        assert json_ready(options) == {**known, "bounds": written}


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path):
    run = RunDirectory(tmp_path)
    run.write("a.txt", lambda path: path.write_text("old"))

    def half(path):
        path.write_text("half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.write("a.txt", half)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]
    # writers choose a format by the suffix
    kept = run.write("more/a.npz", lambda path: path.write_text(path.suffix))
    assert kept == tmp_path / "more/a.npz" and kept.read_text() == ".npz"
    # others may read it, too
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644
    assert [run.append("b.txt", part) for part in (b"one", b"and two")] == [3, 10]
    assert (tmp_path / "b.txt").read_bytes() == b"oneand two"


def test_json_keeps_a_file_name_in_another_encoding(tmp_path):
    name = os.fsdecode(b"caf\xe9 \xf0\x9f\x98\x80 $x$")
    path = RunDirectory(tmp_path).write_json("a.json", {"file": name})
    assert json.loads(path.read_text(encoding="utf-8")) == {"file": name} == read_json(path)


def test_the_systems_refusals_name_the_path(tmp_path):
    file = tmp_path / "file"
    file.write_text("{half")
    for path in (file, file / "below"):
        with pytest.raises(OutputError, match=f"^{path}"):
            RunDirectory(path)
    with pytest.raises(OutputError, match="file/below"), new_directory(file / "below"):
        pass
    with pytest.raises(OutputError, match="name.*too long"):
        RunDirectory(tmp_path).write_json(f"{'long' * 100}.json", 1)
    with pytest.raises(InputError, match=f"{file} is damaged"):
        read_json(file)
    assert read_json(tmp_path / "nothing") is None


def test_a_directory_is_checked_before_it_is_made(tmp_path, monkeypatch):
    check_writable(tmp_path)
    check_writable(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    for path in ("file", "file/below/it"):
        with pytest.raises(OutputError, match=f"{tmp_path}/file is no directory"):
            check_writable(tmp_path / path)
    # as of a folder of someone else; root may write into any
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == tmp_path and mode & os.W_OK))
    with pytest.raises(OutputError, match=f"^{tmp_path}/a/b: .*{tmp_path} cannot be written into"):
        check_writable(tmp_path / "a" / "b")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=f"^a: .*{tmp_path} cannot be written into"):
        check_writable("a")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_tilde_is_the_home_directory_and_an_object_store_no_directory(tmp_path, monkeypatch):
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    assert RunDirectory("~/a/b").write_text("c", "d") == home / "a/b/c"
    with pytest.raises(OutputError, match=f"^{home}/a/b/c is no directory"):
        check_writable("~/a/b/c")
    with new_directory("~/new") as unfinished:
        (unfinished / "e").touch()
    assert (home / "new/e").exists() and not any(here.iterdir())

    def fill(path):
        with new_directory(path):
            pass

    for address in ("s3://bucket/x", Path("gs://bucket/x"), "hdfs://host:9/x", "file:///x"):
        for use in (RunDirectory, check_writable, check_apart, fill):
            with pytest.raises(InputError, match=r"^\w+:/.*: expected a path on this machine"):
                use(address)
        with pytest.raises(InputError, match="expected a path on this machine"):
            check_apart(here, address)
    assert not any(here.iterdir())
    for name in ("~nobody-at-all", "a:b", "10:/x", "sub/s3:/x", "c:/x"):
        assert RunDirectory(name).path == Path(name)
        assert (here / name).is_dir()


def test_remove_takes_what_matches(tmp_path):
    for name in ("a.png", "b.png", "b.json"):
        (tmp_path / name).write_text("")
    RunDirectory(tmp_path).remove("a*.png", "*.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "b.png"]


def test_an_empty_directory_is_filled_where_it_is(tmp_path, monkeypatch):
    """Also the one where the process works, which cannot be replaced, and one behind a link."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("behind")
    kept = (tmp_path / "empty").stat().st_ino
    monkeypatch.chdir(tmp_path / "empty")
    for given in (".", tmp_path / "link"):
        with pytest.raises(ZeroDivisionError), new_directory(given) as path:
            (path / "part").write_text("1")
            raise ZeroDivisionError
        assert not list((tmp_path / "empty").iterdir())
    with new_directory(".") as path:
        (path / "part").mkdir()
        (path / "part" / "whole").write_text("1")
    assert [file.name for file in (tmp_path / "empty").iterdir()] == ["part"]
    assert (tmp_path / "link" / "part" / "whole").read_text() == "1"
    assert (tmp_path / "empty").stat().st_ino == kept
    # what a killed process left in it is gone, another's content is not
    for name in ("part", "empty"):
        unfinished = tmp_path / name / ".writing-abc" / "unfinished"
        unfinished.mkdir(parents=True)
        (unfinished / "half").write_text("1")
    with new_directory(tmp_path / "part") as path:
        (path / "whole").write_text("1")
    assert [file.name for file in (tmp_path / "part").iterdir()] == ["whole"]
    with pytest.raises(OutputError, match="exists already"), new_directory("."):
        pass
    assert unfinished.exists()
    with new_directory(tmp_path / "dangling") as path:
        (path / "whole").write_text("2")
    assert (tmp_path / "behind" / "whole").read_text() == "2"


def test_a_new_directory_is_there_when_it_is_whole(tmp_path):
    with pytest.raises(ZeroDivisionError), new_directory(tmp_path / "a" / "b") as path:
        (path / "half").write_text("")
        assert not (tmp_path / "a" / "b").exists()
        1 / 0  # noqa: B018
    assert list((tmp_path / "a").iterdir()) == []
    with new_directory(tmp_path / "a" / "b") as path:
        (path / "whole").write_text("")
    assert [p.name for p in (tmp_path / "a").rglob("*")] == ["b", "whole"]
    with pytest.raises(OutputError, match="new or an empty"), new_directory(tmp_path / "a" / "b"):
        pass
