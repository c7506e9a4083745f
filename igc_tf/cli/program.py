"""What every program of this project does before and around its work."""

import codecs
import contextlib
import os
import sys
import tempfile
import warnings

from igc_tf.errors import IGCError, InputError

# for terminals that can't print these: the papers' notation, dashes, quotes, tyro's boxes
_PLAIN = {
    **dict.fromkeys("─━╶╴", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("╭╮╰╯├┤┬┴┼", "+"),
    **{"×": "x", "±": "+-", "≥": ">=", "≤": "<=", "→": "->", "–": "-", "—": "-", "…": "..."},
    **{"λ": "lambda", "σ": "sigma", "²": "^2", "·": "*", "’": "'", "“": '"', "”": '"'},
}


def run_program(main):
    """Runs a program that needs TensorFlow, and exits; see `program_errors`.

    Args:
        main: does the work; may return an exit code. TensorFlow is started, quietly, before it.
    """
    with program_errors():
        import_tensorflow_quietly()
        code = main()
    sys.exit(code)


@contextlib.contextmanager
def program_errors():
    """Lets mistakes of use end a program with one line, and anything else with its traceback.

    An `IGCError` prints its message on stderr and exits with 2, Ctrl-C exits with 130. The
    environment variable IGC_TF_TRACEBACK shows the traceback of an `IGCError` too. Whatever cannot
    be printed on this terminal is spelt in other characters.
    """
    _print_anything()
    module = getattr(sys.modules["__main__"], "__spec__", None)
    if module is not None and module.name.split(".")[0] in ("evaluation", "training"):
        # what --help calls the program; else it is the path of its file
        sys.argv[0] = f"python -m {module.name}"
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        sys.exit(130)
    except IGCError as error:
        if os.environ.get("IGC_TF_TRACEBACK"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def import_tensorflow_quietly():
    """Imports TensorFlow without the lines its C++ part writes before any log level holds.

    Raises:
        InputError: if the environment asks Keras for another backend, or Keras has one already.
    """
    _ask_for_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", module="keras|tensorflow")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            import tensorflow

            # the device list is what makes it look for CUDA, and say so
            tensorflow.config.list_physical_devices()
            # in a notebook it also tells of files it wrote and of every new shape it compiles for
            tensorflow.get_logger().setLevel("ERROR")
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _ask_for_tensorflow():
    """Sees to it that Keras runs on TensorFlow, whatever its configuration file says."""
    wanted = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if wanted != "tensorflow":
        raise InputError(
            f"KERAS_BACKEND={wanted}: igc_tf runs on Keras' TensorFlow backend; unset the variable "
            "or set it to tensorflow"
        )
    os.environ["KERAS_BACKEND"] = wanted


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
