"""Trainings side by side: accuracies, distances and what is recorded of each training."""

import json
from dataclasses import replace

import pytest

from evaluation.ablation.__main__ import AblationOptions, compare_trainings, read_training
from evaluation.fid.__main__ import FIDOptions, measure_fid
from igc_tf.classifiers import InvertedGeneratorClassifier, network_card
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.generators import Generator, save_generator
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import encoded_digit_generator, save_encoded_digits
from tests.fixtures.mean_digits import mean_digit_generator

COUNT, PER_CLASS = 20, 8
FAST = SearchSettings(steps=0, start="encoder")
# the last stage, cut short, and the one that it started from
TRAINING = {
    "recipe": {"epochs": 5, "stop_after": 2},
    "seconds": 1800.0,
    "start": {"recipe": {"epochs": 3}, "seconds": 3600.0, "start": None},
}


@pytest.fixture
def options(tmp_path):
    save_encoded_digits(tmp_path / "joint", TRAINING, fast=FAST)
    history = [{"val_accuracy": 0.5, "seconds": 600.0}, {"val_accuracy": 0.9, "seconds": 300.0}]
    (tmp_path / "joint" / "history.json").write_text(json.dumps(history))
    save_generator(Generator(mean_digit_generator()), tmp_path / "means")
    return AblationOptions(
        generator=(f"joint={tmp_path / 'joint'}", f"means only={tmp_path / 'means'}"),
        images=COUNT,
        sigma=(0.0, 0.4),
        per_class=PER_CLASS,
        output=tmp_path / "out",
    )


def test_every_training_is_measured_alike(options, monkeypatch):
    digits = bundled_digits()
    result = compare_trainings(options, digits, verbose=0)
    assert json.loads((options.output / "result.json").read_text()) == result
    digest = network_card("mnist-lenet")["weights"]["digest"]
    assert result["networks_sha256"] == {"mnist-lenet": digest}
    found = [(row["label"], row["settings"], row["sigma"]) for row in result["rows"]]
    # what a card has no settings for is left out
    assert found == [
        ("joint", "paper", 0.0),
        ("joint", "paper", 0.4),
        ("joint", "fast", 0.0),
        ("joint", "fast", 0.4),
        ("means only", "paper", 0.0),
        ("means only", "paper", 0.4),
    ]
    chosen = digits.sample(COUNT, seed=0)
    noised = add_gaussian_noise(chosen.images, 0.4, seed=0)
    classifier = InvertedGeneratorClassifier(encoded_digit_generator()[0], FAST)
    expected = classifier.evaluate(noised, chosen.labels, verbose=0)
    assert result["rows"][3]["correct"] == expected.correct
    assert result["rows"][3]["count"] == COUNT and result["rows"][3]["milliseconds"] > 0

    # the distances are those of the program for them
    for label, name in options.named.items():
        output = options.output.parent / f"fid {label}"
        fid = FIDOptions(generator=name, features="lenet", per_class=PER_CLASS, output=output)
        table = measure_fid(fid, digits, verbose=0)
        distances = result["distances"][label]
        for figure in ("fid", "kid"):
            assert distances[figure] == pytest.approx(table.whole[figure], rel=1e-6)
            assert distances[f"mean_{figure}"] == pytest.approx(table.mean[figure], rel=1e-6)

    assert result["trainings"]["joint"]["epochs"] == [3, 2]
    assert result["trainings"]["joint"]["curve"] == [0.5, 0.9]
    assert result["trainings"]["means only"] == {
        "epochs": [],
        "hours": None,
        "chosen_epoch": None,
        "curve": None,
    }
    pictures = {path.name for path in options.output.glob("*.png")}
    assert pictures == {"epochs.png", "samples-joint.png", "samples-means only.png"}

    (options.output / "result.json").write_text(json.dumps({**result, "complete": False}))

    def refuse(*_, **__):
        raise AssertionError("classified again")

    monkeypatch.setattr(InvertedGeneratorClassifier, "evaluate", refuse)
    assert compare_trainings(options, digits, verbose=0)["distances"] == result["distances"]


def test_a_training_is_all_of_its_stages(tmp_path):
    card = {"training": TRAINING, "chosen_epoch": {"epoch": 2, "accuracy": 0.9}}
    known = read_training(tmp_path, card)
    assert known == {"epochs": [3, 2], "hours": 1.5, "chosen_epoch": 2, "curve": None}
    # an unfinished run knows its seconds by its epochs alone
    history = [{"val_accuracy": 0.5, "seconds": 1800.0}]
    (tmp_path / "history.json").write_text(json.dumps(history))
    unfinished = {"training": {**TRAINING, "seconds": None}}
    assert read_training(tmp_path, unfinished) == {
        "epochs": [3, 1],
        "hours": 1.5,
        "chosen_epoch": None,
        "curve": [0.5],
    }
    first = {**TRAINING["start"], "seconds": None}
    assert (
        read_training("no directory", {"training": {**TRAINING, "start": first}})["hours"] is None
    )


@pytest.mark.parametrize(
    ("figures", "curve"),
    [
        ([{}, {}, {"val_accuracy": 0.5}, {}], [None, None, 0.5, None]),
        ([{"val_accuracy": float("nan")}, {"val_accuracy": 0.5}], [None, 0.5]),
        ([{}, {"val_accuracy": float("nan")}], None),
        ([{"val_difference": 0.1}, {"val_difference": 0.2}], None),
    ],
)
def test_epochs_that_were_not_judged_have_no_share(figures, curve, tmp_path):
    history = [{"seconds": 60.0, **epoch} for epoch in figures]
    (tmp_path / "history.json").write_text(json.dumps(history))
    found = read_training(tmp_path, {"training": TRAINING})
    assert found["curve"] == curve and found["epochs"] == [3, len(history)]


@pytest.mark.parametrize("generator", [(), ("nameless",), ("=directory",), ("a/b=c",), ("a=",)])
def test_refuses_generators_without_a_label(generator):
    with pytest.raises(ValueError, match="expected LABEL=GENERATOR"):
        AblationOptions(generator=generator)


def test_refuses_a_label_twice_and_a_generator_that_is_not_there(options):
    with pytest.raises(ValueError, match="different labels"):
        AblationOptions(generator=("a=b", "a=c"))
    with pytest.raises(ValueError, match="expected one of"):
        compare_trainings(replace(options, generator=("a=nowhere",)), bundled_digits(), verbose=0)
    assert not options.output.exists()
