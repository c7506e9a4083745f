"""The README keeps to one page, and its figures to the result files."""

import re
import subprocess

import readme
import result_files
import result_tables

from tests.docs.pages import README, ROOT, blocks

TEXT = README.read_text(encoding="utf-8")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_PROSE = re.sub(r"^```.*?^```$|^\|.*?$|^Tested with.*?$", "", TEXT, flags=re.M | re.S)


def test_it_is_one_page():
    assert len(TEXT.splitlines()) <= 120
    assert "git clone" not in TEXT or TEXT.index("git clone") < TEXT.index("## Use it")


def test_its_tables_are_those_of_the_result_files():
    assert readme.fill(TEXT) == TEXT


def test_a_stale_table_is_found():
    accuracy = f"{100 * result_files.read('reproduce/best-all')['rows'][0]['accuracy']:.2f} %"
    assert accuracy in TEXT
    for stale in (
        TEXT.replace(accuracy, "99.99 %"),
        TEXT.replace("Tested with Python", "Tested on"),
    ):
        assert readme.fill(stale) == TEXT


def test_it_shows_what_the_command_prints():
    (shown,) = [text for kind, text in blocks(README) if kind == "text" and "sigma" in text]
    lines = shown.rstrip("\n").split("\n")
    rows = result_files.read("reproduce/paper-1000")["rows"]
    assert lines[-1] == "figures and result.json: runs/reproduce" and len(rows) == 3
    for line, row in zip(lines[3:6], rows, strict=True):
        assert line.split()[:2] == [f"{row['sigma']:g}", f"{row['correct'] / 10:.2f}"]
        assert f"{row['seconds']:.1f}" in line.split()


def test_every_percentage_and_time_in_its_sentences_is_measured():
    measured = " ".join(
        [*(table() for table in result_tables.TABLES.values()), *result_tables.numbers().values()]
    )
    known = set(_NUMBER.findall(measured)) | {"95"}
    said = re.findall(
        rf"({_NUMBER.pattern})(?:\s+to\s+({_NUMBER.pattern}))?\s+(?:%|ms|s)\b|%", _PROSE
    )
    numbers = {number for group in said for number in group if number}
    assert numbers <= known, numbers - known


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT)
    local = [link for link in links if "://" not in link]
    assert len(local) >= 8
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_its_programs_exist():
    programs = set(re.findall(r"python -m ([\w.]+)", TEXT))
    missing = [p for p in programs if not (ROOT / f"{p.replace('.', '/')}.py").exists()]
    packages = [p for p in missing if not (ROOT / p.replace(".", "/") / "__main__.py").exists()]
    assert programs and not packages


def test_ci_finds_the_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (line,) = [line for line in script.splitlines() if line.startswith("test_command=")]
    found = subprocess.run(
        ["bash", "-c", f"{line}\nprintf '%s' \"$test_command\""],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found in TEXT and found.endswith("/pytest") and "pip install" in found
