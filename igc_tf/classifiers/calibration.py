"""Scores that became probabilities, and answers that are refused."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from igc_tf.data.layout import best_margin
from igc_tf.errors import InputError

# What an answer is doubted by, of a label's scores (N, V) and the detail (N,) of what is to be
# reproduced: the higher, the more.
DOUBTS = {
    # nothing reproduces it well
    "difference": lambda scores, detail: -scores.max(axis=1),
    # for how much there is to reproduce
    "relative": lambda scores, detail: -scores.max(axis=1) / detail,
    # another value reproduces it as well; of one alone there is none
    "margin": lambda scores, detail: (
        -np.nan_to_num(best_margin(scores), nan=np.finfo(np.float32).max)
    ),
}
# how rare two of them are, together
JOINT = "joint"
_JOINED = ("relative", "margin")
# added to every detail, in units of the bounds' distance, so that an even page has some
_LEAST_DETAIL = 0.02
# the share of the most doubtful of the known examples, by which rarer ones are judged
_TAIL = 0.05
# the decimal logarithms between which 1 / T is looked for, in units of 1 / spread of the scores
_INVERSE_TEMPERATURES = (-3.0, 5.0)


@dataclass(frozen=True)
class Calibration:
    """What examples of known classes say of a classifier's scores.

    Attributes:
        temperature: T of the probabilities softmax(scores / T), in units of the scores.
        doubts: {name of `DOUBTS`: that of these examples, (N,) or (N, L), in their order}.
    """

    temperature: float
    doubts: dict

    @property
    def count(self):
        """How many examples it is of."""
        return len(next(iter(self.doubts.values())))

    def joint(self, doubts):
        """How rare several doubts are, together: the sum of -log of the shares of these examples.

        The shares are of those that are at least as doubtful (Fisher's method). Among the most
        doubtful twentieth and beyond, where few or none are, the share falls exponentially, as
        that of a tail with their mean.

        Args:
            doubts: {name: (N,) or (N, L)}.

        Returns:
            (N,) or (N, L), at least 0.
        """
        return sum(_surprise(np.sort(self.doubts[n], axis=0), doubts[n]) for n in _JOINED)

    def known(self, doubt):
        """Returns a doubt of these examples, each label's ascending.

        Raises:
            InputError: for another doubt.
        """
        _check_doubt(doubt)
        return np.sort(self.joint(self.doubts) if doubt == JOINT else self.doubts[doubt], axis=0)

    def threshold(self, false_alarm, doubt):
        """The doubt that another example of a known class exceeds with at most a probability.

        See `threshold`; of the "joint" doubt nearly so, as its shares are of the same examples.

        Args:
            false_alarm: in (0, 1).
            doubt: a key of `DOUBTS`, or "joint".

        Returns:
            A float, or of several labels one for each (L,).

        Raises:
            InputError: for another doubt or probability, or too few examples for it.
        """
        return threshold(self.known(doubt), false_alarm)

    def to_dict(self):
        """JSON-ready; the doubts in six digits."""
        doubts = {name: _rounded(values) for name, values in self.doubts.items()}
        return {"temperature": self.temperature, "doubts": doubts}

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`; what else the values say is left out."""
        doubts = {name: np.array(known) for name, known in values["doubts"].items()}
        return cls(values["temperature"], doubts)


def threshold(known, false_alarm):
    """The number that another one, drawn like the known, exceeds with at most a probability.

    Of N the k-th smallest, k = ⌈(N + 1)(1 - false_alarm)⌉: exact for numbers drawn alike
    ("conformal prediction", Vovk, Gammerman & Shafer 2005).

    Args:
        known: (N,) or (N, L), ascending.
        false_alarm: in (0, 1).

    Returns:
        A float, or (L,).

    Raises:
        InputError: for another probability, or too few numbers for it.
    """
    if not 0 < false_alarm < 1:
        raise InputError(f"false_alarm={false_alarm!r}: expected a number in (0, 1)")
    # of rounding alone it must not become one more
    place = math.ceil((len(known) + 1) * (1 - false_alarm) - 1e-9)
    if place > len(known):
        raise InputError(
            f"false_alarm={false_alarm!r} with {len(known)} examples to calibrate by: expected "
            f"at least {least_count(false_alarm)}, or a greater probability"
        )
    return known[place - 1]


def least_count(false_alarm):
    """Returns how many examples a threshold of this probability of a false alarm takes."""
    return math.ceil(1 / false_alarm - 1e-9) - 1


def reject_if_calibrated(classifier, share):
    """Lets a classifier refuse (`reject_at`) if it is calibrated, and by enough examples.

    Args:
        classifier: a `SearchClassifier`.
        share: of known examples that are refused, at most, in [0, 1); 0 for none.

    Returns:
        None, or a sentence if too few examples calibrated it.
    """
    if not share or classifier.calibration is None:
        return None
    if classifier.calibration.count < least_count(share):
        return (
            f"no picture is doubted: {classifier.calibration.count} calibrated the generator, a "
            f"share of {share:g} takes {least_count(share)}"
        )
    classifier.reject_at(share)
    return None


class Calibrated:
    """What a classifier does with its scores once it is calibrated.

    Attributes:
        calibration: a `Calibration`; None before `calibrate`, unless the generator's card has one
            for the settings (`load_classifier`).
    """

    calibration = None
    _rejection = None

    def calibrate(self, data, labels, mask=None, batch_size=None, verbose="auto", smoothed=False):
        """Learns from examples of known classes what the scores mean.

        The temperature is that of the greatest likelihood (Platt scaling with one parameter, Guo et
        al. 2017, §4.2); it changes no answer. The examples should be such as are to be classified,
        and none that the generator was trained with or the settings were chosen by: of mnist,
        `load_images("mnist", "validation/calibration")`.

        Args:
            data, mask, batch_size, verbose: as for `predict`.
            labels: the right ones: integers (N,), or (N, L) for several labels.
            smoothed: the right values are taken for right with probability (N + 1) / (N + 2) only
                (Platt 1999, §2.2): so few examples do not make certain, even if all are right.

        Returns:
            The `Calibration`, which is also kept as `calibration`.

        Raises:
            InputError: as for `evaluate`.
        """
        if len(data) == 0:
            raise InputError("no data to calibrate by: expected at least one example")
        layout = self.generator.layout
        labels = layout.check(labels, len(data)).reshape(len(data), layout.num_labels)
        parts = layout.split(self.predict(data, mask, batch_size, verbose))
        doubts = self._all_doubts(parts, data, mask)
        self._rejection = None
        doubtful = 1 / (len(data) + 2) if smoothed else 0.0
        self.calibration = Calibration(_temperature(parts, labels, doubtful), doubts)
        return self.calibration

    def probabilities(self, scores):
        """The probability of each class, of each label by itself.

        Args:
            scores: (N, C), as `predict` returns them.

        Returns:
            float64 (N, C); each label's sum to 1.

        Raises:
            InputError: if the classifier is not calibrated.
        """
        temperature = self._calibrated().temperature
        parts = self.generator.layout.split(np.asarray(scores, float))
        return np.concatenate([softmax(part / temperature, axis=1) for part in parts], axis=1)

    def doubts(self, scores, doubt=JOINT, data=None, mask=None):
        """How doubtful the answers are; the higher, the more.

        Args:
            scores: (N, C), as `predict` returns them.
            doubt: "difference", minus the best score, by default the least data difference;
                "relative", that in units of the data's detail (`detail`); "margin", how near the
                second best score comes; or "joint", how rare the last two are among the
                calibration's examples, together.
            data, mask: as `predict` took them; "relative" and "joint" need them.

        Returns:
            (N,), or (N, L) for several labels.

        Raises:
            InputError: for another doubt; without data that it needs; for "joint", if the
                classifier is not calibrated.
        """
        _check_doubt(doubt)
        if doubt in (JOINT, "relative") and data is None:
            raise InputError(f"doubt={doubt!r} of scores alone: expected data, too")
        parts = self.generator.layout.split(np.asarray(scores))
        found = self._all_doubts(parts, data, mask)
        return self._calibrated().joint(found) if doubt == JOINT else found[doubt]

    def reject_at(self, false_alarm=0.01, doubt=JOINT):
        """Refuses from now on answers that are more doubtful than almost all to known examples.

        A refused prediction is -1, "none of them". Scores and exports are as before.

        Args:
            false_alarm: how often an example like those of the calibration is refused, at most, in
                (0, 1); None refuses none.
            doubt: as for `doubts`.

        Returns:
            The doubt beyond which an answer is refused; of several labels one for each (L,); None
            if none is.

        Raises:
            InputError: if the classifier is not calibrated; for another doubt or probability; if
                too few examples calibrated it for the probability.
        """
        if false_alarm is None:
            self._rejection = None
            return None
        threshold = self._calibrated().threshold(false_alarm, doubt)
        self._rejection = doubt, threshold
        return threshold

    @property
    def is_doubting(self):
        """Whether some answers are refused, since `reject_at`."""
        return self._rejection is not None

    def refused(self, scores, data=None, mask=None):
        """Which answers are refused, bool (N,) or (N, L); none before `reject_at`.

        Args:
            scores, data, mask: as for `doubts`, also for the errors.
        """
        if self._rejection is None:
            labels = self.generator.layout.num_labels
            return np.zeros([len(scores), labels][: 1 if labels == 1 else 2], bool)
        doubt, threshold = self._rejection
        return self.doubts(scores, doubt, data, mask) > threshold

    def _all_doubts(self, parts, data, mask):
        """{name: (N,) or (N, L)} of each label's scores; without data not the "relative" ones."""
        details = None if data is None else detail(data, self.generator.bounds, mask)
        found = {}
        for name, doubt in DOUBTS.items():
            if name != "relative" or data is not None:
                of_each = [doubt(part, details) for part in parts]
                found[name] = of_each[0] if len(of_each) == 1 else np.stack(of_each, axis=1)
        return found

    def _calibrated(self):
        if self.calibration is None:
            raise InputError("the classifier is not calibrated: expected calibrate before")
        return self.calibration


def detail(data, bounds, mask=None):
    """How much there is to reproduce: the mean absolute difference of neighbours, and a little.

    Args:
        data: (N, ...); neighbours lie along all axes but the first and, of more than two, the last.
        bounds: (low, high) of the data.
        mask: broadcastable to the data, 0 where they say nothing; None for nowhere.

    Returns:
        float64 (N,), more than 0: a sum over the axes, plus 2 % of the bounds' distance, of
        infinite bounds 0.02.
    """
    data = np.asarray(data)
    visible = np.broadcast_to(1 if mask is None else np.asarray(mask) > 0, data.shape)
    data = np.where(visible, data, 0).astype(float)
    total = np.zeros(len(data))
    for axis in range(1, max(2, data.ndim - 1)):
        steps = np.abs(np.diff(data, axis=axis)).reshape(len(data), -1)
        size = data.shape[axis]
        both = np.take(visible, range(1, size), axis) & np.take(visible, range(size - 1), axis)
        both = both.reshape(len(data), -1)
        total += (steps * both).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    extent = float(bounds[1] - bounds[0])
    return total + _LEAST_DETAIL * (extent if math.isfinite(extent) else 1.0)


def _check_doubt(doubt):
    if doubt not in (*DOUBTS, JOINT):
        raise InputError(f"doubt={doubt!r}: expected one of {sorted((*DOUBTS, JOINT))}")


def _surprise(known, doubts):
    """-log of the share of the known, ascending (M,) or (M, L), that are at least as doubtful."""
    if known.ndim == 2:
        columns = zip(known.T, doubts.T, strict=True)
        return np.stack([_surprise(*column) for column in columns], axis=1)
    count = len(known)
    share = (count + 1 - np.searchsorted(known, doubts)) / (count + 1)
    start = known[max(0, math.ceil((1 - _TAIL) * count) - 1)]
    tail = known[known > start] - start
    # of examples that are all alike, any other one is rare
    mean = max(tail.mean() if len(tail) else 0.0, np.finfo(np.float32).tiny)
    least = (count + 1 - np.searchsorted(known, start)) / (count + 1)
    beyond = np.minimum(np.maximum(doubts - start, 0) / mean, np.finfo(np.float32).max)
    return np.where(doubts > start, beyond - math.log(least), -np.log(share))


def _rounded(values):
    """Numbers as a list, each to six digits."""
    return np.vectorize(lambda value: float(f"{value:.6g}"))(values).tolist()


def _temperature(parts, labels, doubtful=0.0):
    """The T of the greatest likelihood of labels (N, L), whose scores are `parts`.

    With a probability `doubtful` a label is one of the other values, all alike.
    """
    parts = [part.astype(float) for part in parts]
    spread = float(np.mean([np.ptp(part, axis=1).mean() for part in parts]))
    if spread == 0:
        # nothing tells one value from another, at any temperature
        return 1.0

    def loss(logarithm):
        inverse = 10.0**logarithm / spread
        likelihoods = []
        for part, of in zip(parts, labels.T, strict=True):
            logs = log_softmax(inverse * part, axis=1)
            right = np.take_along_axis(logs, of[:, None], axis=1)[:, 0]
            if doubtful and part.shape[1] > 1:
                others = (logs.sum(axis=1) - right) / (part.shape[1] - 1)
                right = (1 - doubtful) * right + doubtful * others
            likelihoods.append(right)
        return -np.mean(likelihoods)

    found = minimize_scalar(loss, bounds=_INVERSE_TEMPERATURES, method="bounded")
    return float(spread / 10.0**found.x)
