"""`python -m evaluation.nuisance`: is what the library says of an image's bending so?

Digits are turned, shifted, scaled, blurred, covered; what is found is compared with what was done.
A digit has a pose of its own, which cannot be told from one that it was given: what should be found
is what the same search finds of the digit before, and then what was done to it.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.nuisance.bending import (
    blurred,
    composed,
    covered,
    overlap,
    posed,
    random_bending,
)
from evaluation.options import DataOptions
from igc_tf.classifiers import load_classifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.metrics.intervals import proportion
from igc_tf.plots import plot_explanations
from igc_tf.ranges import Range
from igc_tf.runs import Experiment

# what issue and page ask for: the median error at most, of the overlap at least
DEMANDED = {"rotation": 3.0, "shift": 0.5, "scale": 0.05, "blur": 0.3, "overlap": 0.5}
_POSE = ("shift down", "shift right", "scale", "rotation")
# {kind: what is done to the digits, in this order}
KINDS = {
    "nothing": (),
    "pose": ("pose",),
    "blur": ("blur",),
    "rectangle": ("rectangle",),
    "bars": ("bars",),
    "pose and blur": ("pose", "blur"),
    "all at once": ("pose", "blur", "rectangle"),
}
_SHOWN = 2


@dataclass(frozen=True)
class NuisanceOptions(DataOptions):
    """Check what is said of digits that were bent in known ways.

    Attributes:
        generator: a name that ships, or where a generator is kept; it needs an encoder.
        settings: of the search, a name that the generator's card has settings for, which find out
            what happened.
        split: of the digits.
        kinds: of bending; what is found of digits to which nothing was done is always asked.
        images: how many, drawn at random; fewer where there are not so many.
        rotation: largest angle to either side, degrees.
        shift: largest distance along each axis, pixels.
        scaling: the sizes lie from 1 - scaling to 1 + scaling.
        blur: the greatest, standard deviation of a Gaussian, pixels.
        batch_size: images that are searched at once.
        seed: of the choice of images and of the random distortions.
        output: directory for result.json and the picture.
    """

    generator: str = "mnist-cagan-observed"
    settings: str = "robust"
    split: Literal["validation/bounds", "validation/choices", "test"] = "validation/bounds"
    kinds: tuple[Literal[tuple(KINDS)], ...] = tuple(KINDS)
    images: Annotated[int, Range(1)] = 500
    rotation: Annotated[float, Range(0, 90)] = 20.0
    shift: Annotated[float, Range(0)] = 4.0
    scaling: Annotated[float, Range(0, 1, below=True)] = 0.2
    blur: Annotated[float, Range(0)] = 2.0
    batch_size: Annotated[int, Range(1)] = 100
    output: Path = Path("runs/nuisance")


def check_nuisance(options, data=None, verbose=1):
    """Measures how far off what is said of bent digits is.

    Args:
        options: a `NuisanceOptions`.
        data: `LabelledData` to draw from; None for MNIST's digits of the options' split.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, for each kind of bending how many were
        read (`accuracy`, `correct`, `count`, `interval`), `errors`, the medians of rotation
        (degrees), shift along each axis (pixels), scale (share), blur (pixels) and of the
        `overlap` of the covered pixels, of what the kind bends; `raw_errors`, the same of the pose
        without regard to the digit's own; `covered`, in how many images covered pixels were found;
        `milliseconds` an image to read and to measure; `demanded`.

    Raises:
        InputError: for a name that is not known, or images that are not grey.
        DataUnavailableError: if the images are not available.
    """
    classifier = load_classifier(options.generator, options.settings)
    generator = classifier.generator
    if data is None:
        data = load_images("mnist", options.split, options.data_dir, bounds=generator.bounds)
    data = data.sample(min(options.images, len(data)), options.seed)
    if data.images.shape[3] != 1:
        raise InputError(f"images of shape {data.images.shape[1:]}: expected grey ones")
    low, high = np.float32(data.bounds)
    unit = (data.images[..., 0].astype(float) - low) / (high - low)
    bending = random_bending(
        np.random.default_rng(options.seed),
        unit.shape,
        options.rotation,
        options.shift,
        options.scaling,
        options.blur,
    )
    facts = {
        **classifier.identity(),
        "data": data.facts(),
        "demanded": DEMANDED,
    }
    run = Experiment("python -m evaluation.nuisance", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    before, shown = None, []
    kinds = {kind: done for kind, done in KINDS.items() if kind in options.kinds or not done}
    missing = [kind for kind in kinds if run.row(kind=kind) is None]
    if missing:
        # compiling is not counted
        _measured(classifier, data.images[: options.batch_size], options.batch_size)
    with run.progress(len(kinds), "kind", initial=len(kinds) - len(missing)) as progress:
        for kind, done in kinds.items():
            images = low + (high - low) * np.clip(_bent(unit, bending, done), 0, 1)
            images = images[..., None].astype(np.float32)
            # what was found before is only drawn, but for the digits' own poses
            if kind not in missing and (done or not missing):
                images = images[:_SHOWN]
            found, milliseconds = _measured(classifier, images, options.batch_size)
            if before is None:
                before = _values(found, _POSE)
            shown.append((images[:_SHOWN], found.take(slice(_SHOWN))))
            if kind in missing:
                row = _row(kind, done, found, data.labels, bending, before)
                run.add({**row, "milliseconds": milliseconds})
                run.say(_line(run.rows[-1]))
                progress.update()
    run.write_figure("examples.png", _picture(shown, generator))
    return run.finish()


def _bent(unit, bending, done):
    """Images (N, H, W) in [0, 1] to which everything of a kind was done."""
    for name in done:
        if name == "pose":
            unit = posed(unit, bending)
        elif name == "blur":
            unit = blurred(unit, bending)
        else:
            unit = covered(unit, bending, getattr(bending, name))
    return unit


def _measured(classifier, images, batch_size):
    """What was found and measured, and milliseconds an image."""
    begin = time.perf_counter()
    found = classifier.classify(images, batch_size=batch_size)
    found = classifier.measure(images, found)
    return found, 1000 * (time.perf_counter() - begin) / len(images)


def _values(found, names):
    """(N, names) of what was found."""
    known, _, values = found.nuisance
    return np.stack([values[:, known.index(name)] for name in names], axis=1)


def _row(kind, done, found, labels, bending, before):
    is_right = found.predictions == labels
    row = {
        "kind": kind,
        **proportion(int(is_right.sum()), len(labels)),
        "errors": {},
        "covered": float(found.covered.any(axis=(1, 2, 3)).mean()),
    }
    if "pose" in done:
        poses = _values(found, _POSE)
        neutral = np.tile([0.0, 0.0, 1.0, 0.0], [len(labels), 1])
        row["errors"] |= _pose_errors(poses, composed(bending, before))
        row["raw_errors"] = _pose_errors(poses, composed(bending, neutral))
    if "blur" in done:
        width = _values(found, ["blur"])[:, 0]
        row["errors"]["blur"] = float(np.median(np.abs(width - bending.blur)))
    for cover in set(done) & {"rectangle", "bars"}:
        overlaps = overlap(found.covered[..., 0], getattr(bending, cover))
        row["errors"]["overlap"] = float(np.median(overlaps))
    return row


def _pose_errors(found, true):
    off = np.abs(found - true)
    return {
        "rotation": float(np.median(off[:, 3])),
        "shift": float(np.median(off[:, :2])),
        "scale": float(np.median(off[:, 2] / true[:, 2])),
    }


def _picture(shown, generator):
    """The first images of each kind, and what was made of them."""
    images, parts = zip(*shown, strict=True)
    found = parts[0].join(*parts[1:])
    made = map(found.of_best, (found.compared, found.observed, found.reconstructions))
    captions = [found.explain(i) for i in range(len(found))]
    return plot_explanations(np.concatenate(images), *made, captions, generator.bounds)


def _line(row):
    errors = ", ".join(f"{name} {value:.3g}" for name, value in row["errors"].items())
    return f"{row['kind']:14} read {100 * row['accuracy']:6.2f} %  {errors}"


def main():
    """Runs the experiment with the options of the command line."""
    result = check_nuisance(parse_options(NuisanceOptions))
    print("\n".join(_line(row) for row in result["rows"]))


if __name__ == "__main__":
    run_program(main)
