"""What a search found."""

from typing import NamedTuple

import tensorflow as tf


class SearchResult(NamedTuple):
    """The end of a search over B examples with K candidates each.

    Attributes:
        difference: data difference of each candidate (B, K).
        loss: difference plus restrictions (B, K).
        decision: what the candidates are judged by (B, K), the least is the best; see
            `SearchSettings.decision`.
        steps: how many steps each candidate took until it converged, or all of them (B, K), int32.
        values: per block of the space, the values found (B, K, D).
        generated: what the generator makes of them (B, K, ...).
        loss_history: loss before each step and after the last (steps + 1, B, K), or None.
        difference_history: likewise the data difference, or None.
        snapshots: generated data after the asked-for steps, each (B, K, ...).
    """

    difference: tf.Tensor
    loss: tf.Tensor
    decision: tf.Tensor
    steps: tf.Tensor
    values: tuple
    generated: tf.Tensor
    loss_history: tf.Tensor | None
    difference_history: tf.Tensor | None
    snapshots: tuple
