"""How the networks for pen trajectories are trained."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from igc_tf.errors import InputError


@dataclass(frozen=True)
class SequenceRecipe:
    """Everything that decides a training run, apart from data and where its files go.

    Attributes:
        network: "generator", class vector to trajectory; or "classifier", the forward network it
            is compared with.
        classes: train on the first this many letters.
        per_class: trajectories of each letter, drawn with the seed; None takes all.
        input_noise: standard deviation of the Gaussian noise on the generator's class vectors.
        units: of the LSTM.
        epochs: rounds of about 100 batches each (small sets are gone through several times).
        batch_size: trajectories in a step.
        learning_rate: of Adam, in the first step; falls along a cosine
        final_learning_rate: to this one.
        subsampling: steps of the original trajectories that make one step.
        seed: of the drawn trajectories, weights, order and noise.

    Raises:
        InputError: for a value outside its range.
    """

    network: Literal["generator", "classifier"] = "generator"
    classes: int = 20
    per_class: int | None = None
    input_noise: float = 0.3
    units: int = 64
    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.01
    final_learning_rate: float = 1e-4
    subsampling: int = 4
    seed: int = 0

    def __post_init__(self):
        if self.network not in ("generator", "classifier"):
            raise InputError(f"network={self.network!r}: expected 'generator' or 'classifier'")
        for name in ("classes", "units", "epochs", "batch_size", "subsampling"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a whole number >= 1")
        if self.per_class is not None and self.per_class < 1:
            raise InputError(f"per_class={self.per_class!r}: expected None or a number >= 1")
        if not (math.isfinite(self.input_noise) and self.input_noise >= 0):
            raise InputError(f"input_noise={self.input_noise!r}: expected a number >= 0")
        for name in ("learning_rate", "final_learning_rate"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number > 0")

    def chosen(self, train):
        """Returns the trajectories of a `LabelledData` that this recipe trains on.

        Raises:
            InputError: if there are not so many.
        """
        train = train.first_classes(self.classes)
        return train if self.per_class is None else train.few_per_class(self.per_class, self.seed)

    def to_dict(self):
        """JSON-ready."""
        return asdict(self)
