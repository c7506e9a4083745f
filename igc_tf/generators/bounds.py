"""Which values a model can make: what its last layers say, and what is said of it."""

import math

import keras
import numpy as np

from igc_tf.errors import GeneratorError, InputError
from igc_tf.ranges import lie_within

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
# interpolations that do not overshoot
_AVERAGING = ("nearest", "bilinear")


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


def settled_bounds(said, read):
    """Returns the bounds that hold, of those that were said and those read off the model.

    Args:
        said: (low, high), or None.
        read: as `read_bounds` returns them.

    Raises:
        GeneratorError: if neither tells, or they contradict each other.
        InputError: for what are no bounds.
    """
    if said is None:
        if not np.isfinite(read).all():
            raise GeneratorError(
                "the generator's last layers do not tell its bounds: say those of the data it was "
                "trained on, e.g. bounds=(-1, 1)"
            )
        return read
    try:
        low, high = map(float, said)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not low < high:
        raise InputError(f"bounds={said!r}: expected (low, high), low less than high")
    slack = 0.01 * (high - low)
    too_low = np.isfinite(low) and low < read[0] - slack
    too_high = np.isfinite(high) and high > read[1] + slack
    if too_low or too_high:
        raise GeneratorError(
            f"bounds=({low:g}, {high:g}): the generator's last layers make values in "
            f"[{read[0]:g}, {read[1]:g}] only; say the bounds of the data it was trained on"
        )
    return low, high


def settled_background(said, bounds):
    """Returns the background that was said; else the lower bound, or what is nearest to 0.

    Args:
        said: a number within the bounds, or None.
        bounds: (low, high); either may be infinite, and 0 is then taken, or what is nearest to it.

    Raises:
        InputError: for anything else.
    """
    low, high = bounds
    if said is None:
        return low if np.isfinite(low) else min(0.0, high)
    try:
        background = float(said)
    except (TypeError, ValueError):
        background = math.nan
    if not (math.isfinite(background) and lie_within(np.float64(background), bounds)):
        raise InputError(
            f"background={said!r}: expected a finite number in [{low:g}, {high:g}], the bounds"
        )
    return background


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
    if kind in _UNCHANGED or (kind == "UpSampling2D" and operation.interpolation in _AVERAGING):
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
