"""How LeNet is trained."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from igc_tf.errors import InputError
from igc_tf.tasks import TASKS


@dataclass(frozen=True)
class LeNetRecipe:
    """Everything that decides a training run, apart from where its files go.

    Attributes:
        task: what is learnt: the "classes", or "digit_labels", several binary labels at once
            (`igc_tf.data.label_digits`).
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        epochs: passes over the training images.
        batch_size: images in a step.
        learning_rate: of Adam, in the first step; falls along a cosine
        final_learning_rate: to this one.
        train_images: train on the first N images only; None takes all.
        seed: of weights and order.

    Raises:
        InputError: for a value outside its range.
    """

    task: Literal["classes", "digit_labels"] = "classes"
    dataset: str = "mnist"
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    train_images: int | None = None
    seed: int = 0

    def __post_init__(self):
        if self.task not in TASKS:
            raise InputError(f"task={self.task!r}: expected one of {sorted(TASKS)}")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a whole number >= 1")
        for name in ("learning_rate", "final_learning_rate"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number > 0")
        if self.train_images is not None and self.train_images < self.batch_size:
            raise InputError(
                f"train_images={self.train_images!r}: expected at least batch_size, "
                f"{self.batch_size}"
            )

    def to_dict(self):
        """JSON-ready."""
        return asdict(self)
