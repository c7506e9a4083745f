"""The coursework's retraining and representation, on what can be worked out."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.coursework.embeddings import (
    LINEAR,
    EmbeddingOptions,
    embed,
    embedding_tables,
    like_neighbours,
)
from evaluation.coursework.linear_gan import SPECTRUM, LinearGAN
from evaluation.coursework.retraining import Retraining, RetrainingOptions, retrain
from evaluation.coursework.retraining_claims import PUBLISHED, judge_claims, retraining_tables
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import save_generator
from igc_tf.runs import Experiment
from tests.fixtures.followed_progress import follow_progress
from tests.fixtures.mean_digits import mean_digit_generator, wide_digit_generator


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """The directory of a generator that makes each class's mean digit, a little varied."""
    folder = tmp_path_factory.mktemp("generator")
    save_generator(Generator.of(mean_digit_generator(spread=0.03)), folder)
    return str(folder)


def test_every_training_is_counted_and_nothing_is_trained_twice(generator, tmp_path, monkeypatch):
    options = RetrainingOptions(generator=generator, output=tmp_path, quick=True)
    data = [bundled_digits().sample(300, seed) for seed in (0, 1, 2)]
    result = retrain(options, data, verbose=0)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    shares = [
        (row["part"], row["share"], row["generated"], row["count_learnt"])
        for row in result["rows"]
        if row["part"] != "few"
    ]
    # of 200 images: none, half, all of them generated; and as many again added
    assert shares == [
        ("replaced", 0.0, 0, 200),
        ("replaced", 0.5, 100, 200),
        ("replaced", 1.0, 200, 200),
        ("added", 0.5, 200, 400),
    ]
    few = {row["way"]: row for row in result["rows"] if row["part"] == "few"}
    assert list(few) == list(PUBLISHED)
    lengths = {way: len(row["curve"]["train"]) for way, row in few.items()}
    assert list(lengths.values()) == [1, 1, 1, 2, 1, 2]
    for row in result["rows"]:
        assert sum(row["errors"]) == 300 - row["correct"]
        assert row["accuracy"] == pytest.approx(row["correct"] / 300)
    figures = {"shares.png", "learning-curves.png", "misclassified-0.png"}
    assert figures == {path.name for path in tmp_path.glob("*.png")}
    assert "fours" in retraining_tables(result)

    partial = {**result, "complete": False}
    (tmp_path / "result.json").write_text(json.dumps(partial))
    monkeypatch.setattr("evaluation.coursework.retraining.build_lenet", None)
    bars = follow_progress(monkeypatch)
    assert retrain(options, data, verbose=0)["rows"] == result["rows"]
    assert [bar.initial == bar.n == bar.total for bar in bars] == [True]


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """The directory of the same generator, whose images lie in [-1, 1]."""
    folder = tmp_path_factory.mktemp("wide")
    save_generator(wide_digit_generator(spread=0.03), folder)
    return str(folder)


@pytest.fixture
def loaded(monkeypatch):
    """The real images that programs load: as many as these bundled ones, in what they ask for."""
    found = []

    def load(name, split, data_dir=None, bounds=(-0.5, 0.5)):
        found.append((name, split, data_dir, bounds))
        return bundled_digits(bounds).sample(300, seed=0)

    for name in ("retraining", "embeddings"):
        monkeypatch.setattr(f"evaluation.coursework.{name}.load_images", load)
    return found


def test_real_images_lie_where_generated_ones_do(wide, loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(Retraining, "shares", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        retrain(RetrainingOptions(generator=wide, output=tmp_path, quick=True), verbose=0)
    assert [(split, bounds) for _, split, _, bounds in loaded] == [
        (split, (-1.0, 1.0)) for split in ("train", "validation/choices", "test")
    ]


def test_a_network_sees_the_same_in_images_of_other_bounds():
    digits, answers = bundled_digits().sample(20, seed=0), []
    for generator in (Generator(mean_digit_generator()), wide_digit_generator()):
        data = digits.within(generator.bounds)
        network = Retraining(RetrainingOptions(), None, generator, data, data, data).network(0)
        answers.append(network.predict_on_batch(data.images))
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_precision_is_the_same_in_other_bounds(wide, generator, loaded, tmp_path, monkeypatch):
    monkeypatch.setattr("evaluation.coursework.embeddings._embed", lambda *_: {})
    monkeypatch.setattr("evaluation.coursework.embeddings.LINEAR", {"linear": LinearGAN()})
    precisions = []
    for number, name in enumerate((generator, wide)):
        options = EmbeddingOptions(generator=name, output=tmp_path / str(number), quick=True)
        precisions.append(embed(options, verbose=0)["average_precision"])
    assert [bounds for *_, bounds in loaded] == [(-0.5, 0.5), (-1.0, 1.0)]
    for of in ("MNIST", "generated"):
        np.testing.assert_allclose(*(found[of] for found in precisions), atol=1e-3)


class Zero:
    """Reads every image as a 0."""

    output_shape = (None, 10)

    def predict_on_batch(self, images):
        return np.eye(10)[np.zeros(len(images), int)]


def test_what_is_drawn_of_a_training_is_there_when_it_counts(tmp_path, monkeypatch):
    options = RetrainingOptions(output=tmp_path)
    run, digits = Experiment("a test", options, verbose=0), bundled_digits()
    retraining = Retraining(options, run, None, digits, digits, digits.sample(50, seed=0))
    monkeypatch.setattr(run, "write_figure", _interrupted)
    retraining.judge(Zero(), "few", 0, 0.0, way="mixed")
    with pytest.raises(KeyboardInterrupt):
        retraining.judge(Zero(), "few", 0, 0.0, way="mixed, then real")
    assert [row["way"] for row in run.rows] == ["mixed"]


def _interrupted(*_):
    raise KeyboardInterrupt


def _retrained(accuracies, errors=(0,) * 10):
    """Rows of three seeds that differ a little: {(part, share or way): accuracy}."""
    return [
        {
            "part": part,
            ("way" if part == "few" else "share"): point,
            "seed": seed,
            "accuracy": accuracy + 0.0001 * seed,
            "errors": list(errors),
        }
        for (part, point), accuracy in accuracies.items()
        for seed in range(3)
    ]


def test_claims_follow_the_figures():
    accuracies = {
        ("replaced", 0.0): 0.990,
        ("replaced", 0.3): 0.993,
        ("replaced", 0.8): 0.980,
        ("replaced", 1.0): 0.25,
        ("added", 0.3): 0.985,
        ("few", "real"): 0.6,
        ("few", "real, longer"): 0.88,
        ("few", "generated alone"): 0.5,
        ("few", "generated, then real"): 0.88,
        ("few", "mixed"): 0.91,
        ("few", "mixed, then real"): 0.90,
    }
    errors = [10, 0, 0, 0, 500, 0, 0, 0, 0, 400]
    found = judge_claims(_retrained(accuracies, errors))
    assert [claim["verdict"] for claim in found] == [
        "holds",
        "does not hold",
        "holds",
        "holds",
        "not decided",
        "holds",
        "does not hold",
        "holds",
    ]
    assert "30 % against none: +0.30 ± 0.00 points" in found[0]["evidence"]
    assert "900 of 910" in found[-1]["evidence"]
    other = judge_claims(_retrained({**accuracies, ("replaced", 1.0): 0.95}, [5] * 10))
    assert other[2]["verdict"] == other[-1]["verdict"] == "does not hold"
    # they help, but by far less, or by far more
    for gain in (0.0005, 0.008):
        helped = {**accuracies, ("replaced", 0.3): 0.990 + gain}
        assert judge_claims(_retrained(helped, errors))[0]["verdict"] == "does not hold"


def test_options_of_retraining_outside_their_ranges_are_refused():
    for shares in ((0.0, 0.5), (0.0, 1.0)):
        with pytest.raises(InputError, match="shares=.*0 and 1 among them, and one between"):
            RetrainingOptions(shares=shares)
    with pytest.raises(InputError, match="few_epochs=.*ascending"):
        RetrainingOptions(few_epochs=(300, 100))


def test_a_quadratic_wasserstein_gan_finds_the_principal_components():
    for seed in range(2):
        found = LinearGAN(steps=3000, learning_rate=0.01, seed=seed).train()
        assert found["angle"] < 10 < 60 < found["chance"]
        np.testing.assert_allclose(found["variances"], SPECTRUM[:2], rtol=0.25)


def test_a_linear_discriminator_sees_no_variance():
    # both means are 0: there is nothing to be told
    found = LinearGAN("linear", steps=500).train()
    assert found["angle"] > 30


def test_neighbours_are_like_where_classes_lie_apart():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 4
    apart = rng.normal(size=[400, 2]) + 100 * labels[:, np.newaxis]
    assert like_neighbours(apart, labels) == 1
    # a quarter by chance
    assert like_neighbours(rng.normal(size=[400, 2]), labels) == pytest.approx(0.25, abs=0.05)


class Sure:
    """Knows the class of the mean digits, and of every real image that it is a 0."""

    def __init__(self):
        digits = bundled_digits()
        self._means = np.stack(
            [digits.images[digits.labels == c].mean(axis=0).ravel() for c in range(10)]
        )

    def get_weights(self):
        return [self._means]

    def predict(self, images, **options):
        del options
        flat = images.reshape(len(images), 1, -1)
        distances = ((flat - self._means) ** 2).mean(axis=-1)
        return np.where(distances.min(axis=1, keepdims=True) < 0.01, -distances, 0.0)


def test_images_are_embedded_and_judged(generator, tmp_path, monkeypatch):
    options = EmbeddingOptions(generator=generator, output=tmp_path, quick=True)
    result = embed(options, bundled_digits(), Sure(), verbose=0)
    assert len(result["rows"]) == len(LINEAR) and result["complete"]
    means = np.ascontiguousarray(Sure().get_weights()[0])
    assert result["networks_sha256"] == {"mnist-lenet": hashlib.sha256(means).hexdigest()}
    assert {row["steps"] for row in result["rows"]} == {30}
    # of real images nothing is told, and precision is the share of the class
    labels = bundled_digits().sample(200, seed=0).labels
    shares = np.bincount(labels, minlength=10) / 200
    np.testing.assert_allclose(result["average_precision"]["MNIST"], shares, atol=0.05)
    assert min(result["average_precision"]["generated"]) > 0.99
    embeddings = result["embeddings"]
    assert embeddings["generated"]["like_neighbours"]["PCA"] > 0.5
    for found in embeddings.values():
        assert 0 < sum(found["explained_variance"]) <= 1
    assert {"embeddings.png", "precision-recall.png"} == {p.name for p in tmp_path.glob("*.png")}
    assert "converges to PCA" in embedding_tables(result)
    with pytest.raises(InputError, match="images=5"):
        replace(options, images=5)

    partial = {**result, "rows": result["rows"][:1], "complete": False}
    (tmp_path / "result.json").write_text(json.dumps(partial))
    monkeypatch.setattr("evaluation.coursework.embeddings._embed", _interrupted)
    bars = follow_progress(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        embed(options, bundled_digits(), Sure(), verbose=0)
    whole = len(LINEAR)
    assert [(bar.initial, bar.n, bar.total) for bar in bars] == [(1, whole, whole)]
