"""What a generator knows of its data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data.labelled import LabelledData
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator, Prior
from tests.fixtures.linear_generator import exact_encoder, linear_generator
from tests.generators.models import two_inputs


@pytest.fixture(scope="module")
def generator():
    return Generator(two_inputs(shape=(6, 5)), ConditionLayout.classes("abcd"), name="letters")


def test_a_generator_is_taken_as_it_is(generator):
    assert Generator.of(generator) is generator
    assert Generator.of(two_inputs(), bounds=(-1, 1)).bounds == (-1, 1)
    with pytest.raises(InputError, match="'bounds'.*'letters' has its own"):
        Generator.of(generator, bounds=(0, 1))
    assert repr(generator) == "<Generator 'letters': condition 4, latent 7 -> (6, 5) in [-1, 1]>"


def test_another_model_in_its_place_needs_not_tell_its_condition():
    one, other = keras.Input([5], name="one"), keras.Input([5], name="other")
    data = keras.layers.Dense(3, activation="tanh")(keras.layers.Concatenate()([one, other]))
    generator = Generator(keras.Model([one, other], data), condition_input=1)
    model = keras.models.clone_model(generator.model)
    model.set_weights(generator.model.get_weights())
    values = {"condition": tf.eye(5), "latent": tf.random.stateless_normal([5, 5], [1, 2])}
    np.testing.assert_allclose(generator.with_model(model)(values), generator(values), atol=1e-6)


def test_facts_are_ready_for_json(generator):
    assert generator.facts() == {
        "labels": [{"name": "class", "values": ["a", "b", "c", "d"]}],
        "bounds": [-1.0, 1.0],
        "background": -1.0,
        "prior": {"mean": 0.0, "standard_deviation": 1.0},
        "condition_size": 4,
        "latent_size": 7,
    }
    facts = Generator(two_inputs(activation=None), bounds=(-np.inf, np.inf)).facts()
    assert facts["bounds"] == [None, None] and facts["background"] == 0


@pytest.mark.parametrize(
    ("card", "settings", "recipe"),
    [
        (None, {}, {}),
        ({"settings": None, "training": None}, {}, {}),
        (
            {"settings": {"best": {"steps": 3}}, "training": {"seconds": 1}},
            {"best": {"steps": 3}},
            {},
        ),
        ({"training": {"recipe": {"dataset": "letters"}}}, {}, {"dataset": "letters"}),
    ],
)
def test_a_card_may_say_settings_and_recipe_or_not(generator, card, settings, recipe):
    known = Generator(generator.model, card=card)
    assert (known.recorded_settings, known.recipe) == (settings, recipe)
    assert known.card == card


def test_facts_of_another_kind_are_refused():
    with pytest.raises(InputError, match=r"layout=\['a', 'b', 'c', 'd'\]: expected a Condition"):
        Generator(two_inputs(), layout=["a", "b", "c", "d"])
    with pytest.raises(InputError, match=r"prior=\(0, 1\): expected a Prior, such as Prior"):
        Generator(two_inputs(), prior=(0, 1))

    class Uniform(Prior):
        def sample(self, shape, seed):
            return np.random.default_rng(seed).uniform(size=shape)

    # it would be drawn from in some places only, and a card could not say it
    with pytest.raises(InputError, match="prior=.*Uniform.*: expected no subclass of Prior"):
        Generator(two_inputs(), prior=Uniform())


@pytest.mark.parametrize("background", [-1.5, np.nan, np.inf, "dark", (0.0,)])
def test_a_background_lies_within_the_bounds(background):
    with pytest.raises(InputError, match=r"background=.*: expected a finite number in \[-1, 1\]"):
        Generator(two_inputs(), background=background)


def test_pictures_lie_in_its_frame():
    page = np.random.default_rng(0).uniform(size=[6, 5])
    photographs = Generator(two_inputs(shape=(6, 5)), arrange=False).picture_frame
    np.testing.assert_allclose(photographs.fit(page), 2 * page - 1, atol=1e-6)
    drawings = Generator(two_inputs(shape=(6, 5, 1)), background=1.0).picture_frame
    spot = np.zeros([20, 20])
    spot[2:6, 2:6] = 1
    # dark ink in the middle
    drawn = drawings.fit(spot)
    assert drawn.shape == (6, 5, 1) and drawn[0].min() == 1 and drawn[3, 2, 0] == -1
    with pytest.raises(InputError, match=r"bounds=\(-inf, inf\): pictures need finite"):
        _ = Generator(two_inputs(activation=None), bounds=(-np.inf, np.inf)).picture_frame


def test_samples_are_of_their_labels_and_reproducible(generator):
    labels = np.array([3, 0, 1])
    sample = generator.sample(labels, seed=5)
    assert sample.shape == (3, 6, 5) and sample.dtype == np.float32
    np.testing.assert_array_equal(generator.sample(labels, 5), sample)
    np.testing.assert_allclose(generator.sample(labels[:2], 5), sample[:2], atol=1e-6)
    assert np.abs(generator.sample(labels, 6) - sample).max() > 1e-3
    latent = np.random.default_rng(5).standard_normal([3, 7], np.float32)
    expected = generator.model([np.eye(4, dtype=np.float32)[labels], latent])
    np.testing.assert_allclose(sample, expected, atol=1e-6)
    assert generator.sample(np.zeros([0], int), 1).shape == (0, 6, 5)
    assert generator.sample(np.zeros([501], int), 1).shape == (501, 6, 5)


def test_samples_follow_the_prior():
    model = two_inputs()
    shifted = Generator(model, prior=Prior(2.0, 0.5))
    latent = 2 + 0.5 * np.random.default_rng(1).standard_normal([1, 7], np.float32)
    expected = model([np.eye(4, dtype=np.float32)[:1], latent])
    np.testing.assert_allclose(shifted.sample([0], 1), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros([2, 5, 6]), r"pictures have shape \(2, 5, 6\): expected \(N, 6, 5\)"),
        (np.zeros([6, 5]), r"shape \(6, 5\)"),
        (np.full([1, 6, 5], np.nan), "not finite"),
        ([np.zeros([6, 5]), np.zeros([5, 6])], "pictures of type list: expected an array"),
        (np.full([1, 6, 5], 1.01), r"lie in \[1.01, 1.01\]: expected \[-1, 1\]"),
    ],
)
def test_data_are_checked(generator, data, message):
    with pytest.raises(InputError, match=message):
        generator.check(data, "pictures")


def test_data_become_float32(generator):
    assert generator.check(np.zeros([2, 6, 5])).dtype == np.float32
    assert generator.check(np.zeros([0, 6, 5])).shape == (0, 6, 5)


def _set(low, high):
    """Data of 0 in these bounds, as the generator of `two_inputs` makes them."""
    data = np.full([2, 6, 5], max(low, 0), np.float32)
    return LabelledData(data, [0, 1], ConditionLayout.classes(4), (low, high), "set", "test", "")


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (0, 1), (-1, 2)])
def test_a_set_in_other_bounds_is_refused(generator, bounds):
    generator.check_set(_set(-1, 1))
    with pytest.raises(InputError, match=r"set has .*: expected .*\(-1\.0, 1\.0\)\), those of"):
        generator.check_set(_set(*bounds))


def test_where_a_generator_has_no_bound_a_set_may_have_any(generator):
    model, _, _ = linear_generator(classes=4, data_shape=(6, 5), bound=None)
    for bounds in ((-0.5, 0.5), (0, 1)):
        Generator(model, bounds=(-np.inf, np.inf)).check_set(_set(*bounds))
    above = Generator(generator.model, bounds=(-1, np.inf))
    above.check_set(_set(-1, 3))
    with pytest.raises(InputError, match="expected"):
        above.check_set(_set(0, 1))


def test_digest_follows_the_weights():
    model = two_inputs()
    before = Generator(model).digest()
    model.set_weights([weight + 1e-3 for weight in model.get_weights()])
    assert Generator(model).digest() != before


def test_digests_follow_the_encoder_too():
    model, offsets, matrix = linear_generator()
    plain = Generator(model).digests()
    assert plain == {"generator_sha256": Generator(model).digest(), "encoder_sha256": None}
    encoded = [
        Generator(model, encoder=exact_encoder(offsets * scale, matrix)).digests()
        for scale in (1, 1, 2)
    ]
    assert encoded[0] == encoded[1]
    assert encoded[0]["generator_sha256"] == encoded[2]["generator_sha256"]
    assert len({digests["encoder_sha256"] for digests in (plain, *encoded)}) == 3
