"""What a multi-label classifier says about a batch of data."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MultiLabelClassification:
    """The answer for N examples with L binary labels, as NumPy arrays.

    The axis of size 2 is the value, 0 or 1, that the label was held at; the other labels were
    searched with the latent.

    Attributes:
        labels: the answers (N, L), int64 in {0, 1}.
        margins: (N, L), how much better 1 reproduces than 0; the label is 1 where positive.
        differences: data difference of each value's best reproduction (N, L, 2).
        conditions: the whole condition found for it (N, L, 2, 2L), a pair per label.
        latents: the latent found for it (N, L, 2, Z).
        reconstructions: what the generator makes of both (N, L, 2, ...).
    """

    labels: np.ndarray
    margins: np.ndarray
    differences: np.ndarray
    conditions: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray

    def __len__(self):
        return len(self.labels)
