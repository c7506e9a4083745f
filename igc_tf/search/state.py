"""The values that a search passes around: what it is given, where it stands, what it found."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.ranges import checked_array
from igc_tf.search.objective import Terms
from igc_tf.search.observations import Begun, fill_missing


class Batch(NamedTuple):
    """The examples of a search.

    Attributes:
        data: float32 (B, ...), shaped as what the generator makes.
        visible: float32, broadcastable to the data, 0 where nothing is compared; None for all.
        indices: int32 (B,), the examples' numbers, which random starts depend on; None for 0..B-1.
        starts: {block: (B, K, D)}, in the space's stead; None for the space's.
        begun: the `Begun` of an observation, which `Search.init` adds; None for no observation.
    """

    data: tf.Tensor
    visible: tf.Tensor | None = None
    indices: tf.Tensor | None = None
    starts: dict | None = None
    begun: Begun | None = None

    def filled(self, background):
        """The data (B, ...) as an encoder can see them, where some are not to be compared.

        Pictures are filled from around the gaps; other data are background there.

        Args:
            background: of the data.
        """
        if self.visible is None:
            return self.data
        if self.data.shape.rank == 4:
            return fill_missing(self.data, self.visible, background)
        is_visible = tf.broadcast_to(self.visible, tf.shape(self.data)) > 0
        return tf.where(is_visible, self.data, background)


class Candidates(NamedTuple):
    """What is searched. Every tensor leads with (B, K), so that `keep` is one gather.

    Attributes:
        origin: the candidate's number in the space: what it argues for and which of its elements
            move is looked up by it.
        values: {block: (B, K, D)}.
        solver: the solver's state.
        terms: the `Terms` before the last step; not-a-number before the first.
        best_loss: the least loss seen, infinite before the first step, and while it is no number.
        best_values: the values that had it, where the settings ask for them, else {}.
        reference: the loss that an improvement is measured against (see `Patience`).
        waited: steps since the last improvement, int32.
        taken: steps in all, int32; fewer than the search's once the candidate has converged.
    """

    origin: tf.Tensor
    values: dict
    solver: object
    terms: Terms
    best_loss: tf.Tensor
    best_values: dict
    reference: tf.Tensor
    waited: tf.Tensor
    taken: tf.Tensor


class State(NamedTuple):
    """Where a search stands.

    Attributes:
        batch: the `Batch`.
        step: steps done, a scalar int32.
        candidates: the `Candidates`.
        dropped: (B, K0), the least loss of each of the space's candidates when `keep` dropped it,
            infinite of one that had none; not-a-number for those that are still there.
    """

    batch: Batch
    step: tf.Tensor
    candidates: Candidates
    dropped: tf.Tensor


class Result(NamedTuple):
    """What a search found for B examples with k candidates each.

    Attributes:
        origin, label: (B, k), the candidate's number in the space and the condition's element it
            argues for; `label` is -1 where the condition is searched.
        score: (B, k), what the candidates are judged by; the higher the better.
        scores: (B, C), for each element of the condition the best score of its candidates; where
            all were dropped, the score they had then, below all that were kept. None where the
            condition is searched.
        places: int (B, C), where among the k each element's best candidate stands; -1 where all
            were dropped. None where the condition is searched.
        terms: `Terms` of the values found.
        steps: (B, k), the steps that each candidate took.
        values: {block: (B, k, D)}.
        generated: (B, k, ...), what the generator makes of them.
        observed: (B, k, ...), what an observation makes of that.
        compared: (B, k, ...), what that is compared with: the data, without what an observation
            undid in them. None without an observation.
    """

    origin: tf.Tensor
    label: tf.Tensor
    score: tf.Tensor
    scores: tf.Tensor | None
    places: tf.Tensor | None
    terms: Terms
    steps: tf.Tensor
    values: dict
    generated: tf.Tensor
    observed: tf.Tensor
    compared: tf.Tensor | None

    def of_best(self, tensor):
        """Returns (B, ...), what the candidate of the highest score has.

        Args:
            tensor: (B, k, ...), one of the result's.
        """
        return tf.gather(tensor, tf.argmax(self.score, axis=1), batch_dims=1)

    def per_element(self, tensor, elements=None):
        """Returns (B, C, ...), for each element of the condition what its best candidate has.

        Args:
            tensor: (B, k, ...), one of the result's.
            elements: int (B, L), those that are asked for: the result is (B, L, ...). None for all.

        Where all candidates were dropped, it is not-a-number; -1 for whole numbers.
        """
        places = self.places
        if elements is not None:
            places = tf.gather(places, elements, batch_dims=1)
        found = tf.gather(tensor, tf.maximum(places, 0), batch_dims=1)
        was_dropped = (places < 0)[(..., *[tf.newaxis] * (found.shape.rank - 2))]
        missing = float("nan") if found.dtype.is_floating else -1
        return tf.where(was_dropped, tf.constant(missing, found.dtype), found)


def as_arrays(tensors, count):
    """The first `count` examples of a `Batch`, a `Result` or other tensors, as NumPy arrays."""
    return tf.nest.map_structure(
        lambda tensor: None if tensor is None else np.asarray(tensor)[:count], tensors
    )


def checked_mask(mask, shape):
    """Returns a mask as float32 (N, ...), 0 where nothing is to be compared.

    Args:
        mask: broadcastable to that.
        shape: of the data.

    Raises:
        InputError: for another shape, numbers outside of [0, 1], or an example of which all is
            hidden.
    """
    mask = checked_array("mask", mask, np.float32)
    try:
        mask = np.broadcast_to(mask, shape)
    except ValueError as error:
        raise InputError(
            f"mask has shape {mask.shape}: expected one that broadcasts to {shape}"
        ) from error
    if mask.size and not (mask.min() >= 0 and mask.max() <= 1):
        raise InputError("mask: expected numbers from 0 to 1")
    hidden = np.flatnonzero(~mask.any(axis=tuple(range(1, mask.ndim))))
    if len(hidden):
        more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        raise InputError(
            f"mask shows nothing of example {hidden[0]}{more}: expected some numbers > 0 for each"
        )
    return mask
