"""Trains the networks for pen trajectories: the generator, and the forward classifier."""

import keras
import numpy as np
import tensorflow as tf

from igc_tf.classifiers import InverseClassifier, evaluate_network
from igc_tf.data import LabelledData, data_and_mask, open_trajectories, stratified_split
from igc_tf.generators.generator import Generator
from igc_tf.generators.keras_files import CARD
from igc_tf.generators.replicas import replica_count
from igc_tf.generators.sequence import build_sequence_classifier, build_sequence_generator
from igc_tf.generators.store import load_model, save_generator
from igc_tf.plots import plot_letters
from igc_tf.ranges import check_kind
from igc_tf.training.fit import OPTIONS, TrainingRun, cosine_decay, steps_per_epoch
from igc_tf.training.losses import masked_mean_squared
from igc_tf.training.recipes import SequenceRecipe

CLASSIFIER = "classifier.keras"


def train_trajectories(recipe, output, data=None, verbose=1, strategy=None):
    """Trains by a recipe, or resumes the run that `output` holds.

    Writes what `fit_sequence_network` writes; for a generator `letters.png`, what it draws for
    each letter; and at the end `result.json`: the accuracy on the validation trajectories (a
    generator's by inverse classification).

    Args:
        recipe: a `SequenceRecipe`.
        output: the run directory.
        data: a `LabelledData`, or as for `open_trajectories`.
        verbose: 0 for silence.
        strategy: a `tf.distribute.Strategy` to train in several replicas; None for the current.

    Returns:
        The path of `output`, in every worker.

    Raises:
        InputError, NonFiniteLossError: as for `fit_sequence_network`.
        DataError: if there are no trajectories.
    """
    # refused before the data are loaded
    run = _opened(recipe, output, strategy)
    if not isinstance(data, LabelledData):
        data = open_trajectories(data, recipe.classes, recipe.subsampling)
    split = stratified_split(data)
    model = _fit(run, split.train, verbose)
    if not run.is_chief:
        return run.path
    validation = split.validation.first_classes(recipe.classes)
    evaluation = _NETWORKS[recipe.network].evaluate(run, model, validation, verbose)
    run.write_json("result.json", {"epochs": recipe.last_epoch, "validation": evaluation.to_dict()})
    return run.path


def fit_sequence_network(recipe, output, train, verbose=1, strategy=None):
    """Trains an LSTM, or resumes the run that `output` holds.

    The generator learns each class's trajectories from its class vector, on the mean squared
    error where there are data ("Inverse classification using generative models", section 2); the
    classifier learns classes from trajectories, on their cross entropy. Both keep the last epoch's
    weights: to choose one by validation trajectories would give the sparse settings of the document
    more labels than they are allowed.

    Writes into `output` what `TrainingRun` describes, and at the end the generator's `card.json`
    and `generator.npz`, which `load_generator` reads, or `classifier.keras`.

    Args:
        recipe: a `SequenceRecipe`.
        output: the run directory. If it holds an unfinished run of the same recipe, that run
            goes on from its last complete epoch.
        train: a `LabelledData`, from which the recipe chooses.
        verbose: 0 for silence.
        strategy: a `tf.distribute.Strategy` to train in several replicas; None for the current.

    Returns:
        The trained network; None for a worker that is not the chief.

    Raises:
        InputError: if the directory holds a run of another recipe or on other data, or there are
            fewer trajectories than the recipe wants.
        NonFiniteLossError: if the loss is no longer finite.
    """
    return _fit(_opened(recipe, output, strategy), train, verbose)


def _opened(recipe, output, strategy):
    expected = "one of sequences, as RECIPES['trajectory-generator']"
    check_kind("recipe", recipe, SequenceRecipe, expected)
    return TrainingRun(output, recipe, strategy=strategy)


def _fit(run, train, verbose):
    """The network that a run ends with; None for a worker that is not the chief."""
    recipe = run.recipe
    chosen = recipe.chosen(train)
    run.describe(train=chosen)
    network = _NETWORKS[recipe.network]
    inputs, targets = _pairs(recipe, network, chosen)
    with run.strategy.scope():
        model = _build(recipe, network, chosen, steps_per_epoch(len(inputs), recipe.batch_size))
    state = {"weights": model.weights, "optimizer": model.optimizer.variables}
    run.restore(state | network.random_state(model))
    if not run.is_done:
        if run.is_chief:
            # of a training that was to stop earlier
            run.remove(network.kept)
        run.fit(model, inputs, targets, verbose=verbose)
    elif run.is_chief and (run.path / network.kept).exists():
        return network.load(run)
    if not run.is_chief:
        return None
    network.save(run, model, chosen)
    return network.load(run)


class _GeneratorNetwork:
    """Class vector to trajectory."""

    kept = CARD
    loss, metrics = staticmethod(masked_mean_squared), ()

    def build(self, recipe, sizes):
        return build_sequence_generator(*sizes, recipe.input_noise, recipe.seed)

    def pair(self, chosen, series):
        """Inputs and targets."""
        return chosen.conditions, series

    def random_state(self, model):
        """What is drawn from in training."""
        return {"noise": [model.get_layer("condition_noise").seed_generator.state]}

    def save(self, run, model, chosen):
        generator = Generator(model, chosen.layout, chosen.bounds)
        save_generator(generator, run.path, training=run.read_json(OPTIONS))

    def load(self, run):
        return load_model(run.path)[0]

    def evaluate(self, run, model, validation, verbose):
        letters = model.predict_on_batch(np.eye(validation.num_classes, dtype=np.float32))
        run.write_figure("letters.png", plot_letters(letters, validation.class_names))
        classifier = InverseClassifier(Generator(model, validation.layout, validation.bounds))
        return classifier.evaluate(
            validation.data, validation.labels, validation.mask, verbose=verbose
        )


class _ClassifierNetwork:
    """Trajectory to class."""

    kept = CLASSIFIER
    loss, metrics = "sparse_categorical_crossentropy", ("accuracy",)

    def build(self, recipe, sizes):
        return build_sequence_classifier(*sizes)

    def pair(self, chosen, series):
        return series, chosen.labels

    def random_state(self, model):
        return {}

    def save(self, run, model, chosen):
        run.write(CLASSIFIER, lambda path: model.save(path, include_optimizer=False))

    def load(self, run):
        return keras.models.load_model(run.path / CLASSIFIER, compile=False)

    def evaluate(self, run, model, validation, verbose):
        return evaluate_network(model, data_and_mask(validation), validation.labels)


_NETWORKS = {"generator": _GeneratorNetwork(), "classifier": _ClassifierNetwork()}


def _pairs(recipe, network, chosen):
    """Inputs and targets, as often as it takes to make an epoch."""
    wanted = recipe.batches_per_epoch * recipe.batch_size
    repeated = np.tile(np.arange(len(chosen)), -(-wanted // len(chosen)))
    return [part[repeated] for part in network.pair(chosen, data_and_mask(chosen))]


def _build(recipe, network, chosen, steps):
    keras.utils.set_random_seed(recipe.seed)
    _, length, channels = chosen.data.shape
    model = network.build(recipe, (chosen.num_classes, length, channels, recipe.units))
    rate = cosine_decay(recipe.learning_rate, recipe.final_learning_rate, recipe.epochs * steps)
    # the gradients of long sequences explode now and then
    optimizer = ClippedAdam(rate, clipnorm=1.0)
    model.compile(optimizer, loss=network.loss, metrics=[*network.metrics])
    model.optimizer.build(model.trainable_variables)
    return model


class ClippedAdam(keras.optimizers.Adam):
    """Adam that clips the gradients of the whole batch, where Keras' clips each replica's."""

    def apply(self, grads, trainable_variables=None):
        replicas = replica_count()
        if replicas > 1:
            context = tf.distribute.get_replica_context()
            summed = context.all_reduce(tf.distribute.ReduceOp.SUM, [*grads])
            # the optimizer adds up what the replicas give it
            grads = [tf.clip_by_norm(gradient, self.clipnorm) / replicas for gradient in summed]
        super().apply(grads, trainable_variables)
