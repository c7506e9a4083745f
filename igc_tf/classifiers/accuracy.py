"""How often something was right."""

from igc_tf.metrics.intervals import wilson_interval


class Accuracy:
    """What follows from `correct` of `count` examples, both of which a subclass has."""

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
