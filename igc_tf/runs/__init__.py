"""What a run leaves behind: directories, result files, progress; and how programs start.

Nothing here imports TensorFlow before it is needed, and nothing in here knows a classifier.
"""

from igc_tf.runs.directory import (
    RunDirectory,
    check_apart,
    check_writable,
    differences,
    json_ready,
    local_path,
    new_directory,
    open_npz,
    read_json,
    written_by_tensorflow,
)
from igc_tf.runs.experiment import Experiment
from igc_tf.runs.process import (
    describe_code,
    describe_environment,
    describe_run,
    peak_memory,
    quiet_stderr,
)
from igc_tf.runs.progress import progress_bar

__all__ = [
    "Experiment",
    "RunDirectory",
    "check_apart",
    "check_writable",
    "describe_code",
    "describe_environment",
    "describe_run",
    "differences",
    "json_ready",
    "local_path",
    "new_directory",
    "open_npz",
    "peak_memory",
    "progress_bar",
    "quiet_stderr",
    "read_json",
    "written_by_tensorflow",
]
