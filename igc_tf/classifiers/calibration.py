"""Probabilities from scores, and the rejection of doubtful answers."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from igc_tf.data.layout import best_margin
from igc_tf.errors import InputError
from igc_tf.ranges import Range, check_number, checked_array

# What an answer is doubted by, of a label's scores (N, V); the higher, the more.
_OF_SCORES = {
    # by default: nothing reproduces it well
    "difference": lambda scores: -scores.max(axis=1),
    # another value reproduces it as well; of one alone there is none
    "margin": lambda scores: -np.nan_to_num(best_margin(scores), nan=np.finfo(np.float32).max),
}
# nothing reproduces it well for its detail; and how rare this and the margin are, together
RELATIVE, JOINT = "relative", "joint"
_KEPT = (*_OF_SCORES, RELATIVE)
DOUBTS = (*_KEPT, JOINT)
_JOINED = (RELATIVE, "margin")
# the most doubtful of the known examples, by which rarer ones are judged: a share, and at least
_TAIL, _LEAST_TAIL = 0.05, 10
# the decimal logarithms between which 1 / T is looked for, in units of 1 / spread of the scores
_INVERSE_TEMPERATURES = (-3.0, 5.0)


@dataclass(frozen=True)
class Calibration:
    """What examples of known classes say of a classifier's scores.

    Attributes:
        temperature: T of the probabilities softmax(scores / T), in units of the scores.
        doubts: {name of `DOUBTS`, but "joint": that of these examples, (N,) or (N, L), in order}.
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
        doubtful twentieth, or ten, and beyond, where few or none are, the share falls
        exponentially, as that of a tail with their mean.

        Args:
            doubts: {name: (N,) or (N, L)}.

        Returns:
            (N,) or (N, L), at least 0.
        """
        return sum(_surprise(np.sort(self.doubts[n], axis=0), doubts[n]) for n in _JOINED)

    def lacks(self, doubt):
        """Returns the names of what a doubt is made of that these examples do not have."""
        return sorted(set(_JOINED if doubt == JOINT else [doubt]) - set(self.doubts))

    def known(self, doubt):
        """Returns a doubt of these examples, each label's ascending.

        Raises:
            InputError: for another doubt, or one that it does not know.
        """
        if doubt not in DOUBTS:
            raise InputError(f"doubt={doubt!r}: expected one of {sorted(DOUBTS)}")
        if lacking := self.lacks(doubt):
            raise InputError(
                f"doubt={doubt!r}: this calibration was made by an older version and lacks "
                f"{lacking}; call `calibrate` again, or choose another doubt"
            )
        return np.sort(self.joint(self.doubts) if doubt == JOINT else self.doubts[doubt], axis=0)

    def threshold(self, false_alarm, doubt):
        """The conformal threshold of a doubt: see the function `threshold`.

        A new example of a known class exceeds it with probability at most `false_alarm`; with the
        "joint" doubt a little more often where examples are few, as its shares are of the same
        examples.

        Args:
            false_alarm: in (0, 1).
            doubt: one of `DOUBTS`.

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
    """The conformal threshold: a new value exceeds it with probability at most `false_alarm`.

    It is the k-th smallest of the N known values, k = ⌈(N + 1)(1 - false_alarm)⌉: exact for a new
    value from the same distribution ("conformal prediction", Vovk, Gammerman & Shafer 2005).

    Args:
        known: (N,) or (N, L), ascending.
        false_alarm: in (0, 1).

    Returns:
        A float, or (L,).

    Raises:
        InputError: for another probability, or too few numbers for it.
    """
    return known[_place(len(known), false_alarm) - 1]


def _place(count, false_alarm):
    """k of a `threshold` by `count` known values, from 1."""
    check_number("false_alarm", false_alarm, Range(0, 1, above=True, below=True))
    # of rounding alone it must not become one more
    place = math.ceil((count + 1) * (1 - false_alarm) - 1e-9)
    if place > count:
        raise InputError(
            f"false_alarm={false_alarm!r} with {count} examples to calibrate by: expected "
            f"at least {least_count(false_alarm)}, or a greater probability"
        )
    return place


def least_count(false_alarm):
    """Returns how many examples a threshold of this probability of a false alarm takes."""
    return math.ceil(1 / false_alarm - 1e-9) - 1


def reject_if_calibrated(classifier, false_alarm):
    """Makes a classifier reject (`reject_at`) if it is calibrated, and by enough examples.

    Args:
        classifier: a `SearchClassifier`.
        false_alarm: the share of known examples that are rejected, at most, in [0, 1); 0 for none.

    Returns:
        None, or a sentence if too few examples calibrated it, or long ago.
    """
    if not false_alarm or classifier.calibration is None:
        return None
    if classifier.calibration.lacks(JOINT):
        return "no picture is marked as none of the classes: the calibration is of an older kind"
    if classifier.calibration.count < least_count(false_alarm):
        return (
            "no picture is marked as none of the classes: that takes a calibration by "
            f"{least_count(false_alarm)} held-out pictures, and this generator had "
            f"{classifier.calibration.count}"
        )
    classifier.reject_at(false_alarm)
    return None


class _Rejection(NamedTuple):
    """What is rejected: a doubt beyond the threshold, for the probability of a false alarm."""

    false_alarm: float
    doubt: str
    beyond: float | np.ndarray


class Calibrated:
    """What a classifier does with its scores; most of it once it is calibrated.

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
        `load_images("mnist", "validation/calibration")`. A classifier that rejects (`reject_at`)
        goes on, as often, by these examples.

        Args:
            data, mask, batch_size, verbose: as for `predict`.
            labels: the right ones: integers (N,), or (N, L) for several labels.
            smoothed: the right values are taken for right with probability (N + 1) / (N + 2) only
                (Platt 1999, §2.2): so few examples do not make certain, even if all are right.

        Returns:
            The `Calibration`, which is also kept as `calibration`.

        Raises:
            InputError: as for `evaluate`; also for fewer examples than the rejection takes.
        """
        if len(data) == 0:
            raise InputError("no data to calibrate by: expected at least one example")
        if self._rejection is not None:
            _place(len(data), self._rejection.false_alarm)
        layout = self.generator.layout
        labels = layout.check(labels, len(data)).reshape(len(data), layout.num_labels)
        scores, relative = self._scores_and_relative(data, mask, batch_size, verbose)
        parts = layout.split(scores)
        doubtful = 1 / (len(data) + 2) if smoothed else 0.0
        doubts = {name: self._doubts(name, scores, relative) for name in _KEPT}
        self.calibration = Calibration(_temperature(parts, labels, doubtful), doubts)
        if self._rejection is not None:
            self.reject_at(self._rejection.false_alarm, self._rejection.doubt)
        return self.calibration

    def probabilities(self, scores):
        """The probability of each class, of each label by itself.

        Args:
            scores: (N, C), as `predict` returns them.

        Returns:
            float64 (N, C); each label's sum to 1.

        Raises:
            InputError: if the classifier is not calibrated; for scores of another shape.
        """
        temperature = self._calibrated().temperature
        scores, layout = checked_array("scores", scores, float), self.generator.layout
        if scores.ndim != 2 or scores.shape[1] != layout.size:
            raise InputError(f"scores have shape {scores.shape}: expected (N, {layout.size})")
        parts = layout.split(scores)
        return np.concatenate([softmax(part / temperature, axis=1) for part in parts], axis=1)

    def doubts(self, data, mask=None, batch_size=None, verbose=0):
        """How doubtful the answers to data are; the higher, the more.

        Args:
            data, mask, batch_size, verbose: as for `predict`.

        Returns:
            {name: (N,), or (N, L) for several labels}: "difference", minus the best score, by
            default the least data difference; "margin", how near the second best score comes;
            "relative", how badly the data are reproduced for their detail (see
            `relative_to_detail`); of a calibrated classifier "joint", how rare the last two are
            among the calibration's examples, together (not if it is of an older kind).

        Raises:
            InputError: as for `predict`.
        """
        scores, relative = self._scores_and_relative(data, mask, batch_size, verbose)
        has_joint = self.calibration is not None and not self.calibration.lacks(JOINT)
        names = DOUBTS if has_joint else _KEPT
        return {name: self._doubts(name, scores, relative) for name in names}

    def reject_at(self, false_alarm=0.01, doubt=JOINT):
        """Makes the classifier reject: answers with a doubt above the threshold become -1.

        Scores and exports are as before.

        Args:
            false_alarm: how often an example like those of the calibration is rejected, at most, in
                (0, 1), see `Calibration.threshold`; None rejects none.
            doubt: one of those that `doubts` names.

        Returns:
            The calibrated threshold; of several labels one for each (L,); None if nothing is
            rejected.

        Raises:
            InputError: if the classifier is not calibrated; for another doubt or probability; if
                too few examples calibrated it for the probability.
        """
        if false_alarm is None:
            self._rejection = None
            return None
        beyond = self._calibrated().threshold(false_alarm, doubt)
        self._rejection = _Rejection(false_alarm, doubt, beyond)
        return beyond

    @property
    def is_doubting(self):
        """Whether doubtful answers are rejected, since `reject_at`."""
        return self._rejection is not None

    def labels_of_scores(self, scores):
        """Returns the labels of the best scores, int64 (N,), or (N, L) for several labels.

        Nothing is rejected: that takes more than scores.

        Args:
            scores: (N, C), as `predict` returns them.
        """
        layout = self.generator.layout
        return layout.labels_of(np.asarray(layout.best_values(np.asarray(scores)), np.int64))

    def _predictions(self, scores, relative):
        """The labels of scores, -1 where they are rejected; `relative` is needed only for that."""
        labels = self.labels_of_scores(scores)
        if self._rejection is None:
            return labels
        _, doubt, beyond = self._rejection
        return np.where(self._doubts(doubt, scores, relative) > beyond, -1, labels)

    def _doubts(self, doubt, scores, relative):
        """A doubt (N,) or (N, L) of scores (N, C) and what is relative to the detail (N,)."""
        if doubt == JOINT:
            of_each = {name: self._doubts(name, scores, relative) for name in _JOINED}
            return self._calibrated().joint(of_each)
        parts = self.generator.layout.split(np.asarray(scores))
        if doubt == RELATIVE:
            found = [np.asarray(relative)] * len(parts)
        else:
            found = [_OF_SCORES[doubt](part) for part in parts]
        return found[0] if len(found) == 1 else np.stack(found, axis=1)

    def _calibrated(self):
        if self.calibration is None:
            raise InputError(
                "the classifier is not calibrated: call `calibrate(...)` first, or load a "
                "generator whose card has a calibration"
            )
        return self.calibration


def _surprise(known, doubts):
    """-log of the share of the known, ascending (M,) or (M, L), that are at least as doubtful."""
    if known.ndim == 2:
        columns = zip(known.T, doubts.T, strict=True)
        return np.stack([_surprise(*column) for column in columns], axis=1)
    count = len(known)
    share = (count + 1 - np.searchsorted(known, doubts)) / (count + 1)
    in_tail = max(_LEAST_TAIL, count - math.ceil((1 - _TAIL) * count))
    start = known[max(0, count - 1 - in_tail)]
    tail = known[known > start] - start
    # where these are all alike, any other one is rare
    mean = max(tail.mean() if len(tail) else 0.0, np.finfo(np.float32).tiny)
    least = (count + 1 - np.searchsorted(known, start)) / (count + 1)
    further = np.minimum(np.maximum(doubts - start, 0) / mean, np.finfo(np.float32).max)
    return np.where(doubts > start, further - math.log(least), -np.log(share))


def _rounded(values):
    """Numbers as a list, each to six digits."""
    return np.vectorize(lambda value: float(f"{value:.6g}"))(values).tolist()


def _temperature(parts, labels, doubtful=0.0):
    """The T of the greatest likelihood of labels (N, L), whose scores are `parts`.

    Label smoothing: with probability `doubtful` the true label is any other value, uniformly.
    """
    parts = [part.astype(float) for part in parts]
    spread = float(np.mean([np.ptp(part, axis=1).mean() for part in parts]))
    if spread == 0:
        # nothing tells one value from another, at any temperature
        return 1.0

    def loss(logarithm):
        inverse = 10.0**logarithm / spread
        likelihoods = []
        for part, column in zip(parts, labels.T, strict=True):
            logs = log_softmax(inverse * part, axis=1)
            right = np.take_along_axis(logs, column[:, None], axis=1)[:, 0]
            if doubtful and part.shape[1] > 1:
                others = (logs.sum(axis=1) - right) / (part.shape[1] - 1)
                right = (1 - doubtful) * right + doubtful * others
            likelihoods.append(right)
        return -np.mean(likelihoods)

    found = minimize_scalar(loss, bounds=_INVERSE_TEMPERATURES, method="bounded")
    return float(spread / 10.0**found.x)
