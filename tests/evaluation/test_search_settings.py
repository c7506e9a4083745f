"""The choice of search settings, where one change is known to help."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.search_settings.__main__ import SearchSettingsOptions, choose_search_settings
from igc_tf.classifiers import InvertedGeneratorClassifier, load_classifier
from igc_tf.data import label_digits, load_images
from igc_tf.generators import Generator
from igc_tf.search import SearchSettings
from igc_tf.training.settings_choice import choose_settings
from tests.fixtures.linear_generator import linear_generator
from tests.fixtures.mean_digits import mean_digit_generator, save_label_generator
from tests.fixtures.read_summaries import read_summaries


def test_keeps_what_classifies_better_and_resumes(tmp_path, monkeypatch):
    mean_digit_generator(spread=0.1).save(tmp_path / "own.keras")
    options = SearchSettingsOptions(
        generator=str(tmp_path / "own.keras"), images=40, output=tmp_path / "out"
    )
    # the blurred mean digits are told apart better by a difference that forgives displacement;
    # so few steps make no difference, and the last change takes the good one back
    rounds = (({"steps": 2}, {"decision": "deformation"}), ({"decision": "loss"},))
    chosen = choose_search_settings(options, rounds=rounds, verbose=0)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert len(result["tried"]) == 4 and result["complete"]
    assert SearchSettings.from_dict(result["best_settings"]) == chosen
    scores = {json.dumps(row["settings"]): row["score"] for row in result["tried"]}
    assert scores[json.dumps(chosen.to_dict())] == max(scores.values())
    assert chosen != SearchSettings() and chosen.to_dict() == result["tried"][2]["settings"]
    assert result["tried"][2]["score"] > result["tried"][0]["score"]
    assert result["tried"][0]["settings"] == SearchSettings().to_dict()
    assert result["data"]["split"] == "validation/choices"

    scalars = read_summaries(tmp_path / "out" / "tensorboard")
    for i, row in enumerate(result["tried"]):
        run = f"setting {i + 1:02d}"
        assert scalars[run, "mean accuracy"] == {0: pytest.approx(row["score"])}
        assert scalars[run, "accuracy at sigma 0.4"] == {0: pytest.approx(row["accuracies"][1])}

    def refuse(*_, **__):
        raise AssertionError("evaluated again")

    # what is finished, and as if interrupted after the last of them
    monkeypatch.setattr(InvertedGeneratorClassifier, "evaluate", refuse)
    assert choose_search_settings(options, rounds=rounds, verbose=0) == chosen
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == result
    (tmp_path / "out" / "result.json").write_text(json.dumps({**result, "complete": False}))
    assert choose_search_settings(options, rounds=rounds, verbose=0) == chosen


def test_of_equally_accurate_searches_the_nearest_is_kept(tmp_path):
    mean_digit_generator(spread=0.1).save(tmp_path / "own.keras")
    options = SearchSettingsOptions(
        generator=str(tmp_path / "own.keras"), images=5, sigma=(0.0,), output=tmp_path / "out"
    )
    # more of the same steps come nearer, and change no answer of so few
    base = {"steps": 1, "learning_rate": 0.01}
    rounds = ((base,), ({**base, "steps": 3}, {**base, "steps": 2}))
    chosen = choose_search_settings(options, rounds=rounds, verbose=0)
    tried = json.loads((tmp_path / "out" / "result.json").read_text())["tried"]
    assert len({row["score"] for row in tried}) == 1
    nearest = min(tried, key=lambda row: row["difference"])
    assert nearest["settings"] == chosen.to_dict()
    assert nearest["difference"] < max(row["difference"] for row in tried)


def test_of_searches_that_do_equally_well_the_first_is_kept():
    # as if all had been tried
    run = SimpleNamespace(
        finished=None,
        row=lambda settings: {"score": 0.9, "difference": 0.1},
        say=lambda text: None,
        finish=lambda best_settings: None,
    )
    generator, first = Generator(linear_generator()[0]), SearchSettings(steps=1)
    rounds = (({"steps": 2}, {"steps": 3}),)
    assert choose_settings(run, generator, {}, [], rounds, first) == first


def test_refuses_a_generator_of_another_task(tmp_path):
    options = SearchSettingsOptions(task="digit_labels", images=10, output=tmp_path / "out")
    message = r"mnist has .* \(\(2, 2, 2, 2\), .*: expected \(\(10,\), .* mnist-cagan-compact"
    with pytest.raises(ValueError, match=message):
        choose_search_settings(options, verbose=0)
    assert not (tmp_path / "out").exists()


def test_several_labels_count_as_right_together(tmp_path):
    save_label_generator(tmp_path / "own")
    options = SearchSettingsOptions(
        generator=str(tmp_path / "own"),
        task="digit_labels",
        images=40,
        sigma=(0.0,),
        output=tmp_path / "out",
    )
    choose_search_settings(options, rounds=(), verbose=0)
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())["tried"]
    digits = load_images("mnist", "validation/choices").sample(40, options.seed)
    digits = label_digits(digits, options.seed)
    classifier = load_classifier(tmp_path / "own", "paper")
    exact = (classifier.classify(digits.images).predictions == digits.labels).all(axis=1)
    assert row["score"] == exact.mean()


def test_of_all_digits_those_that_are_inverted_are_no_certain_ones(tmp_path, monkeypatch):
    save_label_generator(tmp_path / "own")
    options = SearchSettingsOptions(
        generator=str(tmp_path / "own"), task="digit_labels", output=tmp_path / "out"
    )
    given = []
    monkeypatch.setattr(
        "evaluation.search_settings.__main__.choose_settings", lambda *values: given.append(values)
    )
    choose_search_settings(options, verbose=0)
    ((_, _, _, labels, *_),) = given
    assert len(labels) == 2500
    assert abs(np.corrcoef(labels[:, 1], labels[:, 3])[0, 1]) < 0.1
