"""The paper's table: accuracy under Gaussian noise, with its figures (the paper, section 2).

Importing this module does not import TensorFlow; `noise_table` does.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from igc_tf.errors import InputError
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import Experiment, check_writable

if TYPE_CHECKING:
    from igc_tf.classifiers import Classification, Evaluation
    from igc_tf.data import LabelledData

# sigma, accuracy, seconds for 1,000 images on an RTX 2080 Ti
PAPER_ROWS = ((0.0, 0.951, 2526), (0.2, 0.947, 2535), (0.4, 0.912, 2586))
_CASES = 6
# what --tensorboard shows of each sigma
_LOGGED_SEARCHES = 4
_LOGGED_LATENTS = 300


@dataclass(frozen=True)
class ReproduceOptions:
    """Reproduce the paper's table and figures.

    Attributes:
        images: how many test images, drawn at random, or "all".
        sigma: standard deviations of the noise, as parts of the range from black to white.
        generator: a name that ships, a generator's directory, or a .keras file.
        settings: "paper", the paper's search; or any settings on the generator's card, such as
            "best", or "fast", one pass of its encoder.
        bounds: LOW HIGH, the values of black and white that the generator makes, where its file
            does not say them.
        output: directory for result.json and the figures.
        tensorboard: directory for TensorBoard's logs: the table, the searches of a few images,
            the latents of some hundreds. If not given, only the table's, in OUTPUT/tensorboard.
        dataset: an image set of TensorFlow Datasets, of the generator's shape.
        split: "test"; or "validation/choices", to make choices on.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images and the noise.
        batch_size: images searched at once; bounds the memory.
        precision: what the generator computes in; see `load_generator`.
    """

    images: Annotated[int | Literal["all"], Range(1)] = 1000
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    generator: str = "mnist-cagan-compact"
    settings: str = "paper"
    bounds: tuple[float, float] | None = None
    output: Path = Path("runs/reproduce")
    tensorboard: Path | None = None
    dataset: str = "mnist"
    split: Literal["test", "validation/choices"] = "test"
    data_dir: Path | None = None
    seed: Annotated[int, SEED] = 0
    batch_size: Annotated[int, Range(1, 100_000)] = 100
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    def __post_init__(self):
        check_ranges(self)
        different = set(self.sigma)
        if len({f"{sigma:g}" for sigma in different}) < len(different):
            raise InputError(
                f"sigma={self.sigma!r}: expected numbers that differ in their first six digits, "
                "which name the files"
            )


@dataclass(frozen=True)
class NoiseTable:
    """What `noise_table` measured.

    Attributes:
        rows: one dict per sigma with `sigma`, `accuracy` (0 to 1), `count`, `correct`,
            `interval` (95 %), `seconds`, `first_batch_seconds`; where a LeNet of the dataset
            ships, also `lenet_accuracy`, `lenet_correct`, `lenet_interval` on the same images.
        header: what was classified, with what.
        output: the directory of the files.
        tensorboard: the directory of the searches' TensorBoard logs, or None if not asked for.
        references: like `PAPER_ROWS`; empty where the paper has no figures.
    """

    rows: list[dict]
    header: str
    output: Path
    tensorboard: Path | None = None
    references: tuple = ()

    def __str__(self):
        paper = {sigma: (accuracy, seconds) for sigma, accuracy, seconds in self.references}
        has_lenet = any("lenet_accuracy" in row for row in self.rows)
        lines = [
            self.header,
            "",
            "sigma   accuracy   95 % interval    seconds   "
            + ("   LeNet   95 % interval   " if has_lenet else "")
            + "paper (1,000 images, RTX 2080 Ti)",
        ]
        for row in self.rows:
            line = f"{row['sigma']:5g}   {_with_interval(row)} {row['seconds']:9.1f}   "
            if has_lenet:
                line += f"{_with_interval(row, 'lenet_')}   "
            if row["sigma"] in paper:
                accuracy, seconds = paper[row["sigma"]]
                line += f"{100 * accuracy:6.1f} %   {seconds:,} s"
            lines.append(line)
        lines += ["", f"figures and result.json: {self.output}"]
        if self.tensorboard is not None:
            lines.append(f"searches: tensorboard --logdir {self.tensorboard}")
        return "\n".join(lines)


def _with_interval(row, prefix=""):
    low, high = row[f"{prefix}interval"]
    return f"{100 * row[f'{prefix}accuracy']:6.2f} %   {100 * low:5.2f} to {100 * high:5.2f}"


def noise_table(options, data=None, verbose=1):
    """Classifies noised images, one pass per sigma, and writes the table and the figures.

    Every image is searched once; only the few whose search is drawn step by step are followed
    once more. Each finished sigma is kept, with its answers in `predictions-sigma-SIGMA.npy`: the
    same options on an unfinished output directory go on there, and on a finished one give its table
    at once.

    Args:
        options: a `ReproduceOptions`.
        data: `LabelledData` to draw the images from; None for the data set of the options.
        verbose: 0 for silence.

    Returns:
        A `NoiseTable`.

    Raises:
        InputError: for options that cannot be met; before any search starts.
        OutputError: for directories that cannot be written, likewise.
    """
    from igc_tf.classifiers import InvertedGeneratorClassifier
    from igc_tf.generators.keras_files import weights_digest
    from igc_tf.generators.store import load_generator
    from igc_tf.plots import plot_accuracies

    generator = load_generator(options.generator, options.precision, bounds=options.bounds)
    classifier = InvertedGeneratorClassifier(generator, options.settings)
    data, note = _images(options, data, generator)
    lenet = _lenet(options.dataset)
    if options.tensorboard is not None:
        check_writable(options.tensorboard)
    facts = {
        **classifier.identity(),
        "lenet_sha256": None if lenet is None else weights_digest(lenet),
        "data": {**data.facts(), "note": note},
    }
    run = Experiment("igc-tf reproduce", options, facts, verbose=verbose)
    precision = "" if options.precision == "float32" else f", {options.precision}"
    header = (
        f"{len(data):,} {data.split} images of {data.name} ({data.source}){note}; "
        f"generator {options.generator}, {options.settings} settings{precision}"
    )
    references = PAPER_ROWS if options.dataset == "mnist" else ()
    table = NoiseTable(run.rows, header, run.path, options.tensorboard, references)
    if run.finished is not None:
        return table
    run.say(header)
    for sigma in options.sigma:
        if run.row(sigma=sigma) is not None:
            continue
        run.say(f"sigma {sigma:g}")
        found = _search(options, classifier, data, sigma, verbose)
        run.add(_row(found, lenet), partial(_draw, run, options, classifier, found))
    run.rows.sort(key=lambda row: options.sigma.index(row["sigma"]))
    curves = {"paper": [row[:2] for row in references]} if references else {}
    if lenet is not None:
        curves["LeNet"] = [(row["sigma"], row["lenet_accuracy"]) for row in run.rows]
    _log_table(options.tensorboard or run.path / "tensorboard", run.rows)
    title = f"{options.generator}, {options.settings} settings, {len(data):,} images"
    run.write_figure("accuracy.png", plot_accuracies(run.rows, curves, title))
    run.finish()
    return table


def _images(options, data, generator):
    """The images to classify, and a note if they are not the ones asked for."""
    from igc_tf.data import load_images

    if data is None:
        data = load_images(
            options.dataset,
            options.split,
            data_dir=options.data_dir,
            fallback=True,
            bounds=generator.bounds,
        )
    generator.check_set(data)
    note = ""
    if data.split != options.split:
        note = f"; the {options.split} images are not available, `igc-tf data prepare` says why"
    is_all = options.images == "all"
    return data if is_all else data.sample(options.images, options.seed), note


def _lenet(dataset):
    """The LeNet that was trained on this dataset's classes, as the paper's was, or None."""
    from igc_tf.classifiers import load_network, network_card, network_names

    for name in network_names():
        card = network_card(name)
        recipe = card["training"]["recipe"]
        is_plain = not recipe.get("distortion") and not recipe.get("sigma")
        if is_plain and (recipe["dataset"], card["activation"]) == (dataset, "softmax"):
            return load_network(name)
    return None


class _Pass(NamedTuple):
    """What was found of all images at one sigma.

    Attributes:
        sigma: of the noise.
        noised: the `LabelledData` with the noise.
        evaluation: the `Evaluation`.
        cases: {"right" and "wrong": (indices, the classification) of the first such images}.
        logged: the classification of the first `_LOGGED_LATENTS` images if TensorBoard wants it,
            else None.
    """

    sigma: float
    noised: "LabelledData"
    evaluation: "Evaluation"
    cases: dict
    logged: "Classification | None"


def _search(options, classifier, data, sigma, verbose):
    """Adds the noise and searches all images, once; returns the `_Pass`."""
    import numpy as np

    from igc_tf.data.noise import with_noise

    noised = with_noise(data, sigma, options.seed)
    kept = {"right": [], "wrong": []}
    logged, done = [], 0

    def keep(found):
        nonlocal done
        is_right = found.predictions == noised.labels[done : done + len(found)]
        for name, chosen in (("right", is_right), ("wrong", ~is_right)):
            missing = _CASES - sum(len(indices) for indices, _ in kept[name])
            places = np.flatnonzero(chosen)[:missing]
            kept[name].append((done + places, found.take(places)))
        if options.tensorboard is not None and done < _LOGGED_LATENTS:
            logged.append(found.take(np.arange(min(len(found), _LOGGED_LATENTS - done))))
        done += len(found)

    evaluation = classifier.evaluate(
        noised.data, noised.labels, batch_size=options.batch_size, verbose=verbose, keep=keep
    )
    cases = {
        name: (
            np.concatenate([indices for indices, _ in parts]),
            parts[0][1].join(*(found for _, found in parts[1:])),
        )
        for name, parts in kept.items()
    }
    logged = logged[0].join(*logged[1:]) if logged else None
    return _Pass(sigma, noised, evaluation, cases, logged)


def _row(found, lenet):
    """A row of `NoiseTable`, of a `_Pass` and the LeNet or None."""
    from igc_tf.classifiers import evaluate_network
    from igc_tf.data.labelled import IMAGE_BOUNDS

    evaluation, noised = found.evaluation, found.noised
    row = {
        "sigma": found.sigma,
        **evaluation.to_dict(),
        "seconds": evaluation.seconds,
        "first_batch_seconds": evaluation.first_batch_seconds,
    }
    if lenet is not None:
        baseline = evaluate_network(lenet, noised.within(IMAGE_BOUNDS).data, noised.labels)
        row |= {
            "lenet_accuracy": baseline.accuracy,
            "lenet_correct": baseline.correct,
            "lenet_interval": list(baseline.interval),
        }
    return row


def _draw(run, options, classifier, found):
    """The paper's Figs. 2, 3 and 4 for one `_Pass`, TensorBoard's logs and the answers."""
    import numpy as np

    from igc_tf.plots import plot_cases, plot_search

    sigma, noised = found.sigma, found.noised
    predictions, names = found.evaluation.predictions, noised.class_names
    run.write(f"predictions-sigma-{sigma:g}.npy", partial(np.save, arr=predictions))
    for name, (indices, case) in found.cases.items():
        if not len(indices):
            continue
        figure = plot_cases(
            noised.data[indices],
            case.reconstructions,
            case.differences,
            case.predictions,
            noised.labels[indices],
            names,
            noised.bounds,
            f"{name} answers at sigma {sigma:g}: each class's best reconstruction, its difference",
        )
        run.write_figure(f"cases-{name}-sigma-{sigma:g}.png", figure)
    if options.tensorboard is not None:
        run.say(f"sigma {sigma:g}: TensorBoard logs")
        followed = _log_searches(options, classifier, found)
    else:
        steps = classifier.settings.steps
        snapshots = sorted({0, steps // 10, steps // 4, steps // 2, steps})
        followed = classifier.classify(noised.data[:1], snapshots=snapshots)
    title = f"search of one image at sigma {sigma:g}: read {names[predictions[0]]}"
    kept = {step: images[0] for step, images in followed.snapshots.items()}
    figure = plot_search(noised.data[0], kept, names, noised.bounds, title)
    run.write_figure(f"search-sigma-{sigma:g}.png", figure)


def _log_searches(options, classifier, found):
    """The searches of some right and some wrong cases, and the latents of many images.

    Returns:
        The classification of the former, with snapshots; the first image is the first of all.
    """
    import numpy as np

    from igc_tf.tensorboard import log_latents, log_search

    wrong = found.cases["wrong"][0][: _LOGGED_SEARCHES // 2]
    right = found.cases["right"][0][: _LOGGED_SEARCHES - len(wrong)]
    chosen = np.sort(np.concatenate([right, wrong]))
    directory, name = options.tensorboard, f"sigma {found.sigma:g}"
    images, labels, logged = found.noised.data, found.noised.labels, found.logged
    count = len(logged)
    log_latents(directory, classifier, images[:count], logged, labels[:count], name)
    return log_search(directory, classifier, images[chosen], labels[chosen], name)


def _log_table(directory, rows):
    """The accuracies, as scalars over the noise in thousandths."""
    import tensorflow as tf

    from igc_tf.tensorboard import summary_writer

    with summary_writer(directory / "table", "table").as_default():
        for row in rows:
            step = round(1000 * row["sigma"])
            tf.summary.scalar("accuracy over 1000 sigma", row["accuracy"], step=step)
            tf.summary.scalar("seconds over 1000 sigma", row["seconds"], step=step)
