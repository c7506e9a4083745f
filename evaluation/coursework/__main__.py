"""`python -m evaluation.coursework`: the DCGAN and CGAN coursework, done again.

Its variants are trained, scored beside its table, and put into the inverted generator classifier,
which nobody did: does a generator with better images classify better, and not only because it was
trained longer?
"""

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.coursework.claims import judge_claims
from evaluation.coursework.classification import classify_variants, correlate, draw_correlations
from evaluation.coursework.classifier_loss import WEIGHTS, compare_weights, weighted
from evaluation.coursework.scores import Judge, score_variants
from evaluation.coursework.variants import VARIANTS, changed_generators, train_variant
from evaluation.options import DataOptions, quickened
from evaluation.readers import network_facts
from evaluation.verdicts import verdict_lines
from igc_tf.classifiers import load_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.metrics import InceptionFeatures
from igc_tf.ranges import Range
from igc_tf.runs import Experiment
from igc_tf.training import RECIPES

PARTS = ("scores", "classifier-loss", "classification")
# the LeNet of the table, whose loss is also the one in the generator's; and one that saw neither
_LENET, _OTHER_LENET = "mnist-lenet", "mnist-lenet-fair"
# what `--quick` asks for: all of it, on little data
_QUICK = {
    "seeds": 1,
    "epochs": 1,
    "convolutional_epochs": 1,
    "train_images": 256,
    "validation_images": 4,
    "images": 200,
    "splits": 2,
    "choice_images": 4,
    "test_images": 20,
    "checkpoints": 1,
}


@dataclass(frozen=True)
class CourseworkOptions(DataOptions):
    """Train the coursework's GANs, score their images, and classify with them.

    Attributes:
        output: directory for a directory of each part, with result.json and the figures.
        models: directory of the trainings, NAME-seed-N each; those that are there are taken, and
            unfinished ones go on. "models" in the output directory if not given.
        variants: their names.
        parts: "scores", the document's table; "classifier-loss"; "classification".
        seeds: trainings of each variant; three of each dense one with classes, and one of each
            other, if not given.
        epochs: dense variants are trained for at most so many; as their recipes say if not given.
        convolutional_epochs: likewise for the convolutional ones.
        train_images: train on the first N images only; all if not given.
        validation_images: judge each generator that is kept by so many; as its recipe says if not
            given.
        images: images that are generated, and scored.
        splits: of the images, for the deviation of the inception score.
        inception_weights: a file of InceptionV3's weights, to measure distances by its features
            too.
        checkpoints: how many generators of each training classify: the last, and earlier ones.
        choice_images: validation images, on which the search of each generator is chosen.
        test_images: test images that are classified, drawn at random with the seed.
        sigma: standard deviations of the noise on these, as parts of the range from black to
            white.
        quick: all of it in minutes, on little data where nothing else is asked for, which says
            nothing but that it works.
    """

    output: Path = Path("runs/coursework")
    models: Path | None = None
    variants: tuple[str, ...] = VARIANTS
    parts: tuple[Literal["scores", "classifier-loss", "classification"], ...] = PARTS
    seeds: Annotated[int | None, Range(1)] = None
    epochs: Annotated[int | None, Range(1)] = None
    convolutional_epochs: Annotated[int | None, Range(1)] = 5
    train_images: Annotated[int | None, Range(1)] = None
    validation_images: Annotated[int | None, Range(1)] = None
    images: Annotated[int, Range(100)] = 10_000
    splits: Annotated[int, Range(1)] = 10
    inception_weights: Path | None = None
    checkpoints: Annotated[int, Range(1)] = 2
    choice_images: Annotated[int, Range(1)] = 100
    test_images: Annotated[int, Range(1)] = 1000
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    quick: bool = False

    def __post_init__(self):
        super().__post_init__()
        unknown = sorted(set(self.variants) - set(VARIANTS))
        if unknown or not self.variants:
            raise InputError(
                f"variants={self.variants!r}: expected one or more of {', '.join(VARIANTS)}"
            )
        if "classification" in self.parts and all(map(_has_no_classes, self.variants)):
            raise InputError(
                f"variants={self.variants!r}: expected one with classes for the classification"
            )
        if self.inception_weights is not None and not Path(self.inception_weights).is_file():
            raise InputError(
                f"inception_weights={str(self.inception_weights)!r}: expected an existing file"
            )

    @property
    def resolved(self):
        """These options, with what `quick` stands for."""
        return quickened(self, _QUICK)

    @property
    def trainings(self):
        """The directory of the trainings."""
        return self.models or self.output / "models"

    def limited(self, recipe):
        """A recipe, trained for as long, and on as many images, as these options say."""
        is_dense = recipe.network == "dense"
        limit = self.epochs if is_dense else self.convolutional_epochs
        changed = {}
        if limit is not None and limit < recipe.epochs:
            changed["stop_after"] = limit
        if self.train_images is not None:
            changed["train_images"] = self.train_images
        if self.validation_images is not None:
            changed["validation_images"] = self.validation_images
        return replace(recipe, **changed)

    def seeds_of(self, recipe):
        """The seeds of a variant's trainings."""
        several = recipe.network == "dense" and recipe.labels != "none"
        return range(self.seeds or (3 if several else 1))


def _has_no_classes(name):
    return RECIPES[name].labels == "none"


def run_coursework(options, data=None, verbose=1):
    """Does the parts that are not done.

    Args:
        options: a `CourseworkOptions`.
        data: training, validation and test images, three `LabelledData`; None for MNIST's.
        verbose: 0 for silence.

    Returns:
        {part: its result}, also written as `PART/result.json`: of "scores" `rows` as
        `score_variants` adds them, and `verdicts` on the document's sentences; of "classifier-loss"
        `rows` as `compare_weights`; of "classification" `rows` as `classify_variants`, and
        `correlations`.

    Raises:
        InputError: for a training in the directory of models that is another, and for an unfinished
            part with rows of generators that the directory of models holds otherwise.
    """
    options = options.resolved
    if data is None:
        splits = ("train", "validation/choices", "test")
        data = [load_images("mnist", split, options.data_dir) for split in splits]
    train, choices, test = data
    trainings = {
        (name, seed): _training(options, name, RECIPES[name], seed, data, verbose)
        for name in options.variants
        for seed in options.seeds_of(RECIPES[name])
    }
    inception = None
    if options.inception_weights is not None:
        shape = test.images.shape[1:]
        inception = InceptionFeatures(shape, test.bounds, options.inception_weights)
    judge = Judge(_LENET, test, options.splits, inception)
    with_classes = {
        (name, seed): training
        for (name, seed), training in trainings.items()
        if not _has_no_classes(name)
    }

    def scores(run):
        others = train.sample(min(len(test), len(train)), options.seed)
        score_variants(run, trainings, judge, others, options.images)
        return {"verdicts": judge_claims(run.rows)}

    def classifier_loss(run):
        weights = {}
        for alpha, beta in WEIGHTS:
            name, recipe = weighted(alpha, beta)
            for seed in options.seeds_of(recipe):
                training = _training(options, name, recipe, seed, data, verbose)
                weights[alpha, beta, seed] = training
        judges = {"own": judge, "other": Judge(_OTHER_LENET, test, options.splits)}
        compare_weights(run, weights, judges, options.images)
        return {}

    def classification(run):
        chosen = test.sample(min(options.test_images, len(test)), options.seed)
        classify_variants(run, with_classes, judge, choices, chosen, options)
        draw_correlations(run)
        return {"correlations": correlate(run.rows)}

    parts = dict(zip(PARTS, (scores, classifier_loss, classification), strict=True))
    data_facts = {"source": test.source, "train": len(train), "test": len(test)}
    results = {}
    for part in options.parts:
        networks = judge.networks
        if part == "classifier-loss":
            networks = networks | {_OTHER_LENET: load_network(_OTHER_LENET)}
        facts = {"data": data_facts, **network_facts(networks)}
        results[part] = _do(part, parts[part], options, facts, verbose)
    return results


def _training(options, name, recipe, seed, data, verbose):
    """A function that trains a variant, or takes what was trained, when it is called."""
    return functools.partial(
        train_variant,
        name,
        options.limited(recipe),
        seed,
        options.trainings,
        data[:2],
        options.data_dir,
        verbose,
    )


def _do(part, work, options, facts, verbose):
    """The result of a part: what is there, if it is complete and of the same options and facts.

    And of the same generators: those of a training that was done anew are others.
    """
    models = options.trainings
    options = replace(options, output=options.output / part, parts=(part,))
    run = Experiment(
        "python -m evaluation.coursework",
        options,
        facts,
        verbose=verbose,
        holds=lambda found: not changed_generators(found["rows"], models),
    )
    if run.finished is not None:
        return run.finished
    changed = changed_generators(run.rows, models)
    if changed:
        raise InputError(
            f"{run.path} holds an unfinished run of other generators (there, in {models}): "
            f"{changed}. Give another output directory, or their models"
        )
    return run.finish(**work(run))


def main():
    """Runs the experiment with the options of the command line."""
    results = run_coursework(parse_options(CourseworkOptions))
    if "scores" in results:
        _print_scores(results["scores"])
    if "classifier-loss" in results:
        print("\n  α    β   LeNet in the loss   another LeNet   Fréchet distance by it")
        for row in results["classifier-loss"]["rows"]:
            own, other = row["own"], row["other"]
            print(
                f"{row['alpha']:4g} {row['beta']:4g} {100 * own['accuracy']:17.1f} % "
                f"{100 * other['accuracy']:13.1f} % {other['frechet']:18.1f}"
            )
    if "classification" in results:
        print("\nSpearman's correlation of a generator's images with its accuracy as a classifier")
        for row in results["classification"]["correlations"]:
            compared = f"{row['measure']}, {row['compared']}"
            figures = [row["correlation"], *row["correlation_interval"]]
            value, low, high = ("-" if x is None else f"{x:+.2f}" for x in figures)
            print(f"  {compared:65} sigma {row['sigma']:g}: {value} ({low} to {high})")


def _print_scores(result):
    rows = result["rows"]
    print("\nvariant                    accuracy (document)  inception score (document)  batches")
    for name in dict.fromkeys(row["variant"] for row in rows):
        found = [row for row in rows if row["variant"] == name]
        first, published = found[0], found[0]["published"]
        said = {"accuracy": "-", "score": "-"} | (published or {})
        accuracy = "-"
        if "accuracy" in first:
            accuracy = f"{np.mean([row['accuracy'] for row in found]):.3f}"
        score = f"{np.mean([row['inception_score'] for row in found]):.2f}"
        length = ""
        if "batches" in first:
            length = f"{first['batches']:,}" + ("" if first["reproduced"] else ", not reproduced")
        figures = f"{accuracy:>8} ({said['accuracy']})  {score:>8} ({said['score']})"
        print(f"{name:26} {figures}  {length}")
    print(*verdict_lines(result["verdicts"]), sep="\n")


if __name__ == "__main__":
    run_program(main)
