"""Everything that digits go through, with data that are none: 32×32, in colour, of twenty names."""

import csv
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from starlette.testclient import TestClient

import igc_tf
from igc_tf.cli.main import run_command_line
from igc_tf.data.layout import ConditionLayout
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import load_generator, save_generator
from igc_tf.plots import plot_cases, plot_search, to_unit_range
from igc_tf.serve.application import build_application
from igc_tf.serve.drawing import facts_for_page, watch
from tests.fixtures.coloured_shapes import CLASS_NAMES, SHAPE, random_shapes, untrained_model
from tests.fixtures.read_summaries import read_summaries
from tests.plots.drawn import pictures, saved
from tests.serve.drawn import png

SETTINGS = igc_tf.SearchSettings(steps=20, learning_rate=0.2, final_learning_rate=0.02)
# by so much the accuracy must exceed the nearest class mean's
MARGIN = 0.3
STEPS = (0, 10, 20)


def nearest_class_mean(means, images):
    """The best accuracy that the class means (20, ...) reach by either distance."""
    labels = np.arange(len(images)) % len(means)
    deviations = (images[:, None] - means).reshape(len(images), len(means), -1)
    return max(
        np.mean((np.abs(deviations) ** power).mean(axis=2).argmin(axis=1) == labels)
        for power in (1, 2)
    )


@pytest.fixture(scope="module")
def class_means():
    images, labels, _ = random_shapes(4000, seed=0)
    return np.stack([images[labels == label].mean(axis=0) for label in range(20)])


@pytest.fixture(scope="module")
def directory(tmp_path_factory, class_means):
    """Where a generator is saved that was trained until it beats the class means."""
    keras.utils.set_random_seed(0)
    images, labels, latents = random_shapes(4000, seed=0)
    others, other_labels, _ = random_shapes(100, seed=1)
    layout, model = ConditionLayout.classes(CLASS_NAMES), untrained_model()
    model.compile(keras.optimizers.Adam(0.006), "mse")
    generator = Generator(model, layout)
    classifier = igc_tf.InvertedGeneratorClassifier(generator, SETTINGS)
    enough = nearest_class_mean(class_means, others) + MARGIN + 0.1
    for _ in range(5):
        model.fit([layout.one_hot(labels), latents], images, batch_size=32, epochs=8, verbose=0)
        # the classifier reads the network's variables, which training changes
        accuracy = classifier.evaluate(others, other_labels, verbose=0).accuracy
        if accuracy >= enough:
            break
    else:
        pytest.fail(f"the generator reads {accuracy:.0%} after training: expected {enough:.0%}")
    path = tmp_path_factory.mktemp("generator")
    save_generator(generator, path, settings={"best": SETTINGS.to_dict()})
    return path


@pytest.fixture(scope="module")
def classifier(directory):
    return igc_tf.load_classifier(directory)


@pytest.fixture(scope="module")
def held_out():
    """100 images that neither training nor its end depended on, and their labels."""
    images, labels, _ = random_shapes(100, seed=2)
    return images, labels


@pytest.fixture(scope="module")
def found(classifier, held_out):
    """What the search finds in three images."""
    return classifier.classify(held_out[0][:3], history=True, snapshots=STEPS)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, classifier):
    path = tmp_path_factory.mktemp("exported") / "model"
    classifier.export(path)
    return path


def test_reads_new_images_better_than_the_nearest_class_mean(classifier, held_out, class_means):
    evaluation = classifier.evaluate(*held_out, verbose=0)
    assert evaluation.count == 100
    assert evaluation.accuracy >= nearest_class_mean(class_means, held_out[0]) + MARGIN


def test_names_and_settings_are_kept(directory, classifier):
    generator = load_generator(directory)
    assert generator.layout.class_names == CLASS_NAMES == classifier.class_names
    assert generator.data_shape == SHAPE and generator.bounds == (-1, 1)
    assert isinstance(classifier, igc_tf.InvertedGeneratorClassifier)
    assert classifier.settings == SETTINGS
    assert igc_tf.load_classifier(directory, "paper").settings == igc_tf.SearchSettings()


def test_classify(classifier, held_out, found, class_means):
    images, labels = held_out[0][:3], held_out[1][:3]
    assert found.scores.shape == found.differences.shape == (3, 20)
    assert found.reconstructions.shape == (3, 20, *SHAPE)
    assert found.predictions.tolist() == found.differences.argmin(axis=1).tolist()
    one_by_one = classifier.predict(images, batch_size=1, verbose=0)
    np.testing.assert_allclose(one_by_one, found.scores, atol=1e-4)
    # what it finds of the right class shows where the shape lies, which the class mean cannot
    made = found.reconstructions[np.arange(3), labels]
    distances, of_means = np.abs(made - images), np.abs(class_means[labels] - images)
    assert distances.mean() < 0.6 * of_means.mean()


def test_plot_of_cases(held_out, found):
    images, labels = held_out[0][:2], held_out[1][:2]
    predictions = np.array([labels[0], labels[1] + 2])
    figure = saved(
        plot_cases(
            images,
            found.reconstructions[:2],
            found.differences[:2],
            predictions,
            labels,
            CLASS_NAMES,
            (-1, 1),
        )
    )
    shown = pictures(figure)
    assert len(shown) == 2 * 21
    for case in range(2):
        by_name = {picture.above.replace("\n", " "): picture for picture in shown[21 * case :][:21]}
        assert set(by_name) == {*CLASS_NAMES, "input"}
        np.testing.assert_allclose(by_name["input"].pixels, (images[case] + 1) / 2, atol=1e-6)
        for label, name in enumerate(CLASS_NAMES):
            expected = to_unit_range(found.reconstructions[case, label], (-1, 1))
            np.testing.assert_array_equal(by_name[name].pixels, expected)
        framed = {name for name, picture in by_name.items() if picture.frame}
        assert framed == {CLASS_NAMES[labels[case]], CLASS_NAMES[predictions[case]]}


def test_plot_of_a_search(held_out, found):
    snapshots = {step: kept[0] for step, kept in found.snapshots.items()}
    figure = saved(plot_search(held_out[0][0], snapshots, CLASS_NAMES, (-1, 1)))
    shown = pictures(figure)
    assert len(shown) == 20 * (len(STEPS) + 1)
    assert {picture.beside.replace("\n", " ") for picture in shown} - {""} == set(CLASS_NAMES)
    (triangle,) = (picture for picture in shown if picture.beside == "yellow\ntriangle")
    expected = to_unit_range(snapshots[0][CLASS_NAMES.index("yellow triangle")], (-1, 1))
    np.testing.assert_array_equal(triangle.pixels, expected)


def test_tensorboard(tmp_path, classifier, held_out, found):
    images, labels = held_out
    classifier.log(tmp_path, images[:1], labels[:1])
    logged = read_summaries(tmp_path)
    assert {run for run, _ in logged} == {f"class {name}" for name in CLASS_NAMES} | {
        "reconstructions"
    }
    caption = f"search/image 1: is red disc, read {CLASS_NAMES[found.predictions[0]]}"
    for label, name in enumerate(CLASS_NAMES):
        curve = list(logged[f"class {name}", f"data difference, {caption}"].values())
        np.testing.assert_allclose(curve, found.difference_history[0, :, label], atol=1e-4)
    strip = logged["reconstructions", f"reconstructions, {caption}"][20] / 255
    assert strip.shape == (32, 21 * 33 - 1, 3)
    np.testing.assert_allclose(strip[:, 20 * 33 :], (images[0] + 1) / 2, atol=0.005)
    made = to_unit_range(found.snapshots[20][0, 7], (-1, 1))
    np.testing.assert_allclose(strip[:, 7 * 33 : 8 * 33 - 1], made, atol=0.005)


def test_saved_model(exported, held_out, found):
    signature = tf.saved_model.load(str(exported)).signatures["classify"]
    answer = signature(images=tf.constant(held_out[0][:3]))
    assert answer["label"].numpy().tolist() == found.predictions.tolist()
    np.testing.assert_allclose(answer["difference"], found.differences, atol=1e-4)
    answered = found.reconstructions[np.arange(3), found.predictions]
    np.testing.assert_allclose(answer["reconstruction"], answered, atol=1e-3)
    described = json.loads((exported / "assets.extra" / "classifier.json").read_text())
    assert ConditionLayout.from_dict(described["layout"]).class_names == CLASS_NAMES


def test_service(exported, held_out, found):
    with TestClient(build_application(exported)) as client:
        body = {"instances": held_out[0][:3].tolist()}
        rows = client.post("/v1/models/classifier:predict", json=body).json()["predictions"]
    assert [row["label"] for row in rows] == found.predictions.tolist()
    assert np.shape([row["reconstruction"] for row in rows]) == (3, *SHAPE)


def test_pictures_of_other_sizes_can_be_drawn(classifier, held_out, found):
    *_, last = watch(classifier, held_out[0][0])
    assert last.scores.argmax() == found.predictions[0]
    described = facts_for_page(classifier)
    assert (described["height"], described["width"], described["channels"]) == SHAPE
    assert described["names"] == CLASS_NAMES and not described["arrange"]
    encoded = png(np.rint(255 * (held_out[0][0] + 1) / 2))
    read = classifier.generator.picture_frame.decode(encoded)
    np.testing.assert_allclose(read, held_out[0][0], atol=1 / 127)


def test_command_line(tmp_path, directory, classifier, held_out, capsys):
    (tmp_path / "pictures").mkdir()
    bytes_ = np.rint(255 * (held_out[0][[3, 14]] + 1) / 2).astype(np.uint8)
    for i, picture in enumerate(bytes_):
        keras.utils.save_img(tmp_path / "pictures" / f"{i}.png", picture, scale=False)
    arguments = ["classify", tmp_path / "pictures", "--generator", directory]
    arguments += ["--output", tmp_path / "out"]
    with pytest.raises(SystemExit) as exit:
        run_command_line(list(map(str, arguments)))
    printed = capsys.readouterr()
    assert exit.value.code == 0, printed.err
    with open(tmp_path / "out" / "results.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = classifier.predict(bytes_ / 127.5 - 1, verbose=0)
    expected = [CLASS_NAMES[label] for label in classifier.labels_of_scores(scores)]
    assert [row["prediction"] for row in rows] == expected
    # no line as long as twenty names: each begins with the answer and tells the best scores
    title, *lines = printed.out.split("\n\n")[0].splitlines()
    assert title == "prediction        probability   margin   the 3 best scores"
    for line, name, row in zip(lines, expected, rows, strict=True):
        assert line.startswith(f"{name:15}   ")
        assert f"   {name} {float(row['score']):.4f}, " in line and line.count(", ") == 2
    written = [[float(row[f"score:{name}"]) for name in CLASS_NAMES] for row in rows]
    np.testing.assert_allclose(written, scores, atol=1e-3)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [
        "000-0.png",
        "001-1.png",
    ]
