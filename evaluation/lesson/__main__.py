"""`python -m evaluation.lesson`: the lesson "Generative Adversarial Networks", tried.

The generator's losses against discriminators that are too good, and how well it learns from them;
what its input may be; arithmetic on its latents.
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, NamedTuple

import numpy as np
import tensorflow as tf

from evaluation.figures import plot_curves
from evaluation.lesson.arithmetic import EQUATIONS, Samples, paths, try_equation
from evaluation.lesson.small_gan import BOUNDS, Training
from evaluation.lesson.statements import judge_statements, lesson_tables, mean_at
from evaluation.lesson.trainings import (
    STRONG,
    Judge,
    gradients_at_strong_discriminators,
    judged_training,
    latent_variants,
    loss_variants,
)
from evaluation.options import DatasetOptions
from evaluation.readers import network_facts
from igc_tf.classifiers.network import FEATURE_LAYER, load_network, network_within
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator, save_generator
from igc_tf.metrics import NetworkFeatures
from igc_tf.plots import plot_class_samples
from igc_tf.ranges import Range
from igc_tf.runs import Experiment, read_json
from igc_tf.training.losses import ADVERSARIAL_LOSSES

DOCUMENT = "Generative Adversarial Networks"
_PARTS = ("gradients", "losses", "latents", "arithmetic")
_SHOWN = 12
# letters in a line of a row's name
_NAME = 40


class Plan(NamedTuple):
    """How much is tried.

    Attributes:
        base: the `Training` that all others depart from.
        head_starts: batches of the discriminator alone, after which gradients are measured.
        strong: those of the trainings with a strong discriminator.
        rates: {optimizer: learning rate of both sides} of the trainings whose losses differ.
        noises: of `NOISES`, "normal" among them.
        sizes: of latents, smaller than the data.
        judged: images that judge each training.
        own: the `Training` of the generator for the arithmetic, if none is given.
        samples: of that generator.
        trials: of each equation, in each way.
        averaged: latents in a mean.
    """

    base: Training = Training()
    head_starts: tuple = (0, 10, 30, 100, 300, 1000)
    strong: int = 300
    rates: MappingProxyType = MappingProxyType({"adam": 1e-3, "sgd": 0.03})
    noises: tuple = ("normal", "uniform", "coins", "exponential", "cauchy", "fibonacci")
    sizes: tuple = (1, 2, 8, 32)
    judged: int = 2000
    own: Training = Training(batches=10_000, units=256)
    samples: int = 20_000
    trials: int = 500
    averaged: int = 16


_FEW = Training(batches=10, units=32, batch_size=32)
QUICK = Plan(
    base=_FEW,
    head_starts=(0, 20),
    strong=20,
    rates=MappingProxyType({"sgd": 0.03}),
    noises=("normal", "coins"),
    sizes=(2,),
    judged=200,
    own=replace(_FEW, batches=300, units=64),
    samples=1000,
    trials=40,
    averaged=4,
)


@dataclass(frozen=True)
class LessonOptions(DatasetOptions):
    """Try what the lesson says: losses and their gradients, the input, latent arithmetic.

    Attributes:
        generator: for the arithmetic, one without classes: a directory, or a .keras file; a small
            one is trained if not given.
        parts: of "gradients", "losses", "latents" and "arithmetic", which are tried.
        seeds: trainings of each variant.
        quick: little of everything, in a minute or two: whether it runs, and nothing to go by.
        output: directory for result.json and the figures.
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        seed: the first one.
    """

    generator: str | None = None
    parts: tuple[str, ...] = _PARTS
    seeds: Annotated[int, Range(1)] = 3
    quick: bool = False
    output: Path = Path("runs/lesson")

    def __post_init__(self):
        super().__post_init__()
        unknown = set(self.parts) - set(_PARTS)
        if unknown or not self.parts:
            raise InputError(f"parts={self.parts!r}: expected one or more of {_PARTS}")

    @property
    def plan(self):
        """How much is tried."""
        return QUICK if self.quick else Plan()


def try_lesson(options, train=None, validation=None, verbose=1):
    """Tries the lesson; goes on with an unfinished output directory.

    Args:
        options: a `LessonOptions`.
        train, validation: `LabelledData` to learn from, and to judge by; None for the training
            images and those for choices of the options' data set.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, each with its `part`; `verdicts`, see
        `judge_statements`; the `seconds` it took, None if it was resumed, as nobody knows what the
        first part took.

    Raises:
        InputError: for a generator that knows classes, or makes other images.
        DataUnavailableError: if the images are not available.
    """
    if train is None:
        train = load_images(options.dataset, "train", options.data_dir)
    if validation is None:
        validation = load_images(options.dataset, "validation/choices", options.data_dir)
    generator = None
    if options.generator is not None and "arithmetic" in options.parts:
        generator = load_generator(options.generator)
        generator.check(validation.within(generator.bounds).images[:1])
    lenet = load_network()
    facts = {
        "document": DOCUMENT,
        **network_facts({"mnist-lenet": lenet}),
        "data": {"source": train.source, "train": len(train), "validation": len(validation)},
    }
    # that of one that is trained here is known at the end only
    if generator is not None:
        facts["generator_sha256"] = generator.digest()
    run = Experiment("python -m evaluation.lesson", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    features = NetworkFeatures(lenet, BOUNDS, "lenet", FEATURE_LAYER)
    judge = Judge(validation.images, lenet, features, options.plan.judged)
    begin = None if run.rows else time.perf_counter()
    if "gradients" in options.parts:
        _gradients(run, options, train.images)
    trainings = _trainings(options, train.images)
    missing = [
        (part, name, training)
        for part, name, training in trainings
        if run.row(part=part, name=name, seed=training.seed) is None
    ]
    found = len(trainings) - len(missing)
    with run.progress(len(trainings), "training", initial=found) as progress:
        for part, name, training in missing:
            _train(run, part, name, training, train.images, judge)
            progress.update()
    if "arithmetic" in options.parts:
        generator = generator or _own_generator(run, options.plan, train)
        _arithmetic(run, options, generator, network_within(lenet, generator.bounds))
    _draw(run)
    return run.finish(
        verdicts=judge_statements(run.rows),
        generator_sha256=None if generator is None else generator.digest(),
        seconds=None if begin is None else time.perf_counter() - begin,
    )


def _seeds(options):
    return range(options.seed, options.seed + options.seeds)


def _gradients(run, options, images):
    """Rows of gradients at discriminators that were trained alone."""
    base = options.plan.base
    for seed in _seeds(options):
        if run.row(part="gradients", seed=seed) is None:
            rows = gradients_at_strong_discriminators(
                images, options.plan.head_starts, seed, units=base.units, batch_size=base.batch_size
            )
            run.add_all([{"part": "gradients", **row} for row in rows])


def _trainings(options, images):
    """All trainings that are compared: (part, name, `Training`)."""
    plan = options.plan
    parts = {
        "losses": loss_variants(plan.base, plan.strong, plan.rates),
        "latents": latent_variants(
            plan.base, int(np.prod(images.shape[1:])), plan.noises, plan.sizes
        ),
    }
    return [
        (part, name, replace(training, seed=seed))
        for part, variants in parts.items()
        if part in options.parts
        for seed in _seeds(options)
        for name, training in variants.items()
    ]


def _train(run, part, name, training, images, judge):
    # each training has networks of its own, which nothing else needs
    tf.keras.backend.clear_session()
    row, made = judged_training(training, images, judge)

    def keep():
        run.write(
            f"samples/{part}-{_slug(name)}-{training.seed}.npy",
            lambda path: np.save(path, made[:_SHOWN].astype(np.float16)),
        )

    run.add({"part": part, "name": name, **row}, keep)


def _slug(name):
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def _arithmetic(run, options, generator, lenet):
    plan = options.plan
    samples = Samples(generator, lenet, plan.samples, options.seed)
    for number, equation in enumerate(EQUATIONS):
        if run.row(part="arithmetic", equation=str(equation)) is not None:
            continue
        rows, pictures = try_equation(samples, equation, plan.trials, plan.averaged, options.seed)
        if pictures:
            title = f"{equation}, with {generator.name}"
            figure = plot_class_samples(pictures, generator.bounds, title, name_width=_NAME)
            run.write_figure(f"arithmetic-{number + 1}.png", figure)
        run.add_all(rows)
    figure = plot_class_samples(
        paths(samples, 3, options.seed), generator.bounds, "from latent to latent"
    )
    run.write_figure("paths.png", figure)


def _own_generator(run, plan, train):
    """The small generator of this run, trained if it is not there yet, or another one is."""
    folder = run.path / "generator"
    training = {"recipe": {**asdict(plan.own), "dataset": train.name}, "data": train.facts()}
    card = read_json(folder / "card.json") or {}
    if card.get("training") != training:
        run.say("training a generator for the arithmetic")
        gan, _ = plan.own.run(train.images)
        save_generator(gan.averaged, folder, training=training)
    return load_generator(str(folder))


def _draw(run):
    gradients = [row for row in run.rows if row["part"] == "gradients"]
    if gradients:
        run.write_figure("gradients.png", _gradients_figure(gradients))
    for part in ("losses", "latents"):
        rows = [row for row in run.rows if row["part"] == part]
        first = [row for row in rows if row["seed"] == min(row["seed"] for row in rows)]
        if not first:
            continue
        pictures = {}
        for row in first:
            path = run.path / f"samples/{part}-{_slug(row['name'])}-{row['seed']}.npy"
            pictures[_caption(row)] = np.load(path).astype(np.float32)
        title = "what the small GAN makes, and its Fréchet distance"
        run.write_figure(
            f"{part}.png", plot_class_samples(pictures, BOUNDS, title, name_width=_NAME)
        )
    losses = [row for row in run.rows if row["part"] == "losses" and row["head_start"]]
    if losses:
        run.write_figure("trainings.png", _trainings_figure(losses))
    run.write_figure("loss-curves.png", loss_figure())


def _caption(row):
    """The Fréchet distance that a training ended at, and its name."""
    fid = "diverged" if row["fid"] is None else f"{row['fid']:.0f}"
    return f"{fid}: {row['name']}"


def _gradients_figure(rows):
    starts = sorted({row["head_start"] for row in rows})

    def means(figure):
        return [mean_at(rows, at, figure) for at in starts]

    lengths = {
        name: (starts, means(lambda row, name=name: row["gradients"][name]))
        for name in rows[0]["gradients"]
    }
    probability = {"non-saturating": (starts, means(lambda row: row["fake_probability"]))}
    panels = {
        "length of the generator's gradient": lengths,
        "mean probability of generated images": probability,
    }
    title = "the discriminator learns alone"
    return plot_curves(panels, "batches of the discriminator", title, logarithmic=tuple(panels))


def _trainings_figure(rows):
    first = min(row["seed"] for row in rows)
    panels = {}
    for optimizer in dict.fromkeys(row["optimizer"] for row in rows):
        chosen = [row for row in rows if row["seed"] == first and row["optimizer"] == optimizer]
        panels[f"gradient, {optimizer}"] = {
            row["name"].replace(f", {optimizer}{STRONG}", ""): (
                [seen["batches"] for seen in row["history"]],
                [seen["gradients"] for seen in row["history"]],
            )
            for row in chosen
        }
    title = "trainings that begin with a strong discriminator"
    return plot_curves(panels, "batches", title, logarithmic=tuple(panels))


def loss_figure():
    """Draws the generator's losses and their gradients over the discriminator's output."""
    outputs = tf.linspace(-8.0, 8.0, 161)
    panels = {"loss": {}, "gradient": {}}
    for name, losses in ADVERSARIAL_LOSSES.items():
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            loss = losses.generator(outputs)
        gradient = tape.gradient(loss, outputs).numpy()
        # the square grows out of the picture
        shown = slice(40, 121) if name == "least-squares" else slice(None)
        panels["loss"][name] = (outputs.numpy()[shown], loss.numpy()[shown])
        panels["gradient"][name] = (outputs.numpy()[shown], gradient[shown])
    title = "the generator's losses: far left, the discriminator is sure that it sees a fake"
    return plot_curves(panels, "discriminator's output for a generated image", title)


def main():
    """Runs the experiments with the options of the command line."""
    options = parse_options(LessonOptions)
    print(lesson_tables(try_lesson(options)))
    print(f"\nfigures and result.json: {options.output}")


if __name__ == "__main__":
    run_program(main)
