"""The table of what a classifier says: a row for each example, as CSV files and Parquet have it."""

import time

import numpy as np

from igc_tf.search.observations import Explanations

# the rest of a row are the scores, and what happened to the picture
COLUMNS = (
    *("file", "prediction", "probability", "score", "margin", "warnings", "seconds"),
    *("doubtful", "explanation"),
)


def classify_in_rows(classifier, data, batch_size=None, measure=False, first=0):
    """Classifies batch by batch.

    Args:
        classifier: a `SearchClassifier`.
        data: (N, ...), as for `classify`.
        batch_size: examples searched at once.
        measure: with settings that find out what happened to an image, measure it, too.
        first: the number of the first example, where these are a part of more.

    Yields:
        `(found, rows)`: the classification of each batch, and a row of `table_columns` for each of
        its examples, {name: value}; `file` and `warnings` are empty.

    Raises:
        InputError: as `classify`.
    """
    measures = measure and can_measure(classifier)
    begin, done = time.perf_counter(), 0
    indices = first + np.arange(len(data))
    for found in classifier.classify_batches(data, batch_size=batch_size, indices=indices):
        if measures:
            found = classifier.measure(data[done : done + len(found)], found)
        seconds = (time.perf_counter() - begin) / len(found)
        about = {"warnings": "", "seconds": seconds}
        yield (
            found,
            [{**dict.fromkeys(COLUMNS), **row, **about} for row in _rows(classifier, found)],
        )
        done += len(found)
        begin = time.perf_counter()


def can_measure(classifier):
    """Whether it finds out, by its settings, what happened to an image: that can be measured."""
    return classifier.explains and isinstance(classifier.search.observation, Explanations)


def table_columns(classifier, measure=False):
    """Returns the names of all columns, before anything is classified.

    Args:
        classifier, measure: as for `classify_in_rows`.
    """
    units = table_units(classifier, measure)
    return [*COLUMNS, *(f"score:{name}" for name in classifier.class_names), *units]


def table_units(classifier, measure=False):
    """Returns {column: unit} of each parameter of what happened to an image.

    None of a classifier that does not say what happened.

    Args:
        classifier, measure: as for `classify_in_rows`.
    """
    if not classifier.explains:
        return {}
    said = [classifier.search.observation]
    if measure and can_measure(classifier):
        said.append(classifier.pose_measurement.pose)
    return {
        f"nuisance:{name}": unit
        for by in said
        for name, unit in zip(by.names, by.units, strict=True)
    }


def _rows(classifier, found):
    """For each example of a batch what its row says of the answer.

    With several labels the score is the mean of the answers' scores, the margin the least, and the
    probability that of all of them together.
    """
    layout = classifier.generator.layout
    names = layout.element_names
    margins = layout.margins(found.scores)
    # also where an answer is refused
    best = layout.offsets + layout.best_values(found.scores).numpy()
    for row, (scores, elements) in enumerate(zip(found.scores, best, strict=True)):
        known = margins[row][np.isfinite(margins[row])]
        yield {
            "prediction": ", ".join(names[element] for element in elements),
            "probability": None
            if found.probabilities is None
            else float(found.probabilities[row][elements].prod()),
            "score": float(scores[elements].mean()),
            "margin": float(known.min()) if len(known) else None,
            "doubtful": bool((np.asarray(found.predictions[row]) < 0).any())
            if classifier.is_doubting
            else None,
            **{f"score:{name}": float(s) for name, s in zip(names, scores, strict=True)},
            **_explanation(found, row),
        }


def _explanation(found, i):
    """What a row says of what happened to the picture; nothing without an observation."""
    if found.observation is None:
        return {}
    names, _, values = found.nuisance
    nuisance = {f"nuisance:{n}": float(v) for n, v in zip(names, values[i], strict=True)}
    return {"explanation": found.explain(i), **nuisance}
