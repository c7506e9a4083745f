import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from igc_tf.search import DeformationDifference


def _stroke(column, row=14):
    y, x = np.mgrid[:28, :28]
    image = np.exp(-((x - column) ** 2) / 4 - (y - row) ** 2 / 30) - 0.5
    return image.astype(np.float32)[np.newaxis, ..., np.newaxis]


def _difference(data, generated, **options):
    return DeformationDifference(**options)(tf.constant(data), tf.constant(generated)).numpy()


def _plain_loops(data, generated, displacement, context, smoothing, brightness):
    """The definition, pixel by pixel, with scipy's Gaussian derivatives."""

    def features(image):
        orders = ((0, 0), (1, 0), (0, 1))
        planes = [gaussian_filter(image, smoothing, order=order) for order in orders]
        return np.stack([brightness * planes[0], *planes[1:]], axis=-1)

    border = displacement + 8
    size = len(data)
    wanted = features(data)
    offered = features(np.pad(generated, border, mode="symmetric"))
    nearest = np.full([size, size], np.inf)
    for down in range(-displacement, displacement + 1):
        for across in range(-displacement, displacement + 1):
            rows = slice(border + down, border + down + size)
            columns = slice(border + across, border + across + size)
            distance = ((wanted - offered[rows, columns]) ** 2).sum(axis=-1)
            reach = context // 2
            for i in range(size):
                for j in range(size):
                    window = distance[
                        max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1
                    ]
                    nearest[i, j] = min(nearest[i, j], window.mean())
    return nearest.mean()


def test_agrees_with_plain_loops_over_scipy_derivatives():
    random = np.random.default_rng(0)
    data, generated = random.uniform(-0.5, 0.5, [2, 12, 12]).astype(np.float32)
    expected = _plain_loops(data, generated, 1, 3, 0.7, 0.3)
    options = {"displacement": 1, "context": 3, "smoothing": 0.7, "brightness": 0.3}
    found = _difference(data[None, ..., None], generated[None, ..., None], **options)
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


def test_forgives_shifts_up_to_the_displacement():
    image = _stroke(14)
    assert _difference(image, image)[0] == 0
    # a whole-pixel shift costs nothing but the border of the picture, where there is no ink
    assert _difference(image, _stroke(16), displacement=2)[0] < 1e-6
    assert _difference(image, _stroke(16), displacement=1)[0] > 1e-4
    assert _difference(image, _stroke(20), displacement=2)[0] > 1e-3


def test_sums_over_channels():
    random = np.random.default_rng(1)
    data, generated = random.uniform(-0.5, 0.5, [2, 1, 12, 12, 2]).astype(np.float32)
    apart = [
        _difference(data[..., c : c + 1], generated[..., c : c + 1], displacement=0)
        for c in range(2)
    ]
    both = _difference(data, generated, displacement=0)
    np.testing.assert_allclose(both, apart[0] + apart[1], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"displacement": -1}, "displacement=-1"),
        ({"context": 4}, "context=4: expected an odd"),
        ({"smoothing": 0.0}, "smoothing=0.0"),
        ({"brightness": -0.1}, "brightness=-0.1"),
    ],
)
def test_refuses_values_outside_their_ranges(options, message):
    with pytest.raises(ValueError, match=message):
        DeformationDifference(**options)


def test_refuses_what_are_no_images():
    with pytest.raises(ValueError, match=r"\(3, 5\).*\(N, height, width, channels\)"):
        _difference(np.zeros([3, 5], np.float32), np.zeros([3, 5], np.float32))
