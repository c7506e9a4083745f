"""Classifiers: each sets up a search space and reads a decision off the search."""

from igc_tf.classifiers.classification import Classification
from igc_tf.classifiers.evaluate_network import evaluate_network
from igc_tf.classifiers.evaluation import Evaluation
from igc_tf.classifiers.inverse_classification import InverseClassification
from igc_tf.classifiers.inverse_classifier import (
    INVERSE_SETTINGS,
    TEMPORAL_SETTINGS,
    InverseClassifier,
)
from igc_tf.classifiers.inverted_generator_classifier import InvertedGeneratorClassifier
from igc_tf.classifiers.multi_label_classification import MultiLabelClassification
from igc_tf.classifiers.multi_label_evaluation import MultiLabelEvaluation
from igc_tf.classifiers.multi_label_inverted_generator_classifier import (
    MultiLabelInvertedGeneratorClassifier,
)

__all__ = [
    "INVERSE_SETTINGS",
    "TEMPORAL_SETTINGS",
    "Classification",
    "Evaluation",
    "InverseClassification",
    "InverseClassifier",
    "InvertedGeneratorClassifier",
    "MultiLabelClassification",
    "MultiLabelEvaluation",
    "MultiLabelInvertedGeneratorClassifier",
    "evaluate_network",
]
