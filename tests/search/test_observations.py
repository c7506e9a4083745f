"""An observation of one parameter, whose best value has a closed form."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.classifiers.table import classify_in_rows
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.search import Batch, Identity, LatentRestriction, Search, SearchSettings, Space
from igc_tf.search.observations import (
    AnyOf,
    Blur,
    Compose,
    Contrast,
    Explanations,
    Light,
    MotionBlur,
    Observation,
    Outline,
    Parameter,
    Polarity,
    Pose,
    Undone,
    UnevenLight,
)
from tests.fixtures.linear_generator import EXACT, exact_encoder, linear_generator, random_data

CLASSES, LATENT = 3, 2
SETTINGS = SearchSettings(**{**EXACT.to_dict(), "steps": 1500, "learning_rate": 0.05})


class Gain(Observation):
    """The data are the generated ones times a number; costs weight · (gain - 1)²."""

    num_starts = 2

    def __init__(self, weight=0.0, bounds=(0.1, 10.0), start=(0.5, 2.0)):
        self.weight = weight
        self.parameters = (Parameter("gain", "times", *bounds, neutral=1, usual=1),)
        self._start = start

    def start(self, batch, generator):
        start = tf.constant(self._start, shape=[1, 2, 1])
        return tf.tile(start, [tf.shape(batch.data)[0], 1, 1])

    def apply(self, generated, nuisance):
        return generated * nuisance


def _search(observation, settings=SETTINGS, restriction=None):
    model, offsets, matrix = linear_generator(classes=CLASSES, latent_size=LATENT)
    generator = Generator(model)
    space = Space.per_value(generator, restriction).observed(observation)
    return Search(generator, space, settings), offsets, matrix


def _optima(data, offsets, matrix, weight, bounds):
    """The best gain (B, C), and its mean squared difference.

    g · (o + zM) reaches what M reaches with any g: the rest, |P(d - g o)|² / 6 + weight (g - 1)²,
    P the projection on what M does not reach, is a parabola in g.
    """
    projector = np.eye(6) - matrix.T @ np.linalg.pinv(matrix.T)
    rest, direction = data @ projector, offsets @ projector
    gain = (rest @ direction.T / 6 + weight) / ((direction**2).sum(axis=1) / 6 + weight)
    gain = np.clip(gain, *bounds)
    error = rest[:, None] - gain[..., None] * direction
    return gain, (error**2).mean(axis=-1)


@pytest.mark.parametrize(
    ("weight", "bounds"), [(0.0, (0.4, 10.0)), (0.3, (0.4, 10.0)), (0.0, (0.8, 1.25))]
)
def test_a_gain_is_found_exactly_within_its_bounds_and_for_its_price(weight, bounds):
    observation = Gain(weight, bounds)
    search, offsets, matrix = _search(observation)
    # of each class something near, at different gains
    true = np.float32([0.6, 1.6, 0.9, 3.0])
    data = true[:, None] * offsets[[0, 1, 2, 0]] + 0.1 * random_data(4)
    result = search.run(data)
    gain, difference = _optima(data, offsets, matrix, weight, bounds)
    price = weight * (gain - 1) ** 2
    found = result.per_element(result.values["nuisance"])[..., 0]
    np.testing.assert_allclose(found, gain, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(result.scores, -(difference + price), rtol=1e-3, atol=1e-4)
    if bounds == (0.8, 1.25):
        assert (gain == bounds[0]).any() and (gain == bounds[1]).any()
    np.testing.assert_allclose(
        result.observed, result.generated * result.values["nuisance"], rtol=1e-6
    )


def test_every_start_is_a_candidate_of_its_class():
    search, offsets, _ = _search(Gain())
    state = search.init(random_data(2))
    values = state.candidates.values
    np.testing.assert_allclose(values["nuisance"][..., 0], [[0.5, 2.0] * 3] * 2)
    np.testing.assert_array_equal(values["condition"], [np.repeat(np.eye(3), 2, axis=0)] * 2)
    assert search.space.num_candidates == 6
    np.testing.assert_array_equal(search.space.label, [0, 0, 1, 1, 2, 2])
    generated, observed = search.show(state)
    np.testing.assert_allclose(generated[0], np.repeat(offsets, 2, axis=0), rtol=1e-6)
    gains = np.float32([0.5, 2.0] * 3)[:, None]
    np.testing.assert_allclose(observed[0], generated[0] * gains, rtol=1e-6)


def test_the_best_start_of_a_class_wins():
    search, offsets, _ = _search(Gain(), SearchSettings(steps=0))
    data = np.float32([[0.6], [1.9], [0.4]]) * offsets
    result = search.run(data)
    differences = np.abs(
        data[:, None, None] - np.float32([0.5, 2.0])[:, None] * offsets[:, None]
    ).mean(axis=-1)
    np.testing.assert_allclose(result.scores, -differences.min(axis=-1), rtol=1e-5)
    np.testing.assert_array_equal(result.places, np.array([0, 2, 4]) + differences.argmin(axis=-1))
    np.testing.assert_array_equal(result.label, [[0, 0, 1, 1, 2, 2]] * 3)
    nearest = result.per_element(result.values["nuisance"])[..., 0].numpy()
    np.testing.assert_array_equal(nearest.diagonal(), [0.5, 2.0, 0.5])


def test_a_dropped_start_leaves_its_class_to_the_other():
    search, _, _ = _search(Gain(), SearchSettings(learning_rate=0.01))
    state = search.advance(search.init(random_data(2)), 3)
    result = search.finish(search.advance(search.keep(state, [[3, 0], [5, 2]]), 3))
    np.testing.assert_array_equal(result.label, [[1, 0], [2, 1]])
    np.testing.assert_array_equal(result.places, [[1, 0, -1], [-1, 1, 0]])
    scores = result.scores.numpy()
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores.argmin(axis=1), [2, 0])


@pytest.mark.parametrize("decision", ["difference", "loss", "mean_squared"])
def test_the_penalty_enters_loss_and_score(decision):
    settings = SearchSettings(steps=5, learning_rate=0.05, decision=decision)
    search, _, _ = _search(Gain(weight=0.4), settings, LatentRestriction(0.2))
    data = random_data(3)
    result = search.run(data)
    errors = data[:, None] - result.observed.numpy()
    gain = result.values["nuisance"][..., 0].numpy()
    penalty = 0.4 * (gain - 1) ** 2
    restriction = 0.2 * np.abs(result.values["latent"]).mean(axis=-1)
    difference = np.abs(errors).mean(axis=-1)
    np.testing.assert_allclose(result.terms.penalty, penalty, rtol=1e-5)
    np.testing.assert_allclose(result.terms.loss, difference + restriction + penalty, rtol=1e-5)
    score = {
        "difference": difference + penalty,
        "loss": difference + restriction + penalty,
        "mean_squared": (errors**2).mean(axis=-1) + penalty,
    }[decision]
    np.testing.assert_allclose(result.score, -score, rtol=1e-5)


def test_bounds_hold_at_every_step():
    observation = Gain(bounds=(0.45, 2.1))
    search, offsets, _ = _search(observation, SearchSettings(steps=30, learning_rate=0.05))
    state = search.init(np.float32([[0.01], [30.0], [-1.0]]) * offsets)
    ends = set()
    for _ in range(30):
        state = search.advance(state, 1)
        gain = state.candidates.values["nuisance"].numpy()
        assert gain.min() >= np.float32(0.45) and gain.max() <= np.float32(2.1)
        ends |= {float(gain.min()), float(gain.max())}
    assert {float(np.float32(0.45)), float(np.float32(2.1))} <= ends


def test_starts_may_be_read_off_the_data():
    class Bright(Gain):
        def start(self, batch, generator):
            spread = tf.math.reduce_std(batch.data, axis=1)[:, None, None]
            assert generator.data_shape == (6,)
            return tf.concat([spread, 2 * spread], axis=1)

    search, _, _ = _search(Bright(), SearchSettings(steps=0))
    data = random_data(3)
    found = search.run(Batch(data)).values["nuisance"][..., 0]
    spread = data.std(axis=1)[:, None]
    np.testing.assert_allclose(found, spread * [[1, 2] * 3], rtol=1e-5)
    # where some of them are missing, what they are filled with
    visible = np.float32([[1, 1, 0, 1, 0, 1]] * 3)
    state = search.init(Batch(np.where(visible > 0, data, np.float32(np.nan)), visible))
    spread = np.where(visible > 0, data, search.generator.background).std(axis=1)[:, None]
    found = state.candidates.values["nuisance"][..., 0]
    np.testing.assert_allclose(found, spread * [[1, 2] * 3], rtol=1e-5)


def test_an_observation_of_ones_own_goes_where_those_of_the_library_go(tmp_path):
    model, offsets, matrix = linear_generator(classes=CLASSES, latent_size=LATENT)
    true = np.float32([0.6, 1.6, 0.4, 3.0])
    data = true[:, None] * offsets[[0, 1, 2, 0]] + 0.1 * random_data(4)
    gain, difference = _optima(data, offsets, matrix, 0.0, (0.1, 10.0))
    best = difference.argmin(axis=1)
    gain = gain[np.arange(4), best]
    for observation in (Gain(), Compose(Gain()), AnyOf(Identity(), Gain())):
        classifier = InvertedGeneratorClassifier(Generator(model), SETTINGS, observation)
        ((found, rows),) = classify_in_rows(classifier, data)
        np.testing.assert_array_equal(found.predictions, best)
        np.testing.assert_allclose(found.nuisance.values[:, -1], gain, rtol=2e-3)
        assert found.explain(0) == f"a {best[0]}, as it is"
        assert found.explain(3) == f"a {best[3]}, gain {gain[3]:.2g} times"
        np.testing.assert_allclose([row["nuisance:gain"] for row in rows], gain, rtol=2e-3)
    np.testing.assert_array_equal(found.nuisance.values[:, 0], 1)
    classifier.export(tmp_path / "saved", batch_size=4)
    answer = tf.saved_model.load(str(tmp_path / "saved")).signatures["classify"](tf.constant(data))
    np.testing.assert_allclose(tf.reduce_max(answer["score"], 1), -difference.min(1), atol=1e-3)
    np.testing.assert_allclose(answer["score"], found.scores, atol=1e-5)


@pytest.mark.parametrize(
    ("stranger", "expected"),
    [
        ("robust", "an object of a class"),
        (Gain, "an object of a class"),
        (SimpleNamespace(names=(), num_starts=1), "an object of a class"),
        (Observation(), "that its class Observation has a method `apply`"),
    ],
    ids=["name", "class", "like", "without apply"],
)
def test_what_is_no_observation_is_refused_wherever_one_is_taken(stranger, expected):
    generator = Generator(linear_generator(classes=CLASSES, latent_size=LATENT)[0])
    space = Space.per_value(generator)
    for take in (
        lambda o: InvertedGeneratorClassifier(generator, SETTINGS, o),
        *(space.observed, Undone, Compose, lambda o: AnyOf(Identity(), o)),
    ):
        with pytest.raises(InputError, match=f"observation=.*: expected {expected}"):
            take(stranger)


@pytest.mark.parametrize(
    "observation",
    [
        *(Light(), UnevenLight(), Polarity(), Contrast(), Pose(), Blur(), MotionBlur(), Outline()),
        *(Compose(Light()), AnyOf(Identity(), Undone(Blur(background=2.0)))),
    ],
    ids=lambda observation: type(observation).__name__,
)
def test_what_does_not_suit_the_images_is_refused(observation):
    """Its bounds or background are not theirs; or they are no images."""
    for shape, expected in (
        ((6, 6, 1), r"\((low|background)=.*within \(0\.0, 1\.0\)"),
        ((6,), r"expected images \(height, width, channels\)"),
    ):
        model = linear_generator(data_shape=shape, bound=None)[0]
        model = keras.Model(model.inputs, keras.ops.sigmoid(model.outputs[0]))
        generator = Generator(model, bounds=(0.0, 1.0))
        with pytest.raises(InputError, match=expected):
            InvertedGeneratorClassifier(generator, SETTINGS, observation)


def _wide(images):
    """From [-0.5, 0.5] to [0, 2]."""
    return np.float32(2 * (np.asarray(images) + 0.5))


@pytest.mark.parametrize(
    ("kind", "options", "bounds", "nuisance"),
    [
        (Light, {}, {"low": 0.0, "high": 2.0}, [0.5, 0.2]),
        (UnevenLight, {}, {"low": 0.0, "high": 2.0}, [0.5, *np.linspace(0, 0.4, 16)]),
        (Polarity, {}, {"low": 0.0, "high": 2.0}, [1.0]),
        (Contrast, {}, {"low": 0.0, "high": 2.0}, [0.4]),
        (Outline, {}, {"low": 0.0, "high": 2.0}, [0.8]),
        (Outline, {"steepness": 20.0, "crests": True}, {"low": 0.0, "high": 2.0}, [1.1]),
        (Blur, {}, {"background": 0.0}, [1.3]),
        (MotionBlur, {}, {"background": 0.0}, [5.0, 30.0]),
        (Pose, {}, {"background": 0.0, "high": 2.0}, [2.0, -3.0, 0.9, 20.0, 0.1]),
    ],
)
def test_in_other_bounds_an_observation_does_the_same(kind, options, bounds, nuisance):
    usual, other = kind(**options), kind(**options, **bounds)
    digits = bundled_digits().sample(3, seed=3).images
    images = np.concatenate([digits, np.full_like(digits[:1], 0.2)])
    nuisance = np.float32([nuisance] * 4)
    seen = np.asarray(usual.apply(images, nuisance))
    np.testing.assert_allclose(other.apply(_wide(images), nuisance), _wide(seen), atol=1e-5)
    starts = [usual.start(Batch(seen), None), other.start(Batch(_wide(seen)), None)]
    np.testing.assert_allclose(*starts, atol=1e-5)
    undone = usual.undo(seen, nuisance)
    np.testing.assert_allclose(other.undo(_wide(seen), nuisance), _wide(undone), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start": lambda self, batch, generator: tf.zeros([4, 1])}, r"starts at \(4, 1\)"),
        ({"apply": lambda self, generated, nuisance: generated[:, :3]}, r"shape \(3,\): expected"),
    ],
)
def test_what_an_observation_of_ones_own_makes_must_fit(change, expected):
    search, _, _ = _search(type("Own", (Gain,), change)())
    with pytest.raises(InputError, match=expected):
        search.run(random_data(4))


@pytest.mark.parametrize("is_undone", [False, True])
def test_a_classifier_reads_pictures_of_another_frame(is_undone, tmp_path):
    shape = (8, 8, 1)
    model, *parts = linear_generator(latent_size=2, data_shape=shape, scale=0.1, bound=0.5)
    generator = Generator(model, bounds=(-0.5, 0.5), encoder=exact_encoder(*parts, shape))
    wide = Pose(frame=(12, 12), inner=(8, 8), shifts_only=True, dead_zone=12.0)
    labels = np.array([2, 0])
    latents = np.float32([[0.3, -0.2], [0.1, 0.4]])
    made = generator({"condition": np.eye(3, dtype=np.float32)[labels], "latent": latents}).numpy()
    pictures = np.pad(made, [(0, 0), (2, 2), (2, 2), (0, 0)], constant_values=-0.5)
    observation = Undone(wide) if is_undone else wide
    settings = SearchSettings(steps=0, start="encoder")
    classifier = InvertedGeneratorClassifier(generator, settings, observation)
    found = classifier.classify(pictures)
    np.testing.assert_array_equal(found.predictions, labels)
    np.testing.assert_allclose(found.of_best(found.reconstructions), made, atol=1e-5)
    assert found.observed.shape[2:] == (shape if is_undone else (12, 12, 1))
    classifier.export(tmp_path / "model")
    answer = tf.saved_model.load(tmp_path / "model").signatures["classify"](images=pictures)
    np.testing.assert_array_equal(answer["label"], labels)
    with pytest.raises(InputError, match=r"shape \(2, 8, 8, 1\): expected \(N, 12, 12, 1\)"):
        classifier.predict(made)


def test_an_encoder_is_shown_what_it_knows():
    shape = (8, 8, 1)
    model, *parts = linear_generator(data_shape=shape, bound=0.5)
    generator = Generator(model, bounds=(-0.5, 0.5), encoder=exact_encoder(*parts, shape))
    settings = SearchSettings(steps=0, start="encoder")
    cut = type("Cut", (Gain,), {"undo": lambda self, data, nuisance: data[:, 1:]})()
    classifier = InvertedGeneratorClassifier(generator, settings, cut)
    message = r"'encoder': .* of shape \(7, 8, 1\): expected .*\(8, 8, 1\), or start='mean'"
    with pytest.raises(InputError, match=message):
        classifier.predict(np.zeros([2, *shape], np.float32))


def test_frames_and_what_is_generated_must_fit():
    model, *_ = linear_generator(data_shape=(8, 8, 1), bound=0.5)
    generator = Generator(model, bounds=(-0.5, 0.5))
    for observation, told in (
        (Pose(frame=(12, 12)), r"frame=\(12, 12\), inner=None\) .*: expected inner=\(8, 8\)"),
        (Pose(inner=(12, 12)), r"expected inner=\(8, 8\)"),
        (AnyOf(Identity(), Pose(frame=(12, 12), inner=(8, 8))), r"\(12, 12, 1\)\]: expected the"),
    ):
        with pytest.raises(InputError, match=told):
            InvertedGeneratorClassifier(generator, SETTINGS, observation)


def test_bounds_and_what_is_usual_make_sense():
    for low, high, usual in ((3.0, 0.3, 1.0), (0.3, 3.0, 0.0)):
        with pytest.raises(InputError, match="expected (low <= high|usual > 0)"):
            Parameter("gain", "times", low, high, 1.0, usual)
    for combine in (AnyOf, Compose):
        with pytest.raises(InputError, match="no observations"):
            combine()


def test_identity_shows_what_is_generated():
    identity = Identity()
    generated = tf.constant(random_data(4))
    assert identity.names == identity.units == identity.bounds == ()
    nuisance = identity.start(Batch(tf.zeros([4, 6])), None)
    assert nuisance.shape == (4, identity.num_starts, 0)
    np.testing.assert_array_equal(identity.apply(generated, nuisance), generated)
    np.testing.assert_array_equal(identity.penalty(nuisance), np.zeros([4, 1]))


def test_what_an_observation_is_called_makes_it_again():
    different = [
        Identity(),
        Pose(),
        Pose(frame=(8, 8), inner=(28, 28), scale=0.4, angles=(-20.0, 20.0), high=1.0),
        Light(gains=False),
        UnevenLight(cells=3),
        Polarity("rows", 28),
        Contrast(0.5, passes=False),
        Blur((0.8, 1.3)),
        MotionBlur((7.0,), (0.0, 45.0)),
        Outline((1.1,), steepness=20.0, crests=True),
        Undone(Pose()),
        Undone(Compose(Pose(), Light())),
        Compose(Pose(), Light()),
        Compose(Light(), Pose()),
        AnyOf(Identity(), Light()),
        AnyOf(Light(), Identity()),
        AnyOf(Identity(), Light(), prices=(0.0, 0.02)),
        AnyOf(Identity(), Light(), name="lens"),
        Explanations(AnyOf(Identity(), Undone(Pose())), AnyOf(Identity(), Blur(), name="lens")),
    ]
    names = [repr(observation) for observation in different]
    assert len(set(names)) == len(names) and not any(" at 0x" in name for name in names)
    for observation, name in zip(different, names, strict=True):
        again = eval(name)
        assert repr(again) == name and type(again) is type(observation)
        assert again.parameters == observation.parameters
        np.testing.assert_array_equal(again.moves, observation.moves)
