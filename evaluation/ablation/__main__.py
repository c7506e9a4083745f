"""`python -m evaluation.ablation`: what each part of the training brings.

Generators that were trained in different ways (`training/ablation.py`), side by side: how often
their classifiers are right, how near their images are to real ones, what their training took.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.figures import plot_epochs
from evaluation.options import DatasetOptions
from evaluation.readers import network_facts
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.classifiers.network import FEATURE_LAYER, load_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.data.labelled import IMAGE_BOUNDS
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.store import load_generator
from igc_tf.metrics import FeatureStatistics, NetworkFeatures, frechet_distance, kernel_distance
from igc_tf.plots import plot_class_samples
from igc_tf.ranges import Range
from igc_tf.runs import Experiment, read_json
from igc_tf.search import named_settings

_SAMPLES = 8


@dataclass(frozen=True)
class AblationOptions(DatasetOptions):
    """Compare generators that were trained in different ways.

    Attributes:
        generator: LABEL=GENERATOR of each, a name that ships or a directory; labels differ, and
            are parts of files' names.
        images: how many are classified, drawn at random, or "all".
        split: "test"; or "validation/choices", to make choices on.
        sigma: standard deviations of the noise, as parts of the range from black to white.
        settings: the paper's, and names of settings, which are those of each generator's card if
            it has them.
        per_class: real images of each class beside as many generated ones, or "all" of the split.
        lenet: whose features the distances are measured with: a name that ships, or a directory.
        precision: what the generators' layers compute in; float32 if not given.
        batch_size: images that are searched at once; bounds the memory.
        seed: of the choice of images, the noise and the latents.
        output: directory for result.json and the figures.
    """

    generator: tuple[str, ...]
    images: Annotated[int | Literal["all"], Range(1)] = 1000
    split: Literal["test", "validation/choices"] = "test"
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    settings: tuple[str, ...] = ("paper", "best", "fast")
    per_class: Annotated[int | Literal["all"], Range(2)] = "all"
    lenet: str = "mnist-lenet"
    precision: str | None = None
    batch_size: Annotated[int, Range(1, 100_000)] = 100
    output: Path = Path("runs/ablation")

    def __post_init__(self):
        super().__post_init__()
        labels = [text.partition("=")[0] for text in self.generator]
        are_named = all(label and "/" not in label for label in labels)
        if not labels or not are_named or not all(self.named.values()):
            raise InputError(
                f"generator={self.generator!r}: expected LABEL=GENERATOR, once or more often"
            )
        if len(set(labels)) < len(labels):
            raise InputError(f"generator={self.generator!r}: expected different labels")

    @property
    def named(self):
        """{label: the name or directory of a generator}."""
        parts = [text.partition("=") for text in self.generator]
        return {label: generator for label, _, generator in parts}


def compare_trainings(options, data=None, features=None, verbose=1):
    """Measures all generators.

    The distances are those of `evaluation.fid`, of all classes at once and as the mean of the
    classes, with LeNet's features.

    Args:
        options: an `AblationOptions`.
        data: `LabelledData` to draw from; None for the images of the options.
        features: computes features of images, as `NetworkFeatures` does; None for the options'.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, one for each label, settings and sigma
        with `accuracy`, `correct`, `count`, `interval` and `milliseconds` an image; for each label
        its `trainings` (see `read_training`) and `distances`: `fid`, `kid`, `mean_fid`,
        `mean_kid`.

    Raises:
        InputError: for a generator that cannot be loaded or does not make such images.
    """
    generators = {
        label: load_generator(name, options.precision) for label, name in options.named.items()
    }
    bounds = next(iter(generators.values())).bounds
    if data is None:
        data = load_images(options.dataset, options.split, options.data_dir, bounds=bounds)
    for generator in generators.values():
        generator.check_set(data)
    trainings = {
        label: read_training(name, generators[label].card) for label, name in options.named.items()
    }
    if features is None:
        features = NetworkFeatures(
            load_network(options.lenet), bounds, options.lenet, FEATURE_LAYER, takes=IMAGE_BOUNDS
        )
    chosen = data if options.images == "all" else data.sample(options.images, options.seed)
    facts = {
        "features": features.source,
        **network_facts({features.source: features.network}),
        "generators_sha256": {label: found.digest() for label, found in generators.items()},
        "encoders_sha256": {
            label: weights_digest(found.encoder)
            for label, found in generators.items()
            if found.encoder is not None
        },
        "trainings": trainings,
        "search": {
            label: {
                name: settings.to_dict()
                for name in options.settings
                if (settings := _settings(name, generator)) is not None
            }
            for label, generator in generators.items()
        },
        "data": chosen.facts(),
    }
    run = Experiment("python -m evaluation.ablation", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    for label, generator in generators.items():
        for name in options.settings:
            settings = _settings(name, generator)
            if settings is not None:
                classifier = InvertedGeneratorClassifier(generator, settings)
                _classify(run, options, label, name, classifier, chosen)
    distances = _all_distances(run, generators, data, features, options)
    curves = {label: found["curve"] for label, found in trainings.items() if found["curve"]}
    if curves:
        run.write_figure(
            "epochs.png", plot_epochs(curves, "right of the validation images", "while they train")
        )
    return run.finish(distances=distances)


def read_training(generator, card):
    """What is recorded of a generator's training, and of those that it started from.

    Args:
        generator: its name or directory.
        card: of the generator, or None.

    Returns:
        A JSON-ready dict: `epochs`, a list of each stage's, the first stage first; `hours` of all
        stages, None where that was not recorded; `chosen_epoch` of the last stage, or None; and
        its `curve`: after each epoch, how many of the validation images were classified rightly,
        a share, by the search that the recipe judges by, None after one that was not judged; None
        where no epoch was, or the generator has no run directory.
    """
    record = (card or {}).get("training")
    history = read_json(Path(generator) / "history.json")
    stages = []
    while record:
        recipe = record["recipe"]
        stages.append((recipe.get("stop_after") or recipe["epochs"], record.get("seconds")))
        record = record.get("start")
    if history and stages:
        # an unfinished run has come so far
        stages[0] = len(history), sum(epoch["seconds"] for epoch in history)
    shares = [_finite(epoch.get("val_accuracy")) for epoch in history or []]
    stages.reverse()
    seconds = [taken for _, taken in stages]
    is_known = bool(stages) and None not in seconds
    return {
        "epochs": [epochs for epochs, _ in stages],
        "hours": sum(seconds) / 3600 if is_known else None,
        "chosen_epoch": ((card or {}).get("chosen_epoch") or {}).get("epoch"),
        "curve": None if set(shares) <= {None} else shares,
    }


def _finite(share):
    """A share as JSON has it: None for not-a-number, and where there is none."""
    return share if share is not None and math.isfinite(share) else None


def _settings(name, generator):
    """The settings of a name; None for those that the generator's card does not have."""
    is_known = name in {"paper", *generator.recorded_settings}
    return named_settings(name, generator.card) if is_known else None


def _classify(run, options, label, name, classifier, data):
    """Adds the rows of one generator with one search."""
    for sigma in options.sigma:
        if run.row(label=label, settings=name, sigma=sigma) is not None:
            continue
        run.say(f"{label}, {name} settings, sigma {sigma:g}")
        images = with_noise(data, sigma, options.seed).images
        found = classifier.evaluate(
            images, data.labels, batch_size=options.batch_size, verbose=run.verbose
        )
        run.say(f"  {found}")
        run.add(
            {
                "label": label,
                "settings": name,
                "sigma": sigma,
                **found.to_dict(),
                "milliseconds": 1000 * found.seconds / found.count,
            }
        )


def _all_distances(run, generators, data, features, options):
    """The distances of each generator from the same real images."""
    shuffled = data.sample(len(data), options.seed)
    count = None if options.per_class == "all" else options.per_class
    real = [
        features(shuffled.images[shuffled.labels == number][:count])
        for number in range(data.num_classes)
    ]
    return {
        label: _distances(run, label, generator, real, features, options)
        for label, generator in generators.items()
    }


def _distances(run, label, generator, real, features, options):
    """A generator's distances; draws samples of it."""
    begin = time.perf_counter()
    made = [
        generator.sample(np.full(len(of_class), number), [options.seed, number])
        for number, of_class in enumerate(real)
    ]
    generated = [features(images) for images in made]
    pairs = list(zip(real, generated, strict=True))
    found = {
        "fid": frechet_distance(FeatureStatistics.of(*real), FeatureStatistics.of(*generated)),
        "kid": kernel_distance(np.concatenate(real), np.concatenate(generated)),
        "mean_fid": float(
            np.mean([frechet_distance(*map(FeatureStatistics.of, pair)) for pair in pairs])
        ),
        "mean_kid": float(np.mean([kernel_distance(*pair) for pair in pairs])),
    }
    run.say(
        f"{label}: Fréchet distance {found['fid']:.2f}, KID {found['kid']:.4f} "
        f"({time.perf_counter() - begin:.0f} s)"
    )
    names = generator.layout.class_names
    samples = {name: images[:_SAMPLES] for name, images in zip(names, made, strict=True)}
    run.write_figure(
        f"samples-{label}.png", plot_class_samples(samples, generator.bounds, f"made by {label}")
    )
    return found


def main():
    """Runs the experiment with the options of the command line."""
    result = compare_trainings(parse_options(AblationOptions))
    for label, found in result["distances"].items():
        training = result["trainings"][label]
        hours = "hours not recorded" if training["hours"] is None else f"{training['hours']:.1f} h"
        print(
            f"\n{label}: epochs {training['epochs']}, {hours}; Fréchet distance "
            f"{found['fid']:.2f}, KID {found['kid']:.4f}"
        )
        rows = [row for row in result["rows"] if row["label"] == label]
        for name in dict.fromkeys(row["settings"] for row in rows):
            figures = [f"{100 * row['accuracy']:.2f}" for row in rows if row["settings"] == name]
            print(f"  {name:6} {' / '.join(figures)} %")


if __name__ == "__main__":
    run_program(main)
