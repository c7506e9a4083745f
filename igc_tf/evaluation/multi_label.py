"""Several labels per digit: the inverted generator beside LeNet (002 §1.3)."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from igc_tf.classifiers import MultiLabelInvertedGeneratorClassifier, evaluate_network
from igc_tf.data import DIGIT_LABELS, add_gaussian_noise, label_digits, load_images
from igc_tf.errors import InputError
from igc_tf.plots import plot_label_cases
from igc_tf.pretrained import load_generator, load_lenet, named_settings, weights_digest
from igc_tf.runs import RunDirectory, describe_environment, json_ready

_SEARCH, _NETWORK = "inverted generator", "LeNet-5"
_CASES = 6


@dataclass(frozen=True)
class MultiLabelOptions:
    """Four binary labels per digit, read by inverting a generator and by LeNet.

    Attributes:
        images: how many test digits, drawn at random, or "all". Half of them are inverted.
        sigma: standard deviations of the noise, in units of the pixel range 1.
        generator: a name that ships, or a .keras file; of the task digit_labels.
        network: the LeNet that ships and is compared with.
        settings: the paper's search settings, or those chosen on the validation digits.
        output: directory for result.json and the figures.
        split: "test"; or "validation", to make choices on.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images, of which are inverted, and of the noise.
        batch_size: images searched at once; bounds the memory.
    """

    images: int | Literal["all"] = 1000
    sigma: tuple[float, ...] = (0.0, 0.2, 0.4)
    generator: str = "mnist-multilabel-cagan-compact"
    network: str = "mnist-multilabel-lenet"
    settings: Literal["paper", "best"] = "paper"
    output: Path = Path("runs/multi-label")
    split: Literal["test", "validation"] = "test"
    data_dir: Path | None = None
    seed: int = 0
    batch_size: int = 100

    def __post_init__(self):
        if self.images != "all" and self.images < 2:
            raise InputError(f"--images {self.images}: expected a whole number >= 2, or all")
        if not self.sigma or not all(math.isfinite(s) and s >= 0 for s in self.sigma):
            raise InputError(f"--sigma {self.sigma}: expected one or more numbers >= 0")
        if self.batch_size < 1:
            raise InputError(f"--batch-size {self.batch_size}: expected a whole number >= 1")


@dataclass(frozen=True)
class MultiLabelTable:
    """What `multi_label_table` measured.

    Attributes:
        rows: one dict per noise and classifier with `sigma`, `classifier`, `count`, `seconds`,
            `labels` (per label `label`, `accuracy`, `correct`, `interval`) and `all_labels`, the
            exact match (the same without `label`).
        header: what was classified, with what.
        output: the directory of the files.
    """

    rows: list[dict]
    header: str
    output: Path

    def __str__(self):
        lines = [self.header, "", f"{'sigma':5}   {'label':14}{_SEARCH:>27}{_NETWORK:>27}"]
        for sigma in dict.fromkeys(row["sigma"] for row in self.rows):
            parts = {row["classifier"]: row for row in self.rows if row["sigma"] == sigma}
            for i, name in enumerate((*DIGIT_LABELS, "all labels")):
                cells = ""
                for classifier in (_SEARCH, _NETWORK):
                    row = parts[classifier]
                    cells += f"{_cell([*row['labels'], row['all_labels']][i]):>27}"
                lines.append(f"{sigma:5g}   {name:14}{cells}" if i == 0 else f"{name:>22}{cells}")
        return "\n".join([*lines, "", f"figures and result.json: {self.output}"])


def _cell(part):
    low, high = part["interval"]
    return f"{100 * part['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def multi_label_table(options, report=None):
    """Reads the labels of noised digits both ways, and writes the table and a figure per sigma.

    Each finished row is kept: the same options on an unfinished output directory go on there.

    Args:
        options: a `MultiLabelOptions`.
        report: told each line of progress, e.g. `print`; None for silence.

    Returns:
        A `MultiLabelTable`.

    Raises:
        InputError: for options that cannot be met; before any search starts.
    """
    settings = named_settings(options.settings, options.generator)
    generator, network = load_generator(options.generator), load_lenet(options.network)
    classifier = MultiLabelInvertedGeneratorClassifier(generator, settings)
    for name, labels in (
        (options.generator, classifier.labels),
        (options.network, network.output_shape[-1]),
    ):
        if labels != len(DIGIT_LABELS):
            raise InputError(f"{name} has {labels} labels: expected {len(DIGIT_LABELS)}")
    data, digits = _digits(options)
    run = RunDirectory(options.output)
    result = {
        "program": "python -m evaluation.multi_label",
        "options": json_ready(options),
        "search": settings.to_dict(),
        "condition_update_factor": classifier.condition_update_factor,
        "generator_sha256": weights_digest(generator),
        "network_sha256": weights_digest(network),
        "data": {"source": data.source, "split": data.split, "count": len(digits)},
        "environment": describe_environment(),
        "complete": False,
        "rows": [],
    }
    result["rows"] = run.findings(result)
    header = (
        f"{len(digits):,} {data.split} digits of mnist ({data.source}), half of them inverted; "
        f"generator {options.generator}, {options.settings} settings"
    )
    verbose = 0 if report is None else 1
    report = report or (lambda line: None)
    report(header)

    def search(images):
        return classifier.evaluate(images, digits.labels, options.batch_size, verbose)

    def ask_network(images):
        return evaluate_network(network, images, digits.labels)

    finished = {(row["sigma"], row["classifier"]) for row in result["rows"]}
    for sigma in options.sigma:
        images = add_gaussian_noise(digits.images, sigma, options.seed)
        for name, evaluate in ((_SEARCH, search), (_NETWORK, ask_network)):
            if (sigma, name) in finished:
                continue
            report(f"sigma {sigma:g}, {name}")
            result["rows"].append({"sigma": sigma, "classifier": name, **_row(evaluate(images))})
            run.write_json("result.json", result)
        _draw_cases(run, classifier, images, digits, sigma)
    run.write_json("result.json", {**result, "complete": True})
    return MultiLabelTable(result["rows"], header, run.path)


def _digits(options):
    data = load_images("mnist", options.split, data_dir=options.data_dir)
    if options.images != "all":
        if options.images > len(data):
            raise InputError(
                f"--images {options.images}: expected at most {len(data)}, all {data.split} images"
            )
        data = data.sample(options.images, options.seed)
    return data, label_digits(data, options.seed)


def _row(evaluation):
    def part(accuracy, correct, interval):
        return {"accuracy": accuracy, "correct": correct, "interval": list(interval)}

    per_label = zip(
        DIGIT_LABELS,
        evaluation.label_accuracies,
        evaluation.label_correct,
        evaluation.label_intervals,
        strict=True,
    )
    return {
        "count": evaluation.count,
        "labels": [{"label": label, **part(*values)} for label, *values in per_label],
        "all_labels": part(evaluation.accuracy, evaluation.correct, evaluation.interval),
        "seconds": evaluation.seconds,
    }


def _draw_cases(run, classifier, images, digits, sigma):
    """Both values of every label for the first digits."""
    found = classifier.classify(images[:_CASES])
    figure = plot_label_cases(
        images[:_CASES],
        found.reconstructions,
        found.differences,
        found.labels,
        digits.labels[:_CASES],
        digits.layout,
        digits.bounds,
        f"each label at 0 and at 1, the others searched, at sigma {sigma:g}: "
        "best reproduction, its difference",
    )
    run.write_figure(f"cases-sigma-{sigma:g}.png", figure)
