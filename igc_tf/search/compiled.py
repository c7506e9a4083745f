"""Functions of batches, compiled once for batches of any size."""

import tensorflow as tf
from tensorflow.python.ops import control_flow_util

from igc_tf.errors import IGCError


def is_for_xla():
    """Whether the graph being built is for XLA, which knows no sizes that depend on values."""
    # TensorFlow tells nobody in public
    return control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


class Compiled:
    """Calls functions of tensors compiled; as they are where a graph is being built already.

    Likewise where TensorFlow was told to compile nothing (`tf.config.run_functions_eagerly`).

    Each is traced for batches of any size: a trace for one size folds other constants, and a
    descent can amplify the difference in rounding. XLA wants to know the size. Functions are traced
    as they stand: to rewrite Python's `if` and `while` for tensors (AutoGraph) took longer than all
    the rest of it.

    Args:
        jit_compile: compile with XLA.
    """

    def __init__(self, jit_compile=False):
        self._jit_compile = jit_compile
        self._functions = {}

    def __call__(self, function, *arguments, **fixed):
        """Calls a function.

        Args:
            function: of structures of tensors, whose first axis is the batch.
            arguments: these.
            fixed: what else it takes, by name: anything hashable; it is compiled for each.

        Returns:
            What the function returns.
        """
        if tf.inside_function() or tf.config.functions_run_eagerly():
            return function(*arguments, **fixed)
        key = function, *fixed.items()
        if key not in self._functions:
            self._functions[key] = tf.function(
                _with(function, fixed) if fixed else function,
                jit_compile=self._jit_compile,
                autograph=False,
            )
        specs = tf.nest.map_structure(self._spec, arguments)
        return _traced(self._functions[key], specs)(*arguments)

    def _spec(self, tensor):
        if tensor is None:
            return None
        any_size = tensor.shape.rank and not self._jit_compile
        shape = [None, *tensor.shape[1:]] if any_size else tensor.shape
        return tf.TensorSpec(shape, tensor.dtype)


def _traced(function, specs):
    try:
        return function.get_concrete_function(*specs)
    except Exception as error:
        # what TensorFlow makes of an error when it traces tells only of graphs
        if isinstance(error.__context__, IGCError):
            raise error.__context__ from None
        raise


def _with(function, fixed):
    # a partial function's named arguments would be asked for again, as tensors
    def called(*arguments):
        return function(*arguments, **fixed)

    return called
