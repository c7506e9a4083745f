"""What the elements of a condition mean."""

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.errors import InputError

# labels of two, three and two values
MIXED = ConditionLayout((Label("a", "xy"), Label("b", "pqr"), Label("c", "01")))


def test_classes_are_one_label():
    layout = ConditionLayout.classes(["cat", "dog", "owl"])
    assert (layout.size, layout.num_labels, layout.class_names) == (3, 1, ("cat", "dog", "owl"))
    np.testing.assert_array_equal(layout.one_hot([2, 0]), [[0, 0, 1], [1, 0, 0]])
    assert ConditionLayout.classes(2).class_names == ("0", "1")
    assert ConditionLayout.classes(np.int64(2)) == ConditionLayout.classes(2)
    with pytest.raises(InputError, match=r"names=3\.0: expected names, or how many"):
        ConditionLayout.classes(3.0)


def test_binary_labels_are_pairs():
    layout = ConditionLayout.binary(["thick", "slanted"])
    for labels in ([[1, 0]], np.array([[True, False]])):
        np.testing.assert_array_equal(layout.one_hot(labels), [[0, 1, 1, 0]])
    assert layout.element_names == ("thick=0", "thick=1", "slanted=0", "slanted=1")


def test_of_one_label_the_only_column_is_the_labels():
    digits, pairs = ConditionLayout.classes(10), ConditionLayout.binary("ab")
    for make in (np.array, tf.constant):
        np.testing.assert_array_equal(digits.labels_of(make([[7], [0]])), [7, 0])
        np.testing.assert_array_equal(digits.labels_of(make([[[7]], [[0]]])), [[7], [0]])
        np.testing.assert_array_equal(pairs.labels_of(make([[1, 0]])), [[1, 0]])


def test_labels_may_have_different_numbers_of_values():
    assert (MIXED.size, MIXED.sizes, MIXED.offsets) == (7, (2, 3, 2), (0, 2, 5))
    np.testing.assert_array_equal(MIXED.one_hot([[1, 2, 0]]), [[0, 1, 0, 0, 1, 1, 0]])
    parts = MIXED.split(np.arange(14.0).reshape(2, 7))
    np.testing.assert_array_equal(parts[1], [[2, 3, 4], [9, 10, 11]])


def test_projection_clamps_and_normalises_each_label():
    condition = np.array([[0.2, 0.6, -1.0, 0.5, 2.0, -3.0, -1.0]], np.float32)
    expected = [[0.25, 0.75, 0.0, 1 / 3, 2 / 3, 0.5, 0.5]]
    np.testing.assert_allclose(MIXED.project(condition), expected, rtol=1e-6)


def test_tangent_keeps_each_labels_sum():
    gradient = np.array([[1.0, 3.0, 3.0, 0.0, 0.0, 5.0, 5.0]], np.float32)
    inside = np.float32([[0.5, 0.5, 0.2, 0.3, 0.5, 0.1, 0.9]])
    np.testing.assert_allclose(MIXED.tangent(gradient, inside), [[-1, 1, 2, -1, -1, 0, 0]])


def test_tangent_takes_no_element_below_zero():
    # the second would fall; the third, at 0 as well, rises; so of the first and third the mean goes
    gradient = np.array([[5.0, 0.0, 2.0, 9.0, -2.0, 1.0, 7.0]], np.float32)
    at_zero = np.float32([[0.0, 1.0, 1.0, 0.0, 0.0, 0.5, 0.5]])
    np.testing.assert_allclose(MIXED.tangent(gradient, at_zero), [[0, 0, 2, 0, -2, -3, 3]])


def test_against_the_tangent_nothing_descends_faster():
    rng = np.random.default_rng(0)
    layout = ConditionLayout.classes(6)
    gradient = rng.normal(size=(200, 6)).astype(np.float32)
    condition = layout.project(rng.normal(size=(200, 6)).astype(np.float32)).numpy()
    direction = -layout.tangent(gradient, condition).numpy()
    np.testing.assert_allclose(direction.sum(axis=1), 0.0, atol=1e-5)
    is_held = condition == 0
    assert is_held.any() and (direction[is_held] >= 0).all()
    # Moreau (1962): what is left is at a right angle to the projection on a cone, and at an obtuse
    # one to all of the cone: to one element's gain at the cost of another that is above 0
    left = -gradient - direction
    np.testing.assert_allclose((left * direction).sum(axis=1), 0.0, atol=1e-5)
    dearest = np.where(is_held, np.inf, left).min(axis=1)
    assert (left.max(axis=1) <= dearest + 1e-5).all()


def test_the_best_value_of_each_label_is_that_of_its_highest_score():
    scores = np.float32([[0.1, 0.2, -3.0, -1.0, -2.0, 5.0, 4.0], [1.0, 0.0, 0.0, 0.0, 0.5, 0, 7]])
    np.testing.assert_array_equal(MIXED.best_values(scores), [[1, 1, 0], [0, 2, 1]])
    np.testing.assert_array_equal(MIXED.best_values(scores[1]), [0, 2, 1])
    assert MIXED.best_values(scores[:0]).shape == (0, 3)


def test_margins_are_between_the_best_two_of_each_label():
    layout = ConditionLayout((Label("a", ("x", "y", "z")), Label("b", ("only",))))
    margins = layout.margins(np.array([[0.5, -1.0, 0.25, 9.0], [1.0, 1.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(margins, [[0.25, np.nan], [0.0, np.nan]])


def test_a_layout_survives_json():
    assert ConditionLayout.from_dict(MIXED.to_dict()) == MIXED


def test_class_names_need_a_single_label():
    with pytest.raises(InputError, match=r"3 labels, \('a', 'b', 'c'\): expected one"):
        _ = MIXED.class_names


@pytest.mark.parametrize(
    ("layout", "labels", "message"),
    [
        (ConditionLayout.classes(3), [[1]], r"shape \(1, 1\): expected \(N,\)"),
        (ConditionLayout.classes(3), [0, 3], "int64 from 0 to 3: expected integers from 0 to 2"),
        (ConditionLayout.classes(3), [0, -1], "int64 from -1 to 0: expected integers from 0 to 2"),
        (ConditionLayout.classes(3), [0.5], "float64"),
        (ConditionLayout.classes(3), ["0", "2"], "labels are <U1: expected integers from 0 to 2"),
        (ConditionLayout.classes(3), [[0], [1, 2]], "labels of type list: expected an array"),
        (MIXED, [[0, 3, 0]], "from 0 to 3: expected integers from 0 to 1 or 2"),
        (MIXED, [[0, 1]], r"shape \(1, 2\): expected \(N, 3\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(layout, labels, message):
    with pytest.raises(InputError, match=message):
        layout.check(labels)


def test_names_that_two_layouts_share_have_the_same_places():
    digits = ConditionLayout.classes(3)
    for other in (digits, ConditionLayout.classes("ab2"), ConditionLayout.classes(2)):
        digits.check_order(other, "here", "there")
    for other in (ConditionLayout.classes("021"), ConditionLayout.classes("123")):
        with pytest.raises(
            InputError, match=r"there has .*, here \('0', '1', '2'\): .* same order"
        ):
            digits.check_order(other, "here", "there")
    ConditionLayout.binary("ab").check_order(ConditionLayout.binary("ab"), "here", "there")
    with pytest.raises(InputError, match="there has .*'b=0'.* here .*'a=0'"):
        ConditionLayout.binary("ab").check_order(ConditionLayout.binary("ba"), "here", "there")


def test_two_values_of_one_name_are_refused():
    with pytest.raises(InputError, match="different names"):
        ConditionLayout.classes(["a", "a"])


@pytest.mark.parametrize("name", ["", " ", "a\tb", "a\nb"])
def test_names_that_no_table_could_hold_are_refused(name):
    with pytest.raises(InputError, match=r"expected one line of text"):
        ConditionLayout.classes(["a", name])
    with pytest.raises(InputError, match=r"expected one line of text"):
        ConditionLayout.binary([name])
