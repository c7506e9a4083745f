"""Writers of TensorBoard summaries, and of search settings for its table of hyperparameters."""

import re
import urllib.parse
from pathlib import Path

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from igc_tf.runs import local_path

_COMPARED = ("steps", "learning_rate", "restriction_weight", "difference", "decision")


def summary_writer(directory, name):
    """Returns a `tf.summary` writer that replaces what a writer of this name wrote here before.

    TensorBoard draws everything that lies in a directory: without this, what is written twice
    would be drawn twice.

    Args:
        directory: of the TensorBoard run; created, with its parents, if missing.
        name: any text, which ends the event file's name, quoted; other names' files are left alone.

    Raises:
        InputError: as `igc_tf.runs.local_path` does.
    """
    clear_summaries(directory, name)
    return tf.summary.create_file_writer(str(local_path(directory)), filename_suffix=_suffix(name))


def clear_summaries(directory, name):
    """Removes what a `summary_writer` of this name wrote.

    Args:
        directory: of the TensorBoard run; it may be missing.
        name: of the writer.

    Raises:
        InputError: as `igc_tf.runs.local_path` does.
    """
    # the second is what earlier versions wrote
    suffixes = "|".join(map(re.escape, (_suffix(name), "." + name.replace(" ", "-"))))
    # before it TensorFlow has the time, the machine and two numbers
    written = re.compile(rf"events\.out\.tfevents\.\d+\..*\.\d+\.\d+({suffixes})")
    for path in local_path(directory).glob("events.out.tfevents.*"):
        if written.fullmatch(path.name):
            path.unlink()


def _suffix(name):
    # no other name's, no directory, and nothing that an earlier version made of another name
    return "." + urllib.parse.quote(name, safe="").replace(".", "%2E").replace("-", "%2D")


def log_settings(directory, settings, accuracies, name):
    """Writes settings and how well they classify as one run of the HParams dashboard.

    Args:
        directory: above the runs; created if missing.
        settings: a `SearchSettings`.
        accuracies: {sigma: accuracy in [0, 1]}, each a metric beside their mean.
        name: of the run, such as "setting 03"; replaced if it is there.
    """
    values = settings.to_dict()
    compared = {key: values[key] for key in _COMPARED}
    # the dashboard knows no None: a constant learning rate ends where it began
    final = settings.final_learning_rate
    compared["final_learning_rate"] = settings.learning_rate if final is None else final
    with summary_writer(Path(directory) / name, "settings").as_default():
        hparams.hparams(compared, trial_id=name)
        for sigma, accuracy in accuracies.items():
            tf.summary.scalar(f"accuracy at sigma {sigma:g}", accuracy, step=0)
        mean = sum(accuracies.values()) / len(accuracies)
        tf.summary.scalar("mean accuracy", mean, step=0)
