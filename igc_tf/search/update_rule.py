"""The optimisers a search may use, all of one form."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from igc_tf.errors import InputError
from igc_tf.search.adam import adam_start, adam_step
from igc_tf.search.momentum import momentum_start, momentum_step

OPTIMIZERS = ("adam", "momentum")


class UpdateRule(NamedTuple):
    """An optimiser as two pure functions on tensors.

    Attributes:
        start: value -> the moments it starts with.
        step: (value, gradient, moments, step from 1, learning_rate=) -> (value, moments).
    """

    start: Callable
    step: Callable

    @classmethod
    def of(cls, optimizer, beta_1, beta_2, epsilon):
        """Returns the rule of a name in `OPTIMIZERS`.

        Args:
            optimizer: "adam" or "momentum".
            beta_1: decay of Adam's first moment; of the velocity, with "momentum".
            beta_2, epsilon: Adam's.

        Raises:
            InputError: for an unknown name.
        """
        if optimizer == "adam":
            step = partial(adam_step, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
            return cls(adam_start, step)
        if optimizer == "momentum":
            return cls(momentum_start, partial(momentum_step, momentum=beta_1))
        raise InputError(f"optimizer={optimizer!r}: expected one of {OPTIMIZERS}")
