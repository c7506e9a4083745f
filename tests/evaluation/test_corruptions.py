"""Corrupted digits: who is asked, on which digits, what is counted, and how a run goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.corruptions.__main__ import CorruptionsOptions, read_corrupted
from evaluation.readers import Readers, summary, table
from igc_tf.classifiers import (
    InvertedGeneratorClassifier,
    SearchClassifier,
    evaluate_network,
    load_network,
    network_card,
)
from igc_tf.data import MNIST_C, VALIDATION_CORRUPTIONS, bundled_digits, corrupt
from igc_tf.errors import InputError
from igc_tf.generators import Generator, save_generator
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import encoded_digit_generator, save_encoded_digits
from tests.fixtures.followed_progress import follow_progress
from tests.fixtures.linear_generator import linear_generator

COUNT = 20
FAST = SearchSettings(steps=0, start="encoder")
KINDS = ("inversion", "jpeg")


@pytest.fixture
def options(tmp_path):
    save_encoded_digits(tmp_path / "own", fast=FAST)
    return CorruptionsOptions(
        generator=str(tmp_path / "own"),
        settings=("fast",),
        networks=("mnist-lenet",),
        kinds=KINDS,
        images=COUNT,
        output=tmp_path / "out",
    )


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_every_reader_reads_every_kind_of_the_same_digits(options, monkeypatch):
    digits = bundled_digits()
    result = read_corrupted(options, digits, verbose=0)
    assert json.loads((options.output / "result.json").read_text()) == result
    names = ["library, fast", "mnist-lenet"]
    asked = [(row["kind"], row["reader"]) for row in result["rows"]]
    assert asked == [(kind, name) for kind in ("clean", *KINDS) for name in names]
    rows = {(row["kind"], row["reader"]): row for row in result["rows"]}
    drawn = digits.sample(COUNT, seed=0)
    classifier = InvertedGeneratorClassifier(encoded_digit_generator()[0], FAST)
    lenet = load_network("mnist-lenet")
    for kind in ("clean", *KINDS):
        images = drawn.images if kind == "clean" else corrupt(drawn.images, kind, 0)
        found = classifier.predict(images, verbose=0).argmax(axis=1)
        assert rows[kind, names[0]]["correct"] == (found == drawn.labels).sum()
        found = evaluate_network(lenet, images, drawn.labels)
        assert rows[kind, names[1]]["correct"] == found.correct
        assert rows[kind, names[1]]["milliseconds"] > 0
    # clean digits are no corruption
    of = result["readers"]["mnist-lenet"]
    accuracies = {kind: rows[kind, "mnist-lenet"]["accuracy"] for kind in KINDS}
    assert of["mean"] == pytest.approx(np.mean(list(accuracies.values())))
    assert of["least"] == min(accuracies.values()) == accuracies[of["least_kind"]]
    assert result["corruptions"]["jpeg"] == {"severity": "quality 7", "options": {"quality": 7}}
    assert (options.output / "examples-fast.png").stat().st_size > 1000

    # what is finished is not read again
    with monkeypatch.context() as patch:
        patch.setattr(Readers, "measure", None)
        assert read_corrupted(options, digits, verbose=0) == result
    # as if interrupted: what is there is not read again
    kept = {**result, "rows": result["rows"][:-2], "complete": False}
    (options.output / "result.json").write_text(json.dumps(kept))
    calls = []
    evaluate = SearchClassifier.evaluate

    def counted(self, data, *arguments, **values):
        calls.append(len(data))
        return evaluate(self, data, *arguments, **values)

    monkeypatch.setattr(SearchClassifier, "evaluate", counted)
    bars = follow_progress(monkeypatch)
    again = read_corrupted(options, digits, verbose=0)
    # what is there is no measure of the time that is left
    assert [(bar.initial, bar.n, bar.total) for bar in bars] == [(4, 6, 6)]
    # nor is the machine's load by now that of what is there
    loads = [found["load_average"]["begin"] for found in (result, again)]
    assert loads[0] is not None and loads[1] is None
    # once to compile, once to count
    assert calls == [COUNT, COUNT]
    for row, before in zip(again["rows"], result["rows"], strict=True):
        assert {**row, "milliseconds": 0} == {**before, "milliseconds": 0}


def test_networks_read_images_in_the_bounds_of_the_generator(options, tmp_path):
    model, _, _ = linear_generator(classes=10, data_shape=(28, 28, 1), bound=2)
    save_generator(Generator(model), tmp_path / "wide")
    readers = Readers(replace(options, generator=str(tmp_path / "wide"), settings=("paper",)))
    digits = bundled_digits().sample(COUNT, seed=0)
    lenet, wide = load_network("mnist-lenet"), 4 * digits.images
    found = readers.all["mnist-lenet"]
    expected = lenet.predict(digits.images, verbose=0)
    np.testing.assert_allclose(found.probabilities(wide), expected, atol=1e-4)
    is_right = expected.argmax(axis=1) == digits.labels
    assert found.evaluate(wide, digits.labels).correct == is_right.sum()
    digest = network_card("mnist-lenet")["weights"]["digest"]
    assert readers.facts["networks_sha256"] == {"mnist-lenet": digest}


def test_each_half_has_its_own_kinds(tmp_path):
    for split, known, other in (
        ("test", MNIST_C, "jpeg"),
        ("validation", VALIDATION_CORRUPTIONS, "fog"),
    ):
        CorruptionsOptions(split=split, kinds=tuple(known))
        with pytest.raises(InputError, match=f"{other}.*{split}"):
            CorruptionsOptions(split=split, kinds=(other,))


def test_readers_are_told_apart_and_known(options, tmp_path):
    for changed in ({"settings": ()}, {"networks": ("a/x", "b/x")}, {"images": 0}):
        with pytest.raises(InputError, match=next(iter(changed))):
            replace(options, **changed)
    for changed in ({"settings": ("slow",)}, {"networks": ("nobody",)}):
        with pytest.raises(InputError, match="slow|nobody"):
            Readers(replace(options, **changed))
    readers = Readers(options)
    assert list(readers.all) == ["library, fast", "mnist-lenet"]
    assert list(readers.libraries) == ["library, fast"]
    assert set(readers.facts["networks_sha256"]) == {"mnist-lenet"}


def test_a_mask_reaches_the_library(options):
    readers = Readers(options)
    digits = bundled_digits().sample(COUNT, seed=0)
    mask = np.ones_like(digits.images)
    mask[:, :, 14:] = 0
    spoilt = np.where(mask == 1, digits.images, 0.5).astype(np.float32)
    expected = readers.libraries["library, fast"].classifier.evaluate(
        spoilt, digits.labels, mask, verbose=0
    )
    found = readers.measure("library, fast", spoilt, digits.labels, mask)
    assert found["correct"] == expected.correct
    assert found["correct"] != readers.measure("library, fast", spoilt, digits.labels)["correct"]


def test_a_summary_is_of_all_kinds():
    rows = [
        {"reader": "one", "kind": kind, "accuracy": accuracy, "milliseconds": milliseconds}
        for kind, accuracy, milliseconds in (("a", 0.9, 1.0), ("b", 0.6, 9.0), ("c", 0.9, 2.0))
    ]
    found = summary(rows, ["one"])
    assert found == {
        "one": {
            "mean": pytest.approx(0.8),
            "least": 0.6,
            "least_kind": "b",
            "milliseconds": 2.0,
        }
    }
    assert table(found).split("\n")[1].split() == ["one", "80.00", "60.00", "b", "2.00"]
