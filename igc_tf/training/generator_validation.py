"""Judges each epoch's generator by the classifier it makes."""

import keras

from igc_tf.classifiers.inverted_generator_classifier import InvertedGeneratorClassifier
from igc_tf.training.keep_best import keep_best


class GeneratorValidation(keras.callbacks.Callback):
    """Classifies validation images after each epoch and keeps the best generator.

    Adds `val_accuracy` to the epoch's logs, where TensorBoard and the progress find it, and
    writes the averaged generator to `generator.keras` whenever it is the best so far, with
    `best.json` (epoch, accuracy, count) beside it.

    Args:
        run: a `RunDirectory`.
        images, labels: the validation set.
        settings: of the search, a `SearchSettings`.
    """

    def __init__(self, run, images, labels, settings):
        super().__init__()
        self._run = run
        self._images = images
        self._labels = labels
        self._settings = settings
        self._classifier = None

    def on_train_begin(self, logs=None):
        # compiled once; it reads the weights as they are at each epoch's end
        self._classifier = InvertedGeneratorClassifier(
            self.model.averaged_generator, self._settings
        )

    def on_epoch_end(self, epoch, logs=None):
        evaluation = self._classifier.evaluate(self._images, self._labels, verbose=0)
        if logs is not None:
            logs["val_accuracy"] = evaluation.accuracy
        keep_best(self._run, "generator.keras", self.model.averaged_generator, epoch, evaluation)
