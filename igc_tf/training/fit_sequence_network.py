"""Fits the networks for pen trajectories to trajectories at hand."""

import keras
import numpy as np

from igc_tf.data import data_and_mask
from igc_tf.generators.sequence import build_sequence_classifier, build_sequence_generator
from igc_tf.training.begin_run import begin_run
from igc_tf.training.check_same_recipe import check_same_recipe
from igc_tf.training.cosine_decay import cosine_decay
from igc_tf.training.epoch_checkpoint import EpochCheckpoint
from igc_tf.training.fit_epochs import fit_epochs, steps_per_epoch
from igc_tf.training.losses import masked_mean_squared

_BATCHES_PER_EPOCH = 100


def fit_sequence_network(recipe, run, train, verbose=1):
    """Trains an LSTM, or resumes the run that the directory holds.

    The generator learns each class's trajectories from its class vector, on the mean squared
    error where there are data (001 §2); the classifier learns classes from trajectories, on
    their cross entropy. Both keep the last epoch's weights: to choose one by validation
    trajectories would give the sparse settings of 001 more labels than they are allowed.

    Writes `options.json`, after each epoch a checkpoint and TensorBoard logs, and at the end
    `generator.keras` or `classifier.keras`.

    Args:
        recipe: a `SequenceRecipe`.
        run: a `RunDirectory`. If it holds an unfinished run of the same recipe, that run goes on
            from its last complete epoch.
        train: a `LabelledData`, from which the recipe chooses.
        verbose: 0 for silence.

    Returns:
        The trained network.

    Raises:
        InputError: if the directory holds a run of another recipe or on other data, or there are
            fewer trajectories than the recipe wants.
        NonFiniteLossError: if the loss is no longer finite.
    """
    check_same_recipe(run, recipe)
    chosen = recipe.chosen(train)
    begin_run(run, recipe, {"source": chosen.source, "train": len(chosen)})
    name = f"{recipe.network}.keras"
    if (run.path / name).exists():
        return keras.models.load_model(run.path / name, compile=False)
    inputs, targets = _pairs(recipe, chosen)
    model = _build(recipe, chosen, steps_per_epoch(inputs, recipe))
    checkpoint = EpochCheckpoint(run.path / "checkpoints", _state(recipe, model))
    checkpoint.restore()
    if checkpoint.epoch < recipe.epochs:
        fit_epochs(model, run, checkpoint, inputs, targets, recipe, verbose=verbose)
    run.write(name, lambda path: model.save(path, include_optimizer=False))
    return model


def _pairs(recipe, chosen):
    """Inputs and targets, as often as it takes to make an epoch."""
    wanted = _BATCHES_PER_EPOCH * recipe.batch_size
    repeated = np.tile(np.arange(len(chosen)), -(-wanted // len(chosen)))
    if recipe.network == "generator":
        return chosen.conditions[repeated], data_and_mask(chosen)[repeated]
    return data_and_mask(chosen)[repeated], chosen.labels[repeated]


def _build(recipe, chosen, steps_per_epoch):
    keras.utils.set_random_seed(recipe.seed)
    _, steps, channels = chosen.data.shape
    sizes = (chosen.num_classes, steps, channels, recipe.units)
    if recipe.network == "generator":
        model = build_sequence_generator(*sizes, recipe.input_noise, recipe.seed)
        loss, metrics = masked_mean_squared, []
    else:
        model = build_sequence_classifier(*sizes)
        loss, metrics = "sparse_categorical_crossentropy", ["accuracy"]
    # the gradients of long sequences explode now and then; XLA is slow at loops on a CPU
    optimizer = keras.optimizers.Adam(cosine_decay(recipe, steps_per_epoch), clipnorm=1.0)
    model.compile(optimizer, loss=loss, metrics=metrics, jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def _state(recipe, model):
    state = {"weights": model.weights, "optimizer": model.optimizer.variables}
    if recipe.network == "generator":
        state["noise"] = [model.get_layer("condition_noise").seed_generator.state]
    return state
