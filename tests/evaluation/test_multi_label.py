"""The multi-label table in small: what it counts and writes, and that it resumes."""

import json
from dataclasses import replace

import numpy as np
import pytest

import igc_tf
from evaluation.multi_label.__main__ import MultiLabelOptions, multi_label_table
from igc_tf.data import add_gaussian_noise, bundled_digits, label_digits
from igc_tf.generators.generator import Generator
from tests.fixtures.mean_digits import label_generator, mean_digit_generator, save_label_generator


@pytest.fixture
def options(tmp_path):
    save_label_generator(tmp_path / "own")
    return MultiLabelOptions(
        images=20,
        sigma=(0.0, 0.3),
        generator=str(tmp_path / "own"),
        output=tmp_path / "out",
    )


def table_of(options):
    return multi_label_table(options, bundled_digits(), verbose=0)


def test_rows_count_what_either_answers(options, monkeypatch):
    table = table_of(options)
    result = json.loads((options.output / "result.json").read_text())
    assert result["complete"] and result["rows"] == table.rows
    assert [(row["sigma"], row["classifier"]) for row in table.rows] == [
        (0.0, "inverted generator"),
        (0.0, "LeNet-5"),
        (0.3, "inverted generator"),
        (0.3, "LeNet-5"),
    ]
    digits = label_digits(bundled_digits().sample(20, seed=0), seed=0)
    noised = add_gaussian_noise(digits.images, 0.3, seed=0)
    generator = Generator(label_generator(), digits.layout, digits.bounds)
    classifier = igc_tf.MultiLabelInvertedGeneratorClassifier(generator)
    answers = (
        classifier.classify(noised).predictions,
        (igc_tf.load_network(options.network).predict(noised, verbose=0) > 0.5).astype(int),
    )
    for row, answer in zip(table.rows[2:], answers, strict=True):
        right = answer == digits.labels
        assert [part["correct"] for part in row["labels"]] == right.sum(axis=0).tolist()
        assert row["all_labels"]["correct"] == right.all(axis=1).sum() and row["count"] == 20
        for part in (*row["labels"], row["all_labels"]):
            assert part["interval"][0] < part["correct"] / 20 + 1e-9
            assert part["accuracy"] == part["correct"] / 20 <= part["interval"][1] + 1e-9
    # the mean image tells an inverted digit from an upright one
    assert table.rows[0]["labels"][3] == {**table.rows[0]["labels"][3], "label": "inverted"}
    assert table.rows[0]["labels"][3]["correct"] == 20
    assert "closed loop" in str(table) and "100.0 %" in str(table)
    assert (options.output / "cases-sigma-0.png").stat().st_size > 1000
    assert result["data"]["count"] == 20 and result["condition_update_factor"] == 5.0

    # what is finished is not searched again, and says the same
    monkeypatch.setattr("evaluation.multi_label.__main__.with_noise", None)
    assert table_of(options) == table
    assert json.loads((options.output / "result.json").read_text()) == result


def test_of_all_digits_those_that_are_inverted_are_no_certain_ones(options, monkeypatch):
    def stop(digits, sigma, seed):
        given.append(digits.labels)
        raise KeyboardInterrupt

    monkeypatch.setattr("evaluation.multi_label.__main__.with_noise", stop)
    given = []
    for images in (5000, "all"):
        with pytest.raises(KeyboardInterrupt):
            table_of(replace(options, images=images, output=options.output / str(images)))
    for labels in given:
        assert len(labels) == 5000
        assert abs(np.corrcoef(labels[:, 1], labels[:, 3])[0, 1]) < 0.05


def test_finished_rows_are_kept_by_an_interrupted_run(options):
    whole = table_of(options)
    path = options.output / "result.json"
    result = json.loads(path.read_text())
    kept = [{**row, "seconds": -1.0} for row in result["rows"][:2]]
    path.write_text(json.dumps({**result, "rows": kept, "complete": False}))
    table = table_of(options)
    assert table.rows[:2] == kept
    assert [row["labels"] for row in table.rows] == [row["labels"] for row in whole.rows]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"images": 1}, "images=1"),
        ({"sigma": (-0.1,)}, "-0.1"),
        ({"sigma": ()}, "sigma="),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_refuses_options_outside_their_ranges(values, message):
    with pytest.raises(ValueError, match=message):
        MultiLabelOptions(**values)


def test_refuses_generators_of_other_labels_and_more_images_than_there_are(options, tmp_path):
    mean_digit_generator().save(tmp_path / "classes.keras")
    with pytest.raises(ValueError, match=r"classes\.keras has 1 labels: expected 4"):
        table_of(replace(options, generator=str(tmp_path / "classes.keras")))
    with pytest.raises(ValueError, match="5001.*5000"):
        table_of(replace(options, images=5001))
