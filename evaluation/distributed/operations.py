"""How many floating-point operations a classification takes, counted while it runs."""

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_callbacks


def count_operations(function):
    """Counts the operations of what a function makes TensorFlow do.

    Functions are not compiled meanwhile, so that each step of a search counts as often as it is
    taken, and what an encoder or a generator does forwards and backwards as it does it. Of a matrix
    product or a convolution each multiplication and each addition is one operation, 2 for each
    weight and output; of anything else each element of an output that is a floating-point number.

    Args:
        function: without arguments.

    Returns:
        `{"products": number, "others": number}`, of matrix products and convolutions, and of all
        the rest.
    """
    counts = {"products": 0, "others": 0}

    def count(kind, inputs, attributes, outputs, name=None, graph=None):
        del name, graph
        floating = [output for output in outputs if _is_floating(output)]
        if kind in _PRODUCTS:
            counts["products"] += 2 * _PRODUCTS[kind](inputs, attributes, floating[0])
        elif kind not in _MOVES:
            counts["others"] += sum(_elements(output) for output in floating)

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    op_callbacks.add_op_callback(count)
    try:
        function()
    finally:
        op_callbacks.remove_op_callback(count)
        tf.config.run_functions_eagerly(eager)
    return counts


# what copies and names, and calculates nothing; and gradients of weights, which nobody asks for
# here: TensorFlow makes them beside others, a compiled search leaves them out
_MOVES = {
    *("Conv2DBackpropFilter", "DepthwiseConv2dNativeBackpropFilter"),
    *("Const", "Identity", "IdentityN", "ReadVariableOp", "Reshape", "Transpose", "StridedSlice"),
    *("Pack", "Unpack", "ConcatV2", "GatherV2", "GatherNd", "Tile", "ExpandDims", "Squeeze"),
    *("Fill", "ZerosLike", "OnesLike", "BroadcastTo", "Pad", "PadV2", "Slice", "StopGradient"),
    *("Split", "SplitV", "ScatterNd", "StridedSliceGrad", "PreventGradient", "ReverseV2"),
}


def _is_floating(tensor):
    return getattr(tensor, "dtype", None) is not None and tensor.dtype.is_floating


def _elements(tensor):
    return int(np.prod(tensor.shape))


def _matrix_product(inputs, attributes, output):
    said = dict(zip(attributes[::2], attributes[1::2], strict=True))
    transposed = said.get("transpose_a", said.get("adj_x"))
    return _elements(output) * int(inputs[0].shape[-2 if transposed else -1])


def _convolution(inputs, attributes, output):
    del attributes
    # each output is a sum over the kernel's window and its input channels
    return _elements(output) * _elements(inputs[1]) // int(inputs[1].shape[-1])


def _of_input_gradient(inputs, attributes, output):
    # each value of the gradient that comes in goes to a window of all input channels
    del attributes, output
    return _elements(inputs[2]) * _elements(inputs[1]) // int(inputs[1].shape[-1])


def _depthwise(inputs, attributes, output):
    del attributes
    height, width, _, _ = inputs[1].shape
    return _elements(output) * int(height) * int(width)


def _depthwise_input_gradient(inputs, attributes, output):
    del attributes, output
    height, width, _, _ = inputs[1].shape
    return _elements(inputs[2]) * int(height) * int(width)


_PRODUCTS = {
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _matrix_product),
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _of_input_gradient,
    "DepthwiseConv2dNative": _depthwise,
    "DepthwiseConv2dNativeBackpropInput": _depthwise_input_gradient,
}
