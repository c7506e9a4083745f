"""Ranges that are declared beside an option."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest

from igc_tf.errors import InputError
from igc_tf.ranges import (
    Range,
    bounds_from_json,
    bounds_to_json,
    check_kind,
    check_ranges,
    checked_array,
    checked_whole,
    lie_within,
)


@dataclass(frozen=True)
class _Options:
    steps: Annotated[int, Range(1)] = 100
    decay: Annotated[float, Range(0, 1, below=True)] = 0.9
    tolerance: Annotated[float | None, Range(0, above=True)] = None
    sigmas: Annotated[tuple[float, ...], Range(0)] = (0.0,)
    norm: Literal["absolute", "squared"] = "absolute"
    images: Annotated[int | Literal["all"], Range(1)] = 10
    name: str = "anything"
    data: Literal["synthetic"] | Path | None = None

    def __post_init__(self):
        check_ranges(self)


@pytest.mark.parametrize(
    "value",
    [
        {"steps": 1},
        {"steps": np.int64(3)},
        {"decay": 0},
        {"decay": np.float32(0.5)},
        {"tolerance": 1e-9},
        {"sigmas": (0, 0.4)},
        {"norm": "squared"},
        {"images": "all"},
        {"data": "synthetic"},
        {"data": Path("letters.mat")},
        {"data": None},
    ],
)
def test_values_inside_are_accepted(value):
    _Options(**value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"steps": 0}, "steps=0: expected a whole number >= 1"),
        ({"steps": 1.5}, "steps=1.5: expected a whole number >= 1"),
        ({"steps": True}, "steps=True: expected a whole number >= 1"),
        ({"decay": 1.0}, "decay=1.0: expected a number >= 0 and < 1"),
        ({"decay": float("nan")}, "decay=nan: expected a number >= 0 and < 1"),
        ({"decay": "much"}, "decay='much': expected a number >= 0 and < 1"),
        ({"tolerance": 0.0}, "tolerance=0.0: expected a number > 0 or None"),
        ({"sigmas": ()}, r"sigmas=\(\): expected one or more numbers >= 0"),
        ({"sigmas": (0.1, float("inf"))}, r"sigmas=.* expected one or more numbers >= 0"),
        ({"norm": "cubic"}, "norm='cubic': expected one of 'absolute', 'squared'"),
        ({"data": "drawn"}, "data='drawn': expected one of 'synthetic' or a Path or None"),
    ],
)
def test_values_outside_are_named_with_their_range(value, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        _Options(**value)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2", None, np.zeros([2, 2])])
def test_what_is_no_whole_number_is_named(value):
    with pytest.raises(InputError, match=r"^count=.*: expected a whole number >= 1$"):
        checked_whole("count", value)
    assert type(checked_whole("count", np.int64(8))) is int


def test_arguments_of_another_kind_and_arrays_that_are_none_are_named():
    check_kind("option", None, dict | None, "a table")
    with pytest.raises(InputError, match=r"^option=\[1, 2\]: expected a table$"):
        check_kind("option", [1, 2], dict | None, "a table")
    assert checked_array("images", [[1, 2]], np.float32).dtype == np.float32
    message = "^images of type list: expected an array of numbers, .* of one shape .*inhomogeneous"
    with pytest.raises(InputError, match=message):
        checked_array("images", [np.zeros([2, 2]), np.zeros([2, 3])], np.float32)


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (0.0, np.inf), (-np.inf, 1.0), (-np.inf, np.inf)])
def test_bounds_survive_json_that_knows_no_infinity(bounds):
    text = json.dumps(bounds_to_json(bounds), allow_nan=False)
    assert bounds_from_json(json.loads(text)) == bounds


def test_data_that_were_scaled_and_scaled_back_lie_within_their_bounds():
    numbers = np.random.default_rng(0)
    for bounds in ((-0.5, 0.5), (0.0, 255.0), (-1000.0, 3000.0)):
        values = numbers.uniform(*bounds, size=10_000).astype(np.float32)
        values[:2] = bounds
        mean, deviation = np.float32(values.mean()), np.float32(values.std())
        assert lie_within((values - mean) / deviation * deviation + mean, bounds)
        beyond = bounds[1] + 1e-4 * (bounds[1] - bounds[0])
        assert not lie_within(np.float32([beyond]), bounds)
    assert lie_within(np.float32([1e30]), (0.0, np.inf))
    assert not lie_within(np.float32([-1e-4]), (0.0, np.inf))
