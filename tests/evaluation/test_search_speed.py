"""The three ways that are timed do the same search."""

import json

import pytest

from igc_tf.evaluation.search_speed import SearchSpeedOptions, search_speed
from tests.fixtures.mean_digits import mean_digit_generator


def test_all_ways_agree_and_are_compared(tmp_path):
    mean_digit_generator(spread=0.1).save(tmp_path / "own.keras")
    options = SearchSpeedOptions(
        generator=str(tmp_path / "own.keras"),
        images=10,
        rounds=1,
        steps=5,
        output=tmp_path / "out",
    )
    result = search_speed(options)
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == result
    assert set(result["median"]) == {"batched", "one image, tf.function", "one image, eager"}
    assert all(value < 1e-6 for value in result["largest_disagreement"].values())
    for name, factor in result["batched_is_faster_by"].items():
        assert factor == pytest.approx(result["median"]["batched"] / result["median"][name])


def test_refuses_too_few_images():
    with pytest.raises(ValueError, match="--images 3"):
        SearchSpeedOptions(images=3)
