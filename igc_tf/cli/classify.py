"""`igc-tf classify FILE|FOLDER…`: a table, `results.csv`, `results.json` and a picture of each."""

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.errors import ImageFileError, InputError
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import RunDirectory, describe_code, describe_environment, json_ready

_SUFFIXES = (".png", ".jpg", ".jpeg", ".npy")


@dataclass(frozen=True)
class ClassifyOptions:
    """Classify digits in picture files and draw what each class makes of them.

    Attributes:
        files: PNG, JPEG or NPY files, or folders of such: one digit each, any size, dark on light
            or light on dark.
        generator: a name that ships, or a .keras file of 28×28×1 images.
        settings: the paper's search settings, or those chosen on the validation digits; by
            default the latter for generators that record them, the former for others.
        output: directory for results.csv, results.json and the pictures.
        batch_size: pictures searched at once; bounds the memory.
    """

    files: tyro.conf.Positional[tuple[Path, ...]] = ()
    generator: str = "mnist-cagan-compact"
    settings: Literal["paper", "best"] | None = None
    output: Path = Path("runs/classify")
    batch_size: Annotated[int, Range(1, 100_000)] = 100

    def __post_init__(self):
        check_ranges(self)


def classify_files(options):
    """Classifies what can be read.

    Returns:
        0; 2 if a file could not be read, of which stderr tells in a line each.

    Raises:
        InputError: if no file is given, or a folder holds none.
    """
    paths = _files(options.files)
    import_tensorflow_quietly()
    from igc_tf.cli.choices import class_classifier
    from igc_tf.data import read_picture
    from igc_tf.generators.generator import Generator

    classifier = class_classifier(options.generator, options.settings)
    generator = Generator.of(classifier.generator)
    frame = generator.data_shape, generator.bounds, generator.background
    pictures = {}
    for path in paths:
        try:
            pictures[path] = read_picture(path, *frame)
        except ImageFileError as error:
            print(f"error: {error}", file=sys.stderr)
    if pictures:
        _classify(options, classifier, pictures)
    return 0 if len(pictures) == len(paths) else 2


def _files(given):
    """The files, and those in the folders in alphabetical order."""
    if not given:
        raise InputError("no pictures given: expected one or more files or folders")
    paths = []
    for path in given:
        if not path.is_dir():
            paths.append(path)
            continue
        try:
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from error
        if not inside:
            raise InputError(f"{path} holds no pictures: expected {', '.join(_SUFFIXES)} files")
        paths += inside
    return paths


def _classify(options, classifier, pictures):
    import numpy as np

    run = RunDirectory(options.output)
    run.remove("*.png", "results.csv", "results.json")
    names = [str(i) for i in range(classifier.generator.condition_size)]
    found = classifier.classify(np.stack(list(pictures.values())), batch_size=options.batch_size)
    rows = []
    for i, (path, picture) in enumerate(pictures.items()):
        rows.append(_row(path, names, found.predictions[i], -found.differences[i]))
        drawn = _draw(run, i, path, picture, classifier, found, names)
        print(_line(rows[-1], drawn) if i else f"{_title(rows[-1])}\n{_line(rows[-1], drawn)}")
    run.write_text("results.csv", _as_csv(rows))
    run.write_json(
        "results.json",
        {
            "program": "igc-tf classify",
            "options": json_ready(options),
            "search": classifier.settings.to_dict(),
            "units": {"score": "minus the data difference", "seconds": "s"},
            "environment": {**describe_code(), **describe_environment()},
            "rows": rows,
        },
    )
    print(f"\npictures, results.csv and results.json: {run.path}")


def _row(path, names, prediction, scores):
    best, second = sorted(scores, reverse=True)[:2]
    return {
        "file": str(path),
        "prediction": names[prediction],
        "probability": None,
        "score": float(scores[prediction]),
        "margin": float(best - second),
        "warnings": "",
        "seconds": None,
        **{f"score:{name}": float(score) for name, score in zip(names, scores, strict=True)},
    }


def _as_csv(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _title(row):
    names = [name.removeprefix("score:") for name in row if name.startswith("score:")]
    return f"{'prediction':12}{'margin':>8}   score of " + "".join(f"{name:>9}" for name in names)


def _line(row, picture):
    scores = "".join(f"{value:9.4f}" for name, value in row.items() if name.startswith("score:"))
    return (
        f"{row['prediction']:12}{row['margin']:8.4f}   {'':9}{scores}  {row['file']} -> {picture}"
    )


def _draw(run, number, path, picture, classifier, found, names):
    """The picture beside what each class makes of it."""
    from igc_tf.plots import plot_cases

    shown = slice(number, number + 1)
    figure = plot_cases(
        picture[None],
        found.reconstructions[shown],
        found.differences[shown],
        found.predictions[shown],
        None,
        names,
        classifier.generator.bounds,
        path.name,
    )
    return run.write_figure(f"{number:03d}-{path.stem}.png", figure)
