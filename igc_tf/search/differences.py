"""Data differences: how far what was generated is from the data (the paper, §1.2, `dif`).

A difference is an object with two methods, so that what depends on the data alone is computed once
for all candidates and all steps:

    reference = difference.prepare(data, visible)    # data (B, ...)
    difference(reference, generated)                 # generated (B, K, ...) -> (B, K)

`visible` is None, or float32 broadcastable to the data: 0 where nothing is to be compared.
"""

from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.deformation import Deformation, check_images


class Difference(Protocol):
    """How far generated data are from given data; at least 0, and 0 where they are alike."""

    def prepare(self, data, visible):
        """Computes what depends on the data alone.

        Args:
            data: float32 (B, ...).
            visible: float32, broadcastable to the data, 0 where nothing is compared; or None.

        Returns:
            A structure of tensors.
        """

    def __call__(self, reference, generated):
        """Compares.

        Args:
            reference: from `prepare`.
            generated: float32 (B, K, ...).

        Returns:
            (B, K): the mean over the visible elements of the data; 0 where there are none.
        """


class _ElementWise:
    """The mean of a function of data minus generated, over the visible elements."""

    def __init__(self, function):
        self._function = function

    def prepare(self, data, visible):
        if visible is None:
            return data[:, tf.newaxis], None
        visible = tf.broadcast_to(tf.cast(visible, data.dtype), tf.shape(data))
        # whatever stands where nothing is compared, not-a-number too, must not reach a gradient
        data = tf.where(visible > 0, data, 0.0)
        return data[:, tf.newaxis], visible[:, tf.newaxis]

    def __call__(self, reference, generated):
        data, visible = reference
        values = self._function(data - generated)
        axes = tf.range(2, tf.rank(values))
        if visible is None:
            return tf.reduce_mean(values, axis=axes)
        # no difference, and no gradient, where there is nothing to compare with
        total = tf.reduce_sum(tf.where(visible > 0, values * visible, 0.0), axis=axes)
        return tf.math.divide_no_nan(total, tf.reduce_sum(visible, axis=axes))


# a side, pixels
_CELL = 4


class _TwoScales:
    """The mean absolute difference, and that of means over 4 × 4 pixels, every second one.

    What is a little off its place differs in its pixels, and hardly in their means.
    """

    def prepare(self, data, visible):
        check_images("two_scales", data, _CELL)
        return DIFFERENCES["mean_absolute"].prepare(data, visible)

    def __call__(self, reference, generated):
        data, visible = reference
        shape = generated.shape
        values = data - generated
        if visible is not None:
            values = tf.where(visible > 0, values * visible, 0.0)
        flat = tf.reshape(values, [-1, *shape[2:]])
        means = tf.nn.avg_pool2d(flat, _CELL, _CELL // 2, "VALID")
        fine, coarse = (tf.reduce_sum(tf.abs(part), axis=[1, 2, 3]) for part in (flat, means))
        # every pixel lies in four of the means
        total = tf.reshape(fine + 4.0 * coarse, [-1, shape[1]])
        if visible is None:
            return total / float(shape[2] * shape[3] * shape[4])
        return tf.math.divide_no_nan(total, tf.reduce_sum(visible, axis=[2, 3, 4]))


@dataclass(frozen=True)
class Weighted:
    """A sum of differences, each times its weight.

    Attributes:
        parts: `((weight, difference), …)`, each difference a name or a `Difference`.
    """

    parts: tuple

    def prepare(self, data, visible):
        """What each of them prepares."""
        return [resolve_difference(part).prepare(data, visible) for _, part in self.parts]

    def __call__(self, references, generated):
        """The sum (B, K)."""
        return tf.add_n(
            [
                weight * resolve_difference(part)(reference, generated)
                for (weight, part), reference in zip(self.parts, references, strict=True)
            ]
        )


class _Pairwise:
    """A function (data, generated) -> one number per example, both (N, ...)."""

    def __init__(self, function):
        self._function = function

    def prepare(self, data, visible):
        if visible is not None:
            raise InputError(
                f"the difference {self._function!r} compares whole examples: expected no mask; a "
                "difference with `prepare(data, visible)` can take one"
            )
        return data

    def __call__(self, reference, generated):
        candidates = generated.shape[1]
        flat = tf.reshape(generated, tf.concat([[-1], tf.shape(generated)[2:]], axis=0))
        flat = tf.ensure_shape(flat, [None, *generated.shape[2:]])
        difference = self._function(tf.repeat(reference, candidates, axis=0), flat)
        if difference.shape.rank != 1:
            raise InputError(
                f"the difference returned shape {difference.shape}: "
                "expected one number per example, (N,)"
            )
        return tf.reshape(difference, [-1, candidates])


# mean |data - generated| is the paper's choice (§2), mean (data - generated)² that of "Inverse
# Classification using GANs"
DIFFERENCES = {
    "mean_absolute": _ElementWise(tf.abs),
    "mean_squared": _ElementWise(tf.square),
    "deformation": Deformation(),
    "two_scales": _TwoScales(),
    "two_scales_deformation": Weighted(((1.0, "two_scales"), (2.0, "deformation"))),
}


def resolve_difference(difference):
    """Returns the `Difference` that is meant.

    Args:
        difference: a name in `DIFFERENCES`; an object with `prepare`; or a function
            (data, generated), both (N, ...), -> one number per example (N,).

    Raises:
        InputError: for anything else.
    """
    if isinstance(difference, str) and difference in DIFFERENCES:
        return DIFFERENCES[difference]
    if hasattr(difference, "prepare"):
        return difference
    if callable(difference):
        return _Pairwise(difference)
    raise InputError(
        f"difference={difference!r}: expected one of {sorted(DIFFERENCES)} "
        "or a callable (data, generated) -> one number per example"
    )
