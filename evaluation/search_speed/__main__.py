"""`python -m evaluation.search_speed`: the batched search beside others.

Beside a search of one image at a time, as the paper's program did; or, with `--against DIRECTORY`,
beside the same search of another version of this package.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

from evaluation.apart import run_apart
from evaluation.search_speed.one_image import one_image_search
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import Experiment
from igc_tf.search import SearchSettings, named_settings

_HERE = Path(__file__).parents[2]
# run in a process of its own with one version's package on the path; knows what every version has.
# The settings may have fields that an older one did not know; what they are by default, it does.
_TIMED = """
import dataclasses, json, sys, time
import numpy
import igc_tf
given, found, generator, settings, batch_size = sys.argv[1:]
images = numpy.load(given)
known = {field.name for field in dataclasses.fields(igc_tf.SearchSettings)}
settings = {name: value for name, value in json.loads(settings).items() if name in known}
classifier = igc_tf.InvertedGeneratorClassifier(
    igc_tf.load_generator(generator), igc_tf.SearchSettings.from_dict(settings)
)
def search(some):
    return classifier.predict(some, batch_size=int(batch_size), verbose=0)
# compiles
search(images[: int(batch_size)])
begin = time.perf_counter()
scores = search(images)
seconds = time.perf_counter() - begin
numpy.savez(found, scores=scores, seconds=seconds, package=igc_tf.__file__)
"""


@dataclass(frozen=True)
class SearchSpeedOptions:
    """Time the same search in several ways, in turn, in one run.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file.
        images: for the batched search; one image at a time takes a tenth of them, and eagerly a
            fiftieth.
        batch_size: images that are searched at once.
        rounds: how often each way is timed; the medians are compared.
        steps: of each search of the comparison with one image at a time.
        against: another checkout of this project, whose package is timed instead, in processes of
            their own that alternate with this one's, with the paper's and the best settings.
        output: directory for result.json.
    """

    generator: str = "mnist-cagan-compact"
    images: Annotated[int, Range(10, 5000)] = 200
    batch_size: Annotated[int, Range(1, 100_000)] = 100
    rounds: Annotated[int, Range(1)] = 5
    steps: Annotated[int, Range(1)] = 100
    against: Path | None = None
    output: Path = Path("runs/search-speed")

    def __post_init__(self):
        check_ranges(self)
        if self.against is not None and not (self.against / "igc_tf" / "__init__.py").is_file():
            raise InputError(f"--against {self.against}: expected a directory with igc_tf in it")


def compare_ways(options, verbose=1):
    """Times the batched search, a search of one image at a time, and the same run eagerly.

    - "batched": the classifier, `batch_size` images × all classes at once.
    - "one image, tf.function": a compiled gradient step on one image's latents, called from a
      Python loop with Keras' Adam, as the paper's program did.
    - "one image, eager": the same step without `tf.function`.

    Args:
        options: a `SearchSpeedOptions`.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `images_per_second`, of each way and round, and
        their `median`; `batched_is_faster_by`, the medians' ratios; `largest_disagreement` of the
        first image's data differences.
    """
    generator = load_generator(options.generator)
    classifier = InvertedGeneratorClassifier(generator, SearchSettings(steps=options.steps))
    digits = bundled_digits().sample(options.images, seed=0)
    images = digits.images
    few = images[: max(1, options.images // 10)]
    fewest = few[: max(1, len(few) // 5)]
    ways = {
        "batched": (
            lambda x: -classifier.predict(x, batch_size=options.batch_size, verbose=0),
            images,
        ),
        "one image, tf.function": (one_image_search(classifier, compiled=True), few),
        "one image, eager": (one_image_search(classifier, compiled=False), fewest),
    }
    run = Experiment(
        "python -m evaluation.search_speed", options, _facts(generator, digits), verbose=verbose
    )
    if run.finished is not None:
        return run.finished
    rates = {name: [] for name in ways}
    # also compiles each for the shapes that are timed
    differences = {name: way(sample)[:1] for name, (way, sample) in ways.items()}
    for _ in range(options.rounds):
        for name, (way, sample) in ways.items():
            begin = time.perf_counter()
            way(sample)
            rates[name].append(len(sample) / (time.perf_counter() - begin))
            run.say(f"{name:24} {rates[name][-1]:8.2f} images a second")
    medians = {name: median(values) for name, values in rates.items()}
    return run.finish(
        images_per_second=rates,
        median=medians,
        batched_is_faster_by={name: medians["batched"] / rate for name, rate in medians.items()},
        largest_disagreement={
            name: float(abs(value - differences["batched"]).max())
            for name, value in differences.items()
        },
    )


def compare_versions(options, verbose=1):
    """Times this package's search and another version's in alternating processes.

    Args:
        options: a `SearchSpeedOptions` with `against`.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, for each settings and round the images
        per second `here` and `there`, how many predictions differ and by how much the scores at
        most; `faster_by`, for each settings the ratio of the medians.
    """
    generator = load_generator(options.generator)
    digits = bundled_digits().sample(options.images, seed=0)
    facts = {**_facts(generator, digits), "against": _commit(options.against)}
    run = Experiment("python -m evaluation.search_speed", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    for name in ("paper", "best"):
        settings = named_settings(name, generator.card)
        for number in range(options.rounds):
            if run.row(settings=name, round=number) is not None:
                continue
            # neither is always the first
            order = (_HERE, options.against) if number % 2 else (options.against, _HERE)
            timed = {folder: _timed(folder, options, settings, digits.images) for folder in order}
            (here, seconds), (there, other_seconds) = timed[_HERE], timed[options.against]
            row = {
                "settings": name,
                "round": number,
                "here": len(digits) / seconds,
                "there": len(digits) / other_seconds,
                "predictions_differ": int((here.argmax(axis=1) != there.argmax(axis=1)).sum()),
                "largest_disagreement": float(abs(here - there).max()),
            }
            run.add(row)
            run.say(
                f"{name} settings: {row['here']:8.2f} images a second here, "
                f"{row['there']:8.2f} there; {row['predictions_differ']} predictions differ"
            )
    faster_by = {}
    for name in ("paper", "best"):
        rows = [row for row in run.rows if row["settings"] == name]
        faster_by[name] = median(r["here"] for r in rows) / median(r["there"] for r in rows)
    return run.finish(faster_by=faster_by)


def _facts(generator, digits):
    return {
        **generator.digests(),
        "data": {"source": digits.source, "count": len(digits)},
    }


def _commit(folder):
    """Which version a checkout is of, as git names it; None if git does not know."""
    done = subprocess.run(
        ["git", "-C", folder, "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def _timed(folder, options, settings, images):
    """The scores and seconds of the package in a folder, in a process of its own."""
    values = run_apart(
        f"the search of {folder}",
        _TIMED,
        images,
        options.generator,
        json.dumps(settings.to_dict()),
        options.batch_size,
        # and no package of the directory in which this is run
        PYTHONPATH=folder.resolve(),
        PYTHONSAFEPATH="1",
    )
    if not Path(str(values["package"])).is_relative_to(folder.resolve()):
        raise InputError(f"igc_tf was taken from {values['package']} instead of {folder}")
    return values["scores"], float(values["seconds"])


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(SearchSpeedOptions)
    if options.against is not None:
        for name, factor in compare_versions(options)["faster_by"].items():
            print(f"{name} settings: {factor:.2f} × as fast as {options.against}")
        return
    result = compare_ways(options)
    for name, factor in result["batched_is_faster_by"].items():
        print(f"{name:24} {result['median'][name]:8.2f} images a second; batched is {factor:.1f} ×")


if __name__ == "__main__":
    run_program(main)
