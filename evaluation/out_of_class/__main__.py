"""`python -m evaluation.out_of_class`: is what is no digit doubted, and are digits not?

The library's doubts beside those of plain networks: softmax, energy, nearest neighbours.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.options import DatasetOptions
from evaluation.out_of_class.doubts import Doubter
from evaluation.out_of_class.foreign import CLOTHES, FONTS, MADE, clothes
from evaluation.readers import Readers, ReadersOptions, Sample
from igc_tf.classifiers.calibration import threshold
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import MNIST_C, VALIDATION_CORRUPTIONS, corrupt_some, load_images
from igc_tf.errors import DataError
from igc_tf.metrics import expected_calibration_error
from igc_tf.ranges import Range
from igc_tf.runs import Experiment


@dataclass(frozen=True)
class OutOfClassOptions(ReadersOptions, DatasetOptions):
    """Tell what is none of the classes by the doubt about it.

    Attributes:
        split: of the digits: "test", for reporting only; or "validation/choices", with letters in
            other typefaces.
        false_alarm: how many of the digits may be refused, as a share.
        known: compare the networks' features with so many training images; all if not given.
        dataset: an image set of TensorFlow Datasets, of grey images.
        output: directory for result.json and pictures.
    """

    split: Literal["test", "validation/choices"] = "test"
    false_alarm: Annotated[float, Range(0, 1, above=True, below=True)] = 0.01
    known: Annotated[int | None, Range(1)] = None
    output: Path = Path("runs/out-of-class")


def tell_foreign(options, data=None, verbose=1):
    """Measures how well each doubt tells foreign images from digits.

    Args:
        options: an `OutOfClassOptions`.
        data: `(training, calibration, digits)`, three `LabelledData`; None for those of the
            options' data set.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, for each kind of foreign images and
        reader the `doubts`, for each of them `auroc` and `aupr`, foreign images being what is
        looked for, among as many digits; `refused`, the share of foreign images that is refused
        where of the calibration's digits `false_alarm` are; and `digits_refused`, that of the
        digits. `doubts`, for each reader and doubt the means over the kinds; `calibration`, for
        each reader on the "clean" digits, and on the same "corrupted" in all the ways of the split,
        each in another, `accuracy`, mean `confidence` and `expected_calibration_error`; `refusals`,
        for each library likewise the share `refused` by its usual doubt, and of the others the
        `right` ones;
        `temperatures` of the settings; `left_out`, what could not be had.

    Raises:
        InputError: for a name that is not known.
        DataUnavailableError: if the images are not available.
    """
    readers = Readers(options)
    bounds = readers.generator.bounds
    if data is None:
        splits = "train", "validation/calibration", options.split
        data = [
            load_images(options.dataset, split, options.data_dir, bounds=bounds) for split in splits
        ]
    train, known, digits = data
    if options.known is not None:
        train = train.sample(min(options.known, len(train)), options.seed)
    digits = digits.sample(min(options.images, len(digits)), options.seed)
    foreign, left_out = _foreign(options, digits)
    facts = {
        **readers.facts,
        "data": digits.facts(),
        "calibration_count": len(known),
        "kinds": list(foreign),
        "left_out": left_out,
    }
    run = Experiment("python -m evaluation.out_of_class", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    for library in readers.libraries.values():
        library.calibrate(known.images, known.labels)
    with run.progress(len(readers.all) * len(foreign), "row", initial=len(run.rows)) as progress:
        for name, reader in readers.all.items():
            doubter = Doubter(reader, train.images)
            of_known, of_digits = None, None
            for kind, images in foreign.items():
                if run.row(kind=kind, reader=name) is not None:
                    continue
                if of_known is None:
                    of_known, of_digits = doubter.usual(known.images), doubter(digits.images)
                found = {
                    doubt: _told_apart(
                        of_known[doubt], of_digits[doubt], of_foreign, options.false_alarm
                    )
                    for doubt, of_foreign in doubter(images).items()
                }
                run.add({"kind": kind, "reader": name, "doubts": found})
                for doubt, figures in found.items():
                    run.say(_line(kind, name, doubt, figures))
                progress.update()
    corruptions = tuple(MNIST_C if options.split == "test" else VALIDATION_CORRUPTIONS)
    corrupted = corrupt_some(digits.images, corruptions, options.seed, bounds=bounds)
    calibration = {
        name: {
            kind: _calibrated(reader, images, digits.labels)
            for kind, images in (("clean", digits.images), ("corrupted", corrupted))
        }
        for name, reader in readers.all.items()
    }
    for library in readers.libraries.values():
        library.classifier.reject_at(options.false_alarm)
    refusals = {
        name: {
            kind: _refusals(library, images, digits.labels)
            for kind, images in (("clean", digits.images), ("corrupted", corrupted))
        }
        for name, library in readers.libraries.items()
    }
    shown = [images[:2] for images in foreign.values()]
    captions = [kind for kind in foreign for _ in range(2)]
    sample = Sample(np.concatenate(shown), np.full(len(captions), -1))
    for name in readers.libraries:
        readers.draw(run, name, sample, captions)
    temperatures = {
        name: library.classifier.calibration.temperature
        for name, library in readers.libraries.items()
    }
    return run.finish(
        doubts=_means(run.rows),
        calibration=calibration,
        refusals=refusals,
        temperatures=temperatures,
    )


def _foreign(options, digits):
    """`({kind: images (N, H, W, 1) in the digits' bounds}, {kind: why it is left out})`."""
    frame, (low, high) = digits.images.shape[1:3], np.float32(digits.bounds)
    found, left_out = {}, {}
    for kind, make in (*MADE.items(), (CLOTHES, clothes)):
        # what choices are made by is no part of what is reported
        rng = np.random.default_rng([options.seed, list(FONTS).index(options.split)])
        more = {"data_dir": options.data_dir} if kind == CLOTHES else {}
        try:
            made = make(rng, len(digits), frame, options.split, **more)
        except DataError:
            left_out[kind] = "fashion_mnist was neither prepared nor imported (igc-tf data)"
            continue
        images = low + (high - low) * made[..., None].astype(np.float32)
        found[kind] = np.clip(images, low, high)
    return found, left_out


def _told_apart(of_known, of_digits, of_foreign, false_alarm):
    """How well doubts tell foreign images from digits."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    doubts = np.concatenate([of_digits, of_foreign])
    is_foreign = np.repeat([0, 1], [len(of_digits), len(of_foreign)])
    beyond = threshold(np.sort(of_known), false_alarm)
    return {
        "auroc": float(roc_auc_score(is_foreign, doubts)),
        "aupr": float(average_precision_score(is_foreign, doubts)),
        "refused": float((of_foreign > beyond).mean()),
        "digits_refused": float((of_digits > beyond).mean()),
    }


def _calibrated(reader, images, labels):
    """How sure a reader is, and how far off that is; a network by its own softmax."""
    probabilities = reader.probabilities(images)
    return {
        "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        "confidence": float(probabilities.max(axis=1).mean()),
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
    }


def _refusals(library, images, labels):
    """How many images a library refuses, and how many of the others it reads rightly."""
    predictions = library.evaluate(images, labels).predictions
    is_answered = predictions >= 0
    right = predictions[is_answered] == labels[is_answered]
    return {"refused": float((~is_answered).mean()), "right": float(right.mean())}


def _means(rows):
    """{reader: {doubt: {figure: its mean over the kinds}}}."""
    found = {}
    for reader in dict.fromkeys(row["reader"] for row in rows):
        all_doubts = [row["doubts"] for row in rows if row["reader"] == reader]
        found[reader] = {
            doubt: {
                figure: float(np.mean([doubts[doubt][figure] for doubts in all_doubts]))
                for figure in figures
            }
            for doubt, figures in all_doubts[0].items()
        }
    return found


def _line(kind, reader, doubt, figures):
    return (
        f"{kind:12} {reader:20} {doubt:12} AUROC {100 * figures['auroc']:6.2f} %, "
        f"AUPR {100 * figures['aupr']:6.2f} %, refused {100 * figures['refused']:6.2f} %, "
        f"of the digits {100 * figures['digits_refused']:.2f} %"
    )


def main():
    """Runs the experiment with the options of the command line."""
    result = tell_foreign(parse_options(OutOfClassOptions))
    for kind, reason in result["left_out"].items():
        print(f"left out: {kind}: {reason}")
    for name, kinds in result["calibration"].items():
        errors = [
            f"{kind} {100 * kinds[kind]['expected_calibration_error']:.2f} %" for kind in kinds
        ]
        print(f"{name:20} expected calibration error: {', '.join(errors)}")
    for reader, doubts in result["doubts"].items():
        for doubt, figures in doubts.items():
            print(_line("mean", reader, doubt, figures))


if __name__ == "__main__":
    run_program(main)
