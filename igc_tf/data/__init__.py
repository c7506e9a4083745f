"""MNIST-like image sets, noise, digits from files, and pen trajectories.

Importing this package does not import TensorFlow; loading does.
"""

from igc_tf.data.bundled_digits import bundled_digits
from igc_tf.data.digit_labels import DIGIT_LABELS, MultiLabelImages, label_digits
from igc_tf.data.image_data import ImageData
from igc_tf.data.image_file import read_digit
from igc_tf.data.import_idx import import_idx
from igc_tf.data.label_conditions import label_conditions
from igc_tf.data.list_datasets import DatasetRow, list_datasets
from igc_tf.data.load_images import load_images
from igc_tf.data.load_trajectories import load_trajectories
from igc_tf.data.noise import add_gaussian_noise
from igc_tf.data.open_trajectories import open_trajectories
from igc_tf.data.prepare_dataset import Preparation, prepare_dataset
from igc_tf.data.stratified_split import TrajectorySplit, stratified_split
from igc_tf.data.synthetic_strokes import synthetic_strokes
from igc_tf.data.trajectory_data import TrajectoryData, pen_positions
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
    "DIGIT_LABELS",
    "DataError",
    "DataUnavailableError",
    "DatasetRow",
    "IdxFileError",
    "ImageData",
    "ImageFileError",
    "MultiLabelImages",
    "Preparation",
    "TrajectoriesUnavailableError",
    "TrajectoryData",
    "TrajectoryFileError",
    "TrajectorySplit",
    "UnknownDatasetError",
    "add_gaussian_noise",
    "bundled_digits",
    "import_idx",
    "label_conditions",
    "label_digits",
    "list_datasets",
    "load_images",
    "load_trajectories",
    "open_trajectories",
    "pen_positions",
    "prepare_dataset",
    "read_digit",
    "stratified_split",
    "synthetic_strokes",
]
