"""What every classifier does around its search."""

import time

import keras
import numpy as np
import tensorflow as tf

from igc_tf.classifiers.evaluation import Evaluation
from igc_tf.errors import InputError
from igc_tf.search.search_result import SearchResult

_OVER_STEPS = ("loss_history", "difference_history")


class BatchedSearch:
    """Runs a search on any number of images: checks them, bounds the memory, shows progress.

    Args:
        search: a `GeneratorSearch`.
        data_shape: of one image.
        data_range: (low, high) that images must lie in; None accepts any finite values.
    """

    def __init__(self, search, data_shape, data_range):
        self.search = search
        self.data_shape = data_shape
        self.data_range = data_range

    def batches(self, images, batch_size, verbose, history=False, snapshots=()):
        """Yields the `SearchResult` of each batch, as NumPy arrays.

        Args:
            images: (N, ...) shaped as the generator's output, in `data_range`.
            batch_size: images searched at once, each with all its candidates. Does not change
                the answer.
            verbose: 1 or "auto" shows a progress bar with the time left, 0 is silent.
            history, snapshots: as for the search.

        Raises:
            InputError: for images of another shape or range, a batch size below 1, or a search
                that diverges.
        """
        images = self._checked(images)
        if not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"batch_size={batch_size!r}: expected a whole number >= 1")
        settings = self.search.settings
        progress = keras.utils.Progbar(len(images), unit_name="image") if verbose else None
        for begin in range(0, len(images), batch_size):
            batch = images[begin : begin + batch_size]
            indices = np.arange(begin, begin + len(batch))
            padding = 0
            if settings.jit_compile and len(images) > batch_size:
                # XLA compiles anew for every shape: fill the last batch up instead
                padding = batch_size - len(batch)
                batch = np.concatenate([batch, np.repeat(batch[:1], padding, axis=0)])
                indices = np.concatenate([indices, np.repeat(indices[:1], padding)])
            result = self.search(batch, indices, history, snapshots)
            count = len(batch) - padding
            result = _to_numpy(result, count)
            if not np.isfinite(result.decision).all():
                raise InputError(
                    f"the search of images {begin} to {begin + count - 1} ended in values that "
                    "are not finite: lower the learning rate, or check generator and difference"
                )
            yield result
            if progress is not None:
                progress.add(count)

    def whole(self, images, batch_size, verbose, history=False, snapshots=()):
        """Returns one `SearchResult` over all images; arguments and errors as for `batches`.

        Raises:
            InputError: also for no images.
        """
        if len(images) == 0:
            raise InputError("no images to classify: expected at least one")
        results = list(self.batches(images, batch_size, verbose, history, tuple(snapshots)))

        def joined(name, parts):
            axis = 1 if name in _OVER_STEPS else 0
            return tf.nest.map_structure(
                lambda *arrays: None if arrays[0] is None else np.concatenate(arrays, axis), *parts
            )

        parts = zip(SearchResult._fields, zip(*results, strict=True), strict=True)
        return SearchResult(*(joined(name, part) for name, part in parts))

    def evaluate(self, answer, classes, images, labels, batch_size, verbose):
        """Counts how often the answers are right.

        Args:
            answer: a batch's `SearchResult` -> labels (B,).
            classes: C.
            labels: the right labels (N,), integers in [0, C).
            images, batch_size, verbose: as for `batches`.

        Returns:
            An `Evaluation`.

        Raises:
            InputError: as for `batches`; also for no images, or labels of another shape or range.
        """
        labels = np.asarray(labels)
        if len(images) == 0 or labels.shape != (len(images),):
            raise InputError(
                f"labels have shape {labels.shape} for {len(images)} images: "
                "expected one label for each of at least one image"
            )
        if not np.issubdtype(labels.dtype, np.integer) or not (
            labels.min() >= 0 and labels.max() < classes
        ):
            raise InputError(
                f"labels are {labels.dtype} from {labels.min()} to {labels.max()}: "
                f"expected integers from 0 to {classes - 1}"
            )
        begin = time.perf_counter()
        answers, first_batch_seconds = [], None
        for result in self.batches(images, batch_size, verbose):
            answers.append(answer(result))
            first_batch_seconds = first_batch_seconds or time.perf_counter() - begin
        answers = np.concatenate(answers)
        seconds = time.perf_counter() - begin
        correct = int((answers == labels).sum())
        return Evaluation(len(labels), correct, seconds, first_batch_seconds, answers)

    def _checked(self, images):
        images = np.asarray(images, np.float32)
        expected = self.data_shape
        if images.shape[1:] != expected or images.ndim != len(expected) + 1:
            raise InputError(
                f"images have shape {images.shape}: expected (N, {', '.join(map(str, expected))})"
            )
        if images.size and not np.isfinite(images).all():
            raise InputError("images hold values that are not finite")
        if images.size and self.data_range is not None:
            low, high = self.data_range
            tolerance = 1e-6
            if images.min() < low - tolerance or images.max() > high + tolerance:
                raise InputError(
                    f"images lie in [{images.min():g}, {images.max():g}]: "
                    f"expected [{low:g}, {high:g}] (data_range)"
                )
        return images


def _to_numpy(result, count):
    """The result's first `count` examples; histories carry them on axis 1."""
    histories = {
        name: getattr(result, name).numpy()[:, :count]
        for name in _OVER_STEPS
        if getattr(result, name) is not None
    }
    rest = result._replace(**dict.fromkeys(_OVER_STEPS))
    arrays = tf.nest.map_structure(lambda t: None if t is None else t.numpy()[:count], rest)
    return arrays._replace(**histories)
