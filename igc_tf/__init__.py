"""Inverted Generator Classifier for Keras 3 / TensorFlow."""
