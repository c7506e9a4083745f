"""The generator and the LeNet that know several labels, on real digits."""

import keras
import numpy as np
import pytest

import igc_tf
from igc_tf.classifiers import evaluate_network
from igc_tf.data import bundled_digits, label_digits
from igc_tf.generators.store import load_generator
from igc_tf.pretrained import load_lenet

GENERATOR, LENET = "mnist-multilabel-cagan-compact", "mnist-multilabel-lenet"


@pytest.fixture(scope="module")
def digits():
    return label_digits(bundled_digits().sample(60, seed=321), seed=5)


def test_generator_classifies_real_digits_far_above_chance(digits):
    classifier = igc_tf.MultiLabelInvertedGeneratorClassifier(
        load_generator(GENERATOR), igc_tf.best_settings(GENERATOR)
    )
    evaluation = classifier.evaluate(digits.images, digits.labels, verbose=0)
    # chance is 1/2 for a label, and at best 1/10 for all four
    assert min(evaluation.label_accuracies) >= 0.75
    assert evaluation.accuracy >= 0.6


def test_generator_makes_what_it_is_asked_for():
    # judged by the LeNet
    generator, network = igc_tf.load_generator(GENERATOR), load_lenet(LENET)
    asked = label_digits(bundled_digits().sample(100, seed=9), seed=9)
    latent = np.random.default_rng(0).normal(size=(100, 256)).astype(np.float32)
    made = generator([asked.conditions, latent]).numpy()
    found = network.predict(made, verbose=0) > 0.5
    assert ((found == asked.labels).mean(axis=0) > 0.8).all()


def test_lenet_reads_each_label(digits):
    network = load_lenet(LENET)
    assert isinstance(network, keras.Model) and network.output_shape == (None, 4)
    evaluation = evaluate_network(network, digits.images, digits.labels)
    assert evaluation.accuracy > 0.95
