"""Judges each epoch's generator by the classifier it makes."""

import keras
import numpy as np

from igc_tf.data import add_gaussian_noise
from igc_tf.training.keep_best import keep_best


class GeneratorValidation(keras.callbacks.Callback):
    """Classifies validation images after each epoch and keeps the best generator.

    Adds `val_accuracy` (with several labels, of all at once) to the epoch's logs, where
    TensorBoard and the progress find it, and writes the averaged generator to `generator.keras`
    whenever it is the best so far, with `best.json` (epoch, accuracy, count) beside it.

    Args:
        run: a `RunDirectory`.
        images, answers: the validation set; answers as the classifier gives them.
        sigmas: noise added to it; the mean accuracy over these decides.
        make_classifier: generator -> the classifier that inverts it.
    """

    def __init__(self, run, images, answers, sigmas, make_classifier):
        super().__init__()
        self._run = run
        self._count = len(images)
        self._images = np.concatenate([add_gaussian_noise(images, sigma, 0) for sigma in sigmas])
        self._answers = np.concatenate([answers] * len(sigmas))
        self._make_classifier = make_classifier
        self._classifier = None

    def on_train_begin(self, logs=None):
        # compiled once; it reads the weights as they are at each epoch's end
        self._classifier = self._make_classifier(self.model.averaged_generator)

    def on_epoch_end(self, epoch, logs=None):
        accuracy = self._classifier.evaluate(self._images, self._answers, verbose=0).accuracy
        if logs is not None:
            logs["val_accuracy"] = accuracy
        generator = self.model.averaged_generator
        keep_best(self._run, "generator.keras", generator, epoch, accuracy, self._count)
