"""A classifier of real digits that is quick to search with."""

import pytest

from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data import bundled_digits
from igc_tf.generators.generator import Generator, Prior
from igc_tf.search import SearchSettings
from tests.fixtures.mean_digits import mean_digit_generator


@pytest.fixture(scope="package")
def classifier():
    """A prior of deviation 2, so that a z-score is not the latent itself."""
    return InvertedGeneratorClassifier(
        Generator(mean_digit_generator(spread=0.1), bounds=(-0.5, 0.5), prior=Prior(0.5, 2.0)),
        SearchSettings(steps=8, learning_rate=0.05),
    )


@pytest.fixture(scope="package")
def digits():
    return bundled_digits().sample(11, seed=3)
