"""The `igc-tf` command: finds out which command is meant, and runs it.

A command is a dataclass of options, whose docstring is its help, and a function of these options
that may return an exit code. Neither its module nor anything here imports TensorFlow before the
function does, so that help and mistakes are answered at once.
"""

import importlib
import sys
from collections.abc import Callable
from typing import NamedTuple

import igc_tf
from igc_tf.cli.program import import_tensorflow_quietly, parse_options, program_errors
from igc_tf.errors import InputError, did_you_mean


class Command(NamedTuple):
    """Where a command is found, and what it is for.

    Attributes:
        module: imported when the command is asked for.
        options: the name of a dataclass there; None for a command that reads its own arguments.
        function: of an instance of the dataclass, or of the arguments; the name of one there, or
            the function itself.
        summary: one line for the overview.
    """

    module: str
    options: str | None
    function: str | Callable
    summary: str


def _print_table(options):
    """Prints the paper's table beside this machine's, and draws the paper's figures."""
    import_tensorflow_quietly()
    from igc_tf.reproduce import noise_table

    print(f"\n{noise_table(options)}")


COMMANDS = {
    "reproduce": Command(
        "igc_tf.reproduce", "ReproduceOptions", _print_table, "the paper's table and figures"
    ),
    "classify": Command(
        "igc_tf.cli.classify", "ClassifyOptions", "classify_files", "classify picture files"
    ),
    "diagnose": Command(
        "igc_tf.cli.diagnose",
        "DiagnoseOptions",
        "print_diagnosis",
        "say how well a generator reproduces data",
    ),
    "export": Command(
        "igc_tf.cli.export",
        "ExportOptions",
        "export_classifier",
        "write a classifier that runs without this package",
    ),
    "serve": Command(
        "igc_tf.cli.serve", "ServeOptions", "serve_classifier", "serve a classifier over HTTP"
    ),
    "draw": Command(
        "igc_tf.cli.draw", "DrawOptions", "serve_page", "a page to draw on, which shows the search"
    ),
    "train": Command(
        "igc_tf.cli.train", None, "train_command", "train on pictures of your own, or by a recipe"
    ),
    "data list": Command(
        "igc_tf.cli.data", "ListOptions", "print_datasets", "the image sets that are ready to use"
    ),
    "data import": Command(
        "igc_tf.cli.data", "ImportOptions", "import_files", "import four IDX files"
    ),
    "data prepare": Command("igc_tf.cli.data", "PrepareOptions", "prepare", "fetch an image set"),
}


def run_command_line(arguments=None):
    """Runs `igc-tf` and exits.

    Args:
        arguments: what follows `igc-tf`; None for those of this process.

    Exits:
        With the command's code: 0 if all went well. 2 after a mistake of use, told in one line on
        stderr; 130 after Ctrl-C or SIGTERM.
    """
    with program_errors():
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
    sys.exit(code)


def _run(arguments):
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help"):
        print(_overview("igc-tf", COMMANDS))
        return 0
    if first == "--version":
        print(f"igc-tf {igc_tf.__version__}")
        return 0
    for words in (1, 2):
        name = " ".join(arguments[:words])
        if name in COMMANDS:
            return _run_command(name, arguments[words:])
    group = {name: command for name, command in COMMANDS.items() if name.startswith(f"{first} ")}
    if group and (len(arguments) == 1 or arguments[1] in ("-h", "--help")):
        print(_overview(f"igc-tf {first}", group))
        return 0
    raise InputError(_unknown(" ".join(arguments[: 2 if group else 1]), group or COMMANDS))


def _run_command(name, arguments):
    command = COMMANDS[name]
    module = importlib.import_module(command.module)
    function = command.function
    if isinstance(function, str):
        function = getattr(module, function)
    if command.options is None:
        return function(arguments)
    return function(parse_options(getattr(module, command.options), f"igc-tf {name}", arguments))


def _unknown(name, commands):
    expected = did_you_mean(name, commands) or "expected one of " + ", ".join(commands)
    return f"igc-tf has no command {name!r}: {expected}"


def _overview(program, commands):
    lines = [
        f"usage: {program} [COMMAND] [OPTIONS]",
        "",
        "Classify by inverting a generator.",
        "",
        *(f"  {name:13} {command.summary}" for name, command in commands.items()),
        "",
        "igc-tf COMMAND --help tells a command's options; igc-tf --version the version.",
    ]
    return "\n".join(lines)
