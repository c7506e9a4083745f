"""Accuracies and times of ways to classify: what is measured, and that ratios are ratios."""

import json
from dataclasses import replace

import pytest

from evaluation.accuracy_speed.__main__ import AccuracySpeedOptions, accuracy_speed
from evaluation.accuracy_speed.ways import FORMER, ways_to_classify
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.generators import Generator, load_generator, save_generator
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import encoded_digit_generator, save_encoded_digits
from tests.fixtures.mean_digits import mean_digit_generator

COUNT = 20
FAST = SearchSettings(steps=0, start="encoder", decision="deformation")
BEST = SearchSettings(
    steps=2, plan=((0, 4), (2, None)), learning_rate=0.01, start="encoder", restriction_weight=0.01
)


@pytest.fixture
def options(tmp_path):
    save_encoded_digits(tmp_path / "own", fast=FAST, best=BEST)
    return AccuracySpeedOptions(
        generator=str(tmp_path / "own"),
        images=COUNT,
        sigma=(0.0, 0.4),
        steps=(1,),
        timed_images=10,
        batch_size=10,
        rounds=2,
        output=tmp_path / "out",
    )


def test_all_ways_are_measured_in_one_run(options, monkeypatch):
    result = accuracy_speed(options, bundled_digits(), verbose=0)
    assert json.loads((options.output / "result.json").read_text()) == result
    names = [row["name"] for row in result["rows"]]
    assert names == [
        "fast",
        "fast, bfloat16",
        "best",
        "encoder, 3 classes kept, 1 step",
        "encoder, all classes, 1 step",
        "from the mean, 8 steps",
        "from the mean, 16 steps",
    ]
    assert list(result["times"]) == list(result["faster_by"]) == names
    # a row's accuracies are those of its settings, on the very same noise
    digits = bundled_digits().sample(COUNT, seed=0)
    rows = {row["name"]: row for row in result["rows"]}
    for name in ("fast", "best", FORMER):
        settings = SearchSettings.from_dict(rows[name]["settings"])
        classifier = InvertedGeneratorClassifier(encoded_digit_generator()[0], settings)
        for part in rows[name]["accuracies"]:
            noised = add_gaussian_noise(digits.images, part["sigma"], seed=0)
            found = classifier.evaluate(noised, digits.labels, verbose=0)
            assert (part["correct"], part["count"]) == (found.correct, COUNT)
    former = result["times"][FORMER]
    for name, taken in result["times"].items():
        assert len(taken["milliseconds_rounds"]) == len(taken["one_image_rounds"]) == 2
        assert taken["milliseconds"] > 0 and taken["one_image"] > 0
        ratio = former["milliseconds"] / taken["milliseconds"]
        assert result["faster_by"][name]["milliseconds"] == pytest.approx(ratio)
    assert result["faster_by"][FORMER] == {"milliseconds": 1, "one_image": 1}
    assert (options.output / "accuracy-speed.png").stat().st_size > 1000

    # as if interrupted: the accuracies that are there are not measured again, the times are
    kept = {**result, "rows": result["rows"][:-1], "complete": False}
    kept = {name: value for name, value in kept.items() if name not in ("times", "faster_by")}
    (options.output / "result.json").write_text(json.dumps(kept))
    evaluated = []
    evaluate = InvertedGeneratorClassifier.evaluate

    def counted(self, *arguments, **values):
        evaluated.append(self.settings.steps)
        return evaluate(self, *arguments, **values)

    monkeypatch.setattr(InvertedGeneratorClassifier, "evaluate", counted)
    again = accuracy_speed(options, bundled_digits(), verbose=0)
    assert again["rows"] == result["rows"] and evaluated == [16, 16]
    assert list(again["times"]) == names


def test_ways_are_those_of_the_card(options):
    generator = load_generator(options.generator)
    ways = {way.name: way for way in ways_to_classify(replace(options, paper=True), generator)}
    assert ways["fast"].settings == ways["fast, bfloat16"].settings == FAST
    assert ways["fast, bfloat16"].precision == "mixed_bfloat16"
    assert ways["best"].settings == BEST
    few = ways["encoder, 3 classes kept, 1 step"].settings
    assert few == replace(BEST, steps=1, plan=((0, 3), (1, None)), final_learning_rate=0.0)
    assert ways["encoder, all classes, 1 step"].settings == replace(few, plan=None)
    assert ways["the paper's settings"].settings == SearchSettings()
    former = ways[FORMER]
    assert former.is_former and former.settings.start == "mean"
    assert (former.settings.steps, former.settings.final_learning_rate) == (16, 0)
    given = ways_to_classify(replace(options, learning_rate=0.5, bfloat16=False), generator)
    rates = {way.name: way.settings.learning_rate for way in given}
    assert rates["encoder, all classes, 1 step"] == 0.5 and "fast, bfloat16" not in rates

    # without settings on the card
    plain, _, _ = encoded_digit_generator()
    ways = {way.name: way.settings for way in ways_to_classify(options, plain)}
    assert ways["fast"] == SearchSettings(steps=0, start="encoder") and "best" not in ways
    assert ways["encoder, all classes, 1 step"].learning_rate == 0.002


def test_refuses_a_generator_without_an_encoder(options, tmp_path):
    save_generator(Generator(mean_digit_generator()), tmp_path / "plain")
    with pytest.raises(ValueError, match="no encoder"):
        accuracy_speed(replace(options, generator=str(tmp_path / "plain")), bundled_digits(), 0)
    assert not options.output.exists()
    with pytest.raises(ValueError, match="rounds=0"):
        AccuracySpeedOptions(rounds=0)
