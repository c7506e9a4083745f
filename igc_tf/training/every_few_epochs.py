"""Does some of the work of an epoch's end only now and then."""

import keras


class EveryFewEpochs(keras.callbacks.Callback):
    """Passes the ends of every `every`-th epoch and of the last one on to other callbacks.

    Args:
        every: epochs.
        epochs: of the whole run.
        callbacks: that prepare as training begins and work at the ends of epochs.
    """

    def __init__(self, every, epochs, callbacks):
        super().__init__()
        self._every = every
        self._epochs = epochs
        self._callbacks = callbacks

    def set_model(self, model):
        super().set_model(model)
        for callback in self._callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs=None):
        for callback in self._callbacks:
            callback.on_train_begin(logs)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self._every and epoch + 1 != self._epochs:
            return
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, logs)
