"""What TensorBoard reads of a search is what `classify` found."""

from dataclasses import replace

import numpy as np
import pytest

from igc_tf.classifiers import InverseClassifier, InvertedGeneratorClassifier
from igc_tf.data.layout import ConditionLayout
from igc_tf.generators.generator import Generator
from igc_tf.search import SearchSettings
from igc_tf.search.observations import Pose
from igc_tf.tensorboard import log_search
from tests.fixtures.linear_generator import linear_generator, normal_images
from tests.fixtures.read_summaries import read_summaries


@pytest.fixture(scope="module")
def logged(tmp_path_factory, classifier, digits):
    """Two images written twice, and two others under another name; what was read back."""
    directory = tmp_path_factory.mktemp("search")
    for first, name in ((0, "sigma 0"), (0, "sigma 0"), (2, "sigma 0.4")):
        chosen = slice(first, first + 2)
        log_search(
            directory,
            classifier,
            digits.images[chosen],
            digits.labels[chosen],
            name,
        )
    return read_summaries(directory)


@pytest.fixture(scope="module")
def found(classifier, digits):
    return classifier.classify(digits.images[:2], history=True, snapshots=(0, 2, 8))


def _caption(found, digits, i):
    return f"image {i + 1}: is {digits.labels[i]}, read {found.predictions[i]}"


@pytest.mark.parametrize("quantity", ["loss", "data difference"])
def test_each_class_is_a_run_of_the_same_tags(logged, found, digits, quantity):
    history = found.loss_history if quantity == "loss" else found.difference_history
    for i in range(2):
        tag = f"{quantity}, sigma 0/{_caption(found, digits, i)}"
        for c in range(10):
            steps = logged[f"class {c}", tag]
            assert list(steps) == list(range(9))
            np.testing.assert_allclose(list(steps.values()), history[i, :, c], rtol=1e-6)


def test_another_name_stands_beside(logged):
    names = {tag.split("/")[0] for run, tag in logged if run == "class 3"}
    assert names == {
        f"{quantity}, sigma {sigma}"
        for quantity in ("loss", "data difference")
        for sigma in ("0", "0.4")
    }


def test_reconstructions_by_step_end_with_the_input(logged, found, digits):
    strips = logged["reconstructions", f"reconstructions, sigma 0/{_caption(found, digits, 1)}"]
    assert list(strips) == [0, 1, 2, 4, 6, 8]
    for step in (0, 2, 8):
        strip = strips[step] / 255 - 0.5
        assert strip.shape == (28, 11 * 29 - 1, 1)
        for c in range(10):
            expected = np.clip(found.snapshots[step][1, c], -0.5, 0.5)
            np.testing.assert_allclose(strip[:, 29 * c : 29 * c + 28], expected, atol=0.005)
        np.testing.assert_allclose(strip[:, 290:], digits.images[1], atol=0.005)


def test_the_grid_has_a_row_per_class_and_a_column_per_step(logged, found, digits):
    grids = logged["reconstructions", f"classes by steps, sigma 0/{_caption(found, digits, 0)}"]
    (grid,) = grids.values()
    assert grid.shape == (10 * 29 - 1, 7 * 29 - 1, 1)
    # class 4 at step 2, the third of the snapshots
    part = grid[4 * 29 : 4 * 29 + 28, 2 * 29 : 2 * 29 + 28] / 255 - 0.5
    expected = np.clip(found.snapshots[2][0, 4], -0.5, 0.5)
    np.testing.assert_allclose(part, expected, atol=0.005)


@pytest.mark.parametrize("kind", ["draws", "starts", "one"])
def test_every_candidate_has_its_curves_and_every_class_one_picture(tmp_path, kind):
    generator = Generator(linear_generator(latent_size=2, data_shape=(4, 4, 1))[0], bounds=(-9, 9))
    settings = SearchSettings(steps=2, learning_rate=0.05, draws=3 if kind == "draws" else 1)
    if kind == "draws":
        classifier = InvertedGeneratorClassifier(generator, settings)
        names = [f"class {c}, start {start}" for c in range(3) for start in (1, 2, 3)]
    else:
        # as many starts as there are classes, or one
        turned = Pose(angles=(-30.0, 0.0, 30.0), background=0.0, high=9.0)
        classifier = InverseClassifier(generator, settings, turned if kind == "starts" else None)
        names = ["start 1", "start 2", "start 3"] if kind == "starts" else ["found"]
    data = normal_images(1, (4, 4, 1))
    found = log_search(tmp_path, classifier, data)
    logged = read_summaries(tmp_path)
    assert {run for run, _ in logged} == {*names, "reconstructions"}
    caption = f"search/image 1: read {found.predictions[0]}"
    for k, name in enumerate(names):
        curve = [*logged[name, f"data difference, {caption}"].values()]
        np.testing.assert_allclose(curve, found.difference_history[0, :, k], rtol=1e-6)
    made = found.reconstructions.reshape(-1, 4, 4, 1)
    strip = logged["reconstructions", f"reconstructions, {caption}"][2] / 255 * 18 - 9
    assert strip.shape == (4, 5 * (len(made) + 1) - 1, 1)
    for c, picture in enumerate([*made, data[0]]):
        np.testing.assert_allclose(strip[:, 5 * c : 5 * c + 4], picture, atol=0.08)


def test_what_was_dropped_at_once_has_no_curves_and_does_not_darken_the_others(tmp_path):
    model, _, _ = linear_generator(latent_size=2, data_shape=(4, 4, 1), bound=None)
    generator, data = Generator(model, bounds=(-np.inf, np.inf)), normal_images(1, (4, 4, 1))
    settings = SearchSettings(steps=2)
    log_search(tmp_path, InvertedGeneratorClassifier(generator, settings), data)
    dropping = replace(settings, plan=((0, 2), (2, None)))
    found = log_search(tmp_path, InvertedGeneratorClassifier(generator, dropping), data)
    logged = read_summaries(tmp_path)
    # also the curves that it had before are gone
    kept = np.flatnonzero(np.isfinite(found.differences[0]))
    assert len(kept) == 2
    assert {run for run, _ in logged} == {f"class {c}" for c in kept} | {"reconstructions"}
    for (run, _), steps in logged.items():
        if run == "reconstructions":
            assert all((drawn.min(), drawn.max()) == (0, 255) for drawn in steps.values())
        else:
            assert list(steps) == [0, 1, 2] and np.isfinite(list(steps.values())).all()


def test_no_name_leads_to_another_directory(tmp_path, classifier, digits):
    names = ["../up", "a/b", *"23456789"]
    generator = Generator(
        classifier.generator.model, ConditionLayout.classes(names), bounds=(-0.5, 0.5)
    )
    named = InvertedGeneratorClassifier(generator, SearchSettings(steps=1))
    log_search(tmp_path / "logs", named, digits.images[:1])
    runs = {run for run, _ in read_summaries(tmp_path / "logs")}
    assert {"class ..∕up", "class a∕b", "class 9", "reconstructions"} <= runs
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]
    assert len(list((tmp_path / "logs").iterdir())) == len(runs) == 11
