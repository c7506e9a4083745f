"""What each reader is in doubt by: numbers, the higher the more doubtful."""

import keras
import numpy as np
from scipy.special import logsumexp, softmax

from evaluation.readers import Library
from igc_tf.classifiers.calibration import DOUBTS
from igc_tf.classifiers.network import FEATURE_LAYER

# of the training images: the distance to the k-th nearest counts (Sun et al. 2022)
_NEIGHBOURS = 5


class Doubter:
    """A reader's doubts about images.

    Args:
        reader: a `Library` or a `Network`.
        known: training images (M, H, W, channels), whose features a network's are compared with.
    """

    def __init__(self, reader, known):
        self._reader = reader
        self._known = None
        if not isinstance(reader, Library):
            model = reader.model
            outputs = [model.get_layer(name).output for name in (FEATURE_LAYER, "logits")]
            self._inside = keras.Model(model.inputs, outputs)
            self._known = _normed(self._seen(known)[0])

    def __call__(self, images):
        """Returns {name of a doubt: (N,)} of images (N, H, W, channels).

        Of the library those that it names (`SearchClassifier.doubts`). Of a network "softmax", one
        less the greatest probability (Hendrycks & Gimpel 2017); "energy", -log Σ exp(logits) (Liu
        et al. 2020); and "neighbours", the distance of the normed features to those of the training
        images.
        """
        if self._known is None:
            return self._reader.classifier.doubts(images, batch_size=self._reader.batch_size)
        features, logits = self._seen(images)
        return {
            "softmax": 1 - softmax(logits, axis=1).max(axis=1),
            "energy": -logsumexp(logits, axis=1),
            "neighbours": self._distances(_normed(features)),
        }

    def usual(self, images):
        """The doubts about images of the classes: the library's are those it was calibrated by."""
        if self._known is not None:
            return self(images)
        calibration = self._reader.classifier.calibration
        return {name: calibration.known(name) for name in DOUBTS}

    def _seen(self, images):
        parts = [self._inside.predict_on_batch(batch) for batch in self._batches(images)]
        return [np.concatenate(part).astype(float) for part in zip(*parts, strict=True)]

    def _distances(self, features):
        nearest = min(_NEIGHBOURS, len(self._known)) - 1
        parts = []
        for batch in self._batches(features):
            # of vectors of length 1: |a - b|² = 2 - 2 a·b
            squared = 2 - 2 * batch @ self._known.T
            parts.append(np.partition(squared, nearest, axis=1)[:, nearest])
        return np.sqrt(np.maximum(np.concatenate(parts), 0))

    def _batches(self, values):
        size = self._reader.batch_size
        return (values[begin : begin + size] for begin in range(0, len(values), size))


def _normed(features):
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
