"""What classifies a part: made once in each process, and the same in every engine."""

import hashlib
import json
import os
import time
import warnings
from dataclasses import dataclass

from igc_tf.distributed.sources import frame_values
from igc_tf.runs import peak_memory


@dataclass(frozen=True)
class Asked:
    """How examples are to be classified, before a classifier is loaded for it.

    Attributes:
        generator: its name or path, or a `Generator`.
        settings: a `SearchSettings`, a name, or None; as for `load_classifier`, as are the next.
        kind: of classifier, or None.
        bounds: of the data, or None.
        false_alarm: the share of known examples that are refused; 0 for none.
        measure: whether what happened to an image is measured, by settings that find it out.
        batch_size: examples searched at once, or None.
    """

    generator: object
    settings: object = None
    kind: str | None = None
    bounds: tuple[float, float] | None = None
    false_alarm: float = 0.0
    measure: bool = False
    batch_size: int | None = None

    def load(self):
        """Returns `(classifier, remark)`; the remark is None, or says why nothing is doubted."""
        from igc_tf.classifiers import load_classifier
        from igc_tf.classifiers.calibration import reject_if_calibrated

        facts = {} if self.bounds is None else {"bounds": self.bounds}
        classifier = load_classifier(self.generator, self.settings, self.kind, **facts)
        return classifier, reject_if_calibrated(classifier, self.false_alarm)


class Worker:
    """Classifies one part after the other.

    Args:
        asked: an `Asked`.
        source: what `open_source` found.
        parts: the `Parts`.
        classifier: loaded already, or None.
    """

    def __init__(self, asked, source, parts, classifier=None):
        self._asked, self._source, self._parts = asked, source, parts
        self._classifier = classifier if classifier is not None else asked.load()[0]

    def __call__(self, number):
        """Classifies a part and writes its file, unless that is there already.

        Args:
            number: of the part.

        Returns:
            What is known of it: the `number` of the part; how many `examples` it has and how many
            of them are `unreadable`; seconds since the epoch when it was `begun` and `ended`; the
            `process`, and the most `memory` it ever took, bytes.

        Raises:
            InputError: if part after part cannot be classified, or this one ends every process; or
                a file of the source is no more as it was when that was opened.
        """
        # a worker that was killed behind its last step had finished
        if self._parts.is_finished(number):
            return self._parts.about(number)
        from igc_tf.classifiers.table import table_columns

        begun = time.time()
        self._parts.count_try(number)
        rows, unreadable = self._rows(*self._parts.span(number))
        about = {
            "number": number,
            "examples": len(rows),
            "unreadable": unreadable,
            "begun": begun,
            "ended": time.time(),
            "process": os.getpid(),
            "memory": peak_memory(),
        }
        columns = table_columns(self._classifier, self._asked.measure)
        self._parts.write(number, columns, rows, about)
        return about

    def _rows(self, begin, end):
        """The rows of some examples, and how many could not be read."""
        from igc_tf.classifiers.table import classify_in_rows

        try:
            names, values = self._source.read(begin, end)
            data, errors = frame_values(names, values, self._classifier.generator)
        finally:
            # a file that was changed may be read as anything, or break its reader
            self._source.check_unchanged(begin, end)
        rows = [{"file": str(name)} for name in names]
        for place, error in errors.items():
            rows[place]["warnings"] = error
        read = (row for place, row in enumerate(rows) if place not in errors)
        asked = self._asked
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always", UserWarning)
            if len(data):
                for _, found in classify_in_rows(
                    self._classifier, data, asked.batch_size, asked.measure, first=begin
                ):
                    for answer in found:
                        row = next(read)
                        row |= {**answer, "file": row["file"]}
        said = "; ".join(dict.fromkeys(str(remark.message) for remark in remarks))
        for place, row in enumerate(rows):
            if place not in errors:
                row["warnings"] = said
        return rows, len(errors)


def describe_asked(asked, classifier):
    """Returns what decides an answer, JSON-ready.

    Args:
        asked: an `Asked`.
        classifier: what it loads.
    """
    from igc_tf.classifiers.load import all_weights_digest

    generator, calibration = classifier.generator, classifier.calibration
    known = None if calibration is None else json.dumps(calibration.to_dict())
    return {
        "generator": generator.name,
        "weights_sha256": all_weights_digest(generator),
        **generator.facts(),
        # also where nothing is said of it, so that this differs from what was said
        "arrange": generator.arrange,
        "classifier": type(classifier).__name__,
        "search": classifier.settings.to_dict(),
        "calibration_sha256": known and hashlib.sha256(known.encode()).hexdigest(),
        "false_alarm": asked.false_alarm,
        "measure": asked.measure,
    }
