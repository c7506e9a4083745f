"""What classifiers say: about a batch of data, and about how often they are right."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from igc_tf.errors import InputError
from igc_tf.metrics.intervals import wilson_interval


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What every classification of N examples has.

    Attributes:
        predictions: the answers: int64 (N,), or (N, L) where there are L labels; -1 where the
            classifier refuses to answer (`reject_at`).
        scores: float32 (N, C), one for each value of a label; each label's best is the answer.
        steps: int32 (N, K), how many steps each candidate took.
        probabilities: (N, C), each label's summing to 1; None of a classifier that is not
            calibrated.
        loss_history: (N, steps + 1, K), the loss before each step and after the last; None if
            not asked for.
        difference_history: likewise, the data difference.
        snapshots: reconstructions after chosen numbers of steps, {steps: (N, K, ...)}.
    """

    predictions: np.ndarray
    scores: np.ndarray
    steps: np.ndarray
    probabilities: np.ndarray | None = None
    loss_history: np.ndarray | None = None
    difference_history: np.ndarray | None = None
    snapshots: dict[int, np.ndarray] = field(default_factory=dict)

    def __len__(self):
        return len(self.predictions)

    def take(self, indices):
        """Returns the classification of the examples with these indices (or a slice)."""
        return self._of([self], lambda part: part[0][indices])

    def join(self, *others):
        """Returns this classification and others of the same kind as one."""
        return self._of([self, *others], np.concatenate)

    def _of(self, parts, make):
        """A classification whose arrays are made of those of some classifications."""

        def made(values):
            return None if values[0] is None else make(values)

        fields = dataclasses.fields(self)
        arrays = {
            field.name: made([getattr(part, field.name) for part in parts])
            for field in fields
            if field.name != "snapshots"
        }
        snapshots = {
            step: make([part.snapshots[step] for part in parts]) for step in self.snapshots
        }
        return dataclasses.replace(self, **arrays, snapshots=snapshots)


@dataclass(frozen=True, kw_only=True)
class Classification(_Found):
    """The answer for N examples with C classes; the candidates are the classes (K = C).

    Attributes:
        differences: data difference of each class's best reproduction (N, C).
        latents: the latent found for each class (N, C, Z).
        reconstructions: what the generator makes of it (N, C, ...).
    """

    differences: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray


@dataclass(frozen=True, kw_only=True)
class MultiLabelClassification(_Found):
    """The answer for N examples with L labels; a candidate for each value of each label (K = C).

    Attributes:
        differences: data difference of each value's best reproduction (N, C).
        conditions: the whole condition found with it (N, C, C).
        latents: the latent found with it (N, C, Z).
        reconstructions: what the generator makes of both (N, C, ...).
        margins: (N, L), the best value's score less the second best's.
    """

    differences: np.ndarray
    conditions: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray
    margins: np.ndarray


@dataclass(frozen=True, kw_only=True)
class InverseClassification(_Found):
    """The answer for N examples with C classes; a single candidate (K = 1).

    Attributes:
        conditions: the class vectors found (N, C), in [0, 1], each label's summing to 1.
        differences: data difference of the reproductions (N,).
        latents: the latents found (N, Z); None without a latent.
        reconstructions: what the generator makes of both (N, ...).
    """

    conditions: np.ndarray
    differences: np.ndarray
    latents: np.ndarray | None
    reconstructions: np.ndarray

    @property
    def entropies(self):
        """-Σ p ln p of each class vector (N,), nats: 0 is one class alone, ln C all alike."""
        p = self.conditions
        logs = np.log(np.where(p > 0, p, 1.0))
        return np.abs((p * logs).sum(axis=1))


@dataclass(frozen=True)
class Evaluation:
    """How often predictions are right.

    Attributes:
        predictions: int64 (N,), or (N, L) where there are L labels; N at least 1.
        labels: the right ones, of the same shape.
        seconds: wall time of the whole classification.
        first_batch_seconds: of that, the first batch; in the first call with a number of
            candidates that includes compiling the search.

    Raises:
        InputError: if predictions and labels do not have one and the same shape.
    """

    predictions: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    seconds: float
    first_batch_seconds: float

    def __post_init__(self):
        shapes = self.predictions.shape, self.labels.shape
        if shapes[0] != shapes[1] or len(shapes[0]) not in (1, 2) or not self.count:
            raise InputError(
                f"predictions have shape {shapes[0]}, labels {shapes[1]}: "
                "expected the same (N,) or (N, L), N at least 1"
            )

    @property
    def count(self):
        """N."""
        return len(self.labels)

    @property
    def correct(self):
        """How many examples were right; with several labels, right in all of them."""
        is_right = (self.predictions == self.labels).reshape(self.count, -1)
        return int(is_right.all(axis=1).sum())

    @property
    def accuracy(self):
        """`correct / count`, in [0, 1]."""
        return self.correct / self.count

    @property
    def interval(self):
        """The accuracy's 95 % Wilson interval `(low, high)`."""
        return wilson_interval(self.correct, self.count)

    @property
    def label_correct(self):
        """Per label, how many examples had it right: L numbers."""
        is_right = (self.predictions == self.labels).reshape(self.count, -1)
        return is_right.sum(axis=0).tolist()

    @property
    def label_accuracies(self):
        """Per label, `label_correct / count`."""
        return [correct / self.count for correct in self.label_correct]

    @property
    def label_intervals(self):
        """Per label, the accuracy's 95 % Wilson interval."""
        return [wilson_interval(correct, self.count) for correct in self.label_correct]

    def to_dict(self):
        """JSON-ready: `accuracy`, `count`, `correct` and `interval`."""
        return {
            "accuracy": self.accuracy,
            "count": self.count,
            "correct": self.correct,
            "interval": list(self.interval),
        }

    def __str__(self):
        low, high = self.interval
        of_all = "" if self.labels.ndim == 1 else "all labels "
        text = (
            f"{of_all}{100 * self.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}) "
            f"of {self.count} in {self.seconds:.0f} s"
        )
        if self.labels.ndim == 2:
            each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in self.label_accuracies)
            text += f"; each {each} %"
        return text
