"""The code in README and documentation runs as it stands, and prints what stands below it."""

import contextlib
import io

import pytest

from tests.docs.pages import ROOT, examples, pages

_PAGES = [path for path in pages() if examples(path)]


def test_pages_have_examples():
    names = {path.relative_to(ROOT).as_posix() for path in _PAGES}
    assert {"README.md", "docs/guide.md", "docs/own_generator.md", "docs/engine.md"} <= names


@pytest.mark.parametrize("path", _PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_print_what_the_page_says(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, (code, expected) in enumerate(examples(path)):
        # in a file, where TensorFlow looks for the source of the functions that it traces
        file = tmp_path / f"example_{number}.py"
        file.write_text(code, encoding="utf-8")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(file), "exec"), names)
        assert printed.getvalue() == expected, code


def test_the_first_example_of_the_readme_is_short():
    code, printed = examples(ROOT / "README.md")[0]
    assert len(code.splitlines()) <= 10 and printed
