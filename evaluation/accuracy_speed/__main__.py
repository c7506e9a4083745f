"""`python -m evaluation.accuracy_speed`: accuracy over milliseconds an image.

One pass of an encoder, few and more steps from there, and the search from the prior's mean that was
the best before there was an encoder: all in one run, so that their ratios are fair.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Literal, NamedTuple

from evaluation.accuracy_speed.ways import FORMER, ways_to_classify
from evaluation.figures import plot_accuracy_over_time
from evaluation.options import DatasetOptions
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import load_generator
from igc_tf.ranges import Range
from igc_tf.runs import Experiment

# calls with a single image in each round
_ALONE = 10


@dataclass(frozen=True)
class AccuracySpeedOptions(DatasetOptions):
    """Measure accuracies and times of several ways to classify, in turn, in one run.

    Attributes:
        generator: a name that ships, or a directory; with an encoder.
        former: likewise, for the searches from the mean; if not given, the same generator.
        images: how many, drawn at random, or "all" of the split.
        split: of the images whose accuracy is measured.
        sigma: standard deviations of the noise, as parts of the range from black to white.
        steps: of the searches that the encoder starts.
        kept: with how many classes half of these go on.
        learning_rate: of their first step, from which it falls to 0; if not given, that of the
            card's best settings if they start from the encoder, else 0.002.
        bfloat16: also time the fast settings computed in mixed_bfloat16.
        paper: also the paper's settings, which take long.
        timed_images: that are searched in each round of the timing.
        batch_size: images that are searched at once.
        rounds: how often each way is timed; the medians are compared.
        output: directory for result.json and the chart.
    """

    generator: str = "mnist-cagan-compact"
    former: str | None = None
    images: Annotated[int | Literal["all"], Range(1)] = 1000
    split: Literal["validation/choices", "test"] = "validation/choices"
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    steps: Annotated[tuple[int, ...], Range(1)] = (1, 2, 4, 8, 16)
    kept: Annotated[int, Range(1)] = 3
    learning_rate: Annotated[float | None, Range(0, above=True)] = None
    bfloat16: bool = True
    paper: bool = False
    timed_images: Annotated[int, Range(1)] = 200
    batch_size: Annotated[int, Range(1, 100_000)] = 100
    rounds: Annotated[int, Range(1)] = 5
    output: Path = Path("runs/accuracy-speed")


class _Generators(NamedTuple):
    """The generators of the ways, by what they are for."""

    float32: Generator
    bfloat16: Generator | None
    former: Generator

    def of(self, way):
        """The generator that a way searches."""
        if way.is_former:
            return self.former
        return self.bfloat16 if way.precision == "mixed_bfloat16" else self.float32


def accuracy_speed(options, data=None, verbose=1):
    """Measures all ways.

    An interrupted run goes on with the accuracies that are missing; the times are all taken at its
    end, in alternating order.

    Args:
        options: an `AccuracySpeedOptions`.
        data: `LabelledData` to draw from; None for the images of the options.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, one for each way with `name`, `kind`,
        `label`, `precision`, `settings` and `accuracies`, one for each sigma; `times`, for each way
        the `milliseconds` an image of the batched search and of `one_image` alone, both medians of
        the rounds, which are there too; and `faster_by`, how many times less it takes than
        `FORMER`, in both.

    Raises:
        InputError: for a generator without an encoder.
    """
    generators = _generators(options)
    ways = ways_to_classify(options, generators.float32)
    if data is None:
        data = load_images(
            options.dataset, options.split, options.data_dir, bounds=generators.float32.bounds
        )
    for generator in (generators.float32, generators.former):
        generator.check_set(data)
    if options.images != "all":
        data = data.sample(options.images, options.seed)
    facts = {
        **generators.float32.digests(),
        "former_sha256": generators.former.digest(),
        "search": {way.name: way.settings.to_dict() for way in ways},
        "data": data.facts(),
    }
    run = Experiment("python -m evaluation.accuracy_speed", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    classifiers = {
        way.name: InvertedGeneratorClassifier(generators.of(way), way.settings) for way in ways
    }
    for way in ways:
        if run.row(name=way.name) is None:
            run.add(_row(options, way, classifiers[way.name], data, verbose))
            figures = [f"{100 * part['accuracy']:.2f}" for part in run.rows[-1]["accuracies"]]
            run.say(f"{way.name:32} {' / '.join(figures)} %")
    times = _times(options, classifiers, data.images, run)
    former = times[FORMER]
    faster_by = {
        name: {what: former[what] / taken[what] for what in ("milliseconds", "one_image")}
        for name, taken in times.items()
    }
    run.rows.sort(key=lambda row: list(classifiers).index(row["name"]))
    title = f"{generators.float32.name}, {len(data):,} images; numbers are steps"
    _draw(run, options, times, title)
    return run.finish(times=times, faster_by=faster_by)


def _generators(options):
    generator = load_generator(options.generator)
    if generator.encoder is None:
        raise InputError(f"the generator {generator.name!r} has no encoder: expected one that has")
    rough = load_generator(options.generator, "mixed_bfloat16") if options.bfloat16 else None
    former = generator if options.former is None else load_generator(options.former)
    return _Generators(generator, rough, former)


def _row(options, way, classifier, data, verbose):
    """How accurate a way is at each sigma."""
    accuracies = []
    for sigma in options.sigma:
        images = with_noise(data, sigma, options.seed).images
        evaluation = classifier.evaluate(
            images, data.labels, batch_size=options.batch_size, verbose=verbose
        )
        accuracies.append({"sigma": sigma, **evaluation.to_dict()})
    return {
        "name": way.name,
        "kind": way.kind,
        "label": way.label,
        "precision": way.precision,
        "settings": way.settings.to_dict(),
        "accuracies": accuracies,
    }


def _times(options, classifiers, images, run):
    """Milliseconds an image of every way, in batches and one image alone."""
    images = images[: options.timed_images]
    alone = images[:1]
    batched = {name: [] for name in classifiers}
    single = {name: [] for name in classifiers}

    def milliseconds(classifier, some):
        begin = time.perf_counter()
        classifier.predict(some, batch_size=options.batch_size, verbose=0)
        return 1000 * (time.perf_counter() - begin) / len(some)

    for classifier in classifiers.values():
        # compiles, and is not counted
        milliseconds(classifier, images[: options.batch_size])
        milliseconds(classifier, alone)
    for number in range(options.rounds):
        names = list(classifiers)
        # none is always the one that follows the longest
        for name in names[::-1] if number % 2 else names:
            batched[name].append(milliseconds(classifiers[name], images))
            single[name].append(
                median(milliseconds(classifiers[name], alone) for _ in range(_ALONE))
            )
    times = {
        name: {
            "milliseconds": median(batched[name]),
            "one_image": median(single[name]),
            "milliseconds_rounds": batched[name],
            "one_image_rounds": single[name],
        }
        for name in classifiers
    }
    for name, taken in times.items():
        run.say(
            f"{name:32} {taken['milliseconds']:8.2f} ms an image, {taken['one_image']:8.2f} alone"
        )
    return times


def _draw(run, options, times, title):
    """The chart, a panel for each sigma."""
    panels = {}
    for place, sigma in enumerate(options.sigma):
        panels[f"sigma {sigma:g}"] = [
            {
                "kind": row["kind"],
                "label": row["label"],
                "milliseconds": times[row["name"]]["milliseconds"],
                "accuracy": row["accuracies"][place]["accuracy"],
                "interval": row["accuracies"][place]["interval"],
            }
            for row in run.rows
        ]
    run.write_figure("accuracy-speed.png", plot_accuracy_over_time(panels, title))


def main():
    """Runs the experiment with the options of the command line."""
    result = accuracy_speed(parse_options(AccuracySpeedOptions))
    print(f"\n{'':32} {'accuracy, %':22} ms an image   alone   faster by")
    for row in result["rows"]:
        figures = [f"{100 * part['accuracy']:.2f}" for part in row["accuracies"]]
        taken, faster = result["times"][row["name"]], result["faster_by"][row["name"]]
        print(
            f"{row['name']:32} {' / '.join(figures):22} {taken['milliseconds']:11.2f} "
            f"{taken['one_image']:7.2f} {faster['milliseconds']:9.1f} ×"
        )


if __name__ == "__main__":
    run_program(main)
