"""Trains on a set of one's own pictures, from the first step to a classifier that is judged."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from igc_tf.classifiers import diagnose, load_classifier
from igc_tf.classifiers.load import calibration_record
from igc_tf.generators.store import (
    generator_card,
    load_generator,
    recorded_settings,
    update_card,
)
from igc_tf.metrics import expected_calibration_error, proportion, reliability
from igc_tf.plots import plot_calibration, plot_class_samples, plot_confusion
from igc_tf.runs import Experiment, describe_run, differences, json_ready
from igc_tf.runs.experiment import finished_already
from igc_tf.training.settings_choice import choose_settings, encoder_rounds
from igc_tf.training.train_gan import fit_generator

# pictures of a class in the sheet, and those that diagnosis and choice look at
_SHEET, _DIAGNOSED, _CHOICES = 10, 100, 500
# with fewer pictures than this to choose by, little is tried
_FEW_CHOICES = 300
# an interval as wide as this says little
_WIDE = 0.1


@dataclass(frozen=True)
class _Choice:
    """The options of the experiment that chooses the settings."""

    output: Path


def train_own_pictures(images, recipe, output, reasons=(), verbose=1, strategy=None, asked=None):
    """Trains, chooses search settings, calibrates, judges and diagnoses; or resumes that.

    What the same call has finished stays as it is, and so does what was written on its card since.

    `output` then is the directory of a generator, which all commands and `load_classifier` take:
    its card says what the classes are, how pictures are read, which settings were chosen and what
    their scores mean. Beside what `train_generator` writes there are

    - `result.json`: the set, the recipe and why it is so; how well pictures are read that nothing
      was trained with or chosen by, with the 95 % Wilson interval, class by class, beside the
      nearest class mean; the confusion matrix, the calibration and the diagnosis;
    - `samples.png`, `confusion.png`, `calibration.png`, `reconstructions.png`;
    - `settings/`: the choice of the search settings.

    Args:
        images: an `OwnImages`.
        recipe: a `CAGANRecipe`, such as `suited_recipe` chooses.
        output: the directory.
        reasons: why the recipe is so, for the result.
        verbose: 0 for silence.
        strategy: as for `train_generator`.
        asked: the options that recipe and images were chosen by, {name: JSON-ready value}, which a
            refusal names, as it does the pictures.

    Returns:
        What `result.json` holds; None for a worker that is not the chief, which ends when the
        generator is trained.

    Raises:
        InputError: if `output` holds a run on other pictures, or by another recipe.
        NonFiniteLossError: if a loss is no longer finite.
    """
    parts = images.train, images.validation
    count = sum(map(len, (*parts, images.test)))
    pictures = f"{count} of {images.name}, content {images.digest[:16]}"
    asked = {"the pictures": pictures, **(asked or {})}
    run = fit_generator(recipe, output, parts, verbose=verbose, strategy=strategy, asked=asked)
    begin = time.perf_counter()
    if not run.is_chief:
        return None
    made = {"data": describe_images(images), "recipe": json_ready(recipe)}
    earlier = run.read_json("result.json") or {}
    if not differences(earlier, made):
        if verbose:
            print(finished_already(run.path))
        return earlier
    update_card(run.path, name=images.name, arrange=images.arrange)
    settings = _choose(run, images, verbose)
    named = {**recorded_settings(run.path), "best": settings.to_dict()}
    update_card(run.path, settings=named)
    classifier = load_classifier(run.path, "best")
    chosen_by = images.validation
    classifier.calibrate(chosen_by.images, chosen_by.labels, verbose=0, smoothed=True)
    records = generator_card(run.path).get("calibration") or {}
    records = {**records, "best": calibration_record(classifier, chosen_by)}
    update_card(run.path, calibration=records)
    judged, figures = _judge(classifier, images.test)
    diagnosis = diagnose(
        classifier.generator,
        {
            name: part.sample(min(_DIAGNOSED, len(part)), seed=0)
            for name, part in (("training pictures", images.train), ("new pictures", images.test))
        },
        classifier.settings,
        _DIAGNOSED,
    )
    figures["reconstructions.png"] = diagnosis.plot()
    figures["samples.png"] = _sheet(classifier.generator)
    for name, figure in figures.items():
        run.write_figure(name, figure)
    result = {
        "program": "igc-tf train",
        **made,
        "reasons": [*images.reasons, *reasons],
        "remarks": list(images.remarks),
        "environment": describe_run(),
        "best": run.read_json("best.json"),
        "settings": settings.to_dict(),
        "test": judged,
        "nearest_mean": nearest_mean(images.train, images.test),
        "diagnosis": {
            "sets": [row.to_dict() for row in diagnosis.sets],
            "findings": list(diagnosis.findings),
        },
        "seconds": {
            "training": run.read_json("options.json")["seconds"],
            "rest": time.perf_counter() - begin,
        },
    }
    run.write_json("result.json", result)
    return result


def describe_images(images):
    """Returns what a result says of an `OwnImages`, JSON-ready."""
    parts = {part: getattr(images, part) for part in ("train", "validation", "test")}
    return {
        "name": images.name,
        "source": images.train.source,
        "content": images.digest,
        "shape": list(images.shape),
        "arrange": images.arrange,
        "class_names": list(images.train.class_names),
        **{part: len(data) for part, data in parts.items()},
    }


def summary(result):
    """Says in a few lines what `train_own_pictures` found."""
    test, mean = result["test"], result["nearest_mean"]
    low, high = test["interval"]
    lines = [
        f"reads {test['correct']} of {test['count']} new pictures: {100 * test['accuracy']:.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f}); the nearest class mean "
        f"{100 * mean['accuracy']:.1f} %",
    ]
    if high - low > _WIDE:
        lines.append(
            f"That is little to judge by: {test['count']} pictures leave everything from "
            f"{100 * low:.0f} to {100 * high:.0f} % possible. More pictures help, to learn from "
            "and to judge by."
        )
    misread = [row for row in test["classes"] if row["correct"] < row["count"]]
    if len(test["classes"]) > 2 and misread:
        worst = sorted(misread, key=lambda row: row["accuracy"])[:3]
        each = (f"{row['name']} {row['correct']} of {row['count']}" for row in worst)
        lines.append(f"least well read: {'; '.join(each)}")
    lines += result["diagnosis"]["findings"]
    return "\n".join(lines)


def _choose(run, images, verbose):
    """The settings that read the validation pictures best."""
    generator = load_generator(run.path)
    count = min(_CHOICES, len(images.validation))
    some = images.validation.sample(count, seed=0)
    facts = {**generator.digests(), "images": count}
    asked = _Choice(run.path / "settings")
    experiment = Experiment(
        "igc-tf train", asked, facts, rows="tried", verbose=verbose, is_part=True
    )
    rounds = None
    if generator.encoder is not None:
        rounds = encoder_rounds(generator.layout.size, quick=count < _FEW_CHOICES)
    return choose_settings(experiment, generator, {0.0: some.images}, some.labels, rounds)


def _judge(classifier, test):
    """What is reported of the test pictures, JSON-ready, and figures of it by name."""
    scores = classifier.predict(test.images, verbose=0)
    probabilities = classifier.probabilities(scores)
    predictions = scores.argmax(axis=1)
    names = test.class_names
    counts = np.zeros([len(names), len(names)], int)
    np.add.at(counts, (test.labels, predictions), 1)
    classes = [
        {"name": name, **proportion(int(row[place]), int(row.sum()))}
        for place, (name, row) in enumerate(zip(names, counts, strict=True))
        if row.sum()
    ]
    curve = reliability(probabilities, test.labels)
    judged = {
        **proportion(int(np.trace(counts)), len(test)),
        "classes": classes,
        "confusion": counts.tolist(),
        "calibration": {
            "temperature": classifier.calibration.temperature,
            "error": expected_calibration_error(probabilities, test.labels),
            "curve": curve,
        },
    }
    title = f"{len(test)} new pictures"
    figures = {
        "confusion.png": plot_confusion(counts, names, title),
        "calibration.png": plot_calibration(curve, title),
    }
    return judged, figures


def nearest_mean(train, test):
    """Says how well the nearest mean of the training images' classes reads others.

    Args:
        train, test: `LabelledData` of the same classes.

    Returns:
        JSON-ready `accuracy`, `correct`, `count` and `interval` (95 %, Wilson).
    """
    flat = train.images.reshape(len(train), -1)
    means = np.stack(
        [flat[train.labels == label].mean(axis=0) for label in range(train.num_classes)]
    )
    # |x - m|² less |x|², which is the same for all classes
    asked = test.images.reshape(len(test), -1)
    distances = (means**2).sum(axis=1) - 2 * asked @ means.T
    correct = int((distances.argmin(axis=1) == test.labels).sum())
    return proportion(correct, len(test))


def _sheet(generator):
    """Samples of every class, with the same latents."""
    latents = generator.draw_latents(_SHEET, seed=0)
    rows = {
        name: generator.generate(np.full(_SHEET, label), latents)
        for label, name in enumerate(generator.layout.class_names)
    }
    return plot_class_samples(rows, generator.bounds, "generated: each column one latent")
