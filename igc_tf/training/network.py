"""Trains the plain networks that the classifiers are compared with: LeNet-5, or a modern CNN."""

import keras
import numpy as np
import tensorflow as tf

from igc_tf.classifiers import evaluate_network
from igc_tf.classifiers.network import NETWORK_FILE, build_cnn, build_lenet
from igc_tf.data import VALIDATION_CORRUPTIONS, add_gaussian_noise, corrupt_some
from igc_tf.ranges import check_kind
from igc_tf.search.observations import fill_missing
from igc_tf.training.adversarial import AdversariallyTrained, network_loss
from igc_tf.training.augmentation import noise_half
from igc_tf.training.callbacks import KeepBest
from igc_tf.training.fit import TrainingRun, cosine_decay, steps_per_epoch
from igc_tf.training.known_lens import random_gaps
from igc_tf.training.recipes import NetworkRecipe

_BUILDERS = {"lenet": build_lenet, "cnn": build_cnn}
# which corruptions a recipe means
_CORRUPTIONS = {"validation": tuple(VALIDATION_CORRUPTIONS)}
# the noise of the paper's table (section 2)
_SIGMAS = (0.0, 0.2, 0.4)
# validation images that are changed at once
_PERTURBED = 500


def train_network(recipe, output, data=None, data_dir=None, verbose=1, strategy=None):
    """Trains by a recipe, or resumes the run that `output` holds.

    Data with one label, the class, are learnt with a softmax and cross entropy; data with several
    binary labels with sigmoids and the mean of the labels' cross entropies.

    Writes into `output` what `TrainingRun` describes; `network.keras` and `best.json`, the network
    of the epoch that was best on the validation images; and at the end `result.json` with its
    accuracy on the test images with the noise of the paper's table, for reporting only. With
    several labels, accuracy is that of all at once.

    Args:
        recipe: a `NetworkRecipe`.
        output: the run directory. If it holds an unfinished run of the same recipe, that run
            goes on from its last complete epoch.
        data: training, validation and test images, three `LabelledData`; None for those of the
            recipe's data set. The recipe says what their labels are.
        data_dir: of TensorFlow Datasets; None for its own default.
        verbose: 0 for silence.
        strategy: a `tf.distribute.Strategy` to train in several replicas; None for the current.
            Of several workers (`igc_tf.training.workers`) only the chief writes.

    Returns:
        The path of `output`, in every worker; `igc_tf.load_network` loads the network there.

    Raises:
        InputError: if `output` holds a run of another recipe, there are fewer training images than
            make a batch, or the others are not such as these.
        NonFiniteLossError: if the loss is no longer finite.
        DataUnavailableError: if the images are not available.
    """
    check_kind("recipe", recipe, NetworkRecipe, "one of a network, as RECIPES['lenet']")
    run = TrainingRun(output, recipe, strategy=strategy)
    if data is None:
        data = [recipe.load(split, data_dir) for split in ("train", recipe.validation, "test")]
    train, validation, test = map(recipe.labelled, data)
    for part in (validation, test):
        train.check_alike(part)
    train = train.take(slice(recipe.train_images))
    images, labels = train.images, train.labels
    run.describe(train=train, validation=validation)
    steps = steps_per_epoch(len(images), recipe.batch_size, recipe.passes)
    with run.strategy.scope():
        network, model = _build(recipe, train, steps)
    run.restore({"weights": model.weights, "optimizer": model.optimizer.variables})
    if not run.is_done:
        judges = [_judge(run, network, validation)] if run.is_chief else []
        run.fit(model, images, labels, judges, verbose, _change(recipe, train.bounds))
    if not run.is_chief:
        return run.path
    chosen = keras.models.load_model(run.path / NETWORK_FILE, compile=False)
    rows = []
    for sigma in _SIGMAS:
        noised = add_gaussian_noise(test.images, sigma, recipe.seed, test.bounds)
        rows.append({"sigma": sigma, **evaluate_network(chosen, noised, test.labels).to_dict()})
    best = run.read_json("best.json")
    run.write_json("result.json", {"best": best, "epochs": recipe.last_epoch, "test": rows})
    return run.path


def _build(recipe, train, steps_per_epoch):
    """The network, and the compiled model that trains it."""
    keras.utils.set_random_seed(recipe.seed)
    is_binary = train.layout.num_labels > 1
    outputs = train.layout.num_labels if is_binary else train.layout.size
    build = _BUILDERS[recipe.network]
    activation = "sigmoid" if is_binary else "softmax"
    network = build(outputs, train.images.shape[1:], activation, recipe.contrast)
    steps, model = recipe.epochs * steps_per_epoch, network
    if recipe.perturbation.changes:
        model = AdversariallyTrained(network, recipe, train.bounds, steps)
    model.compile(
        keras.optimizers.Adam(
            cosine_decay(recipe.learning_rate, recipe.final_learning_rate, steps)
        ),
        loss="binary_crossentropy" if is_binary else "sparse_categorical_crossentropy",
        metrics=["binary_accuracy" if is_binary else "accuracy"],
    )
    model.optimizer.build(model.trainable_variables)
    return network, model


def _change(recipe, bounds):
    """What happens to the training images of a batch, `(images, seed) -> images`; None: nothing."""
    is_distorted = recipe.distortion or recipe.colours != "kept"
    is_spoilt = recipe.sigma > 0 or recipe.corruptions is not None or recipe.missing > 0
    if not is_distorted and not is_spoilt:
        return None

    def spoil(images, numbers):
        return corrupt_some(images, _CORRUPTIONS[recipe.corruptions], numbers, 0.5, bounds)

    def change(images, seed):
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
        images = recipe.distort(images, seeds[0], bounds)
        if recipe.corruptions is not None:
            shape = images.shape
            # NumPy's seeds are not negative
            numbers = tf.bitcast(tf.random.experimental.stateless_fold_in(seed, 3), tf.uint32)
            images = tf.numpy_function(spoil, [images, numbers], tf.float32, stateful=False)
            images.set_shape(shape)
        if recipe.sigma > 0:
            images = noise_half(images, seeds[1], seeds[2], recipe.sigma, bounds)
        if recipe.missing > 0:
            gap_seed = tf.random.experimental.stateless_fold_in(seed, 4)
            images = _with_gaps(images, recipe.missing, gap_seed, bounds)
        return images

    return change


def _with_gaps(images, share, seed, bounds):
    """Images of a share of which pixels are missing, filled from around them."""
    return fill_missing(images, random_gaps(images, share, seed), bounds[0])


def _judge(run, trained, validation):
    """The callback that judges and keeps the network."""
    # outside of the strategy: in its scope each replica would answer
    network = keras.models.clone_model(trained)
    recipe = run.recipe
    noised = [
        add_gaussian_noise(validation.images, sigma, recipe.seed, validation.bounds)
        for sigma in recipe.validation_sigmas
    ]
    if recipe.corruptions is not None:
        names = _CORRUPTIONS[recipe.corruptions]
        noised.append(corrupt_some(validation.images, names, recipe.seed, bounds=validation.bounds))
    if recipe.missing > 0:
        images, seed = tf.constant(validation.images), [recipe.seed, 1]
        noised.append(_with_gaps(images, 1.0, seed, validation.bounds))

    def accuracy():
        network.set_weights(trained.get_weights())
        seen = [*noised, *_perturbed(recipe, network, validation)]
        found = [evaluate_network(network, images, validation.labels) for images in seen]
        return float(np.mean([evaluation.accuracy for evaluation in found]))

    def save(best):
        run.write(NETWORK_FILE, network.save)

    return KeepBest(run, accuracy, save, len(validation))


def _perturbed(recipe, network, validation):
    """Validation images that deceive the network, in a list; an empty one for a recipe without."""
    if not recipe.perturbation.changes:
        return []
    loss, seed = network_loss(network), [recipe.seed, 0]

    @tf.function(reduce_retracing=True, autograph=False)
    def deceive(images, labels):
        return recipe.perturbation.of(loss, images, (labels,), validation.bounds, seed)

    parts = tf.data.Dataset.from_tensor_slices((validation.images, validation.labels))
    return [np.concatenate([deceive(*part) for part in parts.batch(_PERTURBED)])]
