"""How often a plain network is right, told as for the classifiers that search."""

import time

import numpy as np

from igc_tf.classifiers.evaluation import Evaluation
from igc_tf.classifiers.multi_label_evaluation import MultiLabelEvaluation
from igc_tf.errors import InputError


def evaluate_network(model, images, labels, batch_size=1000):
    """Counts how often a network's most probable answer is right.

    Args:
        model: a Keras model `images (B, ...) -> probabilities (B, outputs)`.
        images: (N, ...), N at least 1.
        labels: the right classes (N,), integers in [0, outputs); or binary labels (N, outputs),
            read one by one.
        batch_size: images at once; bounds the memory.

    Returns:
        An `Evaluation`; for binary labels a `MultiLabelEvaluation`.

    Raises:
        InputError: for no images, or labels of another shape.
    """
    labels = np.asarray(labels)
    expected = ((len(images),), (len(images), model.output_shape[-1]))
    if len(images) == 0 or labels.shape not in expected:
        raise InputError(
            f"labels have shape {labels.shape} for {len(images)} images: expected one of "
            f"{expected}, and at least one image"
        )
    start = time.perf_counter()
    answers, first_batch_seconds = [], None
    for begin in range(0, len(images), batch_size):
        probabilities = model.predict_on_batch(images[begin : begin + batch_size])
        answers.append(probabilities > 0.5 if labels.ndim == 2 else probabilities.argmax(axis=1))
        first_batch_seconds = first_batch_seconds or time.perf_counter() - start
    answers = np.concatenate(answers).astype(np.int64)
    seconds = time.perf_counter() - start
    if labels.ndim == 2:
        return MultiLabelEvaluation(answers, labels, seconds)
    correct = int((answers == labels).sum())
    return Evaluation(len(labels), correct, seconds, first_batch_seconds, answers)
