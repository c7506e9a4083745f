"""`python -m evaluation.exports.parity DIR`: an export beside the Python classifier."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from evaluation.apart import run_apart
from evaluation.options import DatasetOptions
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.metrics import proportion
from igc_tf.ranges import Range
from igc_tf.runs import Experiment, read_json
from igc_tf.search import SearchSettings

# the user's side: a process that cannot import what the export claims not to need
_RUN_SAVED_MODEL = """
import sys
sys.modules["igc_tf"] = None
import numpy, tensorflow
images, found, directory = sys.argv[1:]
classify = tensorflow.saved_model.load(directory).signatures["classify"]
answer = classify(images=tensorflow.constant(numpy.load(images)))
numpy.savez(found, **{name: value.numpy() for name, value in answer.items()})
"""
_RUN_HLO = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
import numpy
from igc_tf.export.hlo_program import HLOProgram
images, found, directory = sys.argv[1:]
numpy.savez(found, **HLOProgram(directory)(numpy.load(images)))
"""


@dataclass(frozen=True)
class ExportParityOptions(DatasetOptions):
    """Compare an exported classifier with the Python one, on noised test digits.

    Attributes:
        directory: what `igc-tf export` wrote: a SavedModel, run in a process without this
            package; or an HLO program, run under JAX in a process without TensorFlow.
        generator: that was exported: a name that ships, a generator's directory, or a .keras file.
        images: test images, drawn at random with the seed.
        sigma: standard deviations of the noise, as parts of the range from black to white.
        dataset: an image set of TensorFlow Datasets, of the generator's shape.
        output: directory for result.json.
    """

    directory: tyro.conf.Positional[Path]
    generator: str = "mnist-cagan-compact"
    images: Annotated[int, Range(1)] = 100
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.4)
    output: Path = Path("runs/export-parity")


def export_parity(options, data=None, verbose=1):
    """Classifies the same images here and with the export, each in its own process.

    Args:
        options: an `ExportParityOptions`.
        data: `LabelledData` to draw from; None for the test images of the options' data set.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: per sigma, in how many images the labels are
        the same, how far the differences deviate at most, in the median, and which share of them
        by no more than `tolerance`; `agrees`, whether all labels are the same and that share is
        at least the row's `required_share`.

        For a SavedModel that is 1. XLA rounds in other places than TensorFlow's kernels, and many
        steps down an absolute difference amplify that in some searches. For HLO each row therefore
        also tells how far TensorFlow departs from itself when it compiles the same search with
        XLA; no more than 5 points less than its share is required.

    Raises:
        InputError: for a directory without an export, or one of another generator or kind of
            classifier; if the export fails to run, the message says why.
    """
    directory = options.directory
    hlo = (directory / "program.json").is_file()
    described = directory / ("program.json" if hlo else "assets.extra/classifier.json")
    if not described.is_file():
        raise InputError(f"{directory}: expected a directory that `igc-tf export` wrote")
    description = read_json(described)
    if description["classifier"] != InvertedGeneratorClassifier.__name__:
        raise InputError(
            f"{directory} is the export of a {description['classifier']}: expected one of an "
            f"{InvertedGeneratorClassifier.__name__}"
        )
    generator = load_generator(options.generator)
    if any(description.get(name) != digest for name, digest in generator.digests().items()):
        raise InputError(
            f"{directory} was exported from another generator than {options.generator}"
        )
    settings = SearchSettings.from_dict(description["search"])
    classifier = InvertedGeneratorClassifier(generator, settings)
    if data is None:
        data = load_images(
            options.dataset,
            "test",
            data_dir=options.data_dir,
            fallback=True,
            bounds=generator.bounds,
        )
    generator.check_set(data)
    data = data.sample(min(options.images, len(data)), options.seed)
    tolerance = 1e-4 if hlo else 1e-5
    facts = {
        "format": "hlo" if hlo else "saved_model",
        "export": description,
        "data": data.facts(),
        "tolerance": tolerance,
    }
    run = Experiment("python -m evaluation.exports.parity", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    for sigma in options.sigma:
        if run.row(sigma=sigma) is not None:
            continue
        images = with_noise(data, sigma, options.seed).images
        here = classifier.classify(images)
        program = _RUN_HLO if hlo else _RUN_SAVED_MODEL
        there = run_apart(f"running {directory}", program, images, directory)
        correct = int((there["label"] == data.labels).sum())
        row = {
            "sigma": sigma,
            **_compared(there["label"], there["difference"], here, tolerance),
            "required_share": 1.0,
            **proportion(correct, len(images)),
        }
        run.say(_line(sigma, "export", row))
        if hlo:
            settings = replace(classifier.settings, jit_compile=True)
            xla = InvertedGeneratorClassifier(generator, settings)
            xla = xla.classify(images)
            row["tensorflow_xla"] = _compared(xla.predictions, xla.differences, here, tolerance)
            row["required_share"] = row["tensorflow_xla"]["share_within_tolerance"] - 0.05
            run.say(_line(sigma, "TensorFlow's XLA", {**row, **row["tensorflow_xla"]}))
        run.add(row)
    agrees = all(
        row["same_labels"] == row["count"]
        and row["share_within_tolerance"] >= row["required_share"]
        for row in run.rows
    )
    return run.finish(agrees=agrees)


def _compared(labels, differences, here, tolerance):
    # a class that was dropped has no difference
    was_kept = np.isfinite(here.differences)
    deviation = np.abs(differences - here.differences)[was_kept]
    return {
        "same_labels": int((labels == here.predictions).sum()),
        "largest_deviation": float(deviation.max()),
        "median_deviation": float(np.median(deviation)),
        "share_within_tolerance": float((deviation <= tolerance).mean()),
    }


def _line(sigma, name, row):
    return (
        f"sigma {sigma:g}, {name}: {row['same_labels']} of {row['count']} labels the same; "
        f"differences within {row['largest_deviation']:.1e}, median {row['median_deviation']:.1e}, "
        f"{100 * row['share_within_tolerance']:.1f} % within the tolerance"
    )


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(ExportParityOptions)
    result = export_parity(options)
    verdict = "agrees" if result["agrees"] else "DISAGREES"
    share = 100 * min(row["required_share"] for row in result["rows"])
    print(f"{verdict} (same labels, {share:g} % within {result['tolerance']:g}): {options.output}")
    return 0 if result["agrees"] else 1


if __name__ == "__main__":
    run_program(main)
