"""Trains a conditional activation GAN."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from igc_tf.data import load_images
from igc_tf.generators.activation_gan import CAGAN_SIZES, build_discriminator, build_generator
from igc_tf.generators.layers import dtype_policy
from igc_tf.models.conditional_activation_gan import ConditionalActivationGAN
from igc_tf.runs import RunDirectory, read_json
from igc_tf.search.settings import SearchSettings
from igc_tf.tasks import TASKS
from igc_tf.training.begin_run import begin_run
from igc_tf.training.check_same_recipe import check_same_recipe
from igc_tf.training.class_separation import ClassSeparation
from igc_tf.training.cosine_decay import cosine_decay
from igc_tf.training.epoch_checkpoint import EpochCheckpoint, restore_part
from igc_tf.training.fit_epochs import fit_epochs, steps_per_epoch
from igc_tf.training.generator_validation import GeneratorValidation
from igc_tf.training.sample_grid import SampleGrid

# the paper's search (002 §2) moves each element of a latent about this far at most
_PAPER_REACH = 100 * 0.001


def train_cagan(recipe, output, data_dir=None, verbose=1):
    """Trains by a recipe, or resumes the run that `output` holds.

    Writes into `output`: `options.json`; after each epoch a checkpoint, a grid of samples and
    TensorBoard logs; `generator.keras` and `best.json`, the averaged generator of the epoch whose
    classifier was best on the validation images; at the end `result.json`.

    Args:
        recipe: a `CAGANRecipe`.
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
    task, source = TASKS[recipe.task], train.source
    train, validation = (task.prepare(data, recipe.seed) for data in (train, validation))
    images, conditions = (part[: recipe.train_images] for part in (train.images, train.conditions))
    steps = steps_per_epoch(images, recipe)
    model = build_cagan(recipe, conditions.shape[1], images.shape[1:], steps)
    checkpoint = EpochCheckpoint(run.path / "checkpoints", model.training_state)
    checkpoint.restore()
    if recipe.start_from is not None and checkpoint.epoch == 0:
        restore_part(Path(recipe.start_from) / "checkpoints", model.networks_state)
    counts = {"train": len(images), "validation": len(validation.images)}
    start = _options_of(recipe.start_from)
    begin_run(run, recipe, {"source": source, **counts}, start=start)
    if checkpoint.epoch < recipe.epochs:
        writer = tf.summary.create_file_writer(str(run.path / "tensorboard" / "samples"))
        judges = [
            # lexicographic order, turned round, is that of the classes
            SampleGrid(run, writer, np.unique(conditions, axis=0)[::-1]),
            GeneratorValidation(
                run,
                validation.images,
                validation.answers,
                recipe.validation_sigmas,
                partial(task.classifier, settings=_judging_settings(recipe)),
            ),
        ]
        fit_epochs(model, run, checkpoint, images, conditions, recipe, judges, verbose)
    run.write_json("result.json", {"best": run.read_json("best.json"), "epochs": recipe.epochs})
    return run.path / "generator.keras"


def build_cagan(recipe, condition_size=10, data_shape=(28, 28, 1), steps_per_epoch=1):
    """Builds the compiled `ConditionalActivationGAN` of a recipe, its weights from its seed."""
    keras.utils.set_random_seed(recipe.seed)
    size = CAGAN_SIZES[recipe.size]
    separation = None
    if recipe.separation_weight:
        separation = ClassSeparation(
            settings=_short_search(recipe),
            images=recipe.separation_images,
            candidates=recipe.separation_candidates,
            temperature=recipe.separation_temperature,
            decision=recipe.separation_decision,
            weight=recipe.separation_weight,
            reconstruction_weight=recipe.reconstruction_weight,
            distortion=recipe.separation_distortion,
            sigma=recipe.separation_sigma,
        )
    averaged_generator = build_generator(size, condition_size, data_shape)
    with dtype_policy(recipe.precision):
        generator = build_generator(size, condition_size, data_shape)
        discriminator = build_discriminator(size, condition_size, data_shape)
    model = ConditionalActivationGAN(
        generator,
        discriminator,
        averaged_generator,
        seed=recipe.seed,
        averaging_decay=recipe.averaging_decay,
        separation=separation,
        layout=TASKS[recipe.task].layout,
    )
    model.compile(*(_optimizer(recipe, steps_per_epoch) for _ in range(2)))
    return model


def _short_search(recipe):
    """The search that the training separates by."""
    return SearchSettings(
        steps=recipe.separation_steps, learning_rate=_PAPER_REACH / recipe.separation_steps
    )


def _judging_settings(recipe):
    """The search that an epoch's generator is judged by."""
    if not recipe.separation_weight:
        return SearchSettings()
    return replace(_short_search(recipe), decision=recipe.separation_decision or "difference")


def _optimizer(recipe, steps_per_epoch):
    rate = cosine_decay(recipe, steps_per_epoch)
    return keras.optimizers.Adam(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)


def _options_of(directory):
    """The options of the run that this one starts from, and so on back; None if there is none."""
    return None if directory is None else read_json(Path(directory) / "options.json")
