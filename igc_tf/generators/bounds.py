"""Which values a model can make, as far as its last layers say."""

import math

import keras
import numpy as np

UNKNOWN = (-math.inf, math.inf)

_ACTIVATIONS = {
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "soft_sign": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
}
# of layers and operations that move values about, or average them
_UNCHANGED = {
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Cast",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Dropout",
    "ExpandDims",
    "Flatten",
    "GetItem",
    "Identity",
    "InputLayer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Permute",
    "RepeatVector",
    "Reshape",
    "Squeeze",
    "Transpose",
    "UpSampling1D",
    "UpSampling3D",
}


def read_bounds(model):
    """Reads (low, high) of a model's output off its last layers.

    Known are Keras' activations, `Rescaling`, clipping, arithmetic with numbers, and what only
    moves values about, also inside nested models.

    Args:
        model: a Keras model with one output.

    Returns:
        Two floats, infinite where nothing is known.
    """
    outputs = getattr(model, "outputs", None)
    return _tensor_bounds(outputs[0]) if outputs else UNKNOWN


def _tensor_bounds(tensor):
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return UNKNOWN
    operation, node, index = history
    if isinstance(operation, keras.Model):
        outputs = getattr(operation, "outputs", None)
        return _tensor_bounds(outputs[index]) if outputs else UNKNOWN
    # a layer of somebody's own may do anything with Keras' attributes
    if not type(operation).__module__.startswith("keras."):
        return UNKNOWN
    arguments = operation._inbound_nodes[node].arguments
    return _operation_bounds(operation, [*arguments.args, *arguments.kwargs.values()])


def _operation_bounds(operation, arguments):
    kind = type(operation).__name__
    given = _tensor_bounds(arguments[0]) if arguments else UNKNOWN
    if kind in _UNCHANGED or (kind == "UpSampling2D" and operation.interpolation != "bicubic"):
        return given
    if kind == "Rescaling":
        return _affine(given, operation.scale, operation.offset)
    if kind == "Clip":
        return _clipped(given, operation.x_min, operation.x_max)
    if kind == "ReLU":
        slope = float(operation.negative_slope)
        low = 0.0 if slope == 0 else -math.inf
        high = math.inf if operation.max_value is None else float(operation.max_value)
        return _clipped(given, low, high)
    if kind in ("Add", "Subtract", "Multiply", "TrueDivide", "Divide"):
        return _arithmetic_bounds(kind, arguments)
    name = getattr(getattr(operation, "activation", None), "__name__", kind.lower())
    if name == "linear" and kind == "Activation":
        return given
    return _ACTIVATIONS.get(name, UNKNOWN)


def _arithmetic_bounds(kind, arguments):
    if len(arguments) != 2:
        return UNKNOWN
    first, second = arguments
    if _is_number(second):
        number, given = float(np.asarray(second)), _tensor_bounds(first)
        if kind == "Add":
            return _affine(given, 1.0, number)
        if kind == "Subtract":
            return _affine(given, 1.0, -number)
        if kind == "Multiply":
            return _affine(given, number, 0.0)
        return _affine(given, 1.0 / number, 0.0) if number else UNKNOWN
    if _is_number(first):
        number, given = float(np.asarray(first)), _tensor_bounds(second)
        if kind == "Add":
            return _affine(given, 1.0, number)
        if kind == "Subtract":
            return _affine(given, -1.0, number)
        if kind == "Multiply":
            return _affine(given, number, 0.0)
    return UNKNOWN


def _is_number(value):
    return isinstance(value, (int, float, np.number)) or (
        isinstance(value, np.ndarray) and value.size == 1
    )


def _affine(bounds, scale, offset):
    if np.size(scale) != 1 or np.size(offset) != 1 or not np.isfinite([*bounds]).all():
        return UNKNOWN
    ends = [end * float(np.ravel(scale)[0]) + float(np.ravel(offset)[0]) for end in bounds]
    return min(ends), max(ends)


def _clipped(bounds, low, high):
    if not (np.isscalar(low) and np.isscalar(high)):
        return UNKNOWN
    return max(bounds[0], float(low)), min(bounds[1], float(high))
