"""Stops a run whose losses are no longer numbers."""

import math

import keras
import numpy as np

from igc_tf.errors import NonFiniteLossError


class NonFiniteGuard(keras.callbacks.Callback):
    """Raises `NonFiniteLossError` when logs, or at an epoch's end weights, are not finite.

    Put it before the callback that saves: checkpoints are written at the ends of epochs only, so
    the last one is still good.
    """

    def __init__(self):
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        bad = {name: value for name, value in (logs or {}).items() if not math.isfinite(value)}
        if bad:
            self._stop(f"step {batch + 1}: {bad}")

    def on_epoch_end(self, epoch, logs=None):
        if not all(np.isfinite(weight).all() for weight in self.model.get_weights()):
            self._stop("the last step made weights that are not finite")

    def _stop(self, reason):
        raise NonFiniteLossError(
            f"epoch {self._epoch + 1}, {reason}. The last good checkpoint is kept; "
            "try a smaller learning rate in another output directory"
        )
