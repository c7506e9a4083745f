"""`python -m evaluation.exports.speed DIR`: how long a call of an exported classifier takes."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import tensorflow as tf
import tyro

from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import Experiment, read_json


@dataclass(frozen=True)
class SavedModelSpeedOptions:
    """Time one call of an exported classifier, per number of images.

    Attributes:
        directory: a SavedModel that `igc-tf export` wrote.
        images: numbers of images in one call.
        rounds: how often each is timed, in turn; the medians are reported.
        output: directory for result.json.
    """

    directory: tyro.conf.Positional[Path]
    images: Annotated[tuple[int, ...], Range(1)] = (1, 100)
    rounds: Annotated[int, Range(1)] = 5
    output: Path = Path("runs/saved-model-speed")

    def __post_init__(self):
        check_ranges(self)


def saved_model_speed(options, verbose=1):
    """Times the `classify` signature, after one call of each size that is not counted.

    Args:
        options: a `SavedModelSpeedOptions`.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: seconds of loading; per number of images the
        seconds of the first call, of each round, and their median.

    Raises:
        InputError: if the directory holds no SavedModel of 28×28×1 images.
    """
    if not tf.saved_model.contains_saved_model(str(options.directory)):
        raise InputError(
            f"{options.directory} holds no SavedModel: expected a saved_model.pb in it"
        )
    digits = bundled_digits().sample(max(options.images), seed=0)
    samples = {count: tf.constant(digits.images[:count]) for count in options.images}
    begin = time.perf_counter()
    model = tf.saved_model.load(str(options.directory))
    load_seconds = time.perf_counter() - begin
    classify = model.signatures.get("classify")
    inputs = classify.structured_input_signature[1] if classify is not None else {}
    expected = [None, *digits.images.shape[1:]]
    if "images" not in inputs or not inputs["images"].shape.is_compatible_with(expected):
        raise InputError(
            f"{options.directory} holds a SavedModel with the signatures "
            f"{sorted(model.signatures)}: expected one that `igc-tf export` wrote, whose classify "
            f"takes images {tuple(expected)}"
        )

    def seconds(count):
        begin = time.perf_counter()
        classify(images=samples[count])["label"].numpy()
        return time.perf_counter() - begin

    facts = {
        "export": read_json(options.directory / "assets.extra" / "classifier.json"),
        "data": {"source": digits.source, "count": len(digits)},
    }
    run = Experiment("python -m evaluation.exports.speed", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    first = {count: seconds(count) for count in options.images}
    rounds = {count: [] for count in options.images}
    for _ in range(options.rounds):
        for count in options.images:
            rounds[count].append(seconds(count))
            run.say(f"{count:6d} images {rounds[count][-1]:9.3f} s")
    # all are timed in turn, and so anew in a run that goes on
    run.rows = [
        {
            "images": count,
            "median_seconds": median(rounds[count]),
            "first_call_seconds": first[count],
            "seconds": rounds[count],
        }
        for count in options.images
    ]
    return run.finish(load_seconds=load_seconds)


def main():
    """Runs the experiment with the options of the command line."""
    for row in saved_model_speed(parse_options(SavedModelSpeedOptions))["rows"]:
        print(f"{row['images']:6d} images {row['median_seconds']:9.3f} s in the median")


if __name__ == "__main__":
    run_program(main)
