"""What the embedding projector and the histograms read."""

import csv

import keras
import numpy as np
import pytest
from google.protobuf import text_format
from tensorboard.plugins import projector

from igc_tf.classifiers import InvertedGeneratorClassifier, load_classifier
from igc_tf.generators.generator import Generator
from igc_tf.search import SearchSettings
from igc_tf.search.observations import Pose
from igc_tf.tensorboard import log_latents
from tests.fixtures.linear_generator import linear_generator
from tests.fixtures.read_summaries import read_summaries


@pytest.fixture(scope="module")
def logged(tmp_path_factory, classifier, digits, found):
    directory = tmp_path_factory.mktemp("latents")
    for _ in range(2):
        log_latents(directory, classifier, digits.images, found, digits.labels, "sigma 0.2")
    return directory


@pytest.fixture(scope="module")
def found(classifier, digits):
    return classifier.classify(digits.images)


def test_the_config_names_files_that_are_there(logged):
    run = logged / "latents sigma 0.2"
    config = projector.ProjectorConfig()
    text_format.Parse((run / "projector_config.pbtxt").read_text(), config)
    (embedding,) = config.embeddings
    for name in (embedding.tensor_path, embedding.metadata_path, embedding.sprite.image_path):
        assert (run / name).is_file()
    assert list(embedding.sprite.single_image_dim) == [28, 28]


def test_latents_are_those_of_the_answer(logged, found):
    latents = np.loadtxt(logged / "latents sigma 0.2" / "latents.tsv")
    expected = [found.latents[i, label] for i, label in enumerate(found.predictions)]
    np.testing.assert_allclose(latents, expected, rtol=1e-5)


def test_metadata_has_a_row_per_image(logged, found, digits):
    with (logged / "latents sigma 0.2" / "metadata.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [int(row["label"]) for row in rows] == list(digits.labels)
    assert [int(row["prediction"]) for row in rows] == list(found.predictions)
    differences = [float(row["difference"]) for row in rows]
    np.testing.assert_allclose(differences, found.differences.min(axis=1), atol=5e-5)


def test_sprites_are_the_images_in_a_square(logged, digits):
    picture = keras.utils.load_img(
        logged / "latents sigma 0.2" / "sprites.png", color_mode="grayscale"
    )
    sheet = np.asarray(picture) / 255 - 0.5
    # eleven images: four rows of four
    assert sheet.shape == (112, 112)
    for i in (0, 6, 10):
        top, left = i // 4 * 28, i % 4 * 28
        np.testing.assert_allclose(
            sheet[top : top + 28, left : left + 28], digits.images[i, ..., 0], atol=0.005
        )
    assert (sheet[84:, 84:] == -0.5).all()


def test_histograms_are_of_absolute_z_scores(logged, found):
    summaries = read_summaries(logged)
    z_scores = np.abs((found.latents - 0.5) / 2.0)
    answered = np.eye(10, dtype=bool)[found.predictions]
    for which, values in (("answered", z_scores[answered]), ("other", z_scores[~answered])):
        (rows,) = summaries["latents sigma 0.2", f"absolute z-score/{which} classes"].values()
        assert rows[:, 2].sum() == values.size
        assert rows[0, 0] == pytest.approx(values.min(), abs=1e-6)
        assert rows[-1, 1] == pytest.approx(values.max(), abs=1e-6)


def test_pictures_in_another_frame_than_the_generators_are_cut_by_their_own(tmp_path):
    model, _, _ = linear_generator(latent_size=2, data_shape=(6, 5, 1), scale=0.1)
    frame = Pose(frame=(9, 8), inner=(6, 5), background=0.0, high=1.0)
    generator = Generator(model, bounds=(-1.0, 1.0))
    classifier = InvertedGeneratorClassifier(generator, SearchSettings(steps=0), frame)
    data = np.linspace(-1, 1, 5 * 72, dtype=np.float32).reshape(5, 9, 8, 1)
    found = classifier.classify(data)
    log_latents(tmp_path, classifier, data, found, [0, 1, 2, 0, 1], name="mine/first")
    # a name is no path
    run, config = tmp_path / "latents mine∕first", projector.ProjectorConfig()
    text_format.Parse((run / "projector_config.pbtxt").read_text(), config)
    width, height = config.embeddings[0].sprite.single_image_dim
    picture = keras.utils.load_img(run / "sprites.png", color_mode="grayscale")
    sheet = np.asarray(picture) / 127.5 - 1
    # the fourth of five, as the projector cuts three rows of three
    part = sheet[height : 2 * height, :width]
    np.testing.assert_allclose(part, data[3, ..., 0], atol=0.01)


def test_what_was_dropped_or_refused_stands_with_the_best_that_was_found(tmp_path, digits):
    classifier = load_classifier("mnist-cagan-compact", "best")
    classifier.reject_at(0.5)
    found = classifier.classify(digits.images)
    assert np.isnan(found.latents).any() and (found.predictions == -1).any()
    log_latents(tmp_path, classifier, digits.images, found, digits.labels)
    with (tmp_path / "latents search" / "metadata.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [int(row["prediction"]) for row in rows] == list(found.best)
    latents = np.loadtxt(tmp_path / "latents search" / "latents.tsv")
    assert len(latents) == len(digits.images) and np.isfinite(latents).all()
    histograms = [rows for steps in read_summaries(tmp_path).values() for rows in steps.values()]
    assert len(histograms) == 2 and all(np.isfinite(rows).all() for rows in histograms)
