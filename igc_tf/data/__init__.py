"""Labelled images and pen trajectories, their noise, corruptions, labels, and pictures from files.

Importing this package does not import TensorFlow; loading does.
"""

from igc_tf.data.bundled import bundled_digits
from igc_tf.data.character_trajectories import load_trajectories, open_trajectories
from igc_tf.data.corruptions import (
    CORRUPTIONS,
    MNIST_C,
    VALIDATION_CORRUPTIONS,
    Corruption,
    corrupt,
    corrupt_some,
)
from igc_tf.data.digit_labels import DIGIT_LABELS, label_digits
from igc_tf.data.idx import import_idx
from igc_tf.data.labelled import LabelledData
from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.data.load import load_images
from igc_tf.data.noise import add_gaussian_noise
from igc_tf.data.own_images import OwnImages, find_own_pictures, load_own_images
from igc_tf.data.picture import PictureFrame
from igc_tf.data.sources import DatasetRow, Preparation, list_datasets, prepare_dataset
from igc_tf.data.strokes import synthetic_strokes
from igc_tf.data.trajectories import (
    TrajectorySplit,
    data_and_mask,
    label_trajectories,
    pen_positions,
    stratified_split,
    subsample,
)
from igc_tf.errors import (
    DataError,
    DataUnavailableError,
    IdxFileError,
    ImageFileError,
    TrajectoriesUnavailableError,
    TrajectoryFileError,
    UnknownDatasetError,
)

__all__ = [
    "CORRUPTIONS",
    "DIGIT_LABELS",
    "MNIST_C",
    "VALIDATION_CORRUPTIONS",
    "ConditionLayout",
    "Corruption",
    "DataError",
    "DataUnavailableError",
    "DatasetRow",
    "IdxFileError",
    "ImageFileError",
    "Label",
    "LabelledData",
    "OwnImages",
    "PictureFrame",
    "Preparation",
    "TrajectoriesUnavailableError",
    "TrajectoryFileError",
    "TrajectorySplit",
    "UnknownDatasetError",
    "add_gaussian_noise",
    "bundled_digits",
    "corrupt",
    "corrupt_some",
    "data_and_mask",
    "find_own_pictures",
    "import_idx",
    "label_digits",
    "label_trajectories",
    "list_datasets",
    "load_images",
    "load_own_images",
    "load_trajectories",
    "open_trajectories",
    "pen_positions",
    "prepare_dataset",
    "stratified_split",
    "subsample",
    "synthetic_strokes",
]
