"""The API reference: which pages there are, and how docstrings become markup."""

import sys

import api_pages
import pytest


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module, a private one, and a package in it."""
    root = tmp_path / "house"
    for name in ("", "room", "_cellar"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "__init__.py").write_text("")
    (root / "__init__.py").write_text("from house.roof import tile\n\n__all__ = ['tile']\n")
    for name in ("_chimney.py", "room/table.py", "room/_drawer.py", "_cellar/wine.py"):
        (root / name).write_text("")
    (root / "roof.py").write_text("def tile():\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import house

    yield house
    for name in [name for name in sys.modules if name.partition(".")[0] == "house"]:
        del sys.modules[name]


def test_there_is_a_page_for_each_package_and_a_section_for_each_public_module(package, tmp_path):
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "gone.md").write_text("of a package that is no more")
    api_pages.write_api_pages(package, folder)
    assert {path.name for path in folder.iterdir()} == {"house.md", "room.md"}
    page = (folder / "room.md").read_text()
    assert page.startswith("# house.room\n") and "## house.room.table\n" in page
    assert ".. automodule:: house.room\n" in page and ".. automodule:: house.room.table\n" in page
    root = (folder / "house.md").read_text()
    assert "\n- {py:obj}`house.tile <house.roof.tile>`\n" in root
    everything = page + root
    assert "house.roof" in everything
    assert "_drawer" not in everything and "_chimney" not in everything and "wine" not in everything


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain `code` here.", "Plain ``code`` here."),
        ("All `Label`s of it.", r"All ``Label``\ s of it."),
        ("Code `over two\n    lines`.", "Code ``over two lines``."),
        ("Mean |z| of *args.", r"Mean \|z\| of \*args."),
        ("Ends in self.seed_ here.", r"Ends in self.seed\_ here."),
        ("Keeps ``this`` and :class:`that`.", "Keeps ``this`` and :class:`that`."),
        ("So::\n\n    a * b | c\n\nthen *x*.", "So::\n\n    a * b | c\n\nthen " + r"\*x\*."),
        ("So:\n\n    a * b\n\n    c | d\n", "So:\n\n::\n\n    a * b\n\n    c | d\n"),
        ("So:\n\n    a * b\nthen *x*.", "So:\n\n::\n\n    a * b\n\nthen " + r"\*x\*."),
        (
            "Args:\n    a: |z|.\n\n    b: *x.",
            "Args:\n    a: " + r"\|z\|." + "\n\n    b: " + r"\*x.",
        ),
        ("`a`, (`b`) and `c`-like", "``a``, (``b``) and ``c``-like"),
        ("L_DD and n_steps stay.", "L_DD and n_steps stay."),
    ],
)
def test_plain_sentences_stay_plain(text, expected):
    assert api_pages.escape_docstring(text) == expected
