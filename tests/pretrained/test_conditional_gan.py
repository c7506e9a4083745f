"""The conditional GANs that ship, for inverse classification (000)."""

import numpy as np

import igc_tf
from evaluation.inverse_classification.searches import InverseSearch
from igc_tf.data import bundled_digits


def test_both_searches_read_real_digits_and_reproduce_them():
    # digits it was not trained on; chance is 10 %
    digits = bundled_digits().sample(60, seed=123)
    generator = igc_tf.load_generator("mnist-cgan-compact-25")
    relaxed, entropy, difference = InverseSearch().answers(generator, digits.images, 1, 0, 60)
    assert (relaxed[0] == digits.labels).mean() > 0.45
    assert 0.1 < entropy < np.log(10)
    nothing = np.square(digits.images - digits.images.mean(axis=0)).mean()
    assert difference < 0.4 * nothing
    search = InverseSearch(method="enumerated", steps=20, learning_rate=0.1)
    enumerated, _, _ = search.answers(generator, digits.images, 1, 0, 600)
    assert (enumerated[0] == digits.labels).mean() > 0.75
