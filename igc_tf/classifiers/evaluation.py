"""How often a classifier was right."""

from dataclasses import dataclass, field

import numpy as np

from igc_tf.metrics.wilson_interval import wilson_interval


@dataclass(frozen=True)
class Evaluation:
    """Accuracy on a labelled set.

    Attributes:
        count: examples.
        correct: how many were labelled rightly.
        seconds: wall time of the whole classification.
        first_batch_seconds: of that, the first batch, in which the search is compiled.
        answers: the classifier's labels (N,).
    """

    count: int
    correct: int
    seconds: float
    first_batch_seconds: float
    answers: np.ndarray = field(repr=False)

    @property
    def accuracy(self):
        """`correct / count`, in [0, 1]."""
        return self.correct / self.count

    @property
    def interval(self):
        """The accuracy's 95 % Wilson interval `(low, high)`."""
        return wilson_interval(self.correct, self.count)

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
        return (
            f"{100 * self.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}) "
            f"of {self.count} in {self.seconds:.0f} s"
        )
