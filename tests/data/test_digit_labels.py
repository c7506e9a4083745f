"""The labels of digits, against a table written by hand."""

import numpy as np
import pytest

from igc_tf.data import (
    DIGIT_LABELS,
    ImageData,
    MultiLabelImages,
    bundled_digits,
    label_conditions,
    label_digits,
)

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
    assert DIGIT_LABELS == labelled.names == ("odd", "at least five", "closed loop", "inverted")
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


def test_condition_is_a_one_hot_pair_per_label():
    conditions = label_conditions(np.array([[0, 1, 1], [1, 0, 0]]))
    np.testing.assert_array_equal(conditions, [[1, 0, 0, 1, 0, 1], [0, 1, 1, 0, 1, 0]])
    assert conditions.dtype == np.float32
    assert label_conditions(np.zeros([0, 4], int)).shape == (0, 8)


def test_refuses_other_classes_than_digits():
    shirt = ImageData(
        images=np.zeros([1, 28, 28, 1], np.float32),
        labels=np.array([0]),
        name="fashion_mnist",
        split="test",
        source="",
        num_classes=2,
        class_names=("shirt", "shoe"),
    )
    with pytest.raises(ValueError, match="fashion_mnist.*shirt"):
        label_digits(shirt, seed=0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(np.zeros([2, 3], int), r"\(2, 3\): expected \(2, 2\)"), (np.full([2, 2], 2), "0 and 1")],
)
def test_labels_must_fit(labels, message):
    with pytest.raises(ValueError, match=message):
        MultiLabelImages(np.zeros([2, 28, 28, 1], np.float32), labels, ("a", "b"))
