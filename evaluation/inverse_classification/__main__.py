"""`python -m evaluation.inverse_classification`: three experiments, and one more.

Those of "Inverse Classification using GANs", and a comparison with the inverted generator.
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np

from evaluation.figures import plot_experiments
from evaluation.inverse_classification.findings import (
    BEST_ACCURACY,
    BEST_LATENT_SIZE,
    judge_statements,
)
from evaluation.inverse_classification.searches import InverseSearch
from evaluation.inverse_classification.tables import VARIED, inverse_tables
from evaluation.options import DatasetOptions
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import generator_names, load_generator
from igc_tf.metrics.intervals import wilson_interval
from igc_tf.plots import plot_inverse_cases
from igc_tf.ranges import Range
from igc_tf.runs import Experiment

DOCUMENT = "Inverse Classification using GANs"
# the document's (section 3)
LATENT_SIZES = (10, 25, 50, 100, 200)
_BASE = InverseSearch()
# relaxing against enumerating: the same generator evaluations, and the same steps; each with the
# learning rates it may choose from
_WAYS = {
    "relaxed, 1 × 200": (_BASE, (0.02, 0.05, 0.1)),
    "relaxed by momentum, 1 × 200": (
        replace(_BASE, optimizer="momentum", learning_rate=5.0),
        (1.0, 5.0, 20.0),
    ),
    "relaxed along the simplex, 1 × 200": (replace(_BASE, tangent=True), (0.02, 0.05, 0.1)),
    "enumerated, 10 × 20": (
        replace(_BASE, method="enumerated", steps=20),
        (0.05, 0.1, 0.2),
    ),
    "enumerated, 10 × 200": (replace(_BASE, method="enumerated"), (0.02, 0.05, 0.1)),
    "relaxed, 1 × 2000": (replace(_BASE, steps=2000), (0.02, 0.05, 0.1)),
}
_CASES = 8


class Plan(NamedTuple):
    """What the experiments try; by default what the document tried, and the ways above.

    Attributes:
        base: what all others depart from.
        update_factors: of the latent, in the second experiment.
        first_steps: of the latent, in the third.
        ways: {name: (an `InverseSearch`, learning rates that it may choose from)}.
    """

    base: InverseSearch = _BASE
    update_factors: tuple = (0.0, 0.1, 0.5, 1.0, 2.0)
    first_steps: tuple = (0, 5, 10, 20, 50)
    ways: dict = _WAYS


PLAN = Plan()


@dataclass(frozen=True)
class InverseClassificationOptions(DatasetOptions):
    """Repeat the document's experiments, and compare its search with the inverted generator's.

    Attributes:
        latent_sizes: of the first experiment, at least two and 25 among them, which is the one
            all else is tried with; by default the document's.
        images: test images, drawn at random; the same for every search.
        validation_images: on which each way of the comparison chooses its learning rate.
        repeats: searches of each image, from different latents.
        generators: a directory with a run of `igc-tf train cgan-compact` for each latent
            size, noise-10, noise-25 ...; the generators that ship if not given.
        output: directory for result.json, the answers and the figures.
        dataset: an image set of TensorFlow Datasets, of the generators' shape.
        seed: of the choice of images and the starts.
        batch_size: images searched at once; bounds the memory.
    """

    latent_sizes: Annotated[tuple[int, ...], Range(1)] = LATENT_SIZES
    images: Annotated[int, Range(2)] = 500
    validation_images: Annotated[int, Range(1)] = 200
    repeats: Annotated[int, Range(1)] = 5
    generators: Path | None = None
    output: Path = Path("runs/inverse-classification")
    batch_size: Annotated[int, Range(1, 100_000)] = 500

    def __post_init__(self):
        super().__post_init__()
        if len(self.latent_sizes) < 2 or BEST_LATENT_SIZE not in self.latent_sizes:
            raise InputError(
                f"--latent-sizes {self.latent_sizes}: expected at least two, {BEST_LATENT_SIZE} "
                "among them"
            )


def compare_searches(options, data=None, validation=None, plan=PLAN, verbose=1):
    """Runs every search that is not done yet; writes tables, figures and answers.

    Files: `result.json`; `answers/NAME.npy`, the answers (repetitions, N) of each search;
    `experiments.png`, `reconstructions.png`. Each finished search is kept: the same options on an
    unfinished output directory go on there.

    Args:
        options: an `InverseClassificationOptions`.
        data, validation: `LabelledData` to draw from; None for the test and the validation images
            of the options' data set.
        plan: the `Plan` of what is varied.
        verbose: 0 for silence, without the progress bar.

    Returns:
        The result, also written as `result.json`: `rows`, one per search; `experiments`, the
        names of each one's rows; `comparison`, the ways with their chosen learning rates;
        `verdicts` on the document's statements; `best_settings`, of the enumerated search that is
        best on the validation images.

    Raises:
        InputError: for generators that are not there, or do not make such images, before any
            search starts.
    """
    names = {size: _generator_name(options, size) for size in options.latent_sizes}
    generators = {size: load_generator(name) for size, name in names.items()}
    digests = {str(size): model.digest() for size, model in generators.items()}
    bounds = generators[BEST_LATENT_SIZE].bounds
    if data is None:
        data = load_images(options.dataset, "test", options.data_dir, bounds=bounds)
    if validation is None:
        split = "validation/choices"
        validation = load_images(options.dataset, split, options.data_dir, bounds=bounds)
    for generator in generators.values():
        generator.check_set(data)
        generator.check_set(validation)
    data = data.sample(options.images, options.seed)
    validation = validation.sample(options.validation_images, options.seed)
    facts = {
        "generator_sha256": digests,
        "data": data.facts(),
        # by which learning rates are chosen
        "validation": validation.facts(),
    }
    run = Experiment("python -m evaluation.inverse_classification", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    whole = _whole_cost(options, plan, data.num_classes)
    progress = run.progress(whole, "generator evaluation")

    def searched(search, split, images):
        """The row of a search on the test or the validation images; made if it is not there."""
        repeats = 1 if split == "validation" else options.repeats
        cost = _cost(search, images.num_classes, len(images), repeats)
        row = run.row(split=split, name=search.name)
        if row is None:
            row, draw = _search(options, run, search, generators, split, images, repeats)
            run.add(row, draw)
            progress.update(cost)
        else:
            # of an earlier run, or asked for before
            progress.total -= cost
        return row

    experiments = _experiments(options, plan)
    for searches in experiments.values():
        for search in searches:
            searched(search, "test", data)
    comparison, enumerated = {}, []
    for name, (way, rates) in plan.ways.items():
        tried = [replace(way, learning_rate=rate) for rate in rates]
        best = max(tried, key=lambda search: searched(search, "validation", validation)["accuracy"])
        searched(way, "test", data)
        searched(best, "test", data)
        comparison[name] = {
            "evaluations": way.evaluations(data.num_classes),
            "given": way.name,
            "chosen": best.name,
            "chosen_learning_rate": best.learning_rate,
        }
        if best.method == "enumerated":
            enumerated.append(best)
    progress.close()
    chosen = max(
        enumerated, key=lambda search: run.row(split="validation", name=search.name)["accuracy"]
    )
    found = {
        "experiments": {
            name: [search.name for search in searches] for name, searches in experiments.items()
        },
        "comparison": comparison,
        "verdicts": _verdicts(run, plan, experiments, comparison, data.labels),
        "best_settings": chosen.settings.to_dict(),
    }
    _draw(run, plan, found["experiments"], generators[BEST_LATENT_SIZE], data)
    return run.finish(**found)


def _experiments(options, plan):
    return {
        "latent size": [replace(plan.base, latent_size=size) for size in options.latent_sizes],
        "latent update factor": [
            replace(plan.base, latent_update_factor=factor) for factor in plan.update_factors
        ],
        "latent first step": [
            replace(plan.base, latent_first_step=step) for step in plan.first_steps
        ],
    }


def _generator_name(options, size):
    """What `load_generator` takes."""
    if options.generators is None:
        name = f"mnist-cgan-compact-{size}"
        if name not in generator_names():
            raise InputError(
                f"no {name} ships: give --generators, or --latent-sizes that ship, of "
                f"{[other for other in generator_names() if other.startswith('mnist-cgan')]}"
            )
        return name
    path = options.generators / f"noise-{size}"
    if not (path / "card.json").is_file():
        raise InputError(
            f"--generators {options.generators}: {path} holds no generator; igc-tf train "
            f"cgan-compact --latent-size {size} --output {path} makes it"
        )
    return str(path)


def _search(options, run, search, generators, split, images, repeats):
    """Runs one search; returns its row, and what keeps its answers."""
    begin = time.perf_counter()
    answers, entropy, difference = search.answers(
        generators[search.latent_size], images.images, repeats, options.seed, options.batch_size
    )
    seconds = time.perf_counter() - begin
    right = answers == images.labels
    accuracies = right.mean(axis=1)

    def keep():
        if split == "test":
            run.write(
                f"answers/{search.name}.npy", lambda path: np.save(path, answers.astype(np.int8))
            )

    row = {
        "name": search.name,
        "split": split,
        **asdict(search),
        "accuracy": float(accuracies.mean()),
        "deviation": float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
        "accuracies": accuracies.tolist(),
        "count": len(images),
        # images are the sample; repetitions are not further images
        "interval": list(wilson_interval(right.sum() / len(right), len(images))),
        "entropy": entropy,
        "difference": difference,
        "seconds": seconds,
    }
    return row, keep


def _cost(search, classes, images, repeats):
    """Generator evaluations; an enumerated search is run once."""
    repeats = 1 if search.method == "enumerated" else repeats
    return search.evaluations(classes) * images * repeats


def _whole_cost(options, plan, classes):
    """Generator evaluations of the whole program, each search counted as often as asked for."""
    experiments = sum(
        _cost(search, classes, options.images, options.repeats)
        for searches in _experiments(options, plan).values()
        for search in searches
    )
    ways = sum(
        2 * _cost(way, classes, options.images, options.repeats)
        + len(rates) * _cost(way, classes, options.validation_images, 1)
        for way, rates in plan.ways.values()
    )
    return experiments + ways


def _verdicts(run, plan, experiments, comparison, labels):
    def right(name):
        return np.load(run.path / "answers" / f"{name}.npy") == labels

    sizes = {search.latent_size: search for search in experiments["latent size"]}
    ways = {name: values["chosen"] for name, values in comparison.items()}
    return judge_statements(right, plan.base, sizes, ways)


def _draw(run, plan, experiments, generator, data):
    rows = {row["name"]: row for row in run.rows if row["split"] == "test"}
    panels = {
        name: [(rows[search][VARIED[name]], rows[search]) for search in searches]
        for name, searches in experiments.items()
    }
    reference = {"latent size": (BEST_LATENT_SIZE, BEST_ACCURACY)}
    run.write_figure("experiments.png", plot_experiments(panels, reference, DOCUMENT))
    images = data.images[:_CASES]
    found = plan.base.classifier(generator).classify(images)
    figure = plot_inverse_cases(
        images,
        found.reconstructions,
        found.conditions,
        data.labels[:_CASES],
        data.layout,
        Generator.of(generator).bounds,
        f"the first {_CASES} test images, their reconstructions and the class vectors found",
    )
    run.write_figure("reconstructions.png", figure)


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(InverseClassificationOptions)
    print(inverse_tables(compare_searches(options)))
    print(f"\nanswers, figures and result.json: {options.output}")


if __name__ == "__main__":
    run_program(main)
