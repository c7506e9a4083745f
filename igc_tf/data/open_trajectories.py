"""Trajectories as the programs are asked for them."""

from igc_tf.data.character_trajectories import load_trajectories
from igc_tf.data.strokes import STROKES, synthetic_strokes
from igc_tf.errors import InputError


def open_trajectories(data, classes, subsampling):
    """Returns `TrajectoryData` of at least `classes` letters or strokes.

    Args:
        data: "synthetic" for strokes made in code; a .mat file; None for the file that the
            environment variable names (see `load_trajectories`).
        classes: how many will be told apart.
        subsampling: steps of the original that make one step.

    Raises:
        InputError: if there are fewer classes.
        DataError: if the trajectories cannot be had.
    """
    if data == "synthetic":
        strokes = synthetic_strokes(per_class=40, classes=min(classes, len(STROKES)), steps=48)
        trajectories = strokes.subsample(subsampling)
    else:
        trajectories = load_trajectories(data, subsampling)
    if classes > trajectories.num_classes:
        raise InputError(
            f"--classes {classes}: expected at most {trajectories.num_classes}, those of "
            f"{trajectories.source}"
        )
    return trajectories
