"""Functions of batches, compiled once for batches of any size."""

import tensorflow as tf


class Compiled:
    """Calls functions of tensors compiled; as they are where a graph is being built already.

    Likewise where TensorFlow was told to compile nothing (`tf.config.run_functions_eagerly`).

    Each is traced for batches of any size: a trace for one size folds other constants, and a
    descent can amplify the difference in rounding. XLA wants to know the size.

    Args:
        jit_compile: compile with XLA.
    """

    def __init__(self, jit_compile=False):
        self._jit_compile = jit_compile
        self._functions = {}

    def __call__(self, function, *arguments):
        """Calls a function.

        Args:
            function: of structures of tensors, whose first axis is the batch.
            arguments: these.

        Returns:
            What the function returns.
        """
        if tf.inside_function() or tf.config.functions_run_eagerly():
            return function(*arguments)
        if function not in self._functions:
            self._functions[function] = tf.function(function, jit_compile=self._jit_compile)
        specs = tf.nest.map_structure(self._spec, arguments)
        return self._functions[function].get_concrete_function(*specs)(*arguments)

    def _spec(self, tensor):
        if tensor is None:
            return None
        any_size = tensor.shape.rank and not self._jit_compile
        shape = [None, *tensor.shape[1:]] if any_size else tensor.shape
        return tf.TensorSpec(shape, tensor.dtype)
