"""Judges each epoch's network by its accuracy on the validation images."""

import keras

from igc_tf.classifiers.network import evaluate_network
from igc_tf.training.keep_best import keep_best


class NetworkValidation(keras.callbacks.Callback):
    """Classifies the validation images after each epoch and keeps the best network.

    Adds `val_accuracy` to the epoch's logs, and writes the network and `best.json` whenever it is
    the best so far.

    Args:
        run: a `RunDirectory`.
        name: of the network's file.
        images, labels: the validation set, as for `evaluate_network`.
    """

    def __init__(self, run, name, images, labels):
        super().__init__()
        self._run = run
        self._name = name
        self._images = images
        self._labels = labels

    def on_epoch_end(self, epoch, logs=None):
        evaluation = evaluate_network(self.model, self._images, self._labels)
        if logs is not None:
            logs["val_accuracy"] = evaluation.accuracy
        keep_best(self._run, self._name, self.model, epoch, evaluation.accuracy, evaluation.count)
