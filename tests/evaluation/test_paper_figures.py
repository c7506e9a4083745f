"""The paper's table with the generator that ships; run by hand with `-m slow`."""

import pytest

import igc_tf
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.reproduce import PAPER_ROWS


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "papers"), [row[:2] for row in PAPER_ROWS])
def test_the_papers_search_reads_as_many_digits_as_the_paper(sigma, papers):
    digits = bundled_digits()
    noised = add_gaussian_noise(digits.images, sigma, seed=0)
    classifier = igc_tf.InvertedGeneratorClassifier(igc_tf.load_generator("mnist-cagan-compact"))
    evaluation = classifier.evaluate(noised, digits.labels, verbose=0)
    # the interval of 5,000 digits is ± 0.6 points
    assert evaluation.interval[1] > papers
