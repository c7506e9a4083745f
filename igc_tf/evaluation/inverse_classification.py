"""The experiments of "Inverse Classification using GANs" (000), and one it did not make."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.evaluation.check_generator import check_generator
from igc_tf.evaluation.inverse_findings import BEST_ACCURACY, BEST_LATENT_SIZE, inverse_findings
from igc_tf.evaluation.inverse_search import InverseSearch
from igc_tf.generators.generator import Generator
from igc_tf.metrics.intervals import wilson_interval
from igc_tf.plots import plot_experiments, plot_inverse_cases
from igc_tf.pretrained import generator_names, load_generator, weights_digest
from igc_tf.runs import RunDirectory, describe_environment, json_ready

DOCUMENT = "Inverse Classification using GANs"
# the document's (000 §3)
LATENT_SIZES = (10, 25, 50, 100, 200)
UPDATE_FACTORS = (0.0, 0.1, 0.5, 1.0, 2.0)
FIRST_STEPS = (0, 5, 10, 20, 50)
# what each experiment varies
VARIED = {
    "latent size": "latent_size",
    "latent update factor": "latent_update_factor",
    "latent first step": "latent_first_step",
}
_BASE = InverseSearch()
# relaxing against enumerating: the same generator evaluations, and the same steps; each with the
# learning rates it may choose from
WAYS = {
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


@dataclass(frozen=True)
class InverseClassificationOptions:
    """Repeat the three experiments of 000, and compare its search with the inverted generator's.

    Attributes:
        latent_sizes: of the first experiment, at least two and 25 among them, which is the one
            all else is tried with; by default the document's.
        images: test images, drawn at random; the same for every search.
        validation_images: on which each way of the comparison chooses its learning rate.
        repeats: searches of each image, from different latents.
        generators: a directory with a run of training.conditional_gan for each latent size,
            noise-10, noise-25 ...; the generators that ship if not given.
        output: directory for result.json, the answers and the figures.
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images and the starts.
        batch_size: images searched at once; bounds the memory.
    """

    latent_sizes: tuple[int, ...] = LATENT_SIZES
    images: int = 500
    validation_images: int = 200
    repeats: int = 5
    generators: Path | None = None
    output: Path = Path("runs/inverse-classification")
    dataset: str = "mnist"
    data_dir: Path | None = None
    seed: int = 0
    batch_size: int = 500

    def __post_init__(self):
        if len(self.latent_sizes) < 2 or BEST_LATENT_SIZE not in self.latent_sizes:
            raise InputError(
                f"--latent-sizes {self.latent_sizes}: expected at least two, {BEST_LATENT_SIZE} "
                "among them"
            )
        for name, least in (
            ("images", 2),
            ("validation_images", 1),
            ("repeats", 1),
            ("batch_size", 1),
        ):
            if getattr(self, name) < least:
                option = f"--{name.replace('_', '-')}"
                raise InputError(f"{option} {getattr(self, name)}: expected at least {least}")


def inverse_classification(options, verbose=1):
    """Runs every search that is not done yet; writes tables, figures and answers.

    Files: `result.json`; `answers/NAME.npy`, the answers (repetitions, N) of each search;
    `experiments.png`, `reconstructions.png`. Each finished search is kept: the same options on an
    unfinished output directory go on there.

    Args:
        options: an `InverseClassificationOptions`.
        verbose: 0 for silence, without the progress bar.

    Returns:
        The result, also written as `result.json`: `rows`, one per search; `experiments`, the
        names of each one's rows; `comparison`, the ways with their chosen learning rates;
        `findings`, the document's beside these; `best_settings`, of the enumerated search that is
        best on the validation images.

    Raises:
        InputError: for generators that are not there, before any search starts.
    """
    names = {size: _generator_name(options, size) for size in options.latent_sizes}
    generators = {size: load_generator(name) for size, name in names.items()}
    digests = {str(size): weights_digest(model) for size, model in generators.items()}
    data, validation = (
        load_images(options.dataset, split, data_dir=options.data_dir)
        for split in ("test", "validation")
    )
    for size, generator in generators.items():
        check_generator(names[size], generator, data)
    data = data.sample(options.images, options.seed)
    validation = validation.sample(options.validation_images, options.seed)
    run = RunDirectory(options.output)
    result = {
        "program": "python -m evaluation.inverse_classification",
        "options": json_ready(options),
        "generator_sha256": digests,
        "data": {"source": data.source, "split": data.split, "count": len(data)},
        "environment": describe_environment(),
        "complete": False,
        "rows": [],
    }
    result["rows"] = run.findings(result)
    rows = {(row["split"], row["name"]): row for row in result["rows"]}
    progress = tqdm(
        total=_whole_cost(options, data.num_classes),
        unit=" evaluations",
        unit_scale=True,
        disable=not verbose,
    )

    def searched(search, images):
        """The row of a search on the test or the validation images; made if it is not there."""
        repeats = 1 if images.split == "validation" else options.repeats
        key = (images.split, search.name)
        if key not in rows:
            rows[key] = _search(options, run, search, generators, images, repeats)
            run.write_json("result.json", {**result, "rows": list(rows.values())})
        progress.update(_cost(search, images.num_classes, len(images), repeats))
        return rows[key]

    experiments = _experiments(options)
    for searches in experiments.values():
        for search in searches:
            searched(search, data)
    comparison, enumerated = {}, []
    for name, (way, rates) in WAYS.items():
        tried = [replace(way, learning_rate=rate) for rate in rates]
        best = max(tried, key=lambda search: searched(search, validation)["accuracy"])
        searched(way, data)
        searched(best, data)
        comparison[name] = {
            "evaluations": way.evaluations(data.num_classes),
            "given": way.name,
            "chosen": best.name,
            "chosen_learning_rate": best.learning_rate,
        }
        if best.method == "enumerated":
            enumerated.append(best)
    progress.close()
    chosen = max(enumerated, key=lambda search: rows[validation.split, search.name]["accuracy"])
    result |= {
        "rows": list(rows.values()),
        "experiments": {
            name: [search.name for search in searches] for name, searches in experiments.items()
        },
        "comparison": comparison,
        "findings": _findings(run, experiments, comparison, data.labels),
        "best_settings": chosen.settings.to_dict(),
    }
    _draw(run, result, generators[BEST_LATENT_SIZE], data)
    run.write_json("result.json", {**result, "complete": True})
    return {**result, "complete": True}


def _experiments(options):
    return {
        "latent size": [replace(_BASE, latent_size=size) for size in options.latent_sizes],
        "latent update factor": [replace(_BASE, latent_update_factor=f) for f in UPDATE_FACTORS],
        "latent first step": [replace(_BASE, latent_first_step=step) for step in FIRST_STEPS],
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
    path = options.generators / f"noise-{size}" / "generator.keras"
    if not path.is_file():
        raise InputError(
            f"--generators {options.generators}: {path} is missing; "
            f"python -m training.conditional_gan compact --latent-size {size} "
            f"--output {path.parent} makes it"
        )
    return str(path)


def _search(options, run, search, generators, images, repeats):
    """Runs one search; keeps its answers and returns its row."""
    begin = time.perf_counter()
    answers, entropy, difference = search.answers(
        generators[search.latent_size], images.images, repeats, options.seed, options.batch_size
    )
    seconds = time.perf_counter() - begin
    right = answers == images.labels
    accuracies = right.mean(axis=1)
    if images.split == "test":
        run.write(f"answers/{search.name}.npy", lambda path: np.save(path, answers.astype(np.int8)))
    return {
        "name": search.name,
        "split": images.split,
        **asdict(search),
        "accuracy": float(accuracies.mean()),
        "deviation": float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
        "accuracies": accuracies.tolist(),
        "count": len(images),
        # images are the sample; repetitions are not further images
        "interval": list(wilson_interval(round(right.sum() / len(right)), len(images))),
        "entropy": entropy,
        "difference": difference,
        "seconds": seconds,
    }


def _cost(search, classes, images, repeats):
    """Generator evaluations; an enumerated search is run once."""
    repeats = 1 if search.method == "enumerated" else repeats
    return search.evaluations(classes) * images * repeats


def _whole_cost(options, classes):
    """Generator evaluations of the whole program, each search counted as often as asked for."""
    experiments = sum(
        _cost(search, classes, options.images, options.repeats)
        for searches in _experiments(options).values()
        for search in searches
    )
    ways = sum(
        2 * _cost(way, classes, options.images, options.repeats)
        + len(rates) * _cost(way, classes, options.validation_images, 1)
        for way, rates in WAYS.values()
    )
    return experiments + ways


def _findings(run, experiments, comparison, labels):
    def right(name):
        return np.load(run.path / "answers" / f"{name}.npy") == labels

    sizes = {search.latent_size: search for search in experiments["latent size"]}
    ways = {name: values["chosen"] for name, values in comparison.items()}
    return inverse_findings(right, _BASE, sizes, ways)


def _draw(run, result, generator, data):
    rows = {row["name"]: row for row in result["rows"] if row["split"] == "test"}
    panels = {
        name: [(rows[search][VARIED[name]], rows[search]) for search in searches]
        for name, searches in result["experiments"].items()
    }
    reference = {"latent size": (BEST_LATENT_SIZE, BEST_ACCURACY)}
    run.write_figure("experiments.png", plot_experiments(panels, reference, DOCUMENT))
    images = data.images[:_CASES]
    found = _BASE.classifier(generator).classify(images)
    figure = plot_inverse_cases(
        images,
        found.reconstructions,
        found.conditions,
        data.labels[:_CASES],
        data.class_names,
        Generator.of(generator).bounds,
        f"the first {_CASES} test images, their reproductions and the class vectors found",
    )
    run.write_figure("reconstructions.png", figure)
