"""A generator that classifies in no time, and digits for it."""

import numpy as np
import pytest

from igc_tf.data import bundled_digits
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import save_encoded_digits


@pytest.fixture(scope="session")
def generator(tmp_path_factory):
    """The directory of a generator with an encoder."""
    path = tmp_path_factory.mktemp("generator") / "digits"
    save_encoded_digits(path, fast=SearchSettings(steps=0, start="encoder"))
    return path


@pytest.fixture(scope="session")
def digits():
    """23 validation digits."""
    return bundled_digits().sample(23, seed=5)


@pytest.fixture(scope="session")
def pixels(digits):
    """Their bytes, uint8 (23, 28, 28)."""
    return np.rint(255 * (digits.images[..., 0] + 0.5)).astype(np.uint8)
