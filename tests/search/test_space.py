"""The spaces of the classifiers, element by element and worked out by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.special import logsumexp

import igc_tf
from igc_tf.classifiers import InverseClassifier, InvertedGeneratorClassifier
from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.errors import GeneratorError, InputError
from igc_tf.generators.generator import Generator, Prior
from igc_tf.search import (
    Batch,
    Block,
    Identity,
    LatentRestriction,
    Search,
    SearchSettings,
    Space,
)
from igc_tf.search.observations import Compose, Observation, Undone
from igc_tf.search.starts import PriorStart
from igc_tf.training.class_separation import ClassSeparation
from tests.fixtures.linear_generator import linear_generator, random_data

H = 0.5
T = True
F = False


def _generator(layout=None, prior=None, **shape):
    if layout is not None:
        shape["classes"] = layout.size
    return Generator(linear_generator(**shape)[0], layout, prior=prior)


def _start(block, count=1):
    return block.start(Batch(tf.zeros([count, 6]), indices=tf.range(count)), None).numpy()


def test_one_candidate_for_each_value_of_two_binary_labels():
    generator = _generator(ConditionLayout.binary(2), Prior(0.25), latent_size=3)
    restriction = LatentRestriction()
    space = Space.per_value(generator, restriction)
    assert space.num_candidates == 4
    np.testing.assert_array_equal(space.label, [0, 1, 2, 3])
    condition, latent = space.blocks["condition"], space.blocks["latent"]
    np.testing.assert_array_equal(
        _start(condition), [[[1, 0, H, H], [0, 1, H, H], [H, H, 1, 0], [H, H, 0, 1]]]
    )
    np.testing.assert_array_equal(
        condition.moves, [[F, F, T, T], [F, F, T, T], [T, T, F, F], [T, T, F, F]]
    )
    np.testing.assert_array_equal(_start(latent), np.full([1, 4, 3], 0.25))
    assert latent.moves is True and latent.restriction is restriction
    assert condition.restriction is None


def test_labels_may_have_different_numbers_of_values():
    layout = ConditionLayout((Label("shape", "abc"), Label("thick", "01")))
    condition = Space.per_value(_generator(layout)).blocks["condition"]
    np.testing.assert_allclose(_start(condition)[0, 1], [0, 1, 0, 1 / 2, 1 / 2])
    np.testing.assert_allclose(_start(condition)[0, 3], [1 / 3, 1 / 3, 1 / 3, 1, 0])
    np.testing.assert_array_equal(condition.moves[1], [F, F, F, T, T])
    np.testing.assert_array_equal(condition.moves[3], [T, T, T, F, F])


def test_of_one_label_only_the_latent_is_searched():
    space = Space.per_value(_generator())
    assert not space.blocks["condition"].searched and space.blocks["latent"].searched
    np.testing.assert_array_equal(_start(space.blocks["condition"]), [np.eye(3)])


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_search_moves_the_other_labels_along_their_simplices_only(optimizer):
    generator = _generator(ConditionLayout.binary(3))
    settings = SearchSettings(steps=30, learning_rate=0.02, optimizer=optimizer)
    space = Space.per_value(generator, settings.restriction(generator.prior))
    condition = Search(generator, space, settings).run(random_data(5)).values["condition"].numpy()
    asked = np.kron(np.eye(3, dtype=bool), np.ones([2, 2], dtype=bool))
    start = np.where(asked, np.eye(6), 0.5)
    np.testing.assert_array_equal(condition[:, asked], np.tile(np.eye(6)[asked], [5, 1]))
    assert (np.abs(condition - start)[:, ~asked] > 0.01).mean() > 0.9
    assert condition.min() >= 0 and condition.max() <= 1
    np.testing.assert_allclose(condition.reshape(5, 6, 3, 2).sum(axis=-1), 1.0, atol=1e-5)


@pytest.mark.parametrize(("unit", "reach"), [(1.0, 0.1), (3.0, 0.3)])
def test_conditions_move_at_their_own_pace(unit, reach):
    # without moments each Adam step is the learning rate in the gradient's sign; a condition
    # pushed one way all along moves steps · learning rate · unit
    generator = _generator(ConditionLayout.binary(2))
    settings = SearchSettings(steps=100, beta_1=0.0, beta_2=0.0)
    space = Space.per_value(generator, None, unit)
    found = Search(generator, space, settings).run(100 * random_data(5))
    condition = found.values["condition"].numpy()
    assert np.abs(condition[:, 0, 2] - 0.5).max() == pytest.approx(reach, rel=1e-3)


def test_the_papers_settings_just_reach_either_value_of_a_binary_label():
    paper = SearchSettings()
    unit = Space.per_value(_generator(ConditionLayout.binary(2))).blocks["condition"].unit
    assert paper.steps * paper.learning_rate * unit == pytest.approx(0.5)


def test_relaxed_starts_uniform_and_at_a_draw_from_the_prior():
    space = Space.relaxed(_generator(), seed=7)
    assert space.num_candidates == 1 and space.label is None
    np.testing.assert_allclose(_start(space.blocks["condition"], 2), np.full([1, 1, 3], 1 / 3))
    drawn = _start(space.blocks["latent"], 500)
    assert drawn.shape == (500, 1, 4)
    assert abs(drawn.mean()) < 0.1 and abs(drawn.std() - 1) < 0.1


def test_a_condition_that_no_gradient_reaches_is_not_searched():
    label, latent = keras.Input([], dtype="int32"), keras.Input([4])
    one_hot = keras.layers.Lambda(lambda index: tf.one_hot(index, 3), output_shape=(3,))(label)
    together = keras.layers.Concatenate()([one_hot, latent])
    model = keras.Model([label, latent], keras.layers.Dense(6, "tanh")(together))
    generator = Generator(model, condition_size=3)
    with pytest.raises(GeneratorError, match="class's number: no gradient reaches it"):
        InverseClassifier(generator)
    # class by class only the latent is searched
    assert InvertedGeneratorClassifier(generator).search.space.num_candidates == 3


def test_refuses_a_pace_of_conditions_without_an_end():
    for unit in (0.0, float("inf")):
        with pytest.raises(InputError, match=f"condition_unit={unit}"):
            Space.per_value(_generator(), condition_unit=unit)


def test_relaxed_without_a_latent_searches_the_condition_alone():
    keras.utils.set_random_seed(0)
    condition = keras.Input([3])
    model = keras.Model(condition, keras.layers.Dense(6, use_bias=False)(condition))
    generator = Generator(model, bounds=(-np.inf, np.inf))
    space = Space.relaxed(generator)
    assert set(space.blocks) == {"condition"}
    # two of its own outputs mixed are found
    settings = SearchSettings(steps=300, learning_rate=0.02, final_learning_rate=0.0)
    mixture = np.float32([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    result = Search(generator, space, settings).run(model(mixture))
    np.testing.assert_allclose(result.values["condition"][:, 0], mixture, atol=5e-3)
    assert result.scores is None and result.places is None
    np.testing.assert_array_equal(result.label, [[-1], [-1]])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ([0.5, 0.3, 0.2], [0.5, 0.3, 0.2]),
        ([0.6, 0.6, 0.0], [0.5, 0.5, 0.0]),
        ([-0.2, 0.3, 0.1], [0.0, 0.75, 0.25]),
        ([1.7, 0.25, -3.0], [0.8, 0.2, 0.0]),
        ([0.02, 0.0, 0.06], [0.25, 0.0, 0.75]),
        ([-0.1, -0.2, 0.0], [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_relaxed_condition_is_clamped_and_normalised(condition, expected):
    project = Space.relaxed(_generator()).blocks["condition"].projection.project
    np.testing.assert_allclose(project(tf.constant([[condition]])), [[expected]], rtol=1e-6)


@pytest.mark.parametrize("layout", [ConditionLayout.binary(3), ConditionLayout.classes(6)])
def test_projecting_a_condition_twice_is_projecting_it_once(layout):
    project = Space.per_value(_generator(layout)).blocks["condition"].projection.project
    once = project(tf.constant(random_data(20, seed=0)))
    np.testing.assert_allclose(project(once), once, atol=1e-6)
    for part in layout.split(once):
        np.testing.assert_allclose(tf.reduce_sum(part, axis=-1), np.ones(20), rtol=1e-6)


def _far(wanted, offsets):
    """Data far off, in a direction with these dot products with the offsets: (1, D)."""
    return np.linalg.lstsq(offsets, np.float32(wanted), rcond=None)[0][np.newaxis]


def test_one_relaxed_step_moves_clamps_and_normalises():
    # with both betas 0 an Adam step is the learning rate against the gradient's sign
    model, offsets, _ = linear_generator()
    generator = Generator(model)
    settings = SearchSettings(steps=1, learning_rate=0.4, beta_1=0.0, beta_2=0.0)
    far = 1000 * np.sign(offsets[:1] - 10 * offsets[1:2])
    result = Search(generator, Space.relaxed(generator), settings).run(far)
    moved = 1 / 3 + 0.4 * np.sign(offsets @ far[0])
    clamped = np.clip(moved, 0, 1)
    np.testing.assert_allclose(
        result.values["condition"].numpy().ravel(), clamped / clamped.sum(), rtol=1e-4
    )
    assert (clamped == 0).any() and (clamped > 0).any()


def test_tangent_leaves_out_what_the_normalisation_undoes():
    # all offsets pull the same way, the second a little more: without the tangent every element
    # takes the same step, and the condition stays uniform
    model, offsets, _ = linear_generator()
    generator = Generator(model)
    settings = SearchSettings(
        steps=1, learning_rate=0.1, beta_1=0.0, beta_2=0.0, difference="mean_squared"
    )
    far = 1e5 * _far([10, 11, 10], offsets)
    plain, along = (
        Search(generator, Space.relaxed(generator, tangent=tangent), settings)
        .run(far)
        .values["condition"]
        .numpy()
        .ravel()
        for tangent in (False, True)
    )
    np.testing.assert_allclose(plain, 1 / 3, rtol=1e-4)
    # +0.1 for the second, -0.1 for the others, then to the sum 1
    moved = 1 / 3 + 0.1 * np.array([-1, 1, -1])
    np.testing.assert_allclose(along, moved / moved.sum(), rtol=1e-4)


def test_unit_zero_keeps_the_latent_and_a_late_start_delays_it():
    generator = _generator()
    settings = SearchSettings(steps=5, learning_rate=0.1)
    start = _start(Space.relaxed(generator, seed=2).blocks["latent"], 2)

    def latents(**values):
        space = Space.relaxed(generator, seed=2, **values)
        return Search(generator, space, settings).run(random_data(2)).values["latent"].numpy()

    np.testing.assert_array_equal(latents(latent_unit=0.0), start)
    np.testing.assert_array_equal(latents(latent_first_step=5), start)
    # its first Adam step is the learning rate
    late = np.abs(latents(latent_first_step=4) - start)
    np.testing.assert_allclose(late, 0.1, rtol=1e-3)
    late = np.abs(latents(latent_first_step=4, latent_unit=0.5) - start)
    np.testing.assert_allclose(late, 0.05, rtol=1e-3)
    assert (np.abs(latents() - start) > 0.11).any()
    for unit in (-1.0, np.nan, np.inf, "0.5"):
        with pytest.raises(InputError, match=rf"^latent_unit={unit!r}: expected a number >= 0$"):
            InverseClassifier(generator, latent_unit=unit)


def test_a_start_belongs_to_the_example_and_the_seed():
    start = PriorStart(Prior(), size=5, seed=3)

    def drawn(start, *indices):
        return start(Batch(None, indices=tf.constant(indices)), None).numpy()

    together = drawn(start, 0, 1, 2, 3)
    assert together.shape == (4, 1, 5)
    np.testing.assert_array_equal(drawn(start, 2), together[2:3])
    np.testing.assert_array_equal(drawn(start, 3, 0), together[[3, 0]])
    assert len(np.unique(together)) == 20
    other = drawn(PriorStart(Prior(), size=5, seed=4), 0, 1, 2, 3)
    assert not np.isclose(other, together).any()


def test_a_start_is_drawn_from_the_prior():
    start = PriorStart(Prior(2.0, 3.0), size=50, seed=1)
    values = start(Batch(None, indices=tf.range(200)), None).numpy()
    assert stats.kstest(values.ravel(), "norm", args=(2.0, 3.0)).pvalue > 0.01


def test_nothing_changes_where_nothing_happened():
    generator = _generator()
    space = Space.per_value(generator)
    assert space.observed(Identity()) is space
    assert space.observed(Compose(Identity(), Identity())) is space


def test_an_observation_without_parameters_is_not_left_out_in_silence():
    class Half(Observation):
        def apply(self, generated, nuisance):
            return generated / 2

    space = Space.per_value(_generator())
    for observation in (Half(), Compose(Identity(), Half()), Undone(Half())):
        with pytest.raises(InputError, match="has no parameters: expected one at least"):
            space.observed(observation)


def _blocks(**block):
    return {"latent": Block(lambda batch, generator: tf.zeros([1, 1, 4]), 4, **block)}


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({}, "nothing to search"),
        (_blocks(moves=False), "nothing to search"),
        (_blocks(moves=np.zeros([1, 4], bool)), "nothing to search"),
        (_blocks(unit=0.0), "unit=0.0 of latent: expected a number > 0"),
        (_blocks(unit=-1.0), "unit=-1.0 of latent"),
        (_blocks(unit=float("nan")), "unit=nan of latent"),
        (_blocks(first_step=-1), "first_step=-1 of latent: expected a whole number >= 0"),
        (_blocks(first_step=1.5), "first_step=1.5 of latent"),
        (_blocks(first_step=None), "first_step=None of latent"),
    ],
)
def test_refuses_spaces_without_sense(blocks, message):
    with pytest.raises(InputError, match=message):
        Search(_generator(), Space(blocks, 1, None), SearchSettings())


def test_each_candidate_is_drawn_about_and_the_draws_are_the_same_for_all():
    prior = Prior(0.5, 2.0)
    generator = _generator(prior=prior, latent_size=3)
    space = Space.per_value(generator).drawn(SearchSettings(draws=4, spread=0.6, seed=3), prior)
    assert space.num_candidates == 12 and space.candidates_per_element == 4
    np.testing.assert_array_equal(space.label, np.repeat([0, 1, 2], 4))
    np.testing.assert_array_equal(
        _start(space.blocks["condition"])[0], np.repeat(np.eye(3), 4, axis=0)
    )
    # started one standard deviation above the mean, and one below it
    starts = np.float32([[[2.5] * 3], [[-1.5] * 3]])
    block = Block(lambda batch, generator: tf.repeat(tf.constant(starts), 3, axis=1), 3)
    space = Space({"latent": block}, 3, np.arange(3)).drawn(
        SearchSettings(draws=4, spread=0.6, seed=3), prior
    )
    latents = _start(space.blocks["latent"], 2).reshape(2, 3, 4, 3)
    np.testing.assert_array_equal(latents[:, :, 0], np.repeat(starts, 3, axis=1))
    # √(1 − 0.6²) = 0.8 of the way, and 0.6 times the same draw
    draws = (latents[:, :, 1:] - 0.5 - 0.8 * (starts[:, :, np.newaxis] - 0.5)) / (0.6 * 2.0)
    np.testing.assert_allclose(draws, np.broadcast_to(draws[:1, :1], draws.shape), atol=1e-5)
    assert 0.1 < draws[0, 0].std() < 3


def test_the_draws_are_the_same_where_xla_compiles():
    prior = Prior()
    settings = SearchSettings(draws=4, spread=0.6, seed=3)
    block = Space.per_value(_generator(latent_size=3)).drawn(settings, prior).blocks["latent"]
    batch = Batch(tf.zeros([1, 6]))
    compiled = tf.function(lambda: block.start(batch, None), jit_compile=True)
    np.testing.assert_allclose(compiled(), block.start(batch, None), atol=1e-6)


def test_draws_about_a_draw_from_the_prior_are_draws_from_it():
    prior = Prior(-1.0, 0.5)
    space = Space.relaxed(_generator(prior=prior, latent_size=8), seed=7)
    space = space.drawn(SearchSettings(draws=20, spread=0.8), prior)
    latents = _start(space.blocks["latent"], 400)
    assert latents.shape == (400, 20, 8)
    for of_draw in latents.transpose(1, 0, 2)[1:3]:
        centred = of_draw - of_draw.mean(axis=0)
        assert abs(centred.std() - 0.6 * 0.5) < 0.02
    assert abs(latents.mean() + 1) < 0.1 and abs(latents.std() - 0.5) < 0.05


def test_a_class_is_judged_by_all_that_is_drawn_of_it():
    prior = Prior(0.0, 0.3)
    generator = _generator(prior=prior)
    settings = SearchSettings(steps=0, difference="mean_squared", evidence=0.05, draws=6)
    classifier = InvertedGeneratorClassifier(generator, settings)
    data = random_data(5)
    latents = _start(classifier.search.space.blocks["latent"])[0]
    made = generator.generate(np.repeat(range(3), 6), latents)
    difference = np.square(np.asarray(made)[np.newaxis] - data[:, np.newaxis]).mean(axis=2)
    total = logsumexp(-difference.reshape(5, 3, 6) / 0.05, axis=2) * 0.05
    np.testing.assert_allclose(classifier.predict(data, verbose=0), total, atol=1e-5)
    # in any batch alike
    np.testing.assert_allclose(classifier.predict(data[3:], verbose=0), total[3:], atol=1e-5)


def test_draws_want_classes_and_a_search_that_tries_all():
    with pytest.raises(InputError, match="draws=2: expected 1; inverse classification"):
        InverseClassifier(_generator(), SearchSettings(draws=2))
    with pytest.raises(InputError, match="settings.draws=2: expected 1 in training"):
        ClassSeparation(settings=SearchSettings(draws=2))
    with pytest.raises(InputError, match="draws=2 with a gate or an observation with lenses"):
        igc_tf.load_classifier(
            "mnist-cagan-compact", SearchSettings(steps=0, draws=2, observation="robust")
        )
