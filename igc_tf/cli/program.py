"""What every program of this project does before and around its work, and options of several."""

import _thread
import codecs
import contextlib
import inspect
import os
import re
import signal
import sys
import threading
import warnings
from dataclasses import dataclass, is_dataclass, replace
from typing import Annotated, Literal

from igc_tf.errors import IGCError, InputError
from igc_tf.ranges import Range
from igc_tf.runs import quiet_stderr

# for terminals that can't print these: the papers' notation, dashes, quotes, tyro's boxes
_PLAIN = {
    **dict.fromkeys("─━╶╴", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("╭╮╰╯├┤┬┴┼", "+"),
    **{"×": "x", "±": "+-", "≥": ">=", "≤": "<=", "→": "->", "–": "-", "—": "-", "…": "..."},
    **{"λ": "lambda", "σ": "sigma", "²": "^2", "·": "*", "’": "'", "“": '"', "”": '"'},
}


@dataclass(frozen=True)
class ClassifierOptions:
    """Which classifier a command uses.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file.
        settings: "paper", the paper's search; or those on the generator's card by name, such as
            "best", or "fast", one pass of its encoder. By default the best there are.
        kind: of classifier; by default inverted, or multi_label where the generator knows several
            labels. inverse searches the class vector too; the default where there is no latent.
        bounds: LOW HIGH, the values of black and white that the generator makes, where its file
            does not say them.
    """

    generator: str = "mnist-cagan-compact"
    settings: str | None = None
    kind: Literal["inverted", "multi_label", "inverse"] | None = None
    bounds: tuple[float, float] | None = None

    def load(self):
        """Returns the `SearchClassifier`.

        Raises:
            InputError: as `load_classifier`.
        """
        from igc_tf.classifiers import load_classifier

        return load_classifier(self.generator, self.settings, self.kind, bounds=self.bounds)


def run_program(main):
    """Runs a program that needs TensorFlow, and exits; see `program_errors`.

    Args:
        main: does the work; may return an exit code. TensorFlow is started, quietly, before it.
    """
    with program_errors():
        import_tensorflow_quietly()
        code = main()
    sys.exit(code)


def parse_options(options, program=None, arguments=None):
    """Reads a command line into a dataclass of options; answers --help and exits.

    Args:
        options: a dataclass; its docstring is the help, its "Attributes:" that of each option, and
            those of the dataclasses that it extends, where it doesn't say other. The help also
            tells the ranges that are declared with `igc_tf.ranges`.
        program: what the help calls the program; None for the name it was started by.
        arguments: of the command line; None for those of this process.

    Returns:
        An instance of `options`.

    Raises:
        InputError: whatever the dataclass itself refuses.
    """
    import tyro

    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if {"-h", "--help"} & set(arguments):
        # tyro's help leaves out what is given before it
        arguments = ["--help"]

    # tyro would box what the dataclass refuses; of a function it lets the errors through
    def made(*arguments, **values):
        return options(*arguments, **values)

    signature = inspect.signature(options, eval_str=True)
    parameters = [
        parameter.replace(annotation=_with_range(parameter.annotation))
        for parameter in signature.parameters.values()
    ]
    made.__signature__ = signature.replace(parameters=parameters, return_annotation=options)
    made.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    made.__doc__ = _help(options)
    return tyro.cli(made, prog=program, args=arguments, config=(tyro.conf.OmitArgPrefixes,))


def _help(options):
    """A dataclass's docstring, with what those that it extends say of their options."""
    head, _, own = inspect.getdoc(options).partition("Attributes:\n")
    said = [own]
    for base in options.__mro__[1:]:
        if is_dataclass(base):
            attributes = inspect.getdoc(base).partition("Attributes:\n")[2]
            # up to the next section
            said.append(re.match(r"(?: .*\n?|\n)*", attributes)[0].rstrip())
    # of what is said twice the last holds, which is the nearest
    return _unfolded("\n".join([head, "Args:", *reversed(said)]))


def _unfolded(text):
    """A docstring whose options take a line each; the terminal folds them anew."""
    return re.sub(r"\n {8,}", " ", text)


def tell_ranges(registry):
    """Lets help tell the ranges of options in dataclasses that others hold.

    Args:
        registry: a `tyro.constructors.ConstructorRegistry`, to which a rule is added.
    """
    is_asking = False

    @registry.struct_rule
    def rule(info):
        nonlocal is_asking
        if is_asking or not is_dataclass(info.type):
            return None
        # what tyro's own rules say, to which this one adds
        is_asking = True
        try:
            spec = registry.get_struct_spec(info)
        finally:
            is_asking = False
        return replace(
            spec, fields=tuple(replace(f, type=_with_range(f.type)) for f in spec.fields)
        )


def _with_range(kind):
    """The type of an option, whose help also tells its range."""
    import tyro

    limits = [item for item in getattr(kind, "__metadata__", ()) if isinstance(item, Range)]
    if not limits or not str(limits[0]):
        return kind

    def hint(default):
        return f"({limits[0]}; default: {default})"

    return Annotated[kind, tyro.conf.arg(help_behavior_hint=hint)]


@contextlib.contextmanager
def program_errors():
    """Lets mistakes of use end a program with one line, and anything else with its traceback.

    An `IGCError` prints its message on stderr and exits with 2, Ctrl-C and SIGTERM exit with 130, a
    closed pipe with 141. The environment variable IGC_TF_TRACEBACK shows the traceback of an
    `IGCError` too. A `UserWarning` is a line on stderr, without its place in the source. Whatever
    cannot be printed on this terminal is spelt in other characters.
    """
    _open_streams()
    _print_anything()
    module = getattr(sys.modules["__main__"], "__spec__", None)
    if module is not None and module.name.split(".")[0] in ("evaluation", "training"):
        # what --help calls the program; else it is the path of its file
        sys.argv[0] = f"python -m {module.name.removesuffix('.__main__')}"
    try:
        with stopped_by(signal.SIGTERM), _interrupted_everywhere(), _told_warnings():
            yield
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # such as in `igc-tf data list | head -1`
        discard_stdout()
        sys.exit(141)
    except IGCError as error:
        if os.environ.get("IGC_TF_TRACEBACK"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def discard_stdout():
    """Lets nothing come of what stdout still holds and gets, as nobody reads it any more.

    Else Python would complain again at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def stopped_by(*signals):
    """Lets signals, like Ctrl-C, raise KeyboardInterrupt, also where they were ignored.

    In other threads than the main one, where Python sets no signals, they stay as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        signals = ()
    before = [signal.signal(stop, signal.default_int_handler) for stop in signals]
    try:
        yield
    finally:
        for stop, handler in zip(signals, before, strict=True):
            signal.signal(stop, handler)


@contextlib.contextmanager
def _interrupted_everywhere():
    """Raises KeyboardInterrupt again where Python would only print it.

    That is in callbacks of weak references, of which TensorFlow has many. SIGTERM has to raise it.
    """
    before = sys.unraisablehook

    def hook(unraisable):
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            return before(unraisable)
        # at once it would be raised in here
        threading.Timer(0.05, _thread.interrupt_main, [signal.SIGTERM]).start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextlib.contextmanager
def _told_warnings():
    """Prints warnings that are for users as programs print their own."""
    before = warnings.formatwarning

    def told(message, category, *place):
        if issubclass(category, UserWarning):
            return f"warning: {message}\n"
        return before(message, category, *place)

    warnings.formatwarning = told
    try:
        yield
    finally:
        warnings.formatwarning = before


def import_tensorflow_quietly():
    """Imports TensorFlow without the lines its C++ part writes before any log level holds.

    Raises:
        InputError: if the environment asks Keras for another backend, or Keras has one already.
    """
    _ask_for_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", module="keras|tensorflow")
    with quiet_stderr():
        import tensorflow

        # the device list is what makes it look for CUDA, and say so
        tensorflow.config.list_physical_devices()
        # in a notebook it also tells of files it wrote and of every new shape it compiles for
        tensorflow.get_logger().setLevel("ERROR")


def _ask_for_tensorflow():
    """Sees to it that Keras runs on TensorFlow, whatever its configuration file says."""
    wanted = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if wanted != "tensorflow":
        raise InputError(
            f"KERAS_BACKEND={wanted}: igc_tf runs on Keras' TensorFlow backend; unset the variable "
            "or set it to tensorflow"
        )
    os.environ["KERAS_BACKEND"] = wanted


def _open_streams():
    """Opens, to nowhere, what whoever started this process had closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # takes the lowest free descriptor: the stream's own
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _print_anything():
    """Makes stdout and stderr spell what they cannot encode instead of failing."""
    codecs.register_error("igc_tf.spell", _spell)
    for stream in (sys.stdout, sys.stderr):
        # a test's or a notebook's replacement may not have it
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="igc_tf.spell")


def _spell(error):
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    spelt = "".join(_PLAIN.get(c, c.encode("ascii", "backslashreplace").decode()) for c in text)
    return spelt, error.end
