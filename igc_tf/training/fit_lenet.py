"""Fits LeNet to images at hand."""

import keras
import numpy as np

from igc_tf.classifiers.network import build_lenet
from igc_tf.training.begin_run import begin_run
from igc_tf.training.check_same_recipe import check_same_recipe
from igc_tf.training.cosine_decay import cosine_decay
from igc_tf.training.epoch_checkpoint import EpochCheckpoint
from igc_tf.training.fit_epochs import fit_epochs, steps_per_epoch
from igc_tf.training.network_validation import NetworkValidation

LENET_FILE = "lenet.keras"


def fit_lenet(recipe, run, train, validation, outputs, source, verbose=1):
    """Trains LeNet, or resumes the run that the directory holds.

    Labels of shape (N,) are classes: softmax and cross entropy. Labels of shape (N, outputs) are
    binary: sigmoid and the mean of the labels' cross entropies.

    Writes `options.json`; after each epoch a checkpoint and TensorBoard logs; `lenet.keras` and
    `best.json`, the network of the epoch that was best on the validation images.

    Args:
        recipe: a `LeNetRecipe`.
        run: a `RunDirectory`. If it holds an unfinished run of the same recipe, that run goes on
            from its last complete epoch.
        train, validation: each (images float32 (N, H, W, channels) in [-0.5, 0.5], labels).
        outputs: classes, or binary labels.
        source: where the images came from, for `options.json`.
        verbose: 0 for silence.

    Returns:
        The chosen network.

    Raises:
        InputError: if the directory holds a run of another recipe, or there are fewer training
            images than make a batch.
        NonFiniteLossError: if the loss is no longer finite.
    """
    check_same_recipe(run, recipe)
    images, labels = (part[: recipe.train_images] for part in train)
    steps = steps_per_epoch(images, recipe)
    model = _build(recipe, outputs, np.ndim(labels) == 2, images.shape[1:], steps)
    checkpoint = EpochCheckpoint(
        run.path / "checkpoints",
        {"weights": model.weights, "optimizer": model.optimizer.variables},
    )
    checkpoint.restore()
    counts = {"train": len(images), "validation": len(validation[0])}
    begin_run(run, recipe, {"source": source, **counts})
    if checkpoint.epoch < recipe.epochs:
        judges = [NetworkValidation(run, LENET_FILE, *validation)]
        fit_epochs(model, run, checkpoint, images, labels, recipe, judges, verbose)
    return keras.models.load_model(run.path / LENET_FILE, compile=False)


def _build(recipe, outputs, is_binary, data_shape, steps_per_epoch):
    keras.utils.set_random_seed(recipe.seed)
    model = build_lenet(outputs, data_shape, "sigmoid" if is_binary else "softmax")
    model.compile(
        keras.optimizers.Adam(cosine_decay(recipe, steps_per_epoch)),
        loss="binary_crossentropy" if is_binary else "sparse_categorical_crossentropy",
        metrics=["binary_accuracy" if is_binary else "accuracy"],
    )
    model.optimizer.build(model.trainable_variables)
    return model
