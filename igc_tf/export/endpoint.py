"""What every exported classifier computes, and how it is described."""

from inspect import signature

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.ranges import widened
from igc_tf.runs import describe_environment
from igc_tf.search.state import Batch


def answers(classifier, search, data, indices, mask=None):
    """The classifier's answers to a batch, as TensorFlow operations.

    An example with values out of bounds, or not finite, or with a mask that is not in [0, 1] or
    hides all of it, or whose search ends in scores that are not finite, gets the label -1 and
    not-a-number elsewhere: XLA drops assertions, so that the answer itself must show it.

    Args:
        classifier: a `SearchClassifier`.
        search: its `Search`, or one that is bound to other weights.
        data: float32 (N, ...).
        indices: int32 (N,).
        mask: float32 (N, ...) in [0, 1], 0 where nothing is to be compared; or None.

    Returns:
        What `classifier.answer` returns.
    """
    is_usable = usable(data, classifier.generator.bounds)
    if mask is not None:
        is_usable &= usable_masks(mask)
        mask = tf.where(_beside(is_usable, mask), mask, 1.0)
    background = tf.constant(classifier.generator.background, tf.float32)
    data = tf.where(_beside(is_usable, data), data, background)
    return answer_of(classifier, search.run(Batch(data, mask, indices)), is_usable)


def answer_of(classifier, result, is_usable=True):
    """What `classifier.answer` returns; of some examples the label -1, and not-a-number elsewhere.

    Args:
        classifier: a `SearchClassifier`.
        result: the `Result` of N examples.
        is_usable: bool (N,), those whose data can be searched; True for all. Of the others, and
            where `have_finite_scores` is false, the answer is of that kind.
    """
    answer = classifier.answer(result)
    is_usable &= have_finite_scores(result, answer["score"])
    return {
        name: tf.where(
            _beside(is_usable, value),
            value,
            tf.constant(-1 if value.dtype.is_integer else float("nan"), value.dtype),
        )
        for name, value in answer.items()
    }


def have_finite_scores(result, scores):
    """Which searches (N,) ended in finite scores, of the classes (N, C) and of all candidates."""
    finite = (tf.reduce_all(tf.math.is_finite(each), axis=1) for each in (result.score, scores))
    return tf.logical_and(*finite)


def usable(data, bounds):
    """Which examples (N,) are finite and within the bounds; written so that NaN is not."""
    low, high = widened(bounds)
    inside = (data >= low) & (data <= high) & tf.math.is_finite(data)
    return tf.reduce_all(tf.reshape(inside, [tf.shape(data)[0], -1]), axis=1)


def usable_masks(mask):
    """Which examples (N,) have a mask in [0, 1] that does not hide all of them."""
    flat = tf.reshape(mask, [tf.shape(mask)[0], -1])
    return usable(mask, (0.0, 1.0)) & tf.reduce_any(flat > 0, axis=1)


def answer_signature(classifier):
    """{name: `TensorSpec`} of what `answers` returns for N examples."""
    shape = classifier.data_shape
    function = tf.function(
        lambda data: answers(classifier, classifier.search, data, tf.range(tf.shape(data)[0])),
        autograph=False,
    )
    concrete = function.get_concrete_function(tf.TensorSpec([None, *shape], tf.float32))
    return {
        name: tf.TensorSpec([None, *output.shape[1:]], output.dtype)
        for name, output in concrete.structured_outputs.items()
    }


def takes_masks(classifier):
    """Whether a classifier can be told which elements are visible.

    Whether its differences can; those to what is undone in the data, with gaps filled, see no mask.
    """
    if classifier.search.undoes:
        return True
    shape = classifier.data_shape
    try:
        for difference in (
            classifier.settings.data_difference(),
            classifier.settings.decision_difference(),
        ):
            if not isinstance(difference, str):
                difference.prepare(tf.zeros([1, *shape]), tf.ones([1, *shape]))
    except InputError:
        return False
    return True


def describe_classifier(classifier):
    """Returns what an export was made of: the classifier's `identity`, and what is generated.

    JSON-ready; an infinite bound is None.
    """
    generator = classifier.generator
    facts = generator.facts()
    labels = facts.pop("labels")
    return {
        "classifier": type(classifier).__name__,
        "generator": generator.name,
        **classifier.identity(),
        "layout": {"labels": labels},
        # the facts of a generator that has none don't say so
        "latent_size": None,
        **facts,
        "data_shape": list(classifier.data_shape),
        "environment": describe_environment(),
    }


def other_arguments(classifier):
    """What a classifier was made with beside generator and settings, where it is not the default.

    Returns:
        `{"arguments": {name: value}}`, JSON-ready: numbers as they are, observations and other
        objects by their `repr`, of what the classifier keeps under the names of its arguments; {}
        if all are the defaults.
    """
    others, kept = {}, vars(classifier)
    for name, parameter in signature(type(classifier)).parameters.items():
        if name in kept and name not in ("generator", "settings"):
            value = kept[name].item() if isinstance(kept[name], np.generic) else kept[name]
            value = value if isinstance(value, int | float | str | None) else repr(value)
            if value != parameter.default:
                others[name] = value
    return {"arguments": others} if others else {}


def _beside(flags, tensor):
    """Flags (N,) in a shape that broadcasts to a tensor (N, ...)."""
    return tf.reshape(flags, [-1, *[1] * (tensor.shape.rank - 1)])
