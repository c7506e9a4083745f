"""The commands on the pages, and those that commands print, are such as there are."""

import importlib
import json
import re
import shlex

import pytest

from igc_tf.cli.main import COMMANDS
from igc_tf.cli.program import parse_options
from igc_tf.cli.train_own import TrainOwnOptions
from igc_tf.errors import InputError
from igc_tf.training import RECIPES
from tests.docs.pages import ROOT, blocks, pages

# in a line of a shell, or in a sentence between backticks; an ellipsis stands for anything
_COMMAND = re.compile(r"igc-tf ([^`…&|;\n]+)")


def _texts():
    for path in pages():
        for language, text in blocks(path):
            if language == "bash":
                yield path.name, text
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                found = re.findall(r"`(igc-tf [^`]*)`", "".join(cell["source"]))
                yield path.name, "\n".join(found)
    for name in ("train", "train_own"):
        text = (ROOT / f"igc_tf/cli/{name}.py").read_text(encoding="utf-8")
        hints = re.findall(r'f"  (igc-tf .*?)(?:\\n)?"', text)
        yield name, "\n".join(re.sub(r"\{.*?\}", "DIR", hint) for hint in hints)


_FOUND = sorted(
    {
        (name, line.strip())
        for name, text in _texts()
        for line in _COMMAND.findall(text)
        if "--help" not in line
    }
)


def _parse(arguments):
    if arguments[0] == "train":
        if arguments[1] not in RECIPES:
            parse_options(TrainOwnOptions, arguments=arguments[1:])
        return
    words = 1 if arguments[0] in COMMANDS else 2
    command = COMMANDS[" ".join(arguments[:words])]
    options = getattr(importlib.import_module(command.module), command.options)
    parse_options(options, arguments=arguments[words:])


def test_commands_are_found():
    assert len(_FOUND) > 20
    assert ("own_pictures.md", "draw runs/mine") in _FOUND and ("train_own", "draw DIR") in _FOUND


@pytest.mark.parametrize(("where", "command"), _FOUND)
def test_a_command_is_one_that_there_is(where, command):
    _parse(shlex.split(command, comments=True))


def test_a_command_that_there_is_not_would_be_found():
    with pytest.raises((SystemExit, InputError)):
        _parse(["draw", "--generator", "runs/mine"])
