"""How long one `classify` call of a SavedModel takes."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import tensorflow as tf

from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.runs import RunDirectory, describe_environment, json_ready


@dataclass(frozen=True)
class SavedModelSpeedOptions:
    """Time one call of an exported classifier, per number of images.

    Attributes:
        directory: a SavedModel that `igc-tf export` wrote.
        images: numbers of images in one call.
        rounds: how often each is timed, in turn; the medians are reported.
        output: directory for result.json.
    """

    directory: Path
    images: tuple[int, ...] = (1, 100)
    rounds: int = 5
    output: Path = Path("runs/saved-model-speed")

    def __post_init__(self):
        if not self.images or min(self.images) < 1:
            raise InputError(f"--images {self.images}: expected one or more whole numbers >= 1")
        if self.rounds < 1:
            raise InputError(f"--rounds {self.rounds}: expected a whole number >= 1")


def saved_model_speed(options, report=None):
    """Times the `classify` signature, after one call of each size that is not counted.

    Args:
        options: a `SavedModelSpeedOptions`.
        report: told each line of progress, e.g. `print`; None for silence.

    Returns:
        The result, also written as `result.json`: seconds of loading; per number of images the
        seconds of the first call, of each round, and their median.

    Raises:
        InputError: if the directory holds no SavedModel of 28×28×1 images.
    """
    report = report or (lambda line: None)
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

    first = {count: seconds(count) for count in options.images}
    rounds = {count: [] for count in options.images}
    for _ in range(options.rounds):
        for count in options.images:
            rounds[count].append(seconds(count))
            report(f"{count:6d} images {rounds[count][-1]:9.3f} s")
    result = {
        "program": "python -m evaluation.saved_model_speed",
        "options": json_ready(options),
        "export": RunDirectory(options.directory / "assets.extra").read_json("classifier.json"),
        "data": {"source": digits.source, "count": len(digits)},
        "environment": describe_environment(),
        "load_seconds": load_seconds,
        "rows": [
            {
                "images": count,
                "median_seconds": median(rounds[count]),
                "first_call_seconds": first[count],
                "seconds": rounds[count],
            }
            for count in options.images
        ],
    }
    RunDirectory(options.output).write_json("result.json", result)
    return result
