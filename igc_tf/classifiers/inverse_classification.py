"""What inverse classification says about a batch of data."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class InverseClassification:
    """The answer for N examples with C classes, as NumPy arrays.

    Attributes:
        labels: the answers (N,), int64 in [0, C): the largest entries of the class vectors.
        conditions: the class vectors found (N, C), in [0, 1], each summing to 1.
        differences: data difference of the reproductions (N,).
        latents: the latents found (N, Z); None without a latent.
        steps: how many steps each search took, (N,).
        reconstructions: what the generator makes of both (N, ...).
        loss_history, difference_history: per step (N, steps + 1), or None if not asked for.
        snapshots: reconstructions after chosen numbers of steps, {steps: (N, ...)}.
    """

    labels: np.ndarray
    conditions: np.ndarray
    differences: np.ndarray
    latents: np.ndarray | None
    steps: np.ndarray
    reconstructions: np.ndarray
    loss_history: np.ndarray | None
    difference_history: np.ndarray | None
    snapshots: dict[int, np.ndarray]

    @property
    def entropies(self):
        """-Σ p ln p of each class vector (N,), nats: 0 is one class alone, ln C all alike."""
        p = self.conditions
        logs = np.log(np.where(p > 0, p, 1.0))
        return np.abs((p * logs).sum(axis=1))

    def __len__(self):
        return len(self.labels)
