"""Writers of TensorBoard summaries."""

import glob
from pathlib import Path

import tensorflow as tf


def summary_writer(directory, name):
    """Returns a `tf.summary` writer that replaces what a writer of this name wrote here before.

    TensorBoard draws everything that lies in a directory: without this, what is written twice
    would be drawn twice.

    Args:
        directory: of the TensorBoard run; created, with its parents, if missing.
        name: ends the event file's name; other names' files are left alone.
    """
    suffix = "." + name.replace(" ", "-")
    for path in Path(directory).glob(f"events.out.tfevents.*{glob.escape(suffix)}"):
        path.unlink()
    return tf.summary.create_file_writer(str(directory), filename_suffix=suffix)
