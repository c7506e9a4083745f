"""One progress bar for a whole run."""

import keras
from tqdm import tqdm


class RunProgress(keras.callbacks.Callback):
    """Shows the steps of all epochs, the time left for all of them, and each epoch's figures.

    Args:
        epochs: of the whole run, those done earlier included.
        steps_per_epoch: batches in an epoch.
    """

    def __init__(self, epochs, steps_per_epoch):
        super().__init__()
        self._epochs = epochs
        self._steps_per_epoch = steps_per_epoch
        self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._bar is None:
            done = epoch * self._steps_per_epoch
            total = self._epochs * self._steps_per_epoch
            self._bar = tqdm(total=total, initial=done, unit="step", mininterval=1)
        self._bar.set_description(f"epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update()

    def on_epoch_end(self, epoch, logs=None):
        figures = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        self._bar.write(f"epoch {epoch + 1}/{self._epochs}  {figures}")

    def on_train_end(self, logs=None):
        if self._bar is not None:
            self._bar.close()
