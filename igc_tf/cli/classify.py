"""`igc-tf classify FILE|FOLDER…`: a table, `results.csv`, `results.json` and a picture of each."""

import csv
import io
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.errors import ImageFileError, InputError
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import RunDirectory, describe_code, describe_environment, json_ready

# the rest of a row are the scores, and what happened to the picture
_COLUMNS = (
    *("file", "prediction", "probability", "score", "margin", "warnings", "seconds"),
    *("doubtful", "explanation"),
)
_DOUBTFUL = "perhaps none of them"
# settings that find out what happened to a picture
_ROBUST = "robust"
# with more scores than this, a line of the printed table names the best
_NAMES_IN_TITLE, _BEST = 12, 3


@dataclass(frozen=True)
class ClassifyOptions:
    """Classify picture files and draw what each class makes of them.

    Attributes:
        files: PNG, JPEG, WebP, BMP, TIFF, GIF or NPY files, or folders of such, of any size. Of a
            grey generator each holds one drawing, dark on light or light on dark, anywhere in the
            picture, unless its card says that pictures are cut and scaled.
        generator: a name that ships, a generator's directory, or a .keras file.
        settings: "paper", the paper's search; or those on the generator's card: "best"; "fast",
            one pass of its encoder; or "robust", which also finds out what happened to the
            picture. By default "robust" where the card has it, else the best there are.
        kind: of classifier; by default inverted, or multi_label where the generator knows several
            labels. inverse searches the class vector too.
        bounds: LOW HIGH, the values of black and white that the generator makes, where its file
            does not say them.
        output: directory for results.csv, results.json and the pictures.
        doubt: say of a picture that it is perhaps none of the classes where only this share of
            pictures of the classes fits as badly; 0 to doubt none. Needs a generator whose card
            says what its scores mean.
        measure: with settings that find out what happened to a picture, measure it: how it is
            turned, scaled and blurred, and what covers it. Takes twice as long.
        batch_size: pictures searched at once; bounds the memory.
    """

    files: tyro.conf.Positional[tuple[Path, ...]] = ()
    generator: str = "mnist-cagan-observed"
    settings: str | None = None
    kind: Literal["inverted", "multi_label", "inverse"] | None = None
    bounds: tuple[float, float] | None = None
    output: Path = Path("runs/classify")
    doubt: Annotated[float, Range(0, 1, below=True)] = 0.01
    measure: bool = True
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
    paths = picture_files(options.files)
    import_tensorflow_quietly()
    from igc_tf.classifiers import load_classifier
    from igc_tf.generators.store import load_generator

    generator = load_generator(options.generator, bounds=options.bounds)
    settings = options.settings
    if settings is None and options.kind in (None, "inverted"):
        recorded = (generator.card or {}).get("settings") or {}
        settings = _ROBUST if _ROBUST in recorded else None
    classifier = load_classifier(generator, settings, options.kind)
    _doubt(classifier, options.doubt)
    pictures = read_pictures(paths, classifier.generator)
    if pictures:
        _classify(options, classifier, pictures)
    return 0 if len(pictures) == len(paths) else 2


def _doubt(classifier, share):
    """Lets a calibrated classifier refuse; says so where too few pictures calibrated it."""
    from igc_tf.classifiers.calibration import least_count

    if not share or classifier.calibration is None:
        return
    if classifier.calibration.count < least_count(share):
        print(
            f"note: no picture is doubted: {classifier.calibration.count} calibrated the "
            f"generator, a share of {share:g} takes {least_count(share)}",
            file=sys.stderr,
        )
        return
    classifier.reject_at(share)


def picture_files(given):
    """Returns the files that were given, and those in folders, in alphabetical order.

    Raises:
        InputError: for none, or a folder without any.
    """
    if not given:
        raise InputError("no pictures given: expected one or more files or folders")
    from igc_tf.data.picture import PICTURE_SUFFIXES

    paths = []
    for path in given:
        if not path.is_dir():
            paths.append(path)
            continue
        try:
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from error
        if not inside:
            raise InputError(
                f"{path} holds no pictures: expected {', '.join(PICTURE_SUFFIXES)} files"
            )
        paths += inside
    return paths


def read_pictures(paths, generator):
    """Reads pictures into a generator's frame; tells of each that cannot be read on stderr.

    Returns:
        {path: float32 of the generator's shape} of those that could be read.
    """
    from igc_tf.data import read_picture

    pictures = {}
    for path in paths:
        try:
            pictures[path] = read_picture(
                path,
                generator.data_shape,
                generator.bounds,
                generator.background,
                generator.arrange,
            )
        except ImageFileError as error:
            print(f"error: {error}", file=sys.stderr)
    return pictures


def _classify(options, classifier, pictures):
    import numpy as np

    run = RunDirectory(options.output)
    run.remove("*.png", "results.csv", "results.json")
    paths, rows, units = list(pictures), [], {}
    begin = time.perf_counter()
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always", UserWarning)
        data = np.stack(list(pictures.values()))
        measures = options.measure and hasattr(classifier.search.observation, "lenses")
        for found in classifier.classify_batches(data, batch_size=options.batch_size):
            if measures:
                found = classifier.measure(data[len(rows) : len(rows) + len(found)], found)
            seconds = (time.perf_counter() - begin) / len(found)
            for i, row in enumerate(_rows(classifier, found)):
                path = paths[len(rows)]
                about = {"file": str(path), "warnings": "", "seconds": seconds}
                row = {**dict.fromkeys(_COLUMNS), **row, **about}
                picture = run.write_figure(
                    f"{len(rows):03d}-{path.stem}.png",
                    _draw(classifier, found, i, pictures[path], path.name),
                )
                if not rows:
                    print(_title(row))
                    units = _units(found)
                rows.append(row)
                print(_line(row, picture), flush=True)
            begin = time.perf_counter()
    said = list(dict.fromkeys(str(remark.message) for remark in remarks))
    for remark in said:
        print(f"warning: {remark}", file=sys.stderr)
    rows = [{**row, "warnings": "; ".join(said)} for row in rows]
    run.write_text("results.csv", _as_csv(rows))
    run.write_json(
        "results.json",
        {
            "program": "igc-tf classify",
            "options": json_ready(options),
            "search": classifier.settings.to_dict(),
            "generator_sha256": classifier.generator.digest(),
            "units": {
                "probability": "0 to 1, of the classes",
                "score": "higher is better, of searches of one kind",
                "seconds": "s",
                **units,
            },
            "environment": {**describe_code(), **describe_environment()},
            "rows": rows,
        },
    )
    print(f"\npictures, results.csv and results.json: {run.path}")


def _units(found):
    """{column: unit} of each parameter of what happened."""
    if getattr(found, "observation", None) is None:
        return {}
    names, units, _ = found.nuisance
    return {f"nuisance:{name}": unit for name, unit in zip(names, units, strict=True)}


def _rows(classifier, found):
    """For each example of a batch what its row says of the answer.

    With several labels the score is the mean of the answers' scores, the margin the least, and the
    probability that of all of them together.
    """
    import numpy as np

    layout = classifier.generator.layout
    names = layout.element_names
    for row, scores in enumerate(found.scores):
        elements = layout.offsets + _best(layout, scores)
        parts = [np.sort(part)[::-1] for part in layout.split(scores)]
        margins = [part[0] - part[1] for part in parts if len(part) > 1]
        yield {
            "prediction": ", ".join(names[element] for element in elements),
            "probability": None
            if found.probabilities is None
            else float(found.probabilities[row][elements].prod()),
            "score": float(scores[elements].mean()),
            "margin": float(min(margins)) if margins else None,
            "doubtful": bool((np.asarray(found.predictions[row]) < 0).any())
            if classifier.is_doubting
            else None,
            **{f"score:{name}": float(s) for name, s in zip(names, scores, strict=True)},
            **_explanation(found, row),
        }


def _best(layout, scores):
    """The value of the highest score (C,) of each label (L,), also where it is refused."""
    import numpy as np

    return np.array([part.argmax() for part in layout.split(scores)])


def _explanation(found, i):
    """What a row says of what happened to the picture; nothing without an observation."""
    if getattr(found, "observation", None) is None:
        return {}
    names, _, values = found.nuisance
    nuisance = {f"nuisance:{n}": float(v) for n, v in zip(names, values[i], strict=True)}
    return {"explanation": found.explain(i), **nuisance}


def _as_csv(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _title(row):
    title = f"{'prediction':{_width(row)}}   probability   margin   "
    names = list(_scores(row))
    if len(names) > _NAMES_IN_TITLE:
        return f"{title}the {_BEST} best scores"
    return f"{title}score of" + "".join(f" {name:>8}" for name in names)


def _line(row, picture):
    """A row under `_title`; a long name's column is wider in both."""
    scores = _scores(row)
    margin, probability = (
        f"{'-':>{width}}" if row[name] is None else f"{row[name]:{width}.{digits}f}"
        for name, width, digits in (("margin", 6, 4), ("probability", 11, 3))
    )
    line = f"{row['prediction']:{_width(row)}}   {probability}   {margin}   "
    if len(scores) > _NAMES_IN_TITLE:
        best = sorted(scores, key=scores.get, reverse=True)[:_BEST]
        line += ", ".join(f"{name} {scores[name]:.4f}" for name in best)
    else:
        numbers = (f" {value:{max(8, len(name))}.4f}" for name, value in scores.items())
        line += " " * len("score of") + "".join(numbers)
    said = row["explanation"] or (_DOUBTFUL if row["doubtful"] else "")
    said = f" ({said})" if said else ""
    return f"{line}  {row['file']} -> {picture}{said}"


def _width(row):
    """Of the column of predictions: that of the longest name, so that all lines agree."""
    return max(10, len(row["prediction"]), *map(len, _scores(row)))


def _scores(row):
    """{name: score} of a row."""
    return {
        name.removeprefix("score:"): value
        for name, value in row.items()
        if name.startswith("score:")
    }


def _draw_explanation(generator, found, picture, title):
    from igc_tf.plots import plot_explanations

    answer = 0, found.best[0]
    parts = found.compared, found.observed, found.reconstructions
    pictures = [picture[None], *(part[answer][None] for part in parts)]
    return plot_explanations(*pictures, [found.explain(0)], generator.bounds, title)


def _draw(classifier, found, i, picture, title):
    """The picture beside what the search made of it."""
    from igc_tf.classifiers import InverseClassifier
    from igc_tf.plots import plot_cases, plot_inverse_cases, plot_label_cases

    generator, one = classifier.generator, slice(i, i + 1)
    if getattr(found, "observation", None) is not None:
        return _draw_explanation(generator, found.take(one), picture, title)
    layout, bounds = generator.layout, generator.bounds
    images, made = picture[None], found.reconstructions[one]
    if isinstance(classifier, InverseClassifier):
        conditions = found.conditions[one]
        return plot_inverse_cases(
            images, made, conditions, None, layout.element_names, bounds, title
        )
    best = _best(layout, found.scores[i])
    if (found.predictions[one] < 0).any():
        title = f"{title}: {_DOUBTFUL}"
    answer = found.differences[one], best[None] if layout.num_labels > 1 else best, None
    if layout.num_labels > 1:
        return plot_label_cases(images, made, *answer, layout, bounds, title)
    return plot_cases(images, made, *answer, layout.class_names, bounds, title)
