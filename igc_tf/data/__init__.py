"""MNIST-like image sets, noise, and digits from files.

Importing this package does not import TensorFlow; loading does.
"""

from igc_tf.data.bundled_digits import bundled_digits
from igc_tf.data.digit_labels import DIGIT_LABELS, MultiLabelImages, label_digits
from igc_tf.data.errors import (
    DataError,
    DataUnavailableError,
    IdxFileError,
    ImageFileError,
    UnknownDatasetError,
)
from igc_tf.data.image_data import ImageData
from igc_tf.data.image_file import read_digit
from igc_tf.data.import_idx import import_idx
from igc_tf.data.label_conditions import label_conditions
from igc_tf.data.list_datasets import DatasetRow, list_datasets
from igc_tf.data.load_images import load_images
from igc_tf.data.noise import add_gaussian_noise
from igc_tf.data.prepare_dataset import Preparation, prepare_dataset

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
    "UnknownDatasetError",
    "add_gaussian_noise",
    "bundled_digits",
    "import_idx",
    "label_conditions",
    "label_digits",
    "list_datasets",
    "load_images",
    "prepare_dataset",
    "read_digit",
]
