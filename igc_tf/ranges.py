"""The range of an option, declared once; what an argument is; whether data lie within bounds.

A range stands beside the option, and is checked where the options are made::

    @dataclass(frozen=True)
    class Settings:
        steps: Annotated[int, Range(1)] = 100

        def __post_init__(self):
            check_ranges(self)
"""

import math
import numbers
import reprlib
import types
from dataclasses import dataclass, fields
from typing import Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from igc_tf.errors import InputError, first_line


def check_kind(name, value, kind, expected):
    """Checks that an argument is an instance of a class.

    Args:
        name: of the argument.
        value: its value.
        kind: the class, as for `isinstance`.
        expected: what it should have been, in words.

    Raises:
        InputError: for anything else.
    """
    if not isinstance(value, kind):
        raise InputError(f"{name}={_short(value)}: expected {expected}")


def is_whole(value, least):
    """Whether a value is a whole number, Python's or NumPy's, and no less than `least`."""
    is_number = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return is_number and value >= least


def checked_whole(name, value, least=1):
    """Returns a whole number as Python's.

    Raises:
        InputError: for anything else, or one less than `least`.
    """
    if not is_whole(value, least):
        raise InputError(f"{name}={_short(value)}: expected a whole number >= {least}")
    return int(value)


def checked_array(name, values, dtype=None):
    """Returns values as a NumPy array.

    Args:
        name: of the argument.
        values: an array, or lists of numbers.
        dtype: of the array; None for what NumPy takes for it.

    Raises:
        InputError: for what makes no such array: texts, or examples of unlike shapes.
    """
    try:
        return np.asarray(values, dtype)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} of type {type(values).__name__}: expected an array of numbers, or a list of "
            f"examples of one shape ({first_line(error)})"
        ) from error


def bounds_to_json(bounds):
    """Returns bounds JSON-ready: [low, high], None where they are infinite.

    Args:
        bounds: (low, high); either may be infinite.
    """
    return [end if math.isfinite(end) else None for end in bounds]


def bounds_from_json(ends):
    """Returns the bounds (low, high) of which `bounds_to_json` made this."""
    low, high = ends
    return -math.inf if low is None else low, math.inf if high is None else high


def widened(bounds):
    """Returns bounds that also hold what was converted from them to another range and back.

    Float32 rounds that up to a millionth of what lies between them, or of 1 if that is more.

    Args:
        bounds: (low, high); either may be infinite.
    """
    low, high = bounds
    tolerance = 1e-6 * max(1.0, high - low if math.isfinite(high - low) else 1.0)
    return low - tolerance, high + tolerance


def lie_within(values, bounds):
    """Whether all of an array's values lie within bounds, `widened`.

    Args:
        values: a NumPy array. Not-a-number does not lie within any bounds; no values do.
        bounds: (low, high); either may be infinite.
    """
    low, high = widened(bounds)
    return not values.size or bool(values.min() >= low and values.max() <= high)


@dataclass(frozen=True)
class Range:
    """The finite numbers from `low` to `high`.

    Attributes:
        low, high: the ends; None where there is none.
        above: `low` itself does not belong to the range.
        below: `high` itself does not belong to the range.
    """

    low: float | None = None
    high: float | None = None
    above: bool = False
    below: bool = False

    def __contains__(self, value):
        if not math.isfinite(value):
            return False
        if self.low is not None and not (value > self.low if self.above else value >= self.low):
            return False
        return self.high is None or (value < self.high if self.below else value <= self.high)

    def __str__(self):
        ends = []
        if self.low is not None:
            ends.append(f"{'>' if self.above else '>='} {self.low:g}")
        if self.high is not None:
            ends.append(f"{'<' if self.below else '<='} {self.high:g}")
        return " and ".join(ends)


# seeds that NumPy, Keras and tensors of int32 all take
SEED = Range(0, 2**31 - 1)


def check_number(name, value, limit):
    """Checks that an argument is a number of a `Range`.

    Raises:
        InputError: for anything else.
    """
    if not (_is_number(value, float) and value in limit):
        raise InputError(f"{name}={_short(value)}: expected a number {limit}")


def check_ranges(options):
    """Checks every field that is annotated with a `Range` or a `Literal`.

    A field whose type also allows None, or values of another class such as `Path`, may be that;
    every element of a tuple is checked, and a tuple needs at least one.

    Args:
        options: an instance of a dataclass.

    Raises:
        InputError: for a value outside its range; names the field, the value and the range.
    """
    hints = get_type_hints(type(options), include_extras=True)
    for field in fields(options):
        value = getattr(options, field.name)
        kind = hints[field.name]
        # Annotated keeps what it annotates, and with what
        limit = next((item for item in getattr(kind, "__metadata__", ()) if _is_range(item)), None)
        kind = kind.__origin__ if hasattr(kind, "__metadata__") else kind
        expected = _expected(kind, limit)
        if expected is not None and not _allowed(value, kind, limit):
            raise InputError(f"{field.name}={value!r}: expected {expected}")


def _short(value):
    """A value on part of a line."""
    return " ".join(reprlib.repr(value).split())


def _is_range(item):
    return isinstance(item, Range)


def _members(kind):
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _allowed(value, kind, limit):
    if value is None:
        return type(None) in _members(kind)
    for member in _members(kind):
        if get_origin(member) is Literal and value in get_args(member):
            return True
        if get_origin(member) is tuple and isinstance(value, tuple | list):
            return len(value) > 0 and all(_is_number(v, float) and v in limit for v in value)
        if member in (int, float) and limit is not None and _is_number(value, member):
            return value in limit
        if _is_other_class(member) and isinstance(value, member):
            return True
    return False


def _is_other_class(member):
    """Whether a member of a type is a class whose values all belong to it, such as `Path`."""
    return isinstance(member, type) and member not in (int, float, type(None))


def _is_number(value, kind):
    if isinstance(value, bool):
        return False
    whole = isinstance(value, int) or hasattr(value, "__index__")
    return (
        whole if kind is int else whole or isinstance(value, float) or hasattr(value, "__float__")
    )


def _expected(kind, limit):
    """What a refused value should have been; None where nothing is declared."""
    alternatives = []
    for member in _members(kind):
        if get_origin(member) is Literal:
            alternatives.append("one of " + ", ".join(repr(name) for name in get_args(member)))
        elif get_origin(member) is tuple and limit is not None:
            alternatives.append(f"one or more numbers {limit}")
        elif member in (int, float) and limit is not None:
            alternatives.append(f"a {'whole ' if member is int else ''}number {limit}")
    if not alternatives:
        return None
    alternatives += [f"a {member.__name__}" for member in filter(_is_other_class, _members(kind))]
    if type(None) in _members(kind):
        alternatives.append("None")
    return " or ".join(alternatives)
