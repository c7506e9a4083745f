"""Keeps a generator for those who choose by eye."""

import keras


class KeepGenerator(keras.callbacks.Callback):
    """Writes the averaged generator as `generators/epoch-NNN.keras`, beside `SampleGrid`'s sheets.

    Args:
        run: a `RunDirectory`.
    """

    def __init__(self, run):
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch, logs=None):
        name = f"generators/epoch-{epoch + 1:03d}.keras"
        self._run.write(name, self.model.averaged_generator.save)
