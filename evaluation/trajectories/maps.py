"""What a two-letter generator draws all over its space of class vectors."""

from typing import NamedTuple

import numpy as np

# the document's grid: 0 to 1 in steps of 0.1
GRID = np.linspace(0, 1, 11)


class Letter(NamedTuple):
    """One trajectory.

    Attributes:
        series: float32 (T, 3).
        mask: bool (T, 1), true as far as it goes.
    """

    series: np.ndarray
    mask: np.ndarray


def typical_letter(data, label):
    """The mean of a class's trajectories, as long as half of them are.

    Args:
        data: a `LabelledData` of trajectories.
        label: of the class.

    Returns:
        A `Letter`.
    """
    chosen = data.take(data.labels == label)
    count = chosen.mask.sum(axis=0)
    mean = (chosen.data * chosen.mask).sum(axis=0) / np.maximum(count, 1)
    return Letter(mean.astype(np.float32), 2 * count >= len(chosen))


def class_vector_map(generator, letter, grid=GRID):
    """The mean squared error between a letter and what a two-letter generator draws.

    The class vectors go over the whole square, as in the document; they do not sum to 1.

    Args:
        generator: `condition (B, 2) -> series (B, T, 3)`.
        letter: a `Letter` of T steps.
        grid: V values of either entry.

    Returns:
        float32 (V, V), indexed by the first and then the second entry.
    """
    first, second = np.meshgrid(grid, grid, indexing="ij")
    conditions = np.stack([first.ravel(), second.ravel()], axis=1).astype(np.float32)
    drawn = generator.predict_on_batch(conditions)
    squares = np.square(letter.series - drawn)
    compared = np.broadcast_to(letter.mask, squares.shape)
    return squares.mean(axis=(1, 2), where=compared).reshape(len(grid), len(grid))


def letter_distance(first, second):
    """The mean squared error between two `Letter`s of T steps, as far as both go."""
    both = (first.mask & second.mask)[:, 0]
    return float(np.mean((first.series - second.series)[both] ** 2))


def roughness(values):
    """The largest difference between neighbours on a grid, in parts of the whole range.

    From the step between even slopes' neighbours, 1/(V - 1), to 1, a cliff. 0 if all are equal.
    """
    steps = [np.abs(np.diff(values, axis=axis)).max() for axis in (0, 1)]
    spread = np.ptp(values)
    return float(max(steps) / spread) if spread > 0 else 0.0


def diagonal_agreement(to_first, to_second):
    """The share of class vectors, off the diagonal, drawn as the letter of their larger entry.

    Args:
        to_first, to_second: `class_vector_map`s (V, V) of the two letters.

    Returns:
        0 to 1; 1 is the document's perfectly separated space.
    """
    first, second = np.indices(to_first.shape)
    is_off = first != second
    return float(((to_first < to_second) == (first > second))[is_off].mean())


def separation(to_first, distance):
    """How close a map is to the document's perfectly separated one, off the diagonal.

    That is 0 where the first entry is the larger one and the letters' distance elsewhere.

    Args:
        to_first: the `class_vector_map` (V, V) of the first letter.
        distance: the `letter_distance` of the two.

    Returns:
        1 less the mean deviation from it, in units of the distance: 1 is perfect; a map without
        any border, half the distance everywhere, has 0.5.
    """
    first, second = np.indices(to_first.shape)
    is_off = first != second
    ideal = np.where(first > second, 0.0, distance)
    return float(1 - np.abs(to_first - ideal)[is_off].mean() / distance)
