import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from igc_tf.errors import InputError
from igc_tf.search import Deformation


def _stroke(column, row=14):
    y, x = np.mgrid[:28, :28]
    image = np.exp(-((x - column) ** 2) / 4 - (y - row) ** 2 / 30) - 0.5
    return image.astype(np.float32)[np.newaxis, ..., np.newaxis]


def _difference(data, generated, visible=None, **options):
    """(N,) of data and generated (N, H, W, channels)."""
    difference = Deformation(**options)
    visible = None if visible is None else tf.constant(visible)
    reference = difference.prepare(tf.constant(data), visible)
    return difference(reference, tf.convert_to_tensor(generated)[:, tf.newaxis]).numpy()[:, 0]


def _plain_loops(data, generated, displacement, context, smoothing, brightness):
    """The definition, (H, W), pixel by pixel, with scipy's Gaussian derivatives."""

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
    return nearest


def test_agrees_with_plain_loops_over_scipy_derivatives():
    random = np.random.default_rng(0)
    data, generated = random.uniform(-0.5, 0.5, [2, 12, 12]).astype(np.float32)
    expected = _plain_loops(data, generated, 1, 3, 0.7, 0.3).mean()
    options = {"displacement": 1, "context": 3, "smoothing": 0.7, "brightness": 0.3}
    found = _difference(data[None, ..., None], generated[None, ..., None], **options)
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


def test_hidden_pixels_are_taken_to_be_as_generated_and_do_not_count():
    random = np.random.default_rng(0)
    data, generated = random.uniform(-0.5, 0.5, [2, 12, 12]).astype(np.float32)
    visible = (random.uniform(size=[12, 12]) < 0.7).astype(np.float32)
    filled = np.where(visible > 0, data, generated)
    nearest = _plain_loops(filled, generated, 1, 3, 0.7, 0.3)
    options = {"displacement": 1, "context": 3, "smoothing": 0.7, "brightness": 0.3}
    for behind in (data, np.nan):
        found = _difference(
            np.where(visible > 0, data, behind)[None, ..., None],
            generated[None, ..., None],
            visible[None, ..., None],
            **options,
        )
        np.testing.assert_allclose(found, [(nearest * visible).sum() / visible.sum()], rtol=1e-5)


def test_all_visible_is_no_mask_and_nothing_visible_no_difference():
    random = np.random.default_rng(1)
    data, generated = random.uniform(-0.5, 0.5, [2, 3, 12, 12, 2]).astype(np.float32)
    plain = _difference(data, generated)
    seen = _difference(data, generated, np.ones([1, 12, 12, 1], np.float32))
    np.testing.assert_allclose(seen, plain, rtol=1e-5)
    hidden = _difference(data, generated, np.zeros([3, 1, 1, 1], np.float32))
    np.testing.assert_array_equal(hidden, np.zeros(3))


def test_what_is_hidden_far_from_all_that_is_visible_has_no_gradient():
    random = np.random.default_rng(2)
    data, generated = random.uniform(-0.5, 0.5, [2, 1, 24, 12, 1]).astype(np.float32)
    visible = np.zeros([1, 24, 1, 1], np.float32)
    visible[:, :8] = 1
    difference = Deformation(displacement=1, context=3, smoothing=0.5)
    reference = difference.prepare(tf.constant(data), tf.constant(visible))
    candidate = tf.constant(generated[:, np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(candidate)
        found = difference(reference, candidate)
    gradient = tape.gradient(found, candidate).numpy()[0, 0, ..., 0]
    # context 1, displacement 1 and the Gaussian's radius, 2, beyond what is visible
    assert (gradient[12:] == 0).all() and np.abs(gradient[:8]).min() > 0


def test_candidates_are_compared_each_for_itself():
    random = np.random.default_rng(3)
    data = random.uniform(-0.5, 0.5, [2, 8, 8, 1]).astype(np.float32)
    generated = random.uniform(-0.5, 0.5, [2, 3, 8, 8, 1]).astype(np.float32)
    visible = (random.uniform(size=[2, 8, 8, 1]) < 0.7).astype(np.float32)
    for mask in (None, visible):
        difference = Deformation()
        reference = difference.prepare(
            tf.constant(data), None if mask is None else tf.constant(mask)
        )
        together = difference(reference, tf.constant(generated)).numpy()
        for candidate in range(3):
            alone = _difference(data, generated[:, candidate], mask)
            np.testing.assert_allclose(together[:, candidate], alone, rtol=1e-5)


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
    with pytest.raises(InputError, match=message):
        Deformation(**options)


def test_refuses_what_are_no_images():
    with pytest.raises(InputError, match=r"\(3, 5\).*\(N, height, width, channels\)"):
        _difference(np.zeros([3, 5], np.float32), np.zeros([3, 5], np.float32))
