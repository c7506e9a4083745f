"""The package's public names."""

import pytest

import igc_tf


def test_import_is_lazy_and_complete():
    for name in igc_tf.__all__:
        assert getattr(igc_tf, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = igc_tf.nonsense
