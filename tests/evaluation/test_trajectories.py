"""The experiments with pen trajectories in small, on synthetic strokes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.trajectories.__main__ import (
    TrajectoriesOptions,
    _mean_and_deviation,
    evaluate_trajectories,
)
from evaluation.trajectories.claims import comparison_claims, map_claims
from evaluation.trajectories.maps import (
    Letter,
    class_vector_map,
    diagonal_agreement,
    letter_distance,
    roughness,
    separation,
    typical_letter,
)
from evaluation.trajectories.methods import TRAJECTORY_METHODS, method_recipe
from igc_tf.cli.program import parse_options
from igc_tf.data import label_trajectories
from igc_tf.training import SequenceRecipe, fit_sequence_network


def test_interrupted_run_goes_on_and_leaves_everything(tmp_path):
    options = TrajectoriesOptions(
        data="synthetic",
        output=tmp_path,
        classes=(2,),
        seeds=1,
        map_noise=(0.0, 0.3),
        map_seeds=2,
        units=4,
        epochs=1,
        subsampling=4,
    )
    fitted = []

    def counted(recipe, run, train, verbose):
        if len(fitted) == 7:
            fitted.append("interrupted")
            raise KeyboardInterrupt
        fitted.append(recipe)
        recipe = replace(recipe, batches_per_epoch=3)
        return fit_sequence_network(recipe, run, train, verbose)

    with pytest.raises(KeyboardInterrupt):
        evaluate_trajectories(options, counted, verbose=0)
    kept = json.loads((tmp_path / "result.json").read_text())
    assert not kept["complete"]
    assert [row["method"] for row in kept["rows"]] == ["sparse1", "sparse4", "all data"]
    found = evaluate_trajectories(options, counted, verbose=0)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["complete"] and result["rows"][:3] == kept["rows"]
    assert [row["method"] for row in result["rows"]] == list(TRAJECTORY_METHODS)
    # 2 × 40 strokes: a quarter to test, a tenth for choices
    assert [row["count"] for row in result["rows"]] == [20] * 5
    assert [row["train"] for row in result["rows"]] == [2, 8, 52, 52, 8]
    for row in result["rows"]:
        assert row["interval"][0] <= row["accuracy"] == row["correct"] / 20 <= row["interval"][1]
    of_maps = [(recipe.input_noise, recipe.seed) for recipe in fitted[:4]]
    assert of_maps == [(0.0, 0), (0.3, 0), (0.0, 1), (0.3, 1)]
    assert [(row["input_noise"], row["seed"]) for row in result["maps"]] == of_maps
    # other trainings, other maps, and both of them judge
    assert result["maps"][0]["map_first"] != result["maps"][2]["map_first"]
    assert result["verdicts"][:3] == map_claims(result["maps"])
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "accuracy.png",
        "class-vectors.png",
        "letters-sparse1.png",
        "letters-sparse4.png",
        "letters-all-data.png",
    }
    assert np.shape(result["maps"][0]["map_first"]) == (11, 11)
    # a single seed does not deviate
    for row in result["rows"]:
        assert result["summary"]["2"][row["method"]] == [row["accuracy"], None]
    assert [line.split() for line in str(found).splitlines() if line.startswith("      2 ")] == [
        ["2", *(f"{100 * row['accuracy']:.1f}" for row in result["rows"])]
    ]
    of_several = replace(found, summary={2: dict.fromkeys(TRAJECTORY_METHODS, (0.5, 0.1))})
    assert str(of_several).count("50.0 ± 10.0") == 5
    # what is finished is not made again, and says the same
    made = len(fitted)
    assert str(evaluate_trajectories(options, counted, verbose=0)) == str(found)
    assert len(fitted) == made and json.loads((tmp_path / "result.json").read_text()) == result
    assert "synthetic" in str(found) and "sparse4 > all data): not decided" in str(found)

    # other networks do not fit into this directory, and its result is not lost by trying
    with pytest.raises(ValueError, match=r"'units': \(4, 5\)"):
        evaluate_trajectories(replace(options, units=5), counted, verbose=0)
    assert json.loads((tmp_path / "result.json").read_text()) == result


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seeds": 0}, "seeds=0"),
        ({"map_seeds": 0}, "map_seeds=0"),
        ({"classes": (1,)}, r"classes=\(1,\)"),
        ({"classes": (2, 2)}, r"classes=\(2, 2\)"),
        ({"map_noise": (-0.1,)}, "-0.1"),
    ],
)
def test_refuses_options_outside_their_ranges(values, message):
    with pytest.raises(ValueError, match=message):
        TrajectoriesOptions(**values)


def test_takes_a_file_or_strokes_made_in_code():
    for given, data in (
        (["--data", "letters.mat"], Path("letters.mat")),
        (["--data", "synthetic"], "synthetic"),
        ([], None),
    ):
        assert parse_options(TrajectoriesOptions, arguments=given).data == data


def test_each_method_is_trained_as_the_options_say():
    options = TrajectoriesOptions(input_noise=0.2, units=5, epochs=7, subsampling=3)
    common = {"classes": 20, "input_noise": 0.2, "units": 5, "epochs": 7, "subsampling": 3}
    for name, network, per_class in (
        ("sparse4", "generator", 4),
        ("all data", "generator", None),
        ("sparse comparison", "classifier", 4),
    ):
        expected = SequenceRecipe(network=network, per_class=per_class, seed=6, **common)
        assert method_recipe(name, 20, 6, options) == expected


def test_a_deviation_is_that_of_a_sample():
    assert _mean_and_deviation([0.5, 0.7]) == pytest.approx((0.6, 0.2 / 2**0.5))


def test_typical_letter_is_the_mean_of_those_that_go_so_far():
    series = [np.float32([[1] * 3, [4] * 3]), np.float32([[3] * 3]), np.full([3, 3], 9)]
    data = label_trajectories(series, [0, 0, 1], ("a", "b"), "", "")
    letter = typical_letter(data, 0)
    np.testing.assert_array_equal(letter.mask[:, 0], [True, True, False])
    np.testing.assert_array_equal(letter.series[:2], [[2] * 3, [4] * 3])
    # as far as both go
    assert letter_distance(typical_letter(data, 0), typical_letter(data, 1)) == (49 + 25) / 2


class _Mixture:
    """Draws first · a + second · b."""

    letters = np.float32([[[2, 0, 0]], [[0, 4, 0]]])

    def predict_on_batch(self, conditions):
        return np.einsum("nc,ctd->ntd", conditions, self.letters)


def test_map_is_the_error_to_the_letter_by_first_and_second_entry():
    values = class_vector_map(
        _Mixture(), Letter(_Mixture.letters[0], np.ones([1, 1], bool)), grid=np.array([0, 0.5, 1])
    )
    first, second = np.meshgrid([0, 0.5, 1], [0, 0.5, 1], indexing="ij")
    np.testing.assert_allclose(values, (4 * (first - 1) ** 2 + 16 * second**2) / 3, rtol=1e-6)
    # only as far as the letter goes
    longer = np.concatenate([_Mixture.letters[0], [[99, 99, 99]]])
    letter = Letter(longer, np.array([[True], [False]]))
    found = class_vector_map(_Mixture(), letter, grid=np.array([0, 0.5, 1]))
    np.testing.assert_allclose(found, values, rtol=1e-6)


def test_measures_of_maps():
    first, second = np.indices((11, 11)) / 10
    assert roughness(first) == roughness(second) == pytest.approx(0.1)
    assert roughness((first > second).astype(float)) == 1
    assert roughness(np.ones([3, 3])) == 0
    assert diagonal_agreement(second - first, first - second) == 1
    assert diagonal_agreement(first - second, second - first) == 0
    assert separation(np.where(first > second, 0.0, 2.0), 2.0) == 1
    assert separation(np.ones([11, 11]), 2.0) == 0.5
    assert separation(np.where(first > second, 2.0, 0.0), 2.0) == 0
    # all drawn as the first letter: right below the diagonal only
    assert diagonal_agreement(np.zeros([11, 11]), np.ones([11, 11])) == 0.5


def _verdicts(judged):
    return [of["verdict"] for of in judged]


def test_claims_follow_the_figures():
    def seeds(mean):
        return [mean - 0.001, mean, mean + 0.001]

    accuracies = {
        4: {method: seeds(0.97) for method in TRAJECTORY_METHODS},
        20: {
            "sparse1": seeds(0.72),
            "sparse4": seeds(0.66),
            "all data": seeds(0.6),
            "comparison": seeds(0.95),
            "sparse comparison": seeds(0.7),
        },
    }
    assert _verdicts(comparison_claims(accuracies)) == ["holds"] * 4
    # four of each are worse than one, but all are not worse than four
    between = {**accuracies, 20: {**accuracies[20], "all data": seeds(0.69)}}
    assert _verdicts(comparison_claims(between))[2] == "does not hold"
    accuracies[4]["sparse4"] = seeds(0.9)
    accuracies[20] |= {"all data": seeds(0.92), "sparse comparison": seeds(0.8)}
    assert _verdicts(comparison_claims(accuracies)) == ["does not hold"] * 4
    # of ten pairs, some seem apart by a probability of three in a hundred
    one_aside = {**accuracies, 4: {**accuracies[4], "sparse4": [0.881, 0.89, 0.899]}}
    assert _verdicts(comparison_claims(one_aside))[0] == "not decided"
    # the same means of trainings that differ, and single ones
    for spread in ([-0.2, 0, 0.2], [0]):
        undecided = {
            classes: {name: [values[1] + of for of in spread] for name, values in found.items()}
            for classes, found in accuracies.items()
        }
        assert _verdicts(comparison_claims(undecided)) == ["not decided"] * 4

    def rows(noise, rough, separated, largest):
        return [
            {
                "input_noise": noise,
                "roughness": rough + change,
                "separation": separated + change,
                "largest_sum": largest + change,
                "letter_distance": 2.0,
            }
            for change in (0, 0.01)
        ]

    good = rows(0.0, 0.9, 0.7, 9) + rows(0.3, 0.3, 0.9, 2.9)
    assert _verdicts(map_claims(good)) == ["holds"] * 3
    bad = rows(0.0, 0.3, 0.9, 9) + rows(0.3, 0.5, 0.7, 3.1)
    assert _verdicts(map_claims(bad)) == ["does not hold"] * 3
    # one map of each noise
    assert _verdicts(map_claims(good[::2])) == ["not decided"] * 3
    assert map_claims(rows(0.1, 0.3, 0.9, 1)) == []
