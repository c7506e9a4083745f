"""The ways and versions that are timed do the same search."""

import json
from pathlib import Path

import pytest

from evaluation.search_speed.__main__ import SearchSpeedOptions, compare_versions, compare_ways
from igc_tf.errors import InputError
from tests.fixtures.mean_digits import varied_digit_generator


@pytest.fixture
def options(tmp_path):
    varied_digit_generator().save(tmp_path / "own.keras")
    return SearchSpeedOptions(
        generator=str(tmp_path / "own.keras"),
        images=10,
        rounds=1,
        steps=5,
        output=tmp_path / "out",
    )


def test_all_ways_agree_and_are_compared(options):
    result = compare_ways(options, verbose=0)
    assert json.loads((options.output / "result.json").read_text()) == result
    assert set(result["median"]) == {"batched", "one image, tf.function", "one image, eager"}
    assert all(value < 1e-6 for value in result["largest_disagreement"].values())
    for name, factor in result["batched_is_faster_by"].items():
        assert factor == pytest.approx(result["median"]["batched"] / result["median"][name])


@pytest.mark.slow
def test_a_version_agrees_with_itself(tmp_path):
    # a checkout of its own: what is timed must come from there
    other = tmp_path / "other"
    other.mkdir()
    (other / "igc_tf").symlink_to(Path(__file__).parents[2] / "igc_tf")
    options = SearchSpeedOptions(images=10, rounds=1, against=other, output=tmp_path / "out")
    result = compare_versions(options, verbose=0)
    assert [row["settings"] for row in result["rows"]] == ["paper", "best"]
    for row in result["rows"]:
        assert row["predictions_differ"] == 0 and row["largest_disagreement"] < 1e-6
        assert result["faster_by"][row["settings"]] == pytest.approx(row["here"] / row["there"])


def test_refuses_too_few_images_and_a_directory_without_the_package(tmp_path):
    with pytest.raises(InputError, match="images=3"):
        SearchSpeedOptions(images=3)
    with pytest.raises(InputError, match=f"--against {tmp_path}"):
        SearchSpeedOptions(against=tmp_path)
