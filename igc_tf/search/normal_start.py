"""A random start that belongs to an example, not to its batch."""

from dataclasses import dataclass

import tensorflow as tf

from igc_tf.errors import InputError


@dataclass(frozen=True)
class NormalStart:
    """Draws the start of a search block from N(mean, deviation²), per example index.

    Attributes:
        elements: D.
        seed: with an example's index it decides that example's start.
        mean, standard_deviation: of every element.

    Raises:
        InputError: for a standard deviation that is negative.
    """

    elements: int
    seed: int = 0
    mean: float = 0.0
    standard_deviation: float = 1.0

    def __post_init__(self):
        if not self.standard_deviation >= 0:
            raise InputError(f"standard_deviation {self.standard_deviation!r}: expected >= 0")

    def __call__(self, indices):
        """Returns the starts (B, 1, D) of the examples with these indices (B,)."""

        def draw(index):
            return tf.random.stateless_normal([1, self.elements], [self.seed, index])

        drawn = tf.map_fn(draw, indices, fn_output_signature=tf.float32)
        return self.mean + self.standard_deviation * drawn
