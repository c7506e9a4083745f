"""What the elements of a condition mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from igc_tf.errors import InputError
from igc_tf.ranges import check_kind, checked_array


@dataclass(frozen=True)
class Label:
    """One label of a condition.

    Attributes:
        name: of the label, e.g. "class" or "thick".
        values: the names of its values, at least one; each has one element of the condition.

    Raises:
        InputError: for no values, two of one name, or a name that is blank, or has tabs or line
            breaks, which tables could not hold.
    """

    name: str
    values: tuple[str, ...]

    def __post_init__(self):
        object.__setattr__(self, "values", tuple(map(str, self.values)))
        if len(self.values) < 1 or len(set(self.values)) != len(self.values):
            raise InputError(
                f"label {self.name!r} has the values {self.values}: expected one or more different "
                "names"
            )
        for name in (self.name, *self.values):
            if not name.strip() or "\t" in name or len(name.splitlines()) > 1:
                raise InputError(
                    f"label {self.name!r} has the name {name!r}: expected one line of text, "
                    "without tabs"
                )


@dataclass(frozen=True)
class ConditionLayout:
    """The labels that a condition holds, one-hot each, one after the other.

    A digit's class is one label of ten values; four binary labels of an image are four labels of
    two values.

    Attributes:
        labels: the `Label`s, at least one, in the order of the condition's elements.

    Raises:
        InputError: for no labels, or two of one name.
    """

    labels: tuple[Label, ...]

    def __post_init__(self):
        object.__setattr__(self, "labels", tuple(self.labels))
        names = [label.name for label in self.labels]
        if not names or len(set(names)) != len(names):
            raise InputError(f"labels {names}: expected one or more of different names")

    @classmethod
    def classes(cls, names):
        """One label: an example has one of several classes.

        Args:
            names: of the classes; or their number, for "0", "1", …
        """
        return cls((Label("class", tuple(_counted(names))),))

    @classmethod
    def binary(cls, names):
        """Several labels that an example has, value "1", or has not, value "0".

        Args:
            names: of the labels; or their number, for "0", "1", …
        """
        return cls(tuple(Label(name, ("0", "1")) for name in _counted(names)))

    @property
    def sizes(self):
        """How many values each label has: L numbers."""
        return tuple(len(label.values) for label in self.labels)

    @property
    def size(self):
        """C, the number of the condition's elements."""
        return sum(self.sizes)

    @property
    def num_labels(self):
        """L."""
        return len(self.labels)

    @property
    def class_names(self):
        """The names of the values of the only label.

        Raises:
            InputError: if there are several labels.
        """
        if self.num_labels > 1:
            raise InputError(
                f"the condition holds {self.num_labels} labels, {self.label_names}: "
                "expected one, the class"
            )
        return self.labels[0].values

    @property
    def label_names(self):
        """The names of the labels."""
        return tuple(label.name for label in self.labels)

    @property
    def element_names(self):
        """A name for each element of the condition (C of them)."""
        if self.num_labels == 1:
            return self.labels[0].values
        return tuple(f"{label.name}={value}" for label in self.labels for value in label.values)

    @property
    def offsets(self):
        """The number of each label's first element: L numbers."""
        return tuple(int(offset) for offset in np.cumsum((0, *self.sizes))[:-1])

    def check(self, labels, count=None):
        """Returns labels as int64, checked.

        Args:
            labels: integers: (N,) where there is one label, else (N, L); label l in [0, V_l).
            count: N; None if any will do.

        Raises:
            InputError: for another shape, type or range.
        """
        labels = checked_array("labels", labels)
        tail = () if self.num_labels == 1 else (self.num_labels,)
        wanted = ("N" if count is None else count, *tail)
        fits = labels.ndim == 1 + len(tail) and labels.shape[1:] == tail
        if not fits or (count is not None and len(labels) != count):
            raise InputError(
                f"labels have shape {labels.shape}: expected ({', '.join(map(str, wanted))}"
                f"{',' if not tail else ''})"
            )
        whole = np.issubdtype(labels.dtype, np.integer) or labels.dtype == np.bool_
        columns = labels.reshape(len(labels), self.num_labels)
        if not whole or (columns < 0).any() or (columns >= np.array(self.sizes)).any():
            is_number = labels.size and labels.dtype.kind in "biuf"
            ends = f" from {labels.min()} to {labels.max()}" if is_number else ""
            highest = sorted({size - 1 for size in self.sizes})
            raise InputError(
                f"labels are {labels.dtype}{ends}: expected integers from 0 to "
                f"{' or '.join(map(str, highest))}"
            )
        return labels.astype(np.int64)

    def check_order(self, other, here, there):
        """Checks that another layout has the names that both have in the same places.

        Labels are numbers: in another order they would mean other values.

        Args:
            other: a `ConditionLayout`.
            here, there: what has this layout and what the other, in a message.

        Raises:
            InputError: if they are elsewhere; names both orders.
        """
        ours, theirs = self.element_names, other.element_names
        places = {name: place for place, name in enumerate(ours)}
        if any(places.get(name, place) != place for place, name in enumerate(theirs)):
            raise InputError(
                f"{there} has the values {theirs} of its labels, {here} {ours}: expected the same "
                "order, as labels are numbers; a generator that was not told any is given `layout=`"
            )

    def labels_of(self, columns):
        """Returns labels as `check` takes them: (...,) where there is one label, else (..., L).

        Args:
            columns: (..., L), a column for each label; a NumPy array or a tensor.
        """
        return columns[..., 0] if self.num_labels == 1 else columns

    def one_hot(self, labels):
        """Returns the conditions float32 (N, C) of labels (N,) or (N, L).

        Raises:
            InputError: as for `check`.
        """
        columns = self.check(labels).reshape(len(labels), self.num_labels)
        hot = [
            np.eye(size, dtype=np.float32)[v] for size, v in zip(self.sizes, columns.T, strict=True)
        ]
        return np.concatenate(hot, axis=1)

    def split(self, tensor):
        """Returns the part of each label: L tensors (..., V_l) of a tensor (..., C)."""
        return [
            tensor[..., offset : offset + size]
            for offset, size in zip(self.offsets, self.sizes, strict=True)
        ]

    def best_values(self, scores):
        """Returns the value of each label's best score: an int32 tensor (..., L).

        Args:
            scores: float (..., C).
        """
        # Here, so that data can be loaded without TensorFlow.
        import tensorflow as tf

        best = [tf.argmax(part, axis=-1, output_type=tf.int32) for part in self.split(scores)]
        return tf.stack(best, axis=-1)

    def margins(self, scores):
        """Returns how much each label's best score exceeds its second best.

        Args:
            scores: float (..., C).

        Returns:
            float (..., L); not-a-number for a label of a single value.
        """
        return np.stack(list(map(best_margin, self.split(scores))), axis=-1)

    def project(self, condition):
        """Clamps each element to [0, 1] and makes each label's elements sum to 1.

        The projection of "Inverse Classification using GANs" (Hobbhahn 2020), label by label.
        Where all of a label's elements are clamped to 0, they become equal.

        Args:
            condition: float (..., C).
        """
        import tensorflow as tf

        mixtures = []
        for part in self.split(tf.clip_by_value(condition, 0.0, 1.0)):
            total = tf.reduce_sum(part, axis=-1, keepdims=True)
            equal = 1.0 / part.shape[-1]
            mixtures.append(tf.where(total > 0, part / tf.maximum(total, 1e-12), equal))
        return tf.concat(mixtures, axis=-1)

    def tangent(self, gradient, condition):
        """Returns the part of a gradient that leads along the set on which `project` projects.

        Against it leads the direction nearest to steepest descent among those that keep each
        label's sum and take no element below 0.

        Args:
            gradient: float (..., C).
            condition: float (..., C), where it was taken, a mixture of each label's values.
        """
        import tensorflow as tf

        parts = []
        for part, values in zip(self.split(gradient), self.split(condition), strict=True):
            is_free = values > 0
            free = tf.reduce_sum(tf.where(is_free, part, 0.0), axis=-1, keepdims=True)
            # The elements at 0 join the free ones, the lowest first, as long as they are below the
            # mean of those that have joined: as long as that takes the mean down.
            held = tf.cumsum(tf.sort(tf.where(is_free, float("inf"), part), axis=-1), axis=-1)
            joined = tf.range(part.shape[-1] + 1, dtype=part.dtype)
            count = joined + tf.reduce_sum(tf.cast(is_free, part.dtype), axis=-1, keepdims=True)
            means = tf.concat([free, free + held], axis=-1) / count
            along = part - tf.reduce_min(means, axis=-1, keepdims=True)
            parts.append(tf.where(is_free, along, tf.minimum(along, 0.0)))
        return tf.concat(parts, axis=-1)

    def to_dict(self):
        """JSON-ready: `{"labels": [{"name": ..., "values": [...]}]}`."""
        return {
            "labels": [{"name": label.name, "values": list(label.values)} for label in self.labels]
        }

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`."""
        return cls(tuple(Label(label["name"], label["values"]) for label in values["labels"]))


def _counted(names):
    check_kind("names", names, Iterable | Integral, "names, or how many")
    return map(str, range(names)) if isinstance(names, Integral) else names


def best_margin(scores):
    """Returns how much the best of scores (..., V) exceeds the second best; NaN of one alone."""
    if scores.shape[-1] < 2:
        return np.full(scores.shape[:-1], np.nan, scores.dtype)
    ordered = np.sort(scores, axis=-1)
    return ordered[..., -1] - ordered[..., -2]
