"""`python -m evaluation.trajectories`: inverse classification of pen trajectories.

The experiments of "Inverse classification using generative models" (section 4).
"""

import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.figures import plot_bars, plot_heat_maps
from evaluation.trajectories.claims import comparison_claims, map_claims
from evaluation.trajectories.maps import (
    GRID,
    class_vector_map,
    diagonal_agreement,
    letter_distance,
    roughness,
    separation,
    typical_letter,
)
from evaluation.trajectories.methods import TRAJECTORY_METHODS, method_recipe
from evaluation.verdicts import verdict_lines
from igc_tf.classifiers import TEMPORAL_SETTINGS, InverseClassifier
from igc_tf.classifiers.network import evaluate_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import data_and_mask, open_trajectories, stratified_split
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.metrics import proportion
from igc_tf.plots import plot_letters
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import Experiment
from igc_tf.training import SequenceRecipe, fit_sequence_network


@dataclass(frozen=True)
class TrajectoriesOptions:
    """Map class vectors: heat maps of class vectors, and five models on pen trajectories.

    Attributes:
        data: the .mat file of the UCI Character Trajectories, or "synthetic" for strokes made in
            code; if not given, the environment variable IGC_TF_TRAJECTORIES names the file.
        output: directory for result.json, the figures and the trained networks.
        classes: numbers of letters to tell apart.
        seeds: how often each model is trained, with other weights, order and, where they are
            drawn, training trajectories; the test trajectories stay.
        input_noise: of the compared generators, standard deviation.
        map_noise: of the generators whose class vectors are mapped.
        map_seeds: how often each of these is trained; a single time decides nothing.
        units: of every LSTM.
        epochs: of every training, of about 100 batches each.
        subsampling: steps of the original trajectories that make one step.
    """

    data: Literal["synthetic"] | Path | None = None
    output: Path = Path("runs/trajectories")
    classes: Annotated[tuple[int, ...], Range(2)] = (2, 4, 20)
    seeds: Annotated[int, Range(1)] = 3
    input_noise: Annotated[float, Range(0)] = 0.3
    map_noise: Annotated[tuple[float, ...], Range(0)] = (0.0, 0.1, 0.2, 0.3, 0.4)
    map_seeds: Annotated[int, Range(1)] = 1
    units: Annotated[int, Range(1)] = 64
    epochs: Annotated[int, Range(1)] = 10
    subsampling: Annotated[int, Range(1)] = 4

    def __post_init__(self):
        check_ranges(self)
        if len(set(self.classes)) < len(self.classes):
            raise InputError(f"classes={self.classes}: expected different numbers")


@dataclass(frozen=True)
class TrajectoriesResult:
    """What `evaluate_trajectories` measured.

    Attributes:
        header: what on.
        rows: one dict per training of the comparison: `method`, `classes`, `seed`, `train` (how
            many trajectories), `accuracy`, `count`, `correct`, `interval` (95 %), `seconds`; of a
            generator also the mean `steps` to convergence and the mean data `difference`.
        summary: {classes: {method: (mean, standard deviation over seeds) of the accuracy}}; the
            deviation of a single seed is None.
        maps: one dict per mapped generator, see `map_claims`.
        verdicts: on the document's claims.
        output: the directory of the files.
    """

    header: str
    rows: list[dict]
    summary: dict
    maps: list[dict]
    verdicts: list[dict]
    output: Path

    def __str__(self):
        methods = list(TRAJECTORY_METHODS)
        lines = [
            self.header,
            "",
            "accuracy, %: mean ± standard deviation over the seeds",
            "classes  " + "".join(f"{name:>19}" for name in methods),
        ]
        for classes, figures in self.summary.items():
            cells = (_percent(*figures[name]) for name in methods)
            lines.append(f"{classes:7}  " + "".join(f"{cell:>19}" for cell in cells))
        lines += ["", "input noise   steepest step   separation   drawn as the larger entry"]
        for row in self.maps:
            lines.append(
                f"{row['input_noise']:11g}   {row['roughness']:13.2f}   "
                f"{row['separation']:10.2f}   "
                f"{row['diagonal_agreement']:25.2f}"
            )
        lines += ["", *verdict_lines(self.verdicts)]
        return "\n".join([*lines, "", f"figures and result.json: {self.output}"])


def evaluate_trajectories(options, fit=fit_sequence_network, verbose=1):
    """Trains, maps, classifies and judges; writes table and figures.

    Every training is kept: the same options on an unfinished output directory go on there.

    Args:
        options: a `TrajectoriesOptions`.
        fit: trains a network, as `fit_sequence_network` does.
        verbose: 0 for silence.

    Returns:
        A `TrajectoriesResult`.

    Raises:
        InputError: for options that cannot be met; before any training starts.
        DataError: if the trajectories are not available.
    """
    data = open_trajectories(options.data, max(options.classes), options.subsampling)
    split = stratified_split(data)
    counts = {part: len(getattr(split, part)) for part in split._fields}
    facts = {
        "search": TEMPORAL_SETTINGS.to_dict(),
        "data": {"source": data.source, "steps": data.data.shape[1], **counts},
    }
    run = Experiment("python -m evaluation.trajectories", options, facts, verbose=verbose)
    header = (
        f"{data.source}; {options.subsampling} steps as one, at most {data.data.shape[1]}; "
        f"{counts['train']} to train, {counts['test']} to test; {options.seeds} seeds"
    )
    if run.finished is not None:
        summary = {int(classes): of for classes, of in run.finished["summary"].items()}
        maps, verdicts = run.finished["maps"], run.finished["verdicts"]
        return TrajectoriesResult(header, run.rows, summary, maps, verdicts, run.path)
    run.say(header)

    cells = [
        (name, classes, seed)
        # a whole comparison first, then the next seed's
        for seed in range(options.seeds)
        for classes in options.classes
        for name in TRAJECTORY_METHODS
    ]
    map_cells = list(product(range(options.map_seeds), options.map_noise))
    count = len(cells) + len(map_cells)
    with run.progress(count, "training", initial=len(run.rows)) as progress:
        maps = []
        for seed, noise in map_cells:
            progress.set_description(f"map, noise {noise:g}, seed {seed}")
            maps.append(_mapped(options, run, fit, split.train, noise, seed))
            progress.update()
        for name, classes, seed in cells:
            if run.row(method=name, classes=classes, seed=seed) is not None:
                continue
            progress.set_description(f"{name}, {classes} classes, seed {seed}")
            run.add(_row(options, run, fit, split, name, classes, seed))
            progress.update()
    accuracies = _accuracies(options, run.rows)
    summary = {
        classes: {name: _mean_and_deviation(values) for name, values in by_method.items()}
        for classes, by_method in accuracies.items()
    }
    verdicts = [*map_claims(maps), *comparison_claims(accuracies)]
    _draw(options, run, fit, split, summary, maps)
    run.finish(
        summary={str(classes): figures for classes, figures in summary.items()},
        maps=maps,
        verdicts=verdicts,
    )
    return TrajectoriesResult(header, run.rows, summary, maps, verdicts, run.path)


def _network(options, run, fit, train, name, classes, seed):
    """The trained network of one cell of the comparison; trained only once."""
    recipe = method_recipe(name, classes, seed, options)
    directory = f"{name.replace(' ', '-')}-{classes}-{seed}"
    return fit(recipe, run.path / "cells" / directory, train, 0)


def _row(options, run, fit, split, name, classes, seed):
    begin = time.perf_counter()
    network = _network(options, run, fit, split.train, name, classes, seed)
    trained = time.perf_counter()
    test = split.test.first_classes(classes)
    extra = {}
    if TRAJECTORY_METHODS[name].network == "generator":
        found = InverseClassifier(Generator(network, bounds=test.bounds)).classify(
            test.data, test.mask, batch_size=500
        )
        answers = found.predictions
        extra = {
            "steps": float(found.steps.mean()),
            "difference": float(found.differences.mean()),
        }
    else:
        answers = evaluate_network(network, data_and_mask(test), test.labels).predictions
    correct = int((answers == test.labels).sum())
    recipe = method_recipe(name, classes, seed, options)
    return {
        "method": name,
        "classes": classes,
        "seed": seed,
        "train": len(recipe.chosen(split.train)),
        **proportion(correct, len(test)),
        "seconds": time.perf_counter() - trained,
        "training_seconds": trained - begin,
        **extra,
    }


def _mapped(options, run, fit, train, noise, seed):
    """Figures and both maps of a two-letter generator."""
    recipe = SequenceRecipe(
        classes=2,
        input_noise=noise,
        units=options.units,
        epochs=options.epochs,
        subsampling=options.subsampling,
        seed=seed,
    )
    generator = fit(recipe, run.path / "maps" / f"noise-{noise:g}-{seed}", train, 0)
    letters = [typical_letter(train.first_classes(2), label) for label in range(2)]
    both = [class_vector_map(generator, letter) for letter in letters]
    distance = letter_distance(*letters)
    return {
        "input_noise": noise,
        "seed": seed,
        "roughness": roughness(both[0]),
        "separation": separation(both[0], distance),
        "diagonal_agreement": diagonal_agreement(*both),
        "largest_sum": float((both[0] + both[1]).max()),
        "letter_distance": distance,
        "map_first": both[0].tolist(),
        "map_second": both[1].tolist(),
    }


def _accuracies(options, rows):
    """{classes: {method: an accuracy for each seed}}."""
    found = {classes: {name: [] for name in TRAJECTORY_METHODS} for classes in options.classes}
    for row in rows:
        found[row["classes"]][row["method"]].append(row["accuracy"])
    return found


def _mean_and_deviation(values):
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def _percent(mean, deviation):
    return f"{100 * mean:.1f}" + ("" if deviation is None else f" ± {100 * deviation:.1f}")


def _draw(options, run, fit, split, summary, maps):
    first, second = split.train.class_names[:2]
    if maps:
        maps = [row for row in maps if row["seed"] == 0]
        shown = [(row["map_first"], f"{first}, noise {row['input_noise']:g}") for row in maps]
        shown += [
            (row["map_second"], f"{second}, noise {row['input_noise']:g}")
            for row in maps
            if row["input_noise"] == 0.3
        ]
        run.write_figure(
            "class-vectors.png",
            plot_heat_maps(
                [values for values, _ in shown],
                GRID,
                [text for _, text in shown],
                (f"entry of {first}", f"entry of {second}"),
                "mean squared error",
                f"what class vectors draw: error to a typical {first} or {second}",
            ),
        )
    methods = list(TRAJECTORY_METHODS)
    errors, title = None, "test accuracy"
    if options.seeds > 1:
        errors = {
            name: [100 * figures[name][1] for figures in summary.values()] for name in methods
        }
        title += f", mean and standard deviation of {options.seeds} seeds"
    run.write_figure(
        "accuracy.png",
        plot_bars(
            [f"{classes} classes" for classes in summary],
            {name: [100 * figures[name][0] for figures in summary.values()] for name in methods},
            "accuracy, %",
            errors,
            (0, 105),
            title,
        ),
    )
    classes = max(options.classes)
    test = split.test.first_classes(classes)
    chosen = test.take([np.flatnonzero(test.labels == label)[0] for label in range(classes)])
    for name, method in TRAJECTORY_METHODS.items():
        if method.network == "generator":
            network = _network(options, run, fit, split.train, name, classes, 0)
            found = InverseClassifier(Generator(network, bounds=test.bounds)).classify(
                chosen.data, chosen.mask
            )
            read = [
                f"{test.class_names[label]} read {test.class_names[answer]}"
                for label, answer in zip(chosen.labels, found.predictions, strict=True)
            ]
            run.write_figure(
                f"letters-{name.replace(' ', '-')}.png",
                plot_letters(
                    found.reconstructions,
                    read,
                    chosen.data,
                    chosen.mask,
                    title=f"{name}: test letters (grey) and what the search made of them (blue)",
                ),
            )


def main():
    """Runs the experiment with the options of the command line."""
    print(f"\n{evaluate_trajectories(parse_options(TrajectoriesOptions))}")


if __name__ == "__main__":
    run_program(main)
