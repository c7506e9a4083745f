"""Who reads the images of an evaluation: the library at some settings, and plain networks.

One helper for all programs that ask the same of all of them.
"""

import contextlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np

from evaluation.options import DataOptions
from igc_tf.classifiers import evaluate_network, load_classifier
from igc_tf.classifiers.network import load_network, network_within
from igc_tf.errors import ForeignDataWarning, InputError
from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.store import load_generator
from igc_tf.metrics import format_proportion
from igc_tf.plots import plot_readings
from igc_tf.ranges import Range
from igc_tf.runs import Experiment


@dataclass(frozen=True)
class ReadersOptions(DataOptions):
    """Who reads, and where from.

    Attributes:
        generator: a name that ships, or where a generator is kept.
        settings: of the search, names that the generator's card has settings for, or "paper".
        networks: plain networks to compare with: names that ship, or directories of trainings.
        images: how many, drawn at random; fewer where there are not so many.
        batch_size: images that are searched at once.
        seed: of the choice of images and of the random distortions.
    """

    generator: str = "mnist-cagan-compact"
    settings: tuple[str, ...] = ("fast", "best")
    networks: tuple[str, ...] = ("mnist-lenet", "mnist-lenet-fair")
    images: Annotated[int, Range(1)] = 1000
    batch_size: Annotated[int, Range(1)] = 100

    def __post_init__(self):
        super().__post_init__()
        names = reader_names(self)
        if not self.settings or len(set(names)) < len(names):
            raise InputError(
                f"settings={self.settings!r}, networks={self.networks!r}: expected the name of one "
                "settings at least, and none twice"
            )


def network_names(networks):
    """Returns the names of plain networks in a result, the ends of their paths.

    Raises:
        InputError: if two have the same, whose figures would be taken for each other's.
    """
    names = list(map(_network_name, networks))
    if len(set(names)) < len(names):
        raise InputError(f"networks={networks!r}: expected another name for each")
    return names


def network_facts(networks):
    """Returns what a result says of the networks that decide it: `networks_sha256`, by name.

    Args:
        networks: {name: a Keras model}.
    """
    return {"networks_sha256": {name: weights_digest(model) for name, model in networks.items()}}


class Library:
    """The classifier of a generator.

    Attributes:
        classifier: the `SearchClassifier`.
        batch_size: images that are searched at once.
    """

    def __init__(self, generator, settings, batch_size):
        self.classifier = load_classifier(generator, settings)
        self.batch_size = batch_size

    def evaluate(self, images, labels, mask=None):
        """Returns the `Evaluation` of images in the generator's bounds."""
        with _no_warning_of_foreign():
            return self.classifier.evaluate(images, labels, mask, self.batch_size, verbose=0)

    def predict(self, images):
        """Returns the scores (N, C) of images."""
        with _no_warning_of_foreign():
            return self.classifier.predict(images, batch_size=self.batch_size, verbose=0)

    def calibrate(self, images, labels):
        """Calibrates the classifier; returns the `Calibration`."""
        with _no_warning_of_foreign():
            return self.classifier.calibrate(images, labels, batch_size=self.batch_size, verbose=0)

    def probabilities(self, images):
        """Returns the probabilities (N, C) of the classes, once it is calibrated."""
        return self.classifier.probabilities(self.predict(images))

    def classify(self, images, mask=None):
        """Returns the `Classification` of a few images."""
        with _no_warning_of_foreign():
            return self.classifier.classify(images, mask, self.batch_size)


class Network:
    """A plain network, which cannot be told what is hidden.

    Attributes:
        model: the Keras model, of images in the generator's bounds.
        batch_size: images that it is handed at once.
    """

    batch_size = 1000

    def __init__(self, model):
        self.model = model

    def evaluate(self, images, labels, mask=None):
        """Returns the `Evaluation` of images; hidden pixels are as the caller has filled them."""
        del mask
        return evaluate_network(self.model, images, labels, self.batch_size)

    def probabilities(self, images):
        """Returns the probabilities (N, C) of the classes, as the network says them."""
        return self.model.predict(images, batch_size=self.batch_size, verbose=0)


class Readers:
    """All readers of an evaluation, loaded; and what a result says about them.

    Args:
        options: a `ReadersOptions`.

    Attributes:
        generator: the `Generator`.
        all: {name: `Library` or `Network`}, the library's first.
        facts: for the result: `generator_sha256`, `encoder_sha256`, `search` and
            `networks_sha256`.

    Raises:
        InputError: for a name that is not known.
    """

    def __init__(self, options):
        self.generator = load_generator(options.generator)
        libraries = {
            _library_name(name): Library(self.generator, name, options.batch_size)
            for name in options.settings
        }
        networks = {_network_name(name): load_network(name) for name in options.networks}
        self.all = libraries | {
            name: Network(network_within(network, self.generator.bounds))
            for name, network in networks.items()
        }
        self._warm = set()
        self.facts = {
            **self.generator.digests(),
            "search": {
                name: library.classifier.settings.to_dict() for name, library in libraries.items()
            },
            **network_facts(networks),
        }

    @property
    def libraries(self):
        """{name: `Library`}."""
        return {name: who for name, who in self.all.items() if isinstance(who, Library)}

    def measure(self, name, images, labels, mask=None):
        """How well and how fast one of them reads.

        Args:
            name: of the reader.
            images: (N, H, W, channels) in the generator's bounds.
            labels: the right classes (N,).
            mask: 0 where a pixel is hidden; None for none.

        Returns:
            JSON-ready `accuracy`, `correct`, `count`, `interval` (95 %, Wilson) and
            `milliseconds` an image; compiling is not counted.
        """
        reader = self.all[name]
        kind = name, images.shape[1:], mask is None
        if kind not in self._warm:
            first = np.s_[: reader.batch_size]
            reader.evaluate(images[first], labels[first], None if mask is None else mask[first])
            self._warm.add(kind)
        evaluation = reader.evaluate(images, labels, mask)
        return {
            **evaluation.to_dict(),
            "milliseconds": 1000 * evaluation.seconds / evaluation.count,
        }

    def draw(self, run, name, sample, captions):
        """Writes a picture of what a library reads in a few images, "examples-SETTINGS.png".

        Args:
            run: the `Experiment`.
            name: of a library.
            sample: a `Sample`; a label of -1 is none of the classes.
            captions: a text for each image.
        """
        found = self.all[name].classify(sample.images, sample.mask)
        generator, settings = self.generator, name.partition(", ")[2]
        images = sample.images
        if sample.mask is not None:
            # neither paper nor ink
            images = np.where(sample.mask > 0, images, np.mean(generator.bounds))
        figure = plot_readings(
            images,
            # also where the prediction is refused, and -1
            found.of_best(found.reconstructions),
            found.predictions,
            sample.labels,
            generator.layout.class_names,
            generator.bounds,
            captions,
            f"{generator.name}, {settings} settings",
        )
        run.write_figure(f"examples-{settings}.png", figure)


def reader_names(options):
    """The names of a `ReadersOptions`' readers, in their order."""
    return [
        *map(_library_name, options.settings),
        *map(_network_name, options.networks),
    ]


class Sample(NamedTuple):
    """Images of one kind, to be read.

    Attributes:
        images: (N, H, W, channels) in the generator's bounds.
        labels: the right classes (N,).
        mask: 0 where a pixel is hidden; None for none.
    """

    images: np.ndarray
    labels: np.ndarray
    mask: np.ndarray | None = None


def read_kinds(program, options, readers, kinds, make, facts, besides=(), verbose=1):
    """Lets all readers read images of several kinds, in one resumable run.

    Args:
        program: how the program is called.
        options: a `ReadersOptions` with an `output`.
        readers: the `Readers`.
        kinds: their names.
        make: `kind -> Sample`.
        facts: what else decides the result (see `Experiment`).
        besides: kinds that the summary leaves out.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, for each kind and reader what
        `Readers.measure` says; `readers`, the `summary`; and the machine's `load_average` at both
        ends, that at the begin None if it was resumed. Beside it a picture for each settings, of
        one image of each kind.
    """
    run = Experiment(program, options, {**readers.facts, **facts}, verbose=verbose)
    if run.finished is not None:
        return run.finished
    # nobody knows what it was when the first rows were found
    load = None if run.rows else os.getloadavg()[0]
    shown = []
    with run.progress(len(readers.all) * len(kinds), "row", initial=len(run.rows)) as progress:
        for number, kind in enumerate(kinds):
            sample = make(kind)
            place = number % len(sample.labels)
            shown.append(Sample(*[None if part is None else part[place] for part in sample]))
            for name in readers.all:
                if run.row(kind=kind, reader=name) is None:
                    run.add({"kind": kind, "reader": name, **readers.measure(name, *sample)})
                    run.say(line(run.rows[-1]))
                    progress.update()
    shown = Sample(
        *[None if part[0] is None else np.stack(part) for part in zip(*shown, strict=True)]
    )
    for name in readers.libraries:
        readers.draw(run, name, shown, kinds)
    rows = [row for row in run.rows if row["kind"] not in besides]
    return run.finish(
        readers=summary(rows, readers.all),
        load_average={"begin": load, "end": os.getloadavg()[0]},
    )


def summary(rows, order):
    """Each reader's accuracies over all kinds of images, taken together.

    Args:
        rows: dicts with `reader`, `kind`, `accuracy` and `milliseconds`.
        order: the readers' names.

    Returns:
        {reader: {`mean` of the accuracies, `least` of them, `least_kind`, median `milliseconds`}}.
    """
    found = {}
    for name in order:
        chosen = [row for row in rows if row["reader"] == name]
        least = min(chosen, key=lambda row: row["accuracy"])
        found[name] = {
            "mean": float(np.mean([row["accuracy"] for row in chosen])),
            "least": least["accuracy"],
            "least_kind": least["kind"],
            "milliseconds": float(np.median([row["milliseconds"] for row in chosen])),
        }
    return found


def line(row):
    """A row for people."""
    return (
        f"{row['kind']:20} {row['reader']:20} {format_proportion(row, 2):>26} "
        f"{row['milliseconds']:8.2f} ms an image"
    )


def table(readers):
    """A `summary` for people."""
    lines = [f"{'':24} {'mean, %':>8} {'least, %':>9}  {'of':20} {'ms an image':>11}"]
    for name, row in readers.items():
        lines.append(
            f"{name:24} {100 * row['mean']:8.2f} {100 * row['least']:9.2f}  {row['least_kind']:20} "
            f"{row['milliseconds']:11.2f}"
        )
    return "\n".join(lines)


def _library_name(settings):
    return f"library, {settings}"


def _network_name(name):
    return Path(name).name


@contextlib.contextmanager
def _no_warning_of_foreign():
    """That the images are other than the generator's is what these evaluations are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForeignDataWarning)
        yield
