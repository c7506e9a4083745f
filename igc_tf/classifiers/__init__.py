"""Classifiers: each sets up a search space and reads a decision off the search."""

from igc_tf.classifiers.base import SearchClassifier
from igc_tf.classifiers.calibration import Calibration
from igc_tf.classifiers.diagnosis import Diagnosis, diagnose
from igc_tf.classifiers.inverse import INVERSE_SETTINGS, TEMPORAL_SETTINGS, InverseClassifier
from igc_tf.classifiers.inverted_generator import (
    InvertedGeneratorClassifier,
    MultiLabelInvertedGeneratorClassifier,
)
from igc_tf.classifiers.load import CLASSIFIERS, load_classifier
from igc_tf.classifiers.network import (
    build_cnn,
    build_lenet,
    evaluate_network,
    load_network,
    network_card,
    network_names,
)
from igc_tf.classifiers.results import (
    Classification,
    Evaluation,
    InverseClassification,
    MultiLabelClassification,
)

__all__ = [
    "CLASSIFIERS",
    "INVERSE_SETTINGS",
    "TEMPORAL_SETTINGS",
    "Calibration",
    "Classification",
    "Diagnosis",
    "Evaluation",
    "InverseClassification",
    "InverseClassifier",
    "InvertedGeneratorClassifier",
    "MultiLabelClassification",
    "MultiLabelInvertedGeneratorClassifier",
    "SearchClassifier",
    "build_cnn",
    "build_lenet",
    "diagnose",
    "evaluate_network",
    "load_classifier",
    "load_network",
    "network_card",
    "network_names",
]
