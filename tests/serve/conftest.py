"""The classifiers that a page chooses from."""

import pytest

from igc_tf.serve.drawing import Shelf


@pytest.fixture(scope="session")
def shelf():
    return Shelf("mnist-cagan-compact", "best")
