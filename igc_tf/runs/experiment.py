"""The runner of every experiment: what was asked, what was found so far, and its pictures."""

import glob

from tqdm import tqdm

from igc_tf.errors import InputError
from igc_tf.runs.directory import (
    RunDirectory,
    differences,
    json_ready,
)
from igc_tf.runs.process import describe_run
from igc_tf.runs.progress import progress_bar


class Experiment:
    """One run of an experiment, which finds one row after the other.

    `options.json` is written first: the resolved options, the command and the commit. Then
    `result.json` grows by one row at a time, until `complete` says that nothing is missing. The
    same options on the directory of an interrupted run go on after its last row, wherever that
    directory lies by then; `resumed` says of each time after how many rows, by which command and
    commit, and on what machine. On that of a finished run they change nothing: `finished` is what
    it found, for the program to return at once. What a run of something else has finished there
    stays until this one has found something; then the files go that it says it wrote, its pictures,
    because they would lie beside figures that they don't show.

    Args:
        program: how the program is called, such as "python -m evaluation.fid".
        options: a dataclass; its `output` is the directory.
        facts: {name: JSON-ready value}, what else decides the result: search settings, hashes of
            weights, source and number of the data. With `generator_sha256` the option `generator`
            may be another path to the same weights.
        rows: the name of the list of rows in `result.json`.
        verbose: 0 for silence.
        holds: `result -> bool`, whether a finished result of the same thing still holds, which else
            is found anew; None if it always does.
        is_part: whether it is a part of another run; where it is finished, nothing is said of it.

    Attributes:
        path: the directory.
        finished: the complete result of the same thing that lies there, or None.
        rows: the rows that were found, dicts; those of an earlier run among them.
        verbose: as given.

    Raises:
        InputError: if an unfinished run of something else has found rows in the directory; says
            what differs; or if what lies there is damaged.
        OutputError: if the directory cannot be written.
    """

    def __init__(
        self, program, options, facts=None, *, rows="rows", verbose=1, holds=None, is_part=False
    ):
        self.verbose = verbose
        self._directory = RunDirectory(options.output)
        self.path = self._directory.path
        self._name = rows
        asked = {"program": program, "options": json_ready(options)}
        made = {"environment": describe_run()}
        earlier = self._directory.read_json("result.json") or {}
        files = earlier.get("files", [])
        different = _different(earlier, {**asked, **(facts or {})})
        is_finished = bool(earlier.get("complete")) and not different
        self.finished = earlier if is_finished and (holds is None or holds(earlier)) else None
        self.rows = self._found(earlier, different)
        self._is_new = not self.rows
        if not self._is_new:
            resumed = {"after_rows": len(self.rows), **made}
            made = {
                "environment": earlier["environment"],
                "resumed": [*earlier.get("resumed", []), resumed],
            }
        self._result = {**asked, **(facts or {}), **made, "complete": False}
        # what this run has written, and what is left of another
        self._files, self._left = ([], files) if self._is_new else (files, [])
        if self.finished is not None:
            if not is_part:
                self.say(finished_already(self.path))
            return
        self._directory.write_json("options.json", {**asked, **made})

    def _found(self, earlier, different):
        """The rows of a finished or an interrupted run of the same thing."""
        rows = list(earlier.get(self._name, []))
        if self.finished is not None:
            return rows
        if earlier.get("complete") is not False or not rows:
            return []
        if different:
            raise InputError(
                f"{self.path} holds an unfinished run of something else (there, here): "
                f"{different}. Give the same options to finish it, or another output directory"
            )
        return rows

    def row(self, **key):
        """Returns the row with these values, or None if it is not found yet."""
        for row in self.rows:
            if all(row[name] == value for name, value in key.items()):
                return row
        return None

    def add(self, row, draw=None):
        """Keeps a row that was found.

        Args:
            row: a JSON-ready dict.
            draw: called without arguments, writes what belongs to the row with `write_figure` and
                `write`, before the row counts as found.
        """
        self.add_all([row], draw)

    def add_all(self, rows, draw=None):
        """Keeps rows that belong together: all of them count as found at once.

        Args:
            rows: JSON-ready dicts.
            draw: as for `add`.
        """
        self._begin()
        if draw is not None:
            draw()
        self.rows.extend(rows)
        self._write()

    def finish(self, order=None, **findings):
        """Writes the complete result.

        Args:
            order: sorts the rows, as `sorted` takes its key.
            findings: JSON-ready values beside the rows.

        Returns:
            What `result.json` holds.
        """
        self._begin()
        if order is not None:
            self.rows.sort(key=order)
        self._result |= {**findings, "complete": True}
        return self._write()

    def write_figure(self, name, figure):
        """Writes a matplotlib figure as PNG and returns the path."""
        self._note(name)
        return self._directory.write_figure(name, figure)

    def write(self, name, writer):
        """Calls `writer(temporary_path)`, renames the file to `name`, and returns its path."""
        self._note(name)
        return self._directory.write(name, writer)

    def say(self, line):
        """Prints a line, above a progress bar if there is one."""
        if self.verbose:
            tqdm.write(line)

    def progress(self, total, unit, initial=0):
        """Returns a `progress_bar` that is silent if the experiment is."""
        return progress_bar(total, unit, bool(self.verbose), initial)

    def _begin(self):
        """Removes what an earlier run left, once there is something in its place."""
        if self._is_new:
            self._is_new = False
            self._write()
            self._directory.remove(*(glob.escape(n) for n in self._left if n not in self._files))

    def _note(self, name):
        if name not in self._files:
            self._files.append(name)

    def _write(self):
        result = {**self._result, "files": self._files, self._name: self.rows}
        self._directory.write_json("result.json", result)
        return result


def finished_already(path):
    """Returns what is said where the same is asked for again: the directory stays as it is."""
    return f"{path}: finished already; give another --output to do it anew"


def _different(earlier, now):
    """The `differences` of what was asked, but for where things lie, which may have been moved."""
    places = {"output", "generator"} if "generator_sha256" in now else {"output"}
    options = {name: value for name, value in now["options"].items() if name not in places}
    return differences(earlier, {**now, "options": options})
