"""What a generator is conditioned on, and how its classifier is asked for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from igc_tf.classifiers import InvertedGeneratorClassifier, MultiLabelInvertedGeneratorClassifier
from igc_tf.data import DIGIT_LABELS, label_digits
from igc_tf.data.layout import ConditionLayout


class TaskImages(NamedTuple):
    """Images as a task sees them.

    Attributes:
        images: float32 (N, H, W, channels).
        answers: what the classifier should say, integers (N,) or (N, L).
        conditions: the generator's conditions (N, C) for them, float32.
    """

    images: np.ndarray
    answers: np.ndarray
    conditions: np.ndarray


@dataclass(frozen=True)
class Task:
    """Something to condition a generator on.

    Attributes:
        layout: the `ConditionLayout` of its conditions; None for the classes of the data set.
        prepare: (a `LabelledData`, a seed) -> `TaskImages`.
        classifier: (generator, settings) -> the classifier that inverts such a generator.
    """

    layout: ConditionLayout | None
    prepare: Callable
    classifier: Callable


def _classes(data, seed):
    conditions = np.eye(data.num_classes, dtype=np.float32)[data.labels]
    return TaskImages(data.images, data.labels, conditions)


def _digit_labels(data, seed):
    labelled = label_digits(data, seed)
    return TaskImages(labelled.images, labelled.labels, labelled.conditions)


TASKS = {
    "classes": Task(None, _classes, InvertedGeneratorClassifier),
    "digit_labels": Task(
        ConditionLayout.binary(DIGIT_LABELS), _digit_labels, MultiLabelInvertedGeneratorClassifier
    ),
}
