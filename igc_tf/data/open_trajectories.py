"""Trajectories as the programs are asked for them."""

from igc_tf.data.load_trajectories import load_trajectories
from igc_tf.data.synthetic_strokes import STROKES, synthetic_strokes

SYNTHETIC = "synthetic"


def open_trajectories(data, classes, subsampling):
    """Returns `TrajectoryData` of at least `classes` letters or strokes.

    Args:
        data: "synthetic" for strokes made in code; a .mat file; None for the file that the
            environment variable names (see `load_trajectories`).
        classes: how many will be told apart.
        subsampling: steps of the original that make one step.

    Raises:
        ValueError: if there are fewer classes.
        DataError: if the trajectories cannot be had.
    """
    if data == SYNTHETIC:
        available, source = len(STROKES), "strokes made in code"
    else:
        trajectories = load_trajectories(data, subsampling)
        available, source = trajectories.num_classes, trajectories.source
    if classes > available:
        raise ValueError(f"--classes {classes}: expected at most {available}, those of {source}")
    if data == SYNTHETIC:
        trajectories = synthetic_strokes(per_class=40, classes=classes, steps=48)
        return trajectories.subsample(subsampling)
    return trajectories
