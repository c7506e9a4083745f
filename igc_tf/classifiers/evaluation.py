"""How often a classifier was right."""

from dataclasses import dataclass, field

import numpy as np

from igc_tf.classifiers.accuracy import Accuracy


@dataclass(frozen=True)
class Evaluation(Accuracy):
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

    def __str__(self):
        low, high = self.interval
        return (
            f"{100 * self.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}) "
            f"of {self.count} in {self.seconds:.0f} s"
        )
