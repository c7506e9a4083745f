"""UCI Character Trajectories: letters written in one stroke."""

import os
from pathlib import Path

import numpy as np

from igc_tf.data.strokes import STROKES, synthetic_strokes
from igc_tf.data.trajectories import CHANNELS, label_trajectories, subsample
from igc_tf.errors import InputError, TrajectoriesUnavailableError, TrajectoryFileError

ENVIRONMENT_VARIABLE = "IGC_TF_TRAJECTORIES"


def load_trajectories(path=None, subsampling=1):
    """Loads UCI Character Trajectories from a MATLAB file.

    The set is `mixoutALL_shifted.mat` of "Character Trajectories" (B. H. Williams, UCI Machine
    Learning Repository): 2,858 letters of 20 classes, 109 to 205 steps of 1/200 s each, every
    trajectory 3 × steps. A published half of it, with the keys xtrain, ytrain and key, is read
    as well. Positions and pen force are published smoothed, differentiated, and shifted in time
    to match their class.

    Args:
        path: the .mat file; None for the one that the environment variable
            `IGC_TF_TRAJECTORIES` names.
        subsampling: how many steps become one, as by `subsample`.

    Returns:
        `LabelledData` (N, T, 3) as by `label_trajectories`, each channel divided by its root mean
        square over the whole set, so that 0 stays 0.

    Raises:
        TrajectoriesUnavailableError: if there is no such file; the message says where to get it.
        TrajectoryFileError: if the file holds something else.
    """
    given = path if path is not None else os.environ.get(ENVIRONMENT_VARIABLE)
    if given is None:
        raise TrajectoriesUnavailableError("no file was given", ENVIRONMENT_VARIABLE)
    path = Path(given).expanduser()
    if not path.is_file():
        raise TrajectoriesUnavailableError(f"{path} is no file", ENVIRONMENT_VARIABLE)
    cells, labels, names = _contents(path)
    series = _scaled([_trajectory(cell, i, path) for i, cell in enumerate(cells)])
    labels = np.asarray(labels).ravel().astype(np.int64) - 1
    if labels.shape != (len(series),) or labels.min() < 0 or labels.max() >= len(names):
        raise TrajectoryFileError(
            f"{path}: {labels.size} labels for {len(series)} trajectories of {len(names)} "
            "letters: expected one from 1 to the number of letters for each"
        )
    source = f"UCI Character Trajectories, {len(series):,} trajectories of {path.name}"
    data = label_trajectories(series, labels, names, "character_trajectories", source)
    return subsample(data, subsampling)


def open_trajectories(data, classes, subsampling):
    """Loads trajectories as a program's options name them.

    Args:
        data: "synthetic" for strokes made in code; a .mat file; None for the file that the
            environment variable names (see `load_trajectories`).
        classes: how many will be told apart.
        subsampling: how many steps of the original become one.

    Returns:
        `LabelledData` of at least `classes` letters or strokes.

    Raises:
        InputError: if there are fewer classes.
        DataError: if the trajectories are not available.
    """
    if data == "synthetic":
        strokes = synthetic_strokes(per_class=40, classes=min(classes, len(STROKES)), steps=48)
        trajectories = subsample(strokes, subsampling)
    else:
        trajectories = load_trajectories(data, subsampling)
    if classes > trajectories.num_classes:
        raise InputError(
            f"--classes {classes}: expected at most {trajectories.num_classes}, those of "
            f"{trajectories.source}"
        )
    return trajectories


def _contents(path):
    """The cells, the labels from 1, and the letters."""
    import scipy.io

    try:
        content = scipy.io.loadmat(path, squeeze_me=False, simplify_cells=True)
    except Exception as error:
        raise TrajectoryFileError(f"{path} could not be read as a .mat file: {error}") from error
    constants = content.get("consts", {})
    if "mixout" in content and {"charlabels", "key"} <= set(constants):
        found = content["mixout"], constants["charlabels"], constants["key"]
    elif {"xtrain", "ytrain", "key"} <= set(content):
        found = content["xtrain"], content["ytrain"], content["key"]
    else:
        held = sorted(name for name in content if not name.startswith("__"))
        raise TrajectoryFileError(
            f"{path} holds {held}: expected mixout with consts (charlabels, key), or xtrain, "
            "ytrain and key"
        )
    cells, labels, names = found
    return cells, labels, tuple(str(name) for name in np.atleast_1d(names))


def _trajectory(cell, number, path):
    """One trajectory (steps, 3)."""
    cell = np.asarray(cell, np.float64)
    if cell.ndim != 2 or cell.shape[0] != len(CHANNELS) or not np.isfinite(cell).all():
        raise TrajectoryFileError(
            f"{path}: trajectory {number} has shape {cell.shape}: expected finite values "
            f"({len(CHANNELS)}, steps): {', '.join(CHANNELS)}"
        )
    return cell.T


def _scaled(trajectories):
    """Each channel in units of its root mean square over all of them."""
    scale = np.sqrt(np.mean(np.concatenate(trajectories) ** 2, axis=0))
    return [trajectory / np.where(scale > 0, scale, 1.0) for trajectory in trajectories]
