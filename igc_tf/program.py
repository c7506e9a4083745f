"""What every command of this project does before and around its work."""

import os
import sys
import tempfile
import warnings

from igc_tf.errors import IGCError


def run_program(main):
    """Runs `main()`, started quietly, with mistakes of use told in one line.

    Args:
        main: does the work; its imports of TensorFlow belong inside it. May return an exit code.

    Exits:
        With main's exit code; 2 after an `IGCError`, whose message is printed on stderr; 130 after
        Ctrl-C. Options that are refused come in tyro's box.
    """
    module = sys.modules["__main__"].__spec__
    if module is not None:
        # what --help calls the program; else it is the path of its file
        sys.argv[0] = f"python -m {module.name}"
    try:
        import_tensorflow_quietly()
        code = main()
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        code = 130
    except IGCError as error:
        if os.environ.get("IGC_TF_TRACEBACK"):
            raise
        print(f"error: {error}", file=sys.stderr)
        code = 2
    sys.exit(code)


def import_tensorflow_quietly():
    """Imports TensorFlow without the lines its C++ part writes before any log level holds."""
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
