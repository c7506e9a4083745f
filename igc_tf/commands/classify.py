"""`igc-tf classify IMAGE…`."""

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from igc_tf.commands.class_classifier import class_classifier
from igc_tf.data import ImageFileError, read_digit
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.plots import plot_cases
from igc_tf.runs import RunDirectory


def classify(
    images: tyro.conf.Positional[tuple[Path, ...]],
    generator: str = "mnist-cagan-compact",
    settings: Literal["paper", "best"] | None = None,
    output: Path = Path("runs/classify"),
) -> int:
    """Classifies digits in image files and draws what each class makes of them.

    Args:
        images: PNG, JPEG or NPY files: one digit each, any size, dark on light or light on dark.
        generator: a name that ships, or a .keras file of 28×28×1 images.
        settings: the paper's search settings, or those chosen on the validation digits; by
            default the latter for generators that record them, the former for others.
        output: directory for the figures, one per image.
    """
    if not images:
        raise InputError("no images given: expected one or more files")
    classifier = class_classifier(generator, settings)
    digits = {}
    unreadable = 0
    for path in images:
        try:
            digits[path] = read_digit(path)
        except ImageFileError as error:
            unreadable += 1
            print(f"error: {error}", file=sys.stderr)
    if digits:
        _classify_digits(classifier, digits, RunDirectory(output))
    return 2 if unreadable else 0


def _classify_digits(classifier, digits, run):
    found = classifier.classify(np.stack(list(digits.values())))
    names = [str(i) for i in range(classifier.classes)]
    print("label   difference of class " + "  ".join(f"{name:>6}" for name in names))
    for i, (path, digit) in enumerate(digits.items()):
        figure = plot_cases(
            digit[None],
            found.reconstructions[i : i + 1],
            found.differences[i : i + 1],
            found.labels[i : i + 1],
            None,
            names,
            Generator.of(classifier.generator).bounds,
            path.name,
        )
        picture = run.write_figure(f"{i:03d}-{path.stem}.png", figure)
        differences = "  ".join(f"{value:6.4f}" for value in found.differences[i])
        print(f"{found.labels[i]:5d}   {'':19} {differences}  {path} -> {picture}")
