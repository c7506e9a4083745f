"""Trains a generator against its adversary, and keeps the one that classifies best."""

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from igc_tf.classifiers import InverseClassifier, load_classifier
from igc_tf.classifiers.network import load_network
from igc_tf.data.digit_labels import draw_labelled
from igc_tf.data.noise import with_noise
from igc_tf.errors import ForeignDataWarning, InputError
from igc_tf.generators.activation_gan import CAGAN_SIZES, build_discriminator, build_generator
from igc_tf.generators.conditional_gan import (
    CONDITIONAL_GAN_SIZES,
    build_conditional_discriminator,
    build_conditional_generator,
)
from igc_tf.generators.dcgan import (
    DCGAN_SIZES,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from igc_tf.generators.encoder import ENCODER_SIZES, build_encoder
from igc_tf.generators.generator import Generator
from igc_tf.generators.keras_files import dtype_policy
from igc_tf.generators.store import generator_names, save_generator, update_card
from igc_tf.ranges import check_kind
from igc_tf.search import SearchSettings, shared_settings
from igc_tf.training.callbacks import (
    EveryFewEpochs,
    KeepBest,
    KeepEach,
    LossCurve,
    SampleGrid,
)
from igc_tf.training.fit import OPTIONS, TrainingRun, cosine_decay, steps_per_epoch
from igc_tf.training.gan import ConditionalActivationGAN, ConditionalGAN
from igc_tf.training.recipes import CAGANRecipe, ConditionalGANRecipe, DCGANRecipe

# the range of the data that the networks make
_BOUNDS = (-0.5, 0.5)


def train_generator(
    recipe,
    output,
    data=None,
    data_dir=None,
    start_from=None,
    verbose=1,
    strategy=None,
    asked=None,
):
    """Trains by a recipe, or resumes the run that `output` holds.

    Writes into `output` what `TrainingRun` describes; grids of samples, `samples/epoch-NNN.png`;
    `card.json` and `generator.npz`, which `load_generator` reads, with `best.json`: the averaged
    generator whose classifier was best on the validation images, or without classes the one that
    reproduced them best; and at the end `result.json`. The card has the search that the generator
    was trained for, unless a function of one's own is a part of it. With a `ConditionalGANRecipe`
    and a `DCGANRecipe` also every generator that was judged, `generators/epoch-NNN`, for a choice
    by eye; with a `DCGANRecipe` the losses of every few batches, `losses.json`.

    Args:
        recipe: a `CAGANRecipe`, a `ConditionalGANRecipe` or a `DCGANRecipe`.
        output: the run directory. If it holds an unfinished run of the same recipe, that run
            goes on from its last complete epoch.
        data: training and validation images, two `LabelledData`; None for those of the recipe's
            data set. The recipe chooses from them and says what their labels are.
        data_dir: of TensorFlow Datasets; None for its own default.
        start_from: the directory of another run, whose last weights are the first ones here; or
            the name or the directory of a generator, whose weights and encoder's they are: the
            discriminator then starts anew.
        verbose: 0 for silence.
        strategy: a `tf.distribute.Strategy` to train in several replicas; None for the current.
            Of several workers (`igc_tf.training.workers`) only the chief writes.
        asked: as for `TrainingRun`.

    Returns:
        The path of `output`, in every worker; the directory of the chosen generator.

    Raises:
        InputError: if `output` holds a run of another recipe, or the validation images are not such
            as the training images.
        NonFiniteLossError: if a loss is no longer finite.
        DataUnavailableError: if the training images are not available.
    """
    run = fit_generator(recipe, output, data, data_dir, start_from, verbose, strategy, asked)
    if run.is_chief:
        result = {"best": run.read_json("best.json"), "epochs": recipe.last_epoch}
        run.write_json("result.json", result)
    return run.path


def fit_generator(
    recipe,
    output,
    data=None,
    data_dir=None,
    start_from=None,
    verbose=1,
    strategy=None,
    asked=None,
):
    """Does what `train_generator` does, but for `result.json`.

    Args and raises: as for `train_generator`.

    Returns:
        The `TrainingRun`, in every worker.
    """
    check_kind("recipe", recipe, tuple(_KINDS), "one of a GAN, as RECIPES['cagan-compact']")
    run = TrainingRun(output, recipe, start_from, strategy, asked)
    if data is None:
        data = [recipe.load(split, data_dir) for split in ("train", "validation/choices")]
    train, validation = data
    judging = min(recipe.validation_images, len(validation))
    validation = draw_labelled(validation, judging, 0, recipe.labelled)
    train = recipe.labelled(train).take(slice(recipe.train_images))
    train.check_alike(validation)
    images, conditions = train.images, train.conditions
    run.describe(train=train, validation=validation)
    steps = steps_per_epoch(len(images), recipe.batch_size, recipe.passes)
    with run.strategy.scope():
        model = build_gan(recipe, train.layout, images.shape[1:], steps, train.bounds)
    is_run = start_from is None or (Path(start_from) / "checkpoints").is_dir()
    take = None if is_run or not _is_generator(start_from) else model.take
    run.restore(model.training_state, model.networks_state, take)
    if not run.is_done:
        judges = _judges(recipe, run, model, conditions, validation) if run.is_chief else ()
        run.fit(model, images, conditions, judges, verbose)
    if run.is_chief:
        # what became known of the training since the epoch that was chosen
        update_card(run.path, training=run.read_json(OPTIONS))
    return run


def build_gan(recipe, layout, data_shape, steps=1, bounds=_BOUNDS):
    """Builds the compiled networks of a recipe, their weights from its seed.

    Args:
        recipe: a `CAGANRecipe`, a `ConditionalGANRecipe` or a `DCGANRecipe`.
        layout: the `ConditionLayout` of the data.
        data_shape: (H, W, channels).
        steps: in an epoch, for the learning rate.
        bounds: of the data.

    Returns:
        A `ConditionalActivationGAN` or a `ConditionalGAN`.

    Raises:
        InputError: for data that the networks can't make.
    """
    if tuple(bounds) != _BOUNDS:
        raise InputError(f"images in {bounds}: expected {_BOUNDS}, the range of the networks")
    keras.utils.set_random_seed(recipe.seed)
    # what is kept, whatever the policy that Keras has; what is trained has the recipe's
    with dtype_policy("float32"):
        model = _kind(recipe).build(recipe, layout, tuple(data_shape))
    factor = (recipe.discriminator_learning_rate or recipe.learning_rate) / recipe.learning_rate
    factors = (1.0, factor, 1.0) if model.encoder else (1.0, factor)
    model.compile(*(_optimizer(recipe, steps, factor) for factor in factors))
    return model


def _is_generator(start_from):
    return str(start_from) in generator_names() or (Path(start_from) / "card.json").is_file()


def _activation_gan(recipe, layout, data_shape):
    size = CAGAN_SIZES[recipe.size]

    def encoder():
        if recipe.encoder is None:
            return None
        shapes = (layout.size, data_shape, averaged.inputs[1].shape[1])
        return build_encoder(ENCODER_SIZES[recipe.encoder], *shapes, _BOUNDS)

    averaged = build_generator(size, layout.size, data_shape)
    averaged_encoder = encoder()
    with dtype_policy(recipe.precision):
        generator = build_generator(size, layout.size, data_shape)
        discriminator = build_discriminator(size, layout.size, data_shape)
        trained_encoder = encoder()
    return ConditionalActivationGAN(
        Generator(generator, layout, _BOUNDS, encoder=trained_encoder),
        discriminator,
        averaged,
        averaged_encoder=averaged_encoder,
        seed=recipe.seed,
        averaging_decay=recipe.averaging_decay,
        separation=recipe.separation,
        joint=recipe.joint,
    )


def _conditional_gan(recipe, layout, data_shape):
    size = CONDITIONAL_GAN_SIZES[recipe.size]
    shapes = (layout.size, data_shape, recipe.latent_size)
    averaged = build_conditional_generator(size, *shapes)
    with dtype_policy(recipe.precision):
        generator = build_conditional_generator(size, *shapes)
        discriminator = build_conditional_discriminator(size, layout.size, data_shape)
    return ConditionalGAN(
        Generator(generator, layout, _BOUNDS),
        discriminator,
        averaged,
        seed=recipe.seed,
        averaging_decay=recipe.averaging_decay,
        condition_sigma=recipe.condition_sigma,
        generator_loss=recipe.generator_loss,
    )


def _dcgan(recipe, layout, data_shape):
    size = DCGAN_SIZES[recipe.network, recipe.size]
    shapes = (layout.size, data_shape, recipe.latent_size)
    reference = None
    if recipe.virtual_batch is not None:
        columns = np.arange(recipe.virtual_batch)[:, np.newaxis] % layout.sizes
        reference = layout.one_hot(layout.labels_of(columns))
    averaged = build_dcgan_generator(size, *shapes, reference)
    with dtype_policy(recipe.precision):
        generator = build_dcgan_generator(size, *shapes, reference)
        discriminator = build_dcgan_discriminator(
            size, *shapes[:2], recipe.dropout, recipe.discriminator == "auxiliary"
        )
    classifier = None
    if recipe.classifier is not None:
        network = load_network(recipe.classifier)
        classifier = keras.Model(network.input, network.get_layer("logits").output)
    return ConditionalGAN(
        Generator(generator, layout, _BOUNDS),
        discriminator,
        averaged,
        seed=recipe.seed,
        averaging_decay=recipe.averaging_decay,
        condition_sigma=0.0,
        real_target=recipe.real_target,
        fake_target=recipe.fake_target,
        classifier=classifier,
        classifier_weight=recipe.classifier_weight,
        adversarial_weight=recipe.adversarial_weight,
        generator_loss=recipe.generator_loss,
    )


def _trained_search(recipe, generator):
    """The search that the training separates by, or without one the paper's."""
    if recipe.judging is None:
        return load_classifier(generator, SearchSettings())
    decision = recipe.judging.decision or "difference"
    return load_classifier(generator, replace(recipe.judging.settings, decision=decision))


def _documents_search(recipe, generator):
    return InverseClassifier(generator)


def _long_search(recipe, generator):
    """Of one that was trained for nothing but its images: its nearest latents lie far from the
    mean, and a few long steps reach them.
    """
    return load_classifier(generator, SearchSettings(steps=20, learning_rate=0.1))


class _Kind(NamedTuple):
    """What distinguishes one kind of GAN.

    Attributes:
        build: (recipe, layout, data_shape) -> the networks.
        classifier: (recipe, generator) -> the `SearchClassifier` that judges an epoch's generator.
    """

    build: Callable
    classifier: Callable


_KINDS = {
    CAGANRecipe: _Kind(_activation_gan, _trained_search),
    ConditionalGANRecipe: _Kind(_conditional_gan, _documents_search),
    DCGANRecipe: _Kind(_dcgan, _long_search),
}


def _kind(recipe):
    return next(kind for recipe_class, kind in _KINDS.items() if isinstance(recipe, recipe_class))


def _optimizer(recipe, steps, factor=1.0):
    """A network's optimizer, its learning rates so many times the recipe's."""
    final = recipe.final_learning_rate
    final = None if final is None else factor * final
    rate = cosine_decay(factor * recipe.learning_rate, final, recipe.epochs * steps)
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)


def _judges(recipe, run, model, conditions, validation):
    """The callbacks that draw, judge and keep the averaged generator."""
    # lexicographic order, turned round, is that of the classes
    grid = SampleGrid(run, np.unique(conditions, axis=0)[::-1])
    classifier = _kind(recipe).classifier(recipe, model.averaged)
    sigmas = recipe.validation_sigmas
    noised = [with_noise(validation, sigma, 0).images for sigma in sigmas]
    images, labels = np.concatenate(noised), np.concatenate([validation.labels] * len(sigmas))

    has_classes = max(validation.layout.sizes) > 1
    observed = _observed_accuracy(recipe, model.averaged, validation)

    # compiled once; it reads the weights as they are at each epoch's end
    def judge():
        with warnings.catch_warnings():
            # that it reproduces little: in the first epochs it does
            warnings.simplefilter("ignore", ForeignDataWarning)
            if not has_classes:
                return float(classifier.classify(images).differences.mean())
            plain = classifier.evaluate(images, labels, verbose=0).accuracy
        if observed is None:
            return plain
        # each standard deviation counts as much as what was observed
        return (len(sigmas) * plain + observed()) / (len(sigmas) + 1)

    settings = _recorded_settings(recipe, classifier)

    def save(best):
        training = run.read_json(OPTIONS)
        save_generator(
            model.averaged, run.path, training=training, chosen_epoch=best, settings=settings
        )

    figure = "accuracy" if has_classes else "difference"
    # few images judge many epochs alike, of which the latest is the most trained
    best = KeepBest(run, judge, save, len(validation), figure, latest=recipe.passes > 1)
    judges = [grid, best]
    if recipe.checkpoint_epochs is not None:
        each = [KeepEach(run), *judges]
        judges = [EveryFewEpochs(recipe.checkpoint_epochs, recipe.last_epoch, each)]
    if recipe.loss_batches is not None:
        names = ("discriminator_loss", "generator_loss")
        judges = [LossCurve(run, recipe.loss_batches, names), *judges]
    return judges


def _recorded_settings(recipe, classifier):
    """The search settings that the card of a generator says, {name: dict}."""
    if recipe.judging is None:
        return {}
    settings = {}
    # the search that the generator was trained for; no card holds a function of one's own
    with contextlib.suppress(InputError):
        settings["best" if recipe.joint is None else "fast"] = classifier.settings.to_card()
    if recipe.judging.observed:
        shared = shared_settings(classifier.generator.condition_size)
        settings |= {name: own.to_card() for name, own in shared.items()}
    return settings


def _observed_accuracy(recipe, generator, validation):
    """`() -> accuracy` on validation images that are observed as in training; None for none."""
    separation = recipe.judging
    if separation is None or not separation.changes:
        return None
    search, size = separation.search_of(generator), separation.images

    @tf.function(reduce_retracing=True, autograph=False)
    def separated(images, conditions, number):
        # the same lenses, light, noise and gaps at every epoch
        searched = separation.search(search, images, conditions, tf.stack([recipe.seed, number]))
        return separation.loss(searched)[1]["separated"]

    def accuracy():
        starts = range(0, len(validation), size)
        parts = [
            (len(part), float(separated(part.images, part.conditions, tf.constant(first))))
            for first in starts
            for part in [validation.take(slice(first, first + size))]
        ]
        return sum(count * share for count, share in parts) / len(validation)

    return accuracy
