"""Stops a run whose losses are no longer numbers."""

import math

import keras


class NonFiniteLossError(RuntimeError):
    """A loss became NaN or infinite."""


class NonFiniteGuard(keras.callbacks.Callback):
    """Raises `NonFiniteLossError` at the first batch whose logs are not finite.

    Checkpoints are written at the ends of epochs only, so the last one is still good.
    """

    def __init__(self):
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        bad = {name: value for name, value in (logs or {}).items() if not math.isfinite(value)}
        if bad:
            raise NonFiniteLossError(
                f"epoch {self._epoch + 1}, step {batch + 1}: {bad}. The last good checkpoint is "
                "kept; continue from it with a smaller learning rate in a new output directory"
            )
