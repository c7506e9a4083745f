"""`python -m evaluation.multi_label`: several labels per digit, beside LeNet (the paper, 1.3)."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from evaluation.options import DataOptions
from igc_tf.classifiers import MultiLabelInvertedGeneratorClassifier, evaluate_network
from igc_tf.classifiers.network import load_network, network_within
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import DIGIT_LABELS, label_digits, load_images
from igc_tf.data.digit_labels import draw_labelled
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.store import load_generator
from igc_tf.metrics import format_proportion
from igc_tf.plots import plot_label_cases
from igc_tf.ranges import Range
from igc_tf.runs import Experiment
from igc_tf.search import named_settings

_SEARCH, _NETWORK = "inverted generator", "LeNet-5"
_CASES = 6


@dataclass(frozen=True)
class MultiLabelOptions(DataOptions):
    """Four binary labels per digit, read by inverting a generator and by LeNet.

    Attributes:
        images: how many test digits, drawn at random, or "all". Half of them are inverted.
        sigma: standard deviations of the noise, as parts of the range from black to white.
        generator: a name that ships, a generator's directory, or a .keras file; of the task
            digit_labels.
        network: the LeNet that ships and is compared with.
        settings: the paper's search settings, or those chosen on the validation digits.
        output: directory for result.json and the figures.
        split: "test"; or "validation/choices", to make choices on.
        seed: of the choice of images, of which are inverted, and of the noise.
        batch_size: images searched at once; bounds the memory.
    """

    images: Annotated[int | Literal["all"], Range(2)] = 1000
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    generator: str = "mnist-multilabel-cagan-compact"
    network: str = "mnist-multilabel-lenet"
    settings: Literal["paper", "best"] = "paper"
    output: Path = Path("runs/multi-label")
    split: Literal["test", "validation/choices"] = "test"
    batch_size: Annotated[int, Range(1, 100_000)] = 100


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
                    cells += f"{format_proportion([*row['labels'], row['all_labels']][i]):>27}"
                lines.append(f"{sigma:5g}   {name:14}{cells}" if i == 0 else f"{name:>22}{cells}")
        return "\n".join([*lines, "", f"figures and result.json: {self.output}"])


def multi_label_table(options, data=None, verbose=1):
    """Reads the labels of noised digits both ways, and writes the table and a figure per sigma.

    Each finished row is kept: the same options on an unfinished output directory go on there.

    Args:
        options: a `MultiLabelOptions`.
        data: `LabelledData` of digits to draw from; None for MNIST's.
        verbose: 0 for silence.

    Returns:
        A `MultiLabelTable`.

    Raises:
        InputError: for options that cannot be met; before any search starts.
    """
    generator = load_generator(options.generator)
    network = network_within(load_network(options.network), generator.bounds)
    settings = named_settings(options.settings, generator.card)
    classifier = MultiLabelInvertedGeneratorClassifier(generator, settings)
    for name, labels in (
        (options.generator, classifier.generator.layout.num_labels),
        (options.network, network.output_shape[-1]),
    ):
        if labels != len(DIGIT_LABELS):
            raise InputError(f"{name} has {labels} labels: expected {len(DIGIT_LABELS)}")
    if data is None:
        data = load_images(
            "mnist", options.split, data_dir=options.data_dir, bounds=generator.bounds
        )
    label = partial(label_digits, seed=options.seed)
    if options.images == "all":
        digits = label(data)
    else:
        digits = draw_labelled(data, options.images, options.seed, label)
    facts = {
        "search": settings.to_dict(),
        "condition_update_factor": classifier.condition_unit,
        **generator.digests(),
        "network_sha256": weights_digest(network),
        "data": {"source": data.source, "split": data.split, "count": len(digits)},
    }
    run = Experiment("python -m evaluation.multi_label", options, facts, verbose=verbose)
    header = (
        f"{len(digits):,} {data.split} digits of mnist ({data.source}), half of them inverted; "
        f"generator {options.generator}, {options.settings} settings"
    )
    table = MultiLabelTable(run.rows, header, run.path)
    if run.finished is not None:
        return table
    run.say(header)

    def search(images):
        return classifier.evaluate(
            images,
            digits.labels,
            batch_size=options.batch_size,
            verbose=verbose,
            keep=lambda found: shown.append(found.take(slice(_CASES - sum(map(len, shown))))),
        )

    def ask_network(images):
        return evaluate_network(network, images, digits.labels)

    for sigma in options.sigma:
        images = with_noise(digits, sigma, options.seed).images
        # of the first digits, what the search found
        shown = []
        draw = partial(_draw_cases, run, shown, images, digits, sigma)
        for name, evaluate, draws in ((_SEARCH, search, draw), (_NETWORK, ask_network, None)):
            if run.row(sigma=sigma, classifier=name) is None:
                run.say(f"sigma {sigma:g}, {name}")
                run.add({"sigma": sigma, "classifier": name, **_row(evaluate(images))}, draws)
    run.finish()
    return table


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


def _draw_cases(run, shown, images, digits, sigma):
    """Both values of every label for the first digits."""
    found = shown[0].join(*shown[1:])
    figure = plot_label_cases(
        images[:_CASES],
        found.reconstructions,
        found.differences,
        found.predictions,
        digits.labels[:_CASES],
        digits.layout,
        digits.bounds,
        f"each label at 0 and at 1, the others searched, at sigma {sigma:g}: "
        "best reconstruction, its difference",
    )
    run.write_figure(f"cases-sigma-{sigma:g}.png", figure)


def main():
    """Runs the experiment with the options of the command line."""
    print(f"\n{multi_label_table(parse_options(MultiLabelOptions))}")


if __name__ == "__main__":
    run_program(main)
