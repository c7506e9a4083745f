"""Brings the README's tables up to date with the result files: `python docs/readme.py`."""

import re

import result_files
import result_tables

from igc_tf.reproduce import PAPER_ROWS, NoiseTable, ReproduceOptions

README = result_files.ROOT / "README.md"


def printed():
    """What `igc-tf reproduce` prints."""
    result = result_files.read("reproduce/paper-1000")
    options, data = result["options"], result["data"]
    header = (
        f"{data['count']:,} {data['split']} images of {options['dataset']} ({data['source']}); "
        f"generator {options['generator']}, {options['settings']} settings"
    )
    output = ReproduceOptions().output
    return str(NoiseTable(result["rows"], header, output, references=PAPER_ROWS))


def fill(text):
    """Returns the README's text with its tables brought up to date.

    A table follows `<!-- table: NAME -->`, what is printed its own comment.

    Args:
        text: of the README.
    """
    for name in re.findall(r"<!-- table: (\S+) -->", text):
        text = re.sub(
            rf"(<!-- table: {name} -->\n)(\S[^\n]*\n)*",
            lambda match, name=name: f"{match[1]}{result_tables.TABLES[name]()}\n",
            text,
        )
    text = re.sub(
        r"(<!-- printed by igc-tf reproduce -->\n```text\n).*?```",
        lambda match: f"{match[1]}{printed()}\n```",
        text,
        flags=re.S,
    )
    return text


if __name__ == "__main__":
    README.write_text(fill(README.read_text(encoding="utf-8")), encoding="utf-8")
