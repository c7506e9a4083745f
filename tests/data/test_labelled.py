import dataclasses

import numpy as np
import pytest

from igc_tf.data.labelled import LabelledData, scale_bytes
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError

# one of ten is visible
_ONE = np.eye(10)[:, :1, np.newaxis, np.newaxis]


def make(count=10, **changes):
    fields = {
        "data": np.linspace(-0.5, 0.5, count * 4, dtype=np.float32).reshape(count, 2, 2, 1),
        "labels": np.arange(count, dtype=np.int64),
        "layout": ConditionLayout.classes(count),
        "bounds": (-0.5, 0.5),
        "name": "made_up",
        "split": "test",
        "source": "a test",
    }
    return LabelledData(**(fields | changes))


def test_length_classes_conditions_and_immutability():
    data = make(7, layout=ConditionLayout.classes("abcdefg"))
    assert len(data) == 7 and data.num_classes == 7 and data.class_names == tuple("abcdefg")
    np.testing.assert_array_equal(data.conditions, np.eye(7, dtype=np.float32))
    assert data.images is data.data
    assert data.facts() == {"source": "a test", "split": "test", "count": 7}
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.split = "train"


def test_several_labels_have_conditions_but_no_classes():
    labels = np.array([[0, 1], [1, 0], [1, 1]], np.uint8)
    data = make(3, labels=labels, layout=ConditionLayout.binary(("odd", "big")))
    assert data.labels.dtype == np.int64
    np.testing.assert_array_equal(data.conditions, [[1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    with pytest.raises(ValueError, match=r"2 labels, \('odd', 'big'\)"):
        data.num_classes  # noqa: B018


def test_without_labels_all_are_of_one_class():
    data = make(3)
    found = data.unlabelled()
    assert found.class_names == ("any",) and found.labels.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(found.data, data.data)
    assert (found.name, found.bounds, found.source) == (data.name, data.bounds, data.source)


def test_sample_keeps_pairs_and_has_no_repeats():
    mask = np.arange(10 * 2).reshape(10, 2, 1, 1) % 3 > 0
    data = make(10, mask=mask)
    drawn = data.sample(6, seed=3)
    assert len(drawn) == 6 and drawn.source == data.source
    assert len(set(drawn.labels.tolist())) == 6
    # Labels are the positions in the original, so they say what must come with them.
    np.testing.assert_array_equal(drawn.data, data.data[drawn.labels])
    np.testing.assert_array_equal(drawn.mask, mask[drawn.labels])


def test_sample_depends_on_the_seed_only_and_nests():
    data = make(50)
    np.testing.assert_array_equal(data.sample(20, 1).labels, data.sample(20, 1).labels)
    np.testing.assert_array_equal(data.sample(20, 1).labels, data.sample(50, 1).labels[:20])
    assert data.sample(20, 1).labels.tolist() != data.sample(20, 2).labels.tolist()
    assert sorted(data.sample(50, 4).labels) == list(range(50))


@pytest.mark.parametrize("count", [0, -1, 11, 2.0, True])
def test_sample_refuses_counts_and_names_value_and_limit(count):
    with pytest.raises(ValueError, match=rf"count is {count}; .* from 1 to 10"):
        make(10).sample(count, seed=0)


def test_the_same_examples_within_other_bounds():
    data = np.float32([-0.5, -0.25, 0.5]).reshape(3, 1, 1, 1)
    facts = ConditionLayout.classes(2), (-0.5, 0.5), "x", "test", "here"
    images = LabelledData(data, np.array([0, 1, 0]), *facts)
    moved = images.within((0, 255))
    assert moved.bounds == (0, 255) and moved.data.dtype == np.float32
    np.testing.assert_array_equal(moved.data.ravel(), [0, 63.75, 255])
    np.testing.assert_allclose(moved.within((-0.5, 0.5)).data, data, atol=1e-7)
    assert images.within((-0.5, 0.5)) is images


def test_sets_are_alike_whose_shapes_bounds_and_names_are_the_same():
    data = make(3)
    data.check_alike(make(3, split="train", source="elsewhere").take([0, 2]))
    wider = np.zeros([3, 2, 3, 1], np.float32)
    names = ConditionLayout.classes("021")
    for changes in ({"bounds": (-0.5, 1)}, {"data": wider}, {"layout": names}):
        with pytest.raises(InputError, match="made_up train and made_up test have .*: expected"):
            data.check_alike(make(3, split="train", **changes))


def test_take_accepts_numbers_and_masks():
    data = make(5)
    np.testing.assert_array_equal(data.take([3, 1]).labels, [3, 1])
    np.testing.assert_array_equal(data.take(data.labels > 2).labels, [3, 4])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": np.zeros((10, 2, 2, 1))}, "float64"),
        ({"data": np.zeros((10, 2, 2, 1), np.uint8)}, "float32.*not uint8"),
        ({"data": np.zeros(10, np.float32)}, r"\(10,\)"),
        ({"data": np.full((10, 2, 2, 1), 0.6, np.float32)}, r"\[0.6, 0.6\]: .*\[-0.5, 0.5\]"),
        ({"data": np.full((10, 2, 2, 1), np.nan, np.float32)}, "not finite"),
        (
            {
                "data": np.full((10, 2, 2, 1), np.nan, np.float32),
                "mask": np.eye(10)[:, :1, None, None],
            },
            "not finite",
        ),
        ({"labels": np.zeros(9, np.int64)}, r"\(9,\): expected \(10,\)"),
        ({"labels": np.zeros(10)}, "float64"),
        ({"labels": np.full(10, 10)}, "0 to 9"),
        ({"bounds": (0.5, -0.5)}, "low less than high"),
        ({"mask": np.ones((10, 2), bool)}, r"mask has shape \(10, 2\)"),
        ({"mask": np.ones((1, 2, 2, 1), bool)}, r"mask has shape \(1, 2, 2, 1\)"),
        ({"mask": np.full((10, 1, 1, 1), 0.5)}, "other values than 0 and 1"),
    ],
)
def test_fields_must_fit_together(changes, message):
    with pytest.raises(ValueError, match=message):
        make(10, **changes)


def test_bounds_may_be_any_and_hold_for_what_is_visible():
    images = np.full((2, 2, 2, 3), 7, np.float32)
    assert make(2, data=images, bounds=(0, 7)).bounds == (0.0, 7.0)
    assert make(2, data=images, bounds=(0, np.inf)).images.shape == (2, 2, 2, 3)
    images[:, 0] = -1
    with pytest.raises(ValueError, match=r"\[-1, 7\]"):
        make(2, data=images, bounds=(0, 7))
    hidden = np.ones((2, 2, 1, 1))
    hidden[:, 0] = 0
    assert make(2, data=images, bounds=(0, 7), mask=hidden).mask.dtype == bool


def test_images_as_text_show_shape_order_and_names():
    images = np.full((2, 4, 3, 1), -1, np.float32)
    images[0, 0] = 1  # the upper half of the first image is white
    images[1, :, 2] = 1  # the right column of the second
    data = make(2, data=images, bounds=(-1, 1), layout=ConditionLayout.classes(("top", "right")))
    assert data.as_text().splitlines() == ["top  rig", "@@@    @", "       @"]
    assert data.as_text(count=1).splitlines() == ["top", "@@@"]
    # from black to white, and by every second pixel where there is no room
    grey = np.float32(np.arange(10) / 5 - 0.9).reshape(1, 1, 10, 1)
    ramp = dataclasses.replace(data.take([0]), data=grey)
    assert ramp.as_text().splitlines()[1] == " .:-=+*#%@"
    assert ramp.as_text(width=5).splitlines()[1] == " :=*%"
    # what is hidden may be anything, and is drawn as black
    images[:, 2:] = -100
    hidden = dataclasses.replace(data, data=images, mask=images > -100)
    assert hidden.as_text().split("\n") == ["top  rig", "@@@    @", ""]
    sequences = make(2, data=np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match=r"shape \(2, 5\)"):
        sequences.as_text()


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (-1, 1), (0, 1), (0, 255), (0.1, 0.3)])
def test_bytes_fill_the_bounds(bounds):
    pixels = np.arange(256, dtype=np.uint8)
    values = scale_bytes(pixels, bounds)
    low, high = np.float32(bounds)
    assert values.dtype == np.float32 and values[0] == low and values[-1] == high
    expected = bounds[0] + np.arange(256) / 255 * (bounds[1] - bounds[0])
    np.testing.assert_allclose(values, expected, atol=1e-6 * (high - low))


@pytest.mark.parametrize("bounds", [(1, 0), (0, np.inf), (0, 0)])
def test_bytes_need_finite_bounds(bounds):
    with pytest.raises(ValueError, match="low less than high"):
        scale_bytes(np.zeros(3, np.uint8), bounds)


def test_a_digest_tells_contents_apart_and_nothing_else():
    one = make(6)
    mask = np.ones([6, 1, 1, 1], bool)
    others = [
        make(6, data=one.data + 0.0, split="train", source="elsewhere"),
        dataclasses.replace(one, labels=one.labels[::-1]),
        dataclasses.replace(one, data=-one.data),
        dataclasses.replace(one, data=one.data.reshape(6, 4, 1, 1)),
        dataclasses.replace(one, mask=mask),
        dataclasses.replace(one, mask=~mask),
        one.take(slice(5)),
    ]
    assert others[0].digest() == one.digest()
    assert len({other.digest() for other in others}) == len(others)


def test_what_is_hidden_need_not_be_finite():
    data = make(6).data.copy()
    data[:3, 0, 0, 0] = np.nan, np.inf, -np.inf
    found = make(6, data=data, mask=np.isfinite(data))
    # a network that is given the mask beside them gets numbers
    assert found.data[:3, 0, 0, 0].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(found.data[found.mask], data[np.isfinite(data)])
    assert np.isnan(data[0, 0, 0, 0])
