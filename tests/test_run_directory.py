"""What a run directory keeps, and what it refuses to mix."""

import pytest

from igc_tf.run_directory import RunDirectory, differences

ASKED = {"program": "p", "options": {"images": 5, "sigma": [0.0]}, "environment": {"date": "new"}}


def unfinished(**changes):
    rows = [{"sigma": 0.0}]
    return {**ASKED, "environment": {"date": "old"}, "rows": rows, "complete": False, **changes}


def test_an_interrupted_run_of_the_same_thing_goes_on(tmp_path):
    run = RunDirectory(tmp_path)
    assert run.findings(ASKED) == []
    run.write_json("result.json", unfinished())
    assert run.findings(ASKED) == [{"sigma": 0.0}]
    run.write_json("result.json", unfinished(tried=["a"]))
    assert run.findings(ASKED, "tried") == ["a"]


def test_an_interrupted_run_of_something_else_is_refused_and_kept(tmp_path):
    run = RunDirectory(tmp_path)
    other = {**ASKED["options"], "images": 100}
    run.write_json("result.json", unfinished(options=other))
    with pytest.raises(ValueError, match=r"unfinished run.*'images': \(100, 5\)\}"):
        run.findings(ASKED)
    assert run.read_json("result.json")["options"] == other


@pytest.mark.parametrize("changes", [{"complete": True}, {"rows": [], "program": "q"}])
def test_nothing_goes_on_where_nothing_is_left_to_do_or_was_found(tmp_path, changes):
    run = RunDirectory(tmp_path)
    run.write_json("result.json", unfinished(**changes))
    assert run.findings(ASKED) == []


def test_differences_name_what_differs_inside_of_dictionaries():
    earlier = {"a": 1, "b": {"c": 2, "d": 3}, "old": 0}
    assert differences(earlier, {"a": 1, "b": {"c": 2, "d": 4}, "e": 5}) == {
        "d": (3, 4),
        "e": (None, 5),
    }
    assert differences(earlier, {"a": 2, "b": 0}, besides=("a",)) == {"b": ({"c": 2, "d": 3}, 0)}


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path):
    run = RunDirectory(tmp_path)
    run.write("a.txt", lambda path: path.write_text("old"))

    def half(path):
        path.write_text("half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.write("a.txt", half)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]
