"""How often a multi-label classifier was right."""

from dataclasses import dataclass, field

import numpy as np

from igc_tf.classifiers.accuracy import Accuracy
from igc_tf.errors import InputError
from igc_tf.metrics.intervals import wilson_interval


@dataclass(frozen=True)
class MultiLabelEvaluation(Accuracy):
    """Accuracy per label, and of all labels at once (exact match), on a labelled set.

    Attributes:
        answers: the classifier's labels (N, L), integers in {0, 1}; N at least 1.
        labels: the right ones (N, L).
        seconds: wall time of the whole classification.

    Raises:
        InputError: if the two do not have one and the same shape (N, L).
    """

    answers: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    seconds: float

    def __post_init__(self):
        if self.answers.shape != self.labels.shape or self.labels.ndim != 2 or not self.count:
            raise InputError(
                f"answers have shape {self.answers.shape}, labels {self.labels.shape}: "
                "expected the same (N, L), N at least 1"
            )

    @property
    def count(self):
        """N."""
        return len(self.labels)

    @property
    def correct(self):
        """How many examples had every label right."""
        return int((self.answers == self.labels).all(axis=1).sum())

    @property
    def label_correct(self):
        """Per label, how many examples had it right: L numbers."""
        return (self.answers == self.labels).sum(axis=0).tolist()

    @property
    def label_accuracies(self):
        """Per label, `label_correct / count`."""
        return [correct / self.count for correct in self.label_correct]

    @property
    def label_intervals(self):
        """Per label, the accuracy's 95 % Wilson interval."""
        return [wilson_interval(correct, self.count) for correct in self.label_correct]

    def __str__(self):
        low, high = self.interval
        labels = ", ".join(f"{100 * accuracy:.1f}" for accuracy in self.label_accuracies)
        return (
            f"all labels {100 * self.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}) "
            f"of {self.count}, each {labels} %, in {self.seconds:.0f} s"
        )
