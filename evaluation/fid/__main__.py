"""`python -m evaluation.fid`: how near a generator's images are to real ones.

FID and KID, per class and over all classes (the paper, section 2).
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.figures import plot_bars
from evaluation.options import DatasetOptions
from evaluation.readers import network_facts
from igc_tf.classifiers.network import FEATURE_LAYER, load_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.data.labelled import IMAGE_BOUNDS
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.metrics import (
    FeatureStatistics,
    InceptionFeatures,
    NetworkFeatures,
    frechet_distance,
    kernel_distance,
)
from igc_tf.plots import plot_class_samples
from igc_tf.ranges import Range
from igc_tf.runs import Experiment

# the mean of the classes' FIDs, with Inception at 84×84×3 (the paper, section 2)
PAPER_FID = 2.0
# two halves of two images each: the fewest that have covariances
_LEAST_PER_CLASS = 4
_SAMPLES = 12
_FIGURES = ("fid", "kid", "half_fid", "half_kid", "floor_fid", "floor_kid")


@dataclass(frozen=True)
class FIDOptions(DatasetOptions):
    """Measure a generator's images by FID and KID, per class and over all classes.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file.
        features: of InceptionV3 at 84×84×3, as the paper; or of LeNet, which ships.
        inception_weights: a file of InceptionV3's weights without the top, where
            keras.applications cannot fetch those of ImageNet.
        output: directory for result.json and the figures.
        dataset: an image set of TensorFlow Datasets, of the generator's shape.
        split: of the real images: "test"; or "validation/choices", to make choices on.
        per_class: real images of each class, drawn at random, or "all"; as many are generated.
        seed: of the latents, the choice of images and their halves.
        batch_size: images whose features are computed at once; bounds the memory.
    """

    generator: str = "mnist-cagan-compact"
    features: Literal["inception", "lenet"] = "inception"
    inception_weights: Path | None = None
    output: Path = Path("runs/fid")
    split: Literal["test", "validation/choices"] = "test"
    per_class: Annotated[int | Literal["all"], Range(_LEAST_PER_CLASS)] = "all"
    batch_size: Annotated[int, Range(1, 100_000)] = 100

    def __post_init__(self):
        super().__post_init__()
        if self.inception_weights is not None:
            if self.features != "inception":
                raise InputError(
                    f"--inception-weights {self.inception_weights}: expected only with "
                    "--features inception"
                )
            if not Path(self.inception_weights).is_file():
                raise InputError(
                    f"--inception-weights {self.inception_weights}: expected an existing file"
                )


@dataclass(frozen=True)
class FIDTable:
    """What `measure_fid` found.

    Each row is a dict with `name`, `count` (real images; as many generated) and

    - `fid`, `kid`: real against generated images;
    - `floor_fid`, `floor_kid`: one random half of the real images against the other;
    - `half_fid`, `half_kid`: one of these halves against as many generated images. A FID grows
      as its samples shrink, so the floor is to be compared with this, not with `fid`.

    Attributes:
        rows: one per class, in order.
        mean: the mean of these rows; its `fid` is the paper's figure.
        whole: of all classes' images at once.
        features: which features these figures used.
        header: what was measured, with what.
        output: the directory of the files.
    """

    rows: list[dict]
    mean: dict
    whole: dict
    features: str
    header: str
    output: Path

    def __str__(self):
        lines = [
            self.header,
            "",
            "                      generated           generated, half        real, two halves",
            "class     images      FID       KID       FID       KID       FID       KID",
        ]
        for row in (*self.rows, self.mean, self.whole):
            figures = "".join(
                f"{row[name]:10.4f}" if name.endswith("kid") else f"{row[name]:10.3f}"
                for name in _FIGURES
            )
            lines.append(f"{row['name']:10}{row['count']:6,}{figures}")
        if self.features.startswith("lenet"):
            note = f"features of LeNet: not comparable with the paper's {PAPER_FID} (Inception)"
        else:
            note = f"paper, mean of the classes: FID {PAPER_FID} (Inception; its weights not said)"
        return "\n".join(
            [
                *lines,
                "",
                note,
                "halves have half the images, and a FID grows as images get fewer: compare the "
                "last two",
                f"figures and result.json: {self.output}",
            ]
        )


def measure_fid(options, data=None, features=None, verbose=1):
    """Measures FID and KID between real and generated images, and between real ones.

    For every class as many images are generated as real ones are there: its one-hot condition,
    latents from the generator's prior.

    Args:
        options: a `FIDOptions`.
        data: `LabelledData` of the real images; None for the data set of the options.
        features: computes features of images, as `NetworkFeatures` does; None for the options'.
        verbose: 0 for silence.

    Returns:
        A `FIDTable`.

    Raises:
        InceptionWeightsError: if Inception's weights are not available.
        InputError: for options that cannot be met; before any features are computed.
        DataUnavailableError: if the real images are not available.
    """
    generator = load_generator(options.generator)
    if data is None:
        data = load_images(
            options.dataset, options.split, data_dir=options.data_dir, bounds=generator.bounds
        )
    if generator.layout.size == 1:
        data = data.unlabelled()
    generator.check_set(data)
    # in a random order, by which the halves and the choice of images are random
    data = data.sample(len(data), options.seed)
    members = [_members(data, label, options) for label in range(data.num_classes)]
    count = sum(map(len, members))
    features = features or _features(options, generator)
    facts = {
        "features": features.source,
        **network_facts({features.source: features.network}),
        "generator_sha256": generator.digest(),
        "data": {
            "source": data.source,
            "split": data.split,
            "count": count,
            "generated": count,
        },
        "paper": {"mean_fid": PAPER_FID, "features": "Inception at 84×84×3, section 2"},
    }
    header = (
        f"generator {options.generator} against {count:,} {data.split} images of "
        f"{data.name} ({data.source}); features: {features.source}"
    )
    run = Experiment("python -m evaluation.fid", options, facts, verbose=verbose)
    if run.finished is not None:
        mean, whole = run.finished["mean"], run.finished["all"]
        return FIDTable(run.rows, mean, whole, features.source, header, run.path)
    run.say(header)

    # nobody knows what the first rows took
    begin = None if run.rows else time.perf_counter()
    generated = [
        generator.sample(np.full(len(rows), label), [options.seed, label])
        for label, rows in enumerate(members)
    ]
    run.say("features of the real images")
    real_features = features(data.images[np.concatenate(members)], verbose)
    run.say("features of the generated images")
    generated_features = features(np.concatenate(generated), verbose)
    ends = np.cumsum([len(rows) for rows in members])[:-1]
    pairs = list(
        zip(np.split(real_features, ends), np.split(generated_features, ends), strict=True)
    )
    run.say("distances")
    for name, (real, made) in zip(data.class_names, pairs, strict=True):
        if run.row(name=name) is None:
            run.add({"name": name, "count": len(real), **_figures([real], [made])})
    mean = {"name": "mean", "count": count // len(run.rows)}
    mean |= {name: float(np.mean([row[name] for row in run.rows])) for name in _FIGURES}
    whole = {"name": "all", "count": count, **_figures(*zip(*pairs, strict=True))}
    table = FIDTable(run.rows, mean, whole, features.source, header, run.path)
    _draw(run, options, table, data, generated, generator.bounds)
    seconds = None if begin is None else time.perf_counter() - begin
    run.finish(mean=mean, all=whole, seconds=seconds)
    return table


def _members(data, label, options):
    """Where a class's real images are, as many as asked for."""
    found = np.flatnonzero(data.labels == label)
    wanted = len(found) if options.per_class == "all" else options.per_class
    if len(found) < max(wanted, _LEAST_PER_CLASS):
        raise InputError(
            f"class {data.class_names[label]} has {len(found)} {data.split} images: expected at "
            f"least {max(wanted, _LEAST_PER_CLASS)} (--per-class {options.per_class})"
        )
    return found[:wanted]


def _features(options, generator):
    if options.features == "lenet":
        facts = generator.bounds, "lenet", FEATURE_LAYER, options.batch_size, IMAGE_BOUNDS
        return NetworkFeatures(load_network(), *facts)
    weights = options.inception_weights or "imagenet"
    return InceptionFeatures(generator.data_shape, generator.bounds, weights, options.batch_size)


def _figures(real, generated):
    """The six figures of one or more classes' features, each class's halved by itself."""
    first = [features[: len(features) // 2] for features in real]
    second = [features[len(features) // 2 :][: len(features) // 2] for features in real]
    half_generated = [features[: len(features) // 2] for features in generated]
    figures = {}
    for name, one, other in (
        ("", real, generated),
        ("half_", first, half_generated),
        ("floor_", first, second),
    ):
        figures[f"{name}fid"] = frechet_distance(
            FeatureStatistics.of(*one), FeatureStatistics.of(*other)
        )
        figures[f"{name}kid"] = kernel_distance(np.concatenate(one), np.concatenate(other))
    return figures


def _draw(run, options, table, data, generated, bounds):
    named = "LeNet" if options.features == "lenet" else "Inception"
    for figure in ("fid", "kid"):
        series = {
            "generated": [row[figure] for row in table.rows],
            "generated, half as many": [row[f"half_{figure}"] for row in table.rows],
            "floor: real, two halves": [row[f"floor_{figure}"] for row in table.rows],
        }
        title = f"{options.generator}, features of {named}, {table.whole['count']:,} images"
        run.write_figure(
            f"{figure}.png",
            plot_bars(data.class_names, series, f"{figure.upper()} per class", title=title),
        )
    samples = min(_SAMPLES, *(len(images) for images in generated))
    pictures = {
        name: images[:samples] for name, images in zip(data.class_names, generated, strict=True)
    }
    run.write_figure(
        "samples.png", plot_class_samples(pictures, bounds, f"generated by {options.generator}")
    )


def main():
    """Runs the experiment with the options of the command line."""
    print(f"\n{measure_fid(parse_options(FIDOptions))}")


if __name__ == "__main__":
    run_program(main)
