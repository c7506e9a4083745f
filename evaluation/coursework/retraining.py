"""`python -m evaluation.coursework.retraining`: a classifier trained with generated images.

The coursework's section "Re-training the handwritten digit classifier": real images replaced by
generated ones, generated ones added, and few real images with many generated ones.
"""

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import keras
import numpy as np

from evaluation.coursework.retraining_claims import judge_claims, retraining_tables
from evaluation.coursework.scores import in_turn
from evaluation.figures import plot_curves
from evaluation.options import DataOptions, quickened
from igc_tf.classifiers import evaluate_network
from igc_tf.classifiers.network import build_lenet, network_within
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.plots import plot_captioned
from igc_tf.ranges import Range
from igc_tf.runs import Experiment

_SHOWN = 40
_RATE = 1e-3
# of the trainings with few real images the last one, whose mistakes are drawn
_LAST = "mixed, then real"
# what `--quick` asks for
_QUICK = {
    "seeds": 1,
    "shares": (0.0, 0.5, 1.0),
    "train_images": 200,
    "epochs": 1,
    "few_per_class": 5,
    "few_epochs": (1, 2),
    "generated": 150,
}


@dataclass(frozen=True)
class RetrainingOptions(DataOptions):
    """Train LeNet on real and generated images, as the coursework does.

    Attributes:
        generator: a conditional one of digits: a name that ships, or a directory.
        output: directory for result.json and the figures.
        seeds: trainings of each kind.
        shares: generated images, as parts of all that are learnt from; 0 and 1 among them, and
            one between.
        epochs: of the trainings on many images.
        few_per_class: real images of each class where there are few.
        few_epochs: of the trainings on few: the first, and the last number.
        generated: images beside the few real ones.
        train_images: the first N training images only; all if not given.
        batch_size: images in a step.
        seed: the first one; of weights, order, latents and the choice of images.
        quick: all of it in a minute, on little data where nothing else is asked for, which says
            nothing but that it works.
    """

    generator: str = "mnist-cgan-compact-100"
    output: Path = Path("runs/retraining")
    seeds: Annotated[int, Range(1)] = 3
    shares: Annotated[tuple[float, ...], Range(0, 1)] = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0)
    epochs: Annotated[int, Range(1)] = 10
    few_per_class: Annotated[int, Range(1)] = 55
    few_epochs: Annotated[tuple[int, ...], Range(1)] = (100, 300)
    generated: Annotated[int, Range(1)] = 160_000
    train_images: Annotated[int | None, Range(1)] = None
    batch_size: Annotated[int, Range(1)] = 128
    quick: bool = False

    def __post_init__(self):
        super().__post_init__()
        if not {0.0, 1.0} < set(self.shares):
            raise InputError(
                f"shares={self.shares!r}: expected 0 and 1 among them, and one between"
            )
        if len(self.few_epochs) != 2 or self.few_epochs[0] >= self.few_epochs[1]:
            raise InputError(f"few_epochs={self.few_epochs!r}: expected two numbers, ascending")

    @property
    def resolved(self):
        """These options, with what `quick` stands for."""
        return quickened(self, _QUICK)


class _Images(NamedTuple):
    """Images and their labels."""

    images: np.ndarray
    labels: np.ndarray

    def first(self, count):
        return _Images(self.images[:count], self.labels[:count])

    def with_(self, other):
        return _Images(*map(np.concatenate, zip(self, other, strict=True)))


class Retraining:
    """Trains and judges LeNets for one experiment.

    Args:
        options: resolved `RetrainingOptions`.
        run: an `Experiment`.
        generator: a conditional `Generator`.
        train, validation, test: `LabelledData`.
    """

    def __init__(self, options, run, generator, train, validation, test):
        self.options, self.run, self.generator = options, run, generator
        self.train = (
            train if options.train_images is None else train.take(slice(options.train_images))
        )
        self.validation, self.test = validation, test

    def real(self, seed, count=None):
        """The real images in an order of their own, or the first of them."""
        data = self.train.sample(len(self.train), seed)
        return _Images(data.images, data.labels).first(count)

    def made(self, seed, count):
        """Generated images, classes in turn."""
        return _Images(*in_turn(self.generator, count, [seed, 7]))

    def network(self, seed):
        """A new LeNet."""
        keras.utils.set_random_seed(seed)
        lenet = build_lenet(self.generator.layout.size, self.test.images.shape[1:])
        model = network_within(lenet, self.generator.bounds)
        model.compile(
            keras.optimizers.Adam(_RATE),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model

    def fit(self, model, data, epochs):
        """Trains on; returns the accuracies of each epoch, {"train", "validation"}."""
        history = model.fit(
            data.images,
            data.labels,
            self.options.batch_size,
            epochs,
            verbose=0,
            validation_data=(self.validation.images, self.validation.labels),
        ).history
        return {"train": history["accuracy"], "validation": history["val_accuracy"]}

    def judge(self, model, part, seed, begin, **values):
        """Adds a row: how often the network is right on the test images."""
        evaluation = evaluate_network(model, self.test.images, self.test.labels)
        wrong = np.flatnonzero(evaluation.predictions != self.test.labels)
        errors = np.bincount(self.test.labels[wrong], minlength=self.test.num_classes)
        row = {
            "part": part,
            "seed": seed,
            **values,
            **evaluation.to_dict(),
            "errors": errors.tolist(),
            "training_seconds": time.perf_counter() - begin,
        }
        draw = None
        if row.get("way") == _LAST:
            predictions = evaluation.predictions[wrong]
            draw = functools.partial(self._draw_wrong, wrong, predictions, seed)
        self.run.add(row, draw)

    def shares(self, part, seed, share):
        """One point of a curve: so large a part of what is learnt is generated."""
        begin = time.perf_counter()
        count = len(self.train)
        if part == "replaced":
            generated = round(share * count)
            data = self.real(seed, count - generated)
        else:
            generated = round(count * share / (1 - share))
            data = self.real(seed)
        if generated:
            data = data.with_(self.made(seed, generated))
        model = self.network(seed)
        self.fit(model, data, self.options.epochs)
        self.judge(
            model,
            part,
            seed,
            begin,
            share=share,
            generated=generated,
            count_learnt=len(data.images),
        )

    def few(self, seed):
        """The trainings with few real images."""
        options = self.options
        short, long = options.few_epochs
        chosen = self.train.few_per_class(options.few_per_class, seed)
        real = _Images(chosen.images, chosen.labels)
        many = self.made(seed, options.generated)
        alike = many.first(len(self.train))
        plans = {
            "real": [("real", real, short), ("real, longer", real, long - short)],
            "generated": [
                ("generated alone", alike, options.epochs),
                ("generated, then real", real, long),
            ],
            "mixed": [
                ("mixed", real.with_(many), options.epochs),
                (_LAST, real, long),
            ],
        }
        for stages in plans.values():
            if all(self.run.row(part="few", seed=seed, way=way) for way, _, _ in stages):
                continue
            begin, model = time.perf_counter(), self.network(seed)
            for way, data, epochs in stages:
                curve = self.fit(model, data, epochs)
                if self.run.row(part="few", seed=seed, way=way) is None:
                    self.judge(model, "few", seed, begin, way=way, epochs=epochs, curve=curve)

    def _draw_wrong(self, wrong, predictions, seed):
        if not len(wrong):
            return
        order = np.random.default_rng(seed).permutation(len(wrong))[:_SHOWN]
        names = self.test.class_names
        captions = [
            f"{names[self.test.labels[wrong[i]]]}, read {names[predictions[i]]}" for i in order
        ]
        title = "what the LeNet of few real and many generated images reads wrongly"
        figure = plot_captioned(
            self.test.images[wrong[order]], captions, self.test.bounds, title=title
        )
        self.run.write_figure(f"misclassified-{seed}.png", figure)


def retrain(options, data=None, verbose=1):
    """Trains everything that is not trained yet.

    Args:
        options: a `RetrainingOptions`.
        data: training, validation and test images, three `LabelledData`; None for MNIST's.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, of the parts "replaced" and "added" one
        for each share and seed, of "few" one for each way and seed, with test `accuracy` and the
        `errors` of each class; `verdicts`, see `judge_claims`.

    Raises:
        InputError: for a generator that does not make such images, or too few images.
        DataUnavailableError: if the images are not available.
    """
    options = options.resolved
    generator = load_generator(options.generator)
    if data is None:
        splits = ("train", "validation/choices", "test")
        data = [
            load_images("mnist", split, options.data_dir, bounds=generator.bounds)
            for split in splits
        ]
    train, validation, test = data
    for part in data:
        generator.check_set(part)
    facts = {
        "generator_sha256": generator.digest(),
        "data": {"source": test.source, "train": len(train), "count": len(test)},
    }
    run = Experiment("python -m evaluation.coursework.retraining", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    retraining = Retraining(options, run, generator, train, validation, test)
    seeds = range(options.seed, options.seed + options.seeds)
    # without real images, and without generated ones, both curves are the same
    points = [("replaced", share) for share in options.shares]
    points += [("added", share) for share in options.shares if 0 < share < 1]
    found = sum(row["part"] != "few" or row["way"] == _LAST for row in run.rows)
    with run.progress(len(seeds) * (len(points) + 1), "training", initial=found) as progress:
        for seed in seeds:
            for part, share in points:
                if run.row(part=part, seed=seed, share=share) is None:
                    retraining.shares(part, seed, share)
                    progress.update()
            if run.row(part="few", seed=seed, way=_LAST) is None:
                retraining.few(seed)
                progress.update()
    _draw(run)
    return run.finish(verdicts=judge_claims(run.rows))


def _draw(run):
    curves = {}
    for part in ("replaced", "added"):
        rows = [row for row in run.rows if row.get("share") in (0, 1) or row["part"] == part]
        shares = sorted({row["share"] for row in rows if "share" in row})
        means = [
            100 * np.mean([row["accuracy"] for row in rows if row.get("share") == share])
            for share in shares
        ]
        curves[part] = (shares, means)
    # without real images it is another picture
    near = {name: (x[:-1], y[:-1]) for name, (x, y) in curves.items()}
    panels = {"test accuracy, %": curves, "the same, some real images": near}
    title = "real images replaced by generated ones, or generated ones added"
    figure = plot_curves(panels, "share of generated images", title)
    run.write_figure("shares.png", figure)
    first = min(row["seed"] for row in run.rows)
    panels = {}
    for kind in ("train", "validation"):
        panels[f"{kind} accuracy"] = {
            row["way"]: (np.arange(len(row["curve"][kind])) + 1, row["curve"][kind])
            for row in run.rows
            if row["part"] == "few" and row["seed"] == first
        }
    run.write_figure("learning-curves.png", plot_curves(panels, "epoch", "few real images"))


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(RetrainingOptions)
    print(retraining_tables(retrain(options)))
    print(f"\nfigures and result.json: {options.output}")


if __name__ == "__main__":
    run_program(main)
