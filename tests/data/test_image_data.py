import dataclasses

import numpy as np
import pytest

from igc_tf.data import ImageData


def make(count=10, **changes):
    fields = {
        "images": np.linspace(-0.5, 0.5, count * 4, dtype=np.float32).reshape(count, 2, 2, 1),
        "labels": np.arange(count, dtype=np.int64),
        "name": "made_up",
        "split": "test",
        "source": "a test",
        "num_classes": count,
        "class_names": tuple(str(i) for i in range(count)),
    }
    return ImageData(**(fields | changes))


def test_len_and_immutability():
    data = make(7)
    assert len(data) == 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.split = "train"


def test_sample_keeps_pairs_and_has_no_repeats():
    data = make(10)
    drawn = data.sample(6, seed=3)
    assert len(drawn) == 6 and drawn.source == data.source
    assert len(set(drawn.labels.tolist())) == 6
    # Labels are the positions in the original, so they say which image must come with them.
    np.testing.assert_array_equal(drawn.images, data.images[drawn.labels])


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((10, 2, 2), np.float32)}, r"float32 \(N, H, W, C\)"),
        ({"images": np.zeros((10, 2, 2, 1))}, "float64"),
        ({"images": np.full((10, 2, 2, 1), 0.6, np.float32)}, r"\[-0.5, 0.5\]"),
        ({"images": np.full((10, 2, 2, 1), np.nan, np.float32)}, r"\[-0.5, 0.5\]"),
        ({"labels": np.zeros(9, np.int64)}, r"int64 \(10,\)"),
        ({"labels": np.zeros(10, np.int32)}, "int32"),
        ({"labels": np.full(10, 10)}, r"\[0, 10\)"),
        ({"class_names": ("one",)}, "1 class names"),
    ],
)
def test_fields_must_fit_together(changes, message):
    with pytest.raises(ValueError, match=message):
        make(10, **changes)
