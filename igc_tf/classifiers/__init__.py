"""Classifiers: each sets up a search space and reads a decision off the search."""

from igc_tf.classifiers.classification import Classification
from igc_tf.classifiers.evaluate_network import evaluate_network
from igc_tf.classifiers.evaluation import Evaluation
from igc_tf.classifiers.inverted_generator_classifier import InvertedGeneratorClassifier

__all__ = ["Classification", "Evaluation", "InvertedGeneratorClassifier", "evaluate_network"]
