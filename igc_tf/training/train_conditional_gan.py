"""Trains a conditional GAN with noisy class vectors (000)."""

import keras
import numpy as np
import tensorflow as tf

from igc_tf.classifiers import InverseClassifier
from igc_tf.data import load_images
from igc_tf.generators.conditional_gan import (
    CONDITIONAL_GAN_SIZES,
    build_conditional_discriminator,
    build_conditional_generator,
)
from igc_tf.generators.layers import dtype_policy
from igc_tf.models.conditional_gan import ConditionalGAN
from igc_tf.runs import RunDirectory
from igc_tf.training.begin_run import begin_run
from igc_tf.training.check_same_recipe import check_same_recipe
from igc_tf.training.epoch_checkpoint import EpochCheckpoint
from igc_tf.training.every_few_epochs import EveryFewEpochs
from igc_tf.training.fit_epochs import fit_epochs, steps_per_epoch
from igc_tf.training.generator_validation import GeneratorValidation
from igc_tf.training.keep_generator import KeepGenerator
from igc_tf.training.sample_grid import SampleGrid


def train_conditional_gan(recipe, output, data_dir=None, verbose=1):
    """Trains by a recipe, or resumes the run that `output` holds.

    Writes into `output`: `options.json`; after each epoch the state to resume from and TensorBoard
    logs; every few epochs the generator, `generators/epoch-NNN.keras`, and a sheet of what it
    makes, `samples/epoch-NNN.png`, for those who choose by eye as the document does; and
    `generator.keras` with `best.json`, the one whose `InverseClassifier` was best on the
    validation images; at the end `result.json`.

    Args:
        recipe: a `ConditionalGANRecipe`.
        output: the run directory. If it holds an unfinished run of the same recipe, that run
            goes on from its last complete epoch.
        data_dir: of TensorFlow Datasets; None for its own default.
        verbose: 0 for silence.

    Returns:
        The path of `generator.keras`.

    Raises:
        InputError: if `output` holds a run of another recipe.
        NonFiniteLossError: if a loss is no longer finite.
        DataUnavailableError: if the training images cannot be had.
    """
    run = RunDirectory(output)
    check_same_recipe(run, recipe)
    train = load_images(recipe.dataset, "train", data_dir=data_dir)
    validation = load_images(recipe.dataset, "validation", data_dir=data_dir)
    validation = validation.sample(min(recipe.validation_images, len(validation)), seed=0)
    one_hot = np.eye(train.num_classes, dtype=np.float32)
    images = train.images[: recipe.train_images]
    conditions = one_hot[train.labels[: recipe.train_images]]
    # before the networks are built
    steps_per_epoch(images, recipe)
    model = build_conditional_gan(recipe, train.num_classes, images.shape[1:])
    checkpoint = EpochCheckpoint(run.path / "checkpoints", model.training_state)
    checkpoint.restore()
    counts = {"train": len(images), "validation": len(validation)}
    begin_run(run, recipe, {"source": train.source, **counts}, family="conditional_gan")
    if checkpoint.epoch < recipe.epochs:
        writer = tf.summary.create_file_writer(str(run.path / "tensorboard" / "samples"))
        judges = [
            KeepGenerator(run),
            SampleGrid(run, writer, one_hot),
            GeneratorValidation(
                run, validation.images, validation.labels, (0.0,), InverseClassifier
            ),
        ]
        sometimes = EveryFewEpochs(recipe.checkpoint_epochs, recipe.epochs, judges)
        fit_epochs(model, run, checkpoint, images, conditions, recipe, [sometimes], verbose)
    run.write_json("result.json", {"best": run.read_json("best.json"), "epochs": recipe.epochs})
    return run.path / "generator.keras"


def build_conditional_gan(recipe, condition_size=10, data_shape=(28, 28, 1)):
    """Builds the compiled `ConditionalGAN` of a recipe, its weights from its seed."""
    keras.utils.set_random_seed(recipe.seed)
    size = CONDITIONAL_GAN_SIZES[recipe.size]
    shapes = (condition_size, data_shape, recipe.latent_size)
    averaged_generator = build_conditional_generator(size, *shapes)
    with dtype_policy(recipe.precision):
        generator = build_conditional_generator(size, *shapes)
        discriminator = build_conditional_discriminator(size, condition_size, data_shape)
    model = ConditionalGAN(
        generator,
        discriminator,
        averaged_generator,
        seed=recipe.seed,
        averaging_decay=recipe.averaging_decay,
        condition_sigma=recipe.condition_sigma,
    )
    model.compile(*(_optimizer(recipe) for _ in range(2)))
    return model


def _optimizer(recipe):
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(recipe.learning_rate)
    return keras.optimizers.Adam(recipe.learning_rate, recipe.beta_1, recipe.beta_2)
