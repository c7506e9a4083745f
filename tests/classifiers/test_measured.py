"""What is measured of digits that were bent in known ways, against SciPy's and by hand."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import igc_tf
from igc_tf.classifiers import Classification
from igc_tf.classifiers.measured import covered_pixels, undone_shifts
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.search import Batch, Search, SearchSettings, Space
from igc_tf.search.observations import (
    AnyOf,
    Blur,
    Compose,
    Explanations,
    Identity,
    Light,
    Pose,
    Undone,
)

DIGITS = bundled_digits().sample(16, seed=3)
BOUNDS = (-0.5, 0.5)


@pytest.fixture(scope="module")
def classifier():
    """Few explanations: as it is or shifted, sharp or blurred."""
    fast = igc_tf.load_classifier("mnist-cagan-observed", "fast")
    observation = Explanations(
        AnyOf(Identity(), Undone(Pose(shifts_only=True)), prices=(0.0, 0.02)),
        AnyOf(Identity(), Blur((1.3,)), prices=(0.0, 0.04), name="lens"),
    )
    settings = SearchSettings(steps=0, start="encoder", restriction_weight=0.0)
    return igc_tf.InvertedGeneratorClassifier(fast.generator, settings, observation)


def _measured(classifier, images):
    images = np.float32(images)
    return classifier.measure(images, classifier.classify(images, batch_size=len(images)))


@pytest.fixture(scope="module")
def plain(classifier):
    return _measured(classifier, DIGITS.images)


def _column(found, name):
    return found.nuisance.values[:, found.nuisance.names.index(name)]


def test_the_pose_is_that_of_the_digit_before_and_what_was_done_to_it(classifier, plain):
    turned = Pose().apply(DIGITS.images, np.float32([[3, -2, 0.9, 15, 0]] * 16))
    found = _measured(classifier, turned)
    right = found.predictions == plain.predictions
    assert right.sum() >= 14
    assert np.median(np.abs(_column(found, "rotation") - _column(plain, "rotation") - 15)) < 4
    assert np.median(np.abs(_column(found, "scale") / _column(plain, "scale") - 0.9)) < 0.06
    # the middle of what was off its middle is turned with it
    cos, sin = np.cos(np.deg2rad(15)), np.sin(np.deg2rad(15))
    down, across = _column(plain, "shift down"), _column(plain, "shift right")
    off = _column(found, "shift down") - 0.9 * (cos * down - sin * across) - 3
    assert np.median(np.abs(off)) < 0.6
    off = _column(found, "shift right") - 0.9 * (sin * down + cos * across) + 2
    assert np.median(np.abs(off)) < 0.6
    units = dict(zip(found.nuisance.names, found.nuisance.units, strict=True))
    assert units["rotation"] == "degrees" and units["shift down"] == "pixels"
    assert len(units) == len(found.nuisance.names)


def test_it_is_said_who_stands_otherwise(plain):
    angles = _column(plain, "rotation")
    for i, angle in enumerate(angles):
        way = "left" if angle > 0 else "right"
        said = f"turned {abs(angle):.0f}° to the {way} of the generator's typical "
        assert (f"{said}{plain.best[i]}" in plain.explain(i)) == (abs(angle) >= 20)


def test_the_width_of_a_blur_is_found_between_those_that_were_tried(classifier, plain):
    width = np.linspace(0.6, 2.2, 16, dtype=np.float32)
    blurred = Blur().apply(DIGITS.images, width[:, np.newaxis])
    found = _measured(classifier, blurred)
    assert np.median(np.abs(_column(found, "blur") - width)) < 0.2
    assert np.median(_column(plain, "blur")) < 0.3
    # what it says agrees with what it found
    lens = _column(found, "lens")
    np.testing.assert_array_equal(lens > 0, _column(found, "blur") > 0.3)


def test_what_covers_a_digit_is_found_and_read_around(classifier, plain):
    assert plain.covered.any(axis=(1, 2, 3)).mean() < 0.2
    covers = np.zeros([16, 28, 28, 1], bool)
    covers[:8, 3:12, 4:10] = covers[8:, 18:22, 2:26] = True
    images = np.where(covers, np.float32(0.2), DIGITS.images)
    before = classifier.classify(images, batch_size=16)
    found = classifier.measure(images, before)
    both, either = (found.covered & covers), (found.covered | covers)
    assert np.median(both.sum(axis=(1, 2, 3)) / either.sum(axis=(1, 2, 3))) > 0.5
    some = int(np.flatnonzero(found.covered.any(axis=(1, 2, 3)))[0])
    assert f"{found.covered[some].any(axis=-1).sum()} pixels are covered" in found.explain(some)
    # only what is said of the best classes is another
    np.testing.assert_array_equal(found.scores, before.scores)
    others = np.arange(10) != found.best[:, np.newaxis]
    np.testing.assert_array_equal(found.latents[others], before.latents[others])


def test_covers_are_patches_and_no_lines():
    compared = np.full([1, 12, 12, 1], -0.5, np.float32)
    made = compared.copy()
    compared[0, 2:6, 2:6] = 0.3
    made[0, 8:10] = 0.5  # a stroke that is not there, two pixels wide
    compared[0, 9, 0] = 0.5
    expected = np.zeros([1, 12, 12, 1], bool)
    expected[0, 2:6, 2:6] = True
    np.testing.assert_array_equal(covered_pixels(compared, made, BOUNDS), expected)
    # of a range as wide again it is less than a quarter
    assert not covered_pixels(compared, made, (-2.5, 2.5)).any()


def _seen(compared, observed):
    """A `Classification` of one example and one class, in which nothing was done."""
    compared, observed = np.float32(compared)[None, None], np.float32(observed)[None, None]
    said = {
        "predictions": np.zeros(1, int),
        "scores": np.zeros([1, 1]),
        "snapshots": {},
        "class_names": ("a",),
        "observation": Light(),
        "nuisances": Light().neutral[None, None],
        "compared": compared,
        "observed": observed,
        "reconstructions": observed,
        "bounds": BOUNDS,
    }
    fields = dict.fromkeys(field.name for field in dataclasses.fields(Classification))
    return Classification(**fields | said)


def test_what_was_found_for_the_best_class_is_told_also_of_refused_examples():
    random = np.random.default_rng(0)
    said = {"predictions": np.array([2, -1, 0, -1, 1]), "scores": random.normal(size=[5, 3])}
    fields = dict.fromkeys(field.name for field in dataclasses.fields(Classification))
    found = Classification(**fields | said)
    for array in (random.normal(size=[5, 3]), random.normal(size=[5, 3, 4, 2])):
        expected = [
            max(zip(said["scores"][i], array[i], strict=True), key=lambda p: p[0])[1]
            for i in range(5)
        ]
        np.testing.assert_array_equal(found.of_best(array), expected)


def test_a_pixel_is_one_in_however_many_channels_it_is_covered():
    shown, made = np.full([2, 12, 12, 3], -0.5)
    shown[2:6, 2:6] = 0.5
    shown[2:6, 9:12, 0] = 0.5
    assert _seen(shown, made).explain(0).endswith("; 28 pixels are covered")


@pytest.mark.parametrize("shape", [(12, 12), (12,)])
def test_nothing_covers_what_is_no_image(shape):
    found = _seen(np.full(shape, 0.5), np.full(shape, -0.5))
    assert found.covered.shape == (1, *shape) and not found.covered.any()
    assert found.explain(0) == "an a, as it is"


def test_classes_have_the_articles_that_one_says():
    said = {"a": "4 9 b u cat M&M", "an": "8 11 18 A f M X owl eight"}
    found = _seen(np.zeros((12, 12)), np.zeros((12, 12)))
    for article, names in said.items():
        for name in names.split():
            named = dataclasses.replace(found, class_names=(name,))
            assert named.explain(0).startswith(f"{article} {name},")
    for name in ("a cat", "An owl", "the sun"):
        named = dataclasses.replace(found, class_names=(name,))
        assert named.explain(0).startswith(f"{name},")


def test_a_shift_that_was_undone_is_done_again():
    observation = AnyOf(Identity(), Undone(Pose(shifts_only=True)))
    nuisances = np.float32([[1, 4, -3], [0, 0, 0]])
    np.testing.assert_array_equal(undone_shifts(observation, nuisances), [[4, -3], [0, 0]])
    assert not undone_shifts(Identity(), nuisances[:, :0]).any()


def test_a_shift_that_is_seen_is_not_done_again():
    shift = Pose(shifts_only=True)
    explanations = AnyOf(Identity(), shift, Undone(shift), Undone(Compose(shift, Light())))
    nuisances = np.tile(explanations.neutral, [4, 1])
    nuisances[:, :3] = [[0, 4, -3], [1, 4, -3], [2, 4, -3], [3, 4, -3]]
    expected = [[0, 0], [0, 0], [4, -3], [4, -3]]
    np.testing.assert_array_equal(undone_shifts(explanations, nuisances), expected)
    seen = Explanations(explanations, AnyOf(Identity(), Blur(), name="lens"))
    nuisances = np.concatenate([np.float32([[1, 2]] * 4), nuisances], axis=1)
    np.testing.assert_array_equal(undone_shifts(seen, nuisances), expected)
    # what covers a shifted picture is counted where it lies
    shown, made = np.full([2, 12, 12, 1], -0.5)
    shown[2:6, 2:6] = 0.5
    found = _seen(shown, made)
    found = dataclasses.replace(found, observation=shift, nuisances=np.float32([[[8, 3]]]))
    np.testing.assert_array_equal(found.covered[0], shown > 0)
    assert found.explain(0).endswith("; 16 pixels are covered")


def test_settings_without_an_observation_measure_nothing():
    fast = igc_tf.load_classifier("mnist-cagan-observed", "fast")
    with pytest.raises(InputError, match="measure: expected settings.*'robust'"):
        fast.measure(DIGITS.images[:1], fast.classify(DIGITS.images[:1]))


def test_what_covers_an_image_is_found_where_no_explanation_shifts_it(classifier):
    observation = Explanations(AnyOf(Identity(), Undone(Light()), name="light"), AnyOf(Identity()))
    lit = igc_tf.InvertedGeneratorClassifier(classifier.generator, classifier.settings, observation)
    images = DIGITS.images[:2].copy()
    images[:, 3:12, 4:10] = 0.2
    found = _measured(lit, images)
    assert found.covered[:, 4:11, 5:9].mean() > 0.5
    # nothing of a shift was undone, but the digit has its place
    assert "shift down" not in observation.names and "shift down" in found.nuisance.names
    assert np.isfinite(found.nuisance.values).all()


def test_a_shift_is_an_explanation_whatever_it_reaches(classifier):
    """Also of covered digits, whose shift the search takes for another one."""
    far = AnyOf(Identity(), Undone(Pose(reach=9.0, shifts_only=True)), prices=(0.0, 0.001))
    observation = Explanations(far, AnyOf(Identity(), name="lens"))
    reader = igc_tf.InvertedGeneratorClassifier(
        classifier.generator, classifier.settings, observation
    )
    images = np.roll(DIGITS.images[:4], [5, -4], axis=(1, 2))
    images[:, :6, :6] = 0.5
    found = _measured(reader, images)
    rows, best = np.arange(4), found.best
    nuisances = found.nuisances[rows, best]
    shifted = np.any(undone_shifts(observation, nuisances) != 0, axis=1)
    assert shifted.any()
    names = list(observation.names)
    np.testing.assert_array_equal(nuisances[:, names.index("explanation")], shifted)
    for i in np.flatnonzero(shifted):
        assert "shifted" in found.explain(i)


def test_a_pose_descends_from_each_of_its_angles():
    generator = igc_tf.load_generator("mnist-cagan-observed")
    pose = Pose(slants=False, angles=(-10.0, 10.0))
    assert pose.names == ("shift down", "shift right", "scale", "rotation") and pose.num_starts == 2
    data = tf.constant(DIGITS.images[:2])
    starts = pose.start(Batch(data), generator).numpy()
    np.testing.assert_array_equal(starts[..., 3], [[-10, 10]] * 2)
    np.testing.assert_array_equal(starts[..., 2], np.ones([2, 2]))
    known = np.float32(np.eye(10)[[3, 7]])[:, np.newaxis]
    latents = generator.prior.sample([2, 1, 256], [0, 1])
    made = generator({"condition": tf.constant(known[:, 0]), "latent": latents[:, 0]})
    true = np.float32([[1.5, -2, 1.1, 12], [-1, 0.5, 0.85, -14]])
    settings = SearchSettings(
        steps=60, learning_rate=0.3, final_learning_rate=0.0, difference="mean_squared"
    )
    search = Search(generator, Space.given(generator).observed(pose), settings)
    result = search.run(
        Batch(pose.apply(made, true), starts={"condition": known, "latent": latents})
    )
    best = np.argmax(result.score, axis=1)
    found = result.values["nuisance"].numpy()[[0, 1], best]
    # the solver turns by degrees and scales by hundredths in one and the same descent
    np.testing.assert_allclose(found, true, atol=0.35)
    np.testing.assert_allclose(found[:, 2], true[:, 2], atol=0.02)
    np.testing.assert_array_equal(result.values["latent"][:, 0], latents[:, 0])
