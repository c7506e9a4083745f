"""What is no digit: how it is made, what is doubted by what, and what is counted."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.out_of_class import __main__ as program
from evaluation.out_of_class.__main__ import (
    OutOfClassOptions,
    _foreign,
    _told_apart,
    tell_foreign,
)
from evaluation.out_of_class.doubts import Doubter
from evaluation.out_of_class.foreign import LETTERS, MADE
from evaluation.readers import Readers
from igc_tf.classifiers import load_network
from igc_tf.data import MNIST_C, bundled_digits, corrupt_some
from igc_tf.data.ink import arrange_ink
from igc_tf.metrics import expected_calibration_error
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import save_encoded_digits
from tests.fixtures.followed_progress import follow_progress

COUNT = 30
FAST = SearchSettings(steps=0, start="encoder")

pytestmark = pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")


@pytest.fixture
def options(tmp_path):
    save_encoded_digits(tmp_path / "own", fast=FAST)
    return OutOfClassOptions(
        generator=str(tmp_path / "own"),
        settings=("fast",),
        networks=("mnist-lenet",),
        images=COUNT,
        output=tmp_path / "out",
        data_dir=tmp_path / "nothing",
    )


@pytest.fixture(scope="module")
def parts():
    digits = bundled_digits().sample(1000, seed=0)
    return [digits.take(np.arange(*ends)) for ends in ((0, 600), (600, 800), (800, 1000))]


def test_each_doubt_is_measured_on_each_kind(options, parts, monkeypatch):
    compared = set()

    class Noted(Doubter):
        def __init__(self, reader, known):
            compared.add(len(known))
            super().__init__(reader, known)

    monkeypatch.setattr(program, "Doubter", Noted)
    result = tell_foreign(options, parts, verbose=0)
    # with all that there are
    assert compared == {600}
    assert json.loads((options.output / "result.json").read_text()) == result
    assert list(result["left_out"]) == ["clothes"] and result["kinds"] == list(MADE)
    assert len(result["rows"]) == 2 * len(MADE)
    doubts = {"library, fast": ["difference", "margin", "relative", "joint"]}
    doubts["mnist-lenet"] = ["softmax", "energy", "neighbours"]
    assert {name: list(of) for name, of in result["doubts"].items()} == doubts
    rows = {(row["kind"], row["reader"]): row["doubts"] for row in result["rows"]}
    # noise is nothing like a digit, whatever the generator
    noise = rows["noise", "library, fast"]["difference"]
    assert noise["auroc"] == noise["aupr"] == noise["refused"] == 1
    means = result["doubts"]["mnist-lenet"]["energy"]
    of_all = [rows[kind, "mnist-lenet"]["energy"]["auroc"] for kind in MADE]
    assert means["auroc"] == pytest.approx(np.mean(of_all))
    assert result["temperatures"]["library, fast"] > 0
    for found in result["refusals"]["library, fast"].values():
        assert 0 <= found["refused"] < 1 and 0 <= found["right"] <= 1
    digits = parts[2].sample(COUNT, seed=0)
    corrupted = corrupt_some(digits.images, tuple(MNIST_C), 0)
    lenet = load_network("mnist-lenet")
    for kind, images in (("clean", digits.images), ("corrupted", corrupted)):
        probabilities = lenet.predict(images, verbose=0)
        found = result["calibration"]["mnist-lenet"][kind]
        assert found["accuracy"] == (probabilities.argmax(axis=1) == digits.labels).mean()
        assert found["expected_calibration_error"] == pytest.approx(
            expected_calibration_error(probabilities, digits.labels), abs=1e-4
        )
        assert 0.1 < result["calibration"]["library, fast"][kind]["confidence"] <= 1
    assert (options.output / "examples-fast.png").stat().st_size > 1000

    # as if interrupted
    kept = {**result, "rows": result["rows"][:-3], "complete": False}
    (options.output / "result.json").write_text(json.dumps(kept))
    bars = follow_progress(monkeypatch)
    assert tell_foreign(options, parts, verbose=0)["rows"] == result["rows"]
    whole = len(result["rows"])
    assert [(bar.initial, bar.n, bar.total) for bar in bars] == [(whole - 3, whole, whole)]


def test_doubts_of_a_network_by_hand(options, parts):
    readers, known = Readers(replace(options, batch_size=3)), parts[0].images[:50]
    images = parts[2].images[:7]
    found = Doubter(readers.all["mnist-lenet"], known)(images)
    lenet = load_network("mnist-lenet")
    probabilities = lenet.predict(images, verbose=0)
    np.testing.assert_allclose(found["softmax"], 1 - probabilities.max(axis=1), atol=1e-5)
    # p = exp(logit) / Σ: the energy is log p - logit of any class
    logits = images
    for layer in lenet.layers[1:-1]:
        logits = layer(logits)
        if layer.name == "features":
            features = logits.numpy()
    energy = np.log(probabilities[:, 0]) - logits.numpy()[:, 0]
    np.testing.assert_allclose(found["energy"], energy, atol=1e-3)
    known_features = known
    for layer in lenet.layers[1:]:
        known_features = layer(known_features)
        if layer.name == "features":
            break
    normed = [
        part / np.linalg.norm(part, axis=1, keepdims=True)
        for part in (features, known_features.numpy())
    ]
    distances = np.linalg.norm(normed[0][:, None] - normed[1], axis=2)
    np.testing.assert_allclose(found["neighbours"], np.sort(distances, axis=1)[:, 4], atol=1e-4)


def test_the_figures_are_counted():
    of_known = np.arange(99.0)
    # of a hundred, one may be refused: beyond 98
    found = _told_apart(of_known, np.array([1.0, 2.0, 99.0, 4.0]), np.array([3.0, 500.0]), 0.01)
    # of the eight pairs, 3 > 1 and 2; 500 > all
    assert found["auroc"] == pytest.approx(6 / 8)
    # found in the order 500 (right), 99, 4, 3 (right): precisions 1 and 2/4, a half of recall each
    assert found["aupr"] == pytest.approx(0.5 * 1 + 0.5 * 0.5)
    assert (found["refused"], found["digits_refused"]) == (0.5, 0.25)
    # what is just at the limit is not refused
    at_limit = _told_apart(of_known, np.array([98.0, 99.0]), np.array([98.0, 99.0]), 0.01)
    assert (at_limit["refused"], at_limit["digits_refused"]) == (0.5, 0.5)


@pytest.mark.parametrize("kind", MADE)
def test_foreign_images_are_drawn_anew_from_a_seed(kind):
    def drawn(seed, split="test"):
        return MADE[kind](np.random.default_rng(seed), 12, (28, 28), split)

    images = drawn(3)
    assert images.shape == (12, 28, 28) and images.min() >= 0 and images.max() <= 1
    assert (images == drawn(3)).all() and (images != drawn(4)).any()
    assert len({image.tobytes() for image in images}) > 6
    # other typefaces where choices are made
    assert (images == drawn(3, "validation/choices")).all() == (kind != "letters")


def test_no_image_that_choices_are_made_by_is_reported_on(options, parts):
    of = {}
    for split in ("test", "validation/choices"):
        of[split], _ = _foreign(replace(options, split=split, seed=3), parts[2].sample(12, seed=0))
    for kind, images in of["test"].items():
        assert not {image.tobytes() for image in images} & {
            image.tobytes() for image in of["validation/choices"][kind]
        }
        # those of the published rows
        drawn = MADE[kind](np.random.default_rng(3), 12, (28, 28), "test")
        np.testing.assert_allclose(images[..., 0], drawn - 0.5, atol=1e-6)


def test_discs_are_as_large_as_they_are_said_to_be():
    areas = MADE["discs"](np.random.default_rng(0), 300, (60, 60), "test").sum(axis=(1, 2))
    radii = np.sqrt(areas / np.pi)
    # of those that the frame cuts there is less
    assert radii.max() == pytest.approx(20, abs=0.3) and 4 < radii.min() < 7


def test_letters_lie_as_digits_do():
    assert len(set(LETTERS)) == len(LETTERS) and not set("OoIilZzSsBgqb") & set(LETTERS)
    images = MADE["letters"](np.random.default_rng(0), 40, (28, 28), "test")
    for image in images:
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
        np.testing.assert_array_equal(arrange_ink(image, (28, 28)), image)


def test_a_split_is_one_of_two(options):
    for values in ({"false_alarm": 1.0}, {"known": 0}):
        with pytest.raises(ValueError, match=next(iter(values))):
            replace(options, **values)
