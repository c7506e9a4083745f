"""`igc-tf classify FILE|FOLDER…`: a table, `results.csv`, `results.json` and a picture of each."""

import csv
import glob
import os
import sys
import warnings
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Literal

import tyro

from igc_tf.cli.program import ClassifierOptions, import_tensorflow_quietly
from igc_tf.distributed import WorkerOptions
from igc_tf.errors import ImageFileError, InputError, printable
from igc_tf.ranges import Range
from igc_tf.runs import (
    RunDirectory,
    check_apart,
    check_writable,
    describe_run,
    json_ready,
)

_PROGRAM = "igc-tf classify"
_DOUBTFUL = "perhaps none of them"
# settings that find out what happened to a picture
_ROBUST = "robust"
# with more scores than this, a line of the printed table names the best
_NAMES_IN_TITLE, _BEST = 12, 3
# bytes of a picture's name that its drawing's takes over
_LONGEST = 200


@dataclass(frozen=True)
class ClassifyOptions(ClassifierOptions, WorkerOptions):
    """Classify picture files and draw what each class makes of them; or very many, with --engine.

    Attributes:
        files: PNG, JPEG, WebP, BMP, TIFF, GIF or NPY files of any size, or folders of such, at any
            depth. Of a grey generator each holds one drawing, dark on light or light on dark,
            anywhere in the picture, unless its card says that pictures are cut and scaled. With an
            engine, also Parquet, TFRecord and NPZ files of images.
        settings: "paper", the paper's search; or any settings on the generator's card, such as
            "best"; "fast", one pass of its encoder; or "robust", which also finds out what
            happened to the picture. By default "robust" where the card has it, else the best there
            are.
        output: directory for results.csv, results.json and the pictures; with an engine for the
            parts, in Parquet.
        false_alarm: mark a picture as perhaps none of the classes; about this share of genuine
            pictures is marked. 0 turns it off. Needs a generator whose card has a calibration.
        measure: with settings that find out what happened to a picture, measure it: how it is
            turned, scaled and blurred, and what covers it. Takes twice as long.
        batch_size: pictures searched at once; bounds the memory.
        engine: ray for many processes, on one machine or, with RAY_ADDRESS, on all of a cluster;
            where Ray is not installed, and with process, this process. The answers go to Parquet
            files in the output directory, of which each stays once it is there: the same command
            goes on after whatever ended it. Nothing is drawn.
    """

    files: tyro.conf.Positional[tuple[Path, ...]] = ()
    generator: str = "mnist-cagan-observed"
    output: Path = Path("runs/classify")
    false_alarm: Annotated[float, Range(0, 1, below=True)] = 0.01
    measure: bool = True
    batch_size: Annotated[int, Range(1, 100_000)] = 100
    engine: Literal["ray", "process"] | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.engine is not None:
            return
        for field in fields(WorkerOptions):
            value = getattr(self, field.name)
            if value != field.default:
                raise InputError(f"{field.name}={value!r}: expected none without --engine")


def classify_files(options):
    """Classifies what can be read.

    Returns:
        0; 2 if any file could not be read; each is reported on stderr.

    Raises:
        InputError: if no file is given, or a folder holds none or cannot be read, or is the one to
            write into; without an engine, which leaves out its own answers, also one above that.
        OutputError: if that cannot be written into.
    """
    check_apart(options.output, *options.files, at_any_depth=options.engine is None)
    check_writable(options.output)
    if options.engine is not None:
        return _classify_parts(options)
    paths = picture_files(options.files)
    import_tensorflow_quietly()
    from igc_tf.classifiers.calibration import reject_if_calibrated

    classifier = replace(options, settings=_settings(options)).load()
    remark = reject_if_calibrated(classifier, options.false_alarm)
    if remark:
        print(f"note: {remark}", file=sys.stderr)
    pictures = read_pictures(paths, classifier.generator)
    for kind in {_record_kind(path) for path in paths if path not in pictures} - {None}:
        print(f"note: {kind} are read with --engine", file=sys.stderr)
    if pictures:
        _classify(options, classifier, pictures)
    return 0 if len(pictures) == len(paths) else 2


def _record_kind(path):
    from igc_tf.distributed.sources import RECORD_KINDS

    return RECORD_KINDS.get(path.suffix.lower()) if path.is_file() else None


def _settings(options):
    """Those that were asked for; by default robust ones, where they suit."""
    from igc_tf.generators.store import recorded_settings

    if options.settings is not None or options.kind not in (None, "inverted"):
        return options.settings
    return _ROBUST if _ROBUST in recorded_settings(options.generator) else None


def _classify_parts(options):
    """The way of `--engine`: any number of pictures, in parts."""
    if not options.files:
        raise InputError("no source given: expected files or folders to classify")
    import_tensorflow_quietly()
    from igc_tf.distributed import chosen_engine, classify_dataset

    engine = chosen_engine(options.engine)
    if engine != options.engine:
        print(
            "note: Ray is not installed (pip install 'igc-tf[ray]'): one process classifies",
            file=sys.stderr,
        )
    report = classify_dataset(
        options.files,
        options.generator,
        _settings(options),
        output=options.output,
        engine=engine,
        workers=options,
        kind=options.kind,
        false_alarm=options.false_alarm,
        measure=options.measure,
        batch_size=options.batch_size,
        bounds=options.bounds,
    )
    examples = _counted(report["examples"], "example", "examples")
    parts = _counted(report["parts"], "part", "parts")
    processes = _counted(report["processes"], "process", "processes")
    now = f"{report['classified']:,} of them now, by {processes}"
    print(f"{examples} in {parts}, {now}: {options.output}")
    if report["unreadable"]:
        print(
            f"error: {report['unreadable']:,} could not be read; the column warnings says why",
            file=sys.stderr,
        )
    return 2 if report["unreadable"] else 0


def _counted(count, one, several):
    return f"{count:,} {one if count == 1 else several}"


def picture_files(given):
    """Returns the files that were given, and those in folders as `files_below` does; each once.

    Raises:
        InputError: for none, or a folder without any, or one that cannot be read.
    """
    if not given:
        raise InputError("no pictures given: expected one or more files or folders")
    from igc_tf.data.folder import files_below
    from igc_tf.data.picture import PICTURE_SUFFIXES

    paths = []
    for path in given:
        if not path.is_dir():
            paths.append(path)
            continue
        inside = [file for file in files_below(path) if file.suffix.lower() in PICTURE_SUFFIXES]
        if not inside:
            raise InputError(
                f"{path} holds no pictures: expected {', '.join(PICTURE_SUFFIXES)} files"
            )
        paths += inside
    return list(dict.fromkeys(paths))


def read_pictures(paths, generator):
    """Reads pictures into a generator's frame; tells of each that cannot be read on stderr.

    Returns:
        {path: float32 of the generator's shape} of those that could be read.
    """
    pictures = {}
    for path in paths:
        try:
            pictures[path] = generator.picture_frame.read(path)
        except ImageFileError as error:
            print(f"error: {error}", file=sys.stderr)
    return pictures


def _classify(options, classifier, pictures):
    import numpy as np

    from igc_tf.classifiers.table import classify_in_rows

    run = RunDirectory(options.output)
    about = _about(options, classifier)
    paths, rows, drawn = list(pictures), [], []
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always", UserWarning)
        data = np.stack(list(pictures.values()))
        answers = classify_in_rows(classifier, data, options.batch_size, options.measure)
        for found, of_batch in answers:
            try:
                for i, row in enumerate(of_batch):
                    path = paths[len(rows)]
                    row["file"] = str(path)
                    if not rows:
                        # what was there stays until something is found
                        _remove_earlier(run)
                    picture = run.write_figure(
                        f"{len(rows):03d}-{_shortened(path.stem)}.png",
                        _draw(classifier, found, i, pictures[path], printable(path.name)),
                    )
                    if not rows:
                        print(_title(row))
                    rows.append(row)
                    drawn.append(picture.name)
                    print(printable(_line(row, picture)), flush=True)
            finally:
                # of what is interrupted or killed, what was finished is kept
                if rows:
                    said = list(dict.fromkeys(str(remark.message) for remark in remarks))
                    _write_tables(run, about, rows, drawn, said)
    for remark in said:
        print(f"warning: {remark}", file=sys.stderr)
    print(f"\npictures, results.csv and results.json: {run.path}")


def _remove_earlier(run):
    """Removes what an earlier call wrote into the directory, and nothing else."""
    earlier = run.read_json("results.json")
    if isinstance(earlier, dict) and earlier.get("program") == _PROGRAM:
        pictures = earlier.get("pictures", [])
        run.remove("results.csv", "results.json", *map(glob.escape, pictures))


def _shortened(stem):
    """As much of a file's name as another may hold."""
    while len(os.fsencode(stem)) > _LONGEST:
        stem = stem[:-1]
    return stem


def _about(options, classifier):
    """What results.json says beside the rows."""
    from igc_tf.classifiers.table import table_units

    return {
        "program": _PROGRAM,
        "options": json_ready(options),
        **classifier.identity(),
        "units": {
            "probability": "0 to 1, of the classes",
            "score": "higher is better, of searches of one kind",
            "seconds": "s",
            **table_units(classifier, options.measure),
        },
        "environment": describe_run(),
    }


def _write_tables(run, about, rows, drawn, said):
    rows = [{**row, "warnings": "; ".join(said)} for row in rows]
    run.write_text("results.csv", _as_csv(rows))
    run.write_json("results.json", {**about, "rows": rows, "pictures": drawn})


def _as_csv(rows):
    lines = []
    file = SimpleNamespace(write=lambda line: lines.append(line.removesuffix("\r\n") + "\n"))
    # Python quotes a "\r" only where the lines end in one
    writer = csv.DictWriter(file, rows[0], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return "".join(lines)


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

    parts = map(found.of_best, (found.compared, found.observed, found.reconstructions))
    return plot_explanations(picture[None], *parts, [found.explain(0)], generator.bounds, title)


def _draw(classifier, found, i, picture, title):
    """The picture beside what the search made of it."""
    from igc_tf.classifiers import InverseClassifier
    from igc_tf.plots import plot_cases, plot_inverse_cases, plot_label_cases

    generator, one = classifier.generator, slice(i, i + 1)
    if found.observation is not None:
        return _draw_explanation(generator, found.take(one), picture, title)
    layout, bounds = generator.layout, generator.bounds
    images, made = picture[None], found.reconstructions[one]
    if isinstance(classifier, InverseClassifier):
        conditions = found.conditions[one]
        return plot_inverse_cases(images, made, conditions, None, layout, bounds, title)
    best = layout.best_values(found.scores[i]).numpy()
    if (found.predictions[one] < 0).any():
        title = f"{title}: {_DOUBTFUL}"
    answer = found.differences[one], best[None] if layout.num_labels > 1 else best, None
    if layout.num_labels > 1:
        return plot_label_cases(images, made, *answer, layout, bounds, title)
    return plot_cases(images, made, *answer, layout.class_names, bounds, title)
