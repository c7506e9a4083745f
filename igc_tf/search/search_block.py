"""One input of the generator, as the search sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError


@dataclass(frozen=True)
class SearchBlock:
    """Declares how one generator input (the condition, or the latent) is searched.

    A search runs K candidates for every example: K is the number of classes where each class is
    tried in turn, 1 where the class itself is searched.

    Attributes:
        start: the values before the first step: (K, D), the same for every example; or a function
            from example indices (B,) to (B, K, D). A random start is such a function, seeded, so
            that an example's start does not depend on its batch.
        trainable: which elements move: True, False, or a boolean array that broadcasts to (K, D).
        update_factor: multiplies the learning rate of this block.
        first_step: how many steps pass before this block begins to move.
        projection: applied to the values (N, D) after each update, e.g. clamp and normalise.
        tangent: applied to the gradient (N, D) before each update, e.g. to leave only what moves
            along the set that `projection` projects on. Adam scales every element by itself:
            a part that the projection would undo can drown the rest.
        restriction: added to the loss: values (N, D) -> (N,).

    Raises:
        InputError: for a negative update factor or first step, or an array as start that is not
            (K, D).
    """

    start: Any
    trainable: Any = True
    update_factor: float = 1.0
    first_step: int = 0
    projection: Callable | None = None
    tangent: Callable | None = None
    restriction: Callable | None = None

    def __post_init__(self):
        if not self.update_factor >= 0:
            raise InputError(f"update_factor {self.update_factor!r}: expected a number >= 0")
        if self.first_step < 0 or int(self.first_step) != self.first_step:
            raise InputError(f"first_step {self.first_step!r}: expected a whole number >= 0")
        if not callable(self.start) and len(self.shape) != 2:
            raise InputError(
                f"start has shape {self.shape}: expected (candidates, elements), or a function"
            )

    @property
    def shape(self):
        """(K, D)."""
        if callable(self.start):
            return tuple(self.start(tf.zeros([1], tf.int32)).shape[1:])
        return tuple(np.shape(self.start))

    @property
    def searched(self):
        """Whether any element ever moves."""
        return bool(np.any(self.trainable))

    def start_values(self, indices):
        """Returns the start (B·K, D) for the examples with these indices (B,)."""
        candidates, elements = self.shape
        if callable(self.start):
            values = tf.cast(self.start(indices), tf.float32)
        else:
            start = tf.convert_to_tensor(self.start, tf.float32)
            values = tf.tile(start[tf.newaxis], [tf.shape(indices)[0], 1, 1])
        return tf.reshape(values, [tf.shape(indices)[0] * candidates, elements])

    def trainable_mask(self, examples):
        """Returns True where an element moves, (B·K, D)."""
        mask = tf.broadcast_to(tf.convert_to_tensor(self.trainable, tf.bool), self.shape)
        return tf.tile(mask, [examples, 1])
