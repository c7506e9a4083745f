"""The pages that people read, and the code in them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def pages():
    """The README and the written pages of the documentation."""
    written = (ROOT / "docs").rglob("*.md")
    left_out = {ROOT / "docs" / "api", ROOT / "docs" / "_build"}
    return [README, *sorted(p for p in written if not left_out & set(p.parents))]


def blocks(path):
    """[(language, text)] of a page's fenced blocks, in order."""
    return _BLOCK.findall(path.read_text(encoding="utf-8"))


def examples(path):
    """[(code, what it prints)] of a page's Python blocks; "" where nothing follows."""
    found = blocks(path)
    if not found:
        return []
    following = [*found[1:], ("", "")]
    return [
        (text, printed if language == "text" else "")
        for (kind, text), (language, printed) in zip(found, following, strict=True)
        if kind == "python"
    ]


def cells(table):
    """The rows below a Markdown table's head, as lists of texts."""
    lines = table.split("\n")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[1] == ["---"] * len(rows[0]) and len({len(row) for row in rows}) == 1
    return rows[2:]
