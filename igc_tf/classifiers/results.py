"""What classifiers say: about a batch of data, and about how often they are right."""

import dataclasses
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.ndimage import shift

from igc_tf.classifiers.measured import covered_pixels, undone_shifts
from igc_tf.errors import InputError
from igc_tf.metrics.intervals import format_proportion, proportion, wilson_interval

# degrees from the class's typical digit that are worth a word; people slant theirs by less
_TURNED = 20


class Nuisance(NamedTuple):
    """What happened to N examples.

    Attributes:
        names: of the P parameters.
        units: of each.
        values: float32 (N, P).
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What every classification of N examples has.

    Attributes:
        predictions: the answers: int64 (N,), or (N, L) where there are L labels; -1 where the
            classifier rejects the answer (`reject_at`).
        scores: float32 (N, C), one for each value of a label; each label's best is the answer.
        steps: int32 (N, K), how many steps each candidate took.
        probabilities: (N, C), each label's summing to 1; None of a classifier that is not
            calibrated.
        loss_history: (N, steps + 1, K), the loss before each step and after the last; None if
            not asked for.
        difference_history: likewise, the data difference.
        snapshots: reconstructions after chosen numbers of steps, {steps: (N, C, ...)}: of each
            element its best candidate's, as if the search ended there; not-a-number where all were
            dropped. Of inverse classification the best candidate's, (N, 1, ...).
        observation: None if this kind of classification does not record the observation.
    """

    observation = None

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
            # what is no array is said of all examples alike
            return make(values) if isinstance(values[0], np.ndarray) else values[0]

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
        differences: data difference of each class's best reconstruction (N, C).
        latents: the latent found for each class (N, C, Z).
        reconstructions: what the generator makes of it (N, C, ...).
        class_names: C names.
        observation: the `Observation` that was searched too; None for none.
        nuisances: its parameters, as found for each class (N, C, P); None without one.
        observed: what the observation makes of the reconstructions (N, C, ...); None without one.
        compared: the target of each reconstruction (N, C, ...): the data after undoing what the
            observation undoes; None without an observation.
        bounds: (low, high) of the data; None without an observation.
        pose_model: the `Pose` that was measured; None if none was.
        poses: its parameters (N, P), of the best classes; see `PoseMeasurement`.
    """

    differences: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray
    class_names: tuple[str, ...] = ()
    observation: object = None
    nuisances: np.ndarray | None = None
    observed: np.ndarray | None = None
    compared: np.ndarray | None = None
    bounds: tuple[float, float] | None = None
    pose_model: object = None
    poses: np.ndarray | None = None

    @property
    def best(self):
        """The classes of the highest scores, int64 (N,): the answers, also where rejected."""
        return self.scores.argmax(axis=1)

    def of_best(self, array):
        """Returns (N, ...), what was found for the best class of each example: a copy.

        Args:
            array: (N, C, ...), one of the classification's.
        """
        return array[np.arange(len(self)), self.best]

    @property
    def nuisance(self):
        """The `Nuisance` of the best classes; without an observation one without parameters."""
        if self.observation is None:
            return Nuisance((), (), np.zeros([len(self), 0], np.float32))
        said = [(self.observation, self.of_best(self.nuisances))]
        if self.pose_model is not None:
            # more exactly what is of the same name
            said.append((self.pose_model, self.poses))
        columns = {
            name: (unit, values[:, i])
            for by, values in said
            for i, (name, unit) in enumerate(zip(by.names, by.units, strict=True))
        }
        units, values = zip(*columns.values(), strict=True)
        return Nuisance(tuple(columns), units, np.stack(values, axis=1))

    @property
    def covered(self):
        """Where the data show what the best class does not make: bool (N, H, W, ...).

        See `covered_pixels`; a shift that was undone is done again. Nothing without an observation,
        or of data that are no images (H, W, channels).
        """
        shape = self.reconstructions.shape[2:]
        if self.observation is None or len(shape) != 3:
            return np.zeros([len(self), *shape], bool)
        parts = self.of_best(self.compared), self.of_best(self.observed)
        shifts = undone_shifts(self.observation, self.of_best(self.nuisances))
        patches = zip(covered_pixels(*parts, self.bounds), shifts, strict=True)
        return np.stack([shift(patch, (*by, 0), order=0) for patch, by in patches])

    def explain(self, i):
        """What is in example i, and what happened to it, in one plain sentence.

        Args:
            i: its number.

        Returns:
            For instance "a 4, shifted 3 pixels down; 21 pixels are covered"; of one that the
            classifier refuses "perhaps none of them; most like a 4, as it is".
        """
        words = [_with_article(self.class_names[self.best[i]])]
        if self.predictions[i] < 0:
            words[0] = f"perhaps none of them; most like {words[0]}"
        if self.observation is not None:
            said = self.observation.says(self.of_best(self.nuisances)[i])
            words += filter(None, [self._turned(i), said])
            words += [] if len(words) > 1 else ["as it is"]
        sentence = ", ".join(words)
        # in whichever of its channels
        covered = int(self.take([i]).covered.any(axis=-1).sum())
        return f"{sentence}; {covered} pixels are covered" if covered else sentence

    def _turned(self, i):
        """How far example i is turned from its class's typical digit, if that was measured."""
        if self.pose_model is None:
            return ""
        angle = float(self.poses[i][self.pose_model.names.index("rotation")])
        way = "left" if angle > 0 else "right"
        if abs(angle) < _TURNED:
            return ""
        usual = f"the generator's typical {self.class_names[self.best[i]]}"
        return f"turned {abs(angle):.0f}° to the {way} of {usual}"


def _with_article(name):
    """A class's name as one says it: "a 4", "an 8", "an owl", "an M", "the sun"."""
    if name.lower().startswith(("a ", "an ", "the ")):
        return name
    # letters by themselves are spelt
    sounds = "aefhilmnorsx8" if len(name) == 1 else "aeio8"
    is_vowel = name[:1].lower() in tuple(sounds) or name in ("11", "18")
    return f"{'an' if is_vowel else 'a'} {name}"


@dataclass(frozen=True, kw_only=True)
class MultiLabelClassification(_Found):
    """The answer for N examples with L labels; a candidate for each value of each label (K = C).

    Attributes:
        differences: data difference of each value's best reconstruction (N, C).
        conditions: the whole condition found with it (N, C, C).
        latents: the latent found with it (N, C, Z).
        reconstructions: what the generator makes of both (N, C, ...).
        margins: (N, L), the best value's score less the second best's, not-a-number for a label of
            a single value.
    """

    differences: np.ndarray
    conditions: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray
    margins: np.ndarray


@dataclass(frozen=True, kw_only=True)
class InverseClassification(_Found):
    """The answer for N examples with C classes; a candidate for each start of an observation.

    Without an observation that is one (K = 1).

    Attributes:
        conditions: the class vectors found (N, C), in [0, 1], each label's summing to 1.
        differences: data difference of the best reconstruction (N,).
        latents: the latents found with them (N, Z); None without a latent.
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
        return proportion(self.correct, self.count)

    def __str__(self):
        of_all = "" if self.labels.ndim == 1 else "all labels "
        text = (
            f"{of_all}{format_proportion(self.to_dict())} of {self.count} in {self.seconds:.0f} s"
        )
        if self.labels.ndim == 2:
            each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in self.label_accuracies)
            text += f"; each {each} %"
        return text
