"""The result files of the evaluation programs, and how their figures are written."""

import json
from pathlib import Path

from igc_tf.metrics import format_proportion

ROOT = Path(__file__).resolve().parents[1]
# each evaluation program's results lie beside it
RESULTS = ROOT / "evaluation"


def result_folder(name):
    """Where a result lies; the name is that of the program and that of the run."""
    program, run = name.split("/")
    return RESULTS / program / "results" / run


def read(name):
    """A result by name, e.g. `read("fid/compact")`."""
    return json.loads((result_folder(name) / "result.json").read_text(encoding="utf-8"))


def figure(name):
    """The path of a picture by name, e.g. "fid/compact/samples.png"."""
    folder, _, file = name.rpartition("/")
    return result_folder(folder) / file


def table(head, rows):
    """Markdown of a table; cells are texts."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def verdict_table(name):
    """A function that tables what a result says of its document's sentences."""

    def verdicts():
        lines = [[of["sentence"], of["verdict"], of["evidence"]] for of in read(name)["verdicts"]]
        return table(["the document", "here", "figures"], lines)

    return verdicts


def percent(share, digits=2):
    """0.9703 as "97.03 %"."""
    return f"{100 * share:.{digits}f} %"


def lead(ahead, digits=2):
    """What `evaluation.verdicts.ahead_by` says, in points: "+0.30 (−0.10 to +0.70)"."""
    mean, low, high = (
        f"{100 * value:+.{digits}f}".replace("-", "−")
        for value in (ahead["difference"], *ahead["interval"])
    )
    return f"{mean} ({low} to {high})"


def by_sigma(columns):
    """Accuracies of results of `igc-tf reproduce` side by side.

    Args:
        columns: {head: the result's name}, of the same noise.
    """
    found = [read(f"reproduce/{name}")["rows"] for name in columns.values()]
    lines = []
    for rows in zip(*found, strict=True):
        cells = (format_proportion(row, 2) for row in rows)
        lines.append([f"{rows[0]['sigma']:g}", *cells])
    return table(["sigma", *columns], lines)
