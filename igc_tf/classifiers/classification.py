"""What a classifier says about a batch of data."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Classification:
    """The answer for N examples with C classes, as NumPy arrays.

    Attributes:
        labels: the answers (N,), int64 in [0, C).
        differences: data difference of each class's best reproduction (N, C).
        scores: what the decision was made by (N, C); the label is its argmax.
        latents: the latent found for each class (N, C, Z).
        reconstructions: what the generator makes of it (N, C, ...).
        loss_history, difference_history: per step (N, steps + 1, C), or None if not asked for.
        snapshots: reconstructions after chosen numbers of steps, {steps: (N, C, ...)}.
    """

    labels: np.ndarray
    differences: np.ndarray
    scores: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray
    loss_history: np.ndarray | None
    difference_history: np.ndarray | None
    snapshots: dict[int, np.ndarray]

    def __len__(self):
        return len(self.labels)
