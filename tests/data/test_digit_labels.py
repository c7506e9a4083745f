"""The labels of digits, against a table written by hand."""

from functools import partial

import numpy as np
import pytest

from igc_tf.data import DIGIT_LABELS, ConditionLayout, LabelledData, bundled_digits, label_digits
from igc_tf.data.digit_labels import draw_labelled

# odd, at least five, closed loop
TABLE = {
    0: (0, 0, 1),
    1: (1, 0, 0),
    2: (0, 0, 0),
    3: (1, 0, 0),
    4: (0, 0, 0),
    5: (1, 1, 0),
    6: (0, 1, 1),
    7: (1, 1, 0),
    8: (0, 1, 1),
    9: (1, 1, 1),
}


def test_labels_are_those_of_the_table():
    digits = bundled_digits().sample(200, seed=4)
    labelled = label_digits(digits, seed=0)
    assert (
        DIGIT_LABELS
        == labelled.layout.label_names
        == ("odd", "at least five", "closed loop", "inverted")
    )
    np.testing.assert_array_equal(labelled.labels[:, :3], [TABLE[d] for d in digits.labels])
    assert set(digits.labels) == set(TABLE)


def test_half_are_inverted_as_the_seed_says_and_the_rest_untouched():
    digits = bundled_digits().sample(101, seed=4)
    first, again, other = (label_digits(digits, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.labels, other.labels)
    inverted = first.labels[:, 3] == 1
    assert inverted.sum() == 50 and len(first) == 101
    np.testing.assert_array_equal(first.images[inverted], -digits.images[inverted])
    np.testing.assert_array_equal(first.images[~inverted], digits.images[~inverted])
    assert first.images.dtype == np.float32


@pytest.mark.parametrize("bounds", [(0, 1), (-1, 1), (-0.4242, 2.8215)])
def test_black_becomes_white_within_any_bounds(bounds):
    digits = bundled_digits(bounds).sample(10, seed=4)
    labelled = label_digits(digits, seed=0)
    inverted = labelled.labels[:, 3] == 1
    low, high = bounds
    assert labelled.bounds == bounds
    np.testing.assert_allclose(
        labelled.images[inverted] - low, high - digits.images[inverted], atol=1e-6
    )


@pytest.mark.parametrize("count", [5000, 4999, 4000])
def test_of_nearly_all_digits_one_seed_inverts_no_certain_ones(count):
    digits = bundled_digits()
    drawn = digits.sample(count, seed=1)
    found = draw_labelled(digits, count, 1, partial(label_digits, seed=1))
    # the images that are drawn, each as it is or inverted
    inverted = found.labels[:, 3, np.newaxis, np.newaxis, np.newaxis] == 1
    np.testing.assert_array_equal(np.where(inverted, -found.images, found.images), drawn.images)
    np.testing.assert_array_equal(found.labels[:, 1], drawn.labels >= 5)
    # all digits lie in their order, and labelled as they are drawn the first half was inverted
    assert abs(np.corrcoef(found.labels[:, 1], found.labels[:, 3])[0, 1]) < 0.05


def test_few_digits_are_labelled_as_they_are_drawn():
    digits = bundled_digits()
    found = draw_labelled(digits, 2500, 1, partial(label_digits, seed=1))
    expected = label_digits(digits.sample(2500, seed=1), seed=1)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.labels[:, 3].sum() == 1250


def test_condition_is_a_one_hot_pair_per_label():
    labelled = label_digits(bundled_digits().sample(20, seed=4), seed=0)
    pairs = labelled.conditions.reshape(20, 4, 2)
    np.testing.assert_array_equal(pairs[..., 1], labelled.labels)
    np.testing.assert_array_equal(pairs[..., 0], 1 - labelled.labels)


def test_refuses_other_classes_than_digits():
    shirt = LabelledData(
        data=np.zeros([1, 28, 28, 1], np.float32),
        labels=np.array([0]),
        layout=ConditionLayout.classes(("shirt", "shoe")),
        bounds=(-0.5, 0.5),
        name="fashion_mnist",
        split="test",
        source="",
    )
    with pytest.raises(ValueError, match="fashion_mnist.*shirt"):
        label_digits(shirt, seed=0)
