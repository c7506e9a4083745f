"""Observations made of observations, and the search that tries them."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import igc_tf
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data import ConditionLayout, bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators import Generator
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
from igc_tf.search.screening import _lead
from tests.fixtures.linear_generator import linear_generator

DIGITS = bundled_digits().sample(6, seed=3)
SHIFT, LIGHT = Pose(shifts_only=True), Light(weight=0.01)
POSED = np.float32([[3, -2, 0.5, 0.3]] * 6)


def test_composed_observations_happen_in_order_and_are_undone_from_the_last():
    both = Compose(SHIFT, LIGHT)
    assert both.names == ("shift down", "shift right", "gain", "offset") and both.num_starts == 1
    shown = both.apply(DIGITS.images, POSED).numpy()
    expected = LIGHT.apply(SHIFT.apply(DIGITS.images, POSED[:, :2]), POSED[:, 2:])
    np.testing.assert_allclose(shown, expected)
    undone = both.undo(shown, POSED).numpy()
    inside = (slice(None), slice(0, 24), slice(3, 28))
    np.testing.assert_allclose(undone[inside], DIGITS.images[inside], atol=1e-5)
    # the shift's start is read off the picture whose light is undone
    start = both.start(Batch(shown), None).numpy()
    light = LIGHT.start(Batch(shown), None)
    np.testing.assert_allclose(start[..., 2:], light, atol=1e-6)
    dark = LIGHT.undo(shown, light[:, 0])
    np.testing.assert_allclose(start[..., :2], SHIFT.start(Batch(dark), None), atol=1e-6)
    penalty = LIGHT.penalty(POSED[:, None, 2:])
    np.testing.assert_allclose(both.penalty(POSED[:, None]), penalty, rtol=1e-6)
    with pytest.raises(InputError, match="differ in name"):
        Compose(LIGHT, LIGHT)


def test_any_of_some_applies_the_one_that_is_named():
    some = AnyOf(Identity(), LIGHT, Blur((1.0, 2.0)), prices=(0.0, 0.1, 0.2))
    assert some.names == ("explanation", "gain", "offset", "blur") and some.num_starts == 4
    start = some.start(Batch(DIGITS.images), None).numpy()
    np.testing.assert_array_equal(start[0, :, 0], [0, 1, 2, 2])
    np.testing.assert_array_equal(start[0, :, 3], [0, 0, 1, 2])
    np.testing.assert_array_equal(start[0, [0, 2, 3], 1:3], [[1, 0]] * 3)
    nuisance = np.float32([[0, 9, 9, 9], [1, 0.5, 0.2, 9], [2, 9, 9, 1.3]])
    shown = some.apply(DIGITS.images[:3], nuisance).numpy()
    np.testing.assert_array_equal(shown[0], DIGITS.images[0])
    np.testing.assert_allclose(shown[1:2], LIGHT.apply(DIGITS.images[1:2], nuisance[1:2, 1:3]))
    np.testing.assert_allclose(
        shown[2:], Blur().apply(DIGITS.images[2:3], nuisance[2:, 3:]), atol=1e-6
    )
    costs = [0.0, 0.1 + float(LIGHT.penalty(nuisance[None, 1:2, 1:3])[0, 0]), 0.2]
    np.testing.assert_allclose(some.penalty(nuisance[None]), [costs], rtol=1e-5)
    assert some.says(nuisance[2]) == "blurred by 1.3 pixels"
    lenses = AnyOf(Identity(), Blur((1.0, 2.0)), name="lens")
    starts = lenses.start(Batch(DIGITS.images[:1]), None).numpy()[0]
    np.testing.assert_array_equal(starts, [[0, 0], [1, 1], [1, 2]])
    each = list(lenses.each(DIGITS.images, starts))
    assert len(each) == 3
    np.testing.assert_array_equal(each[0], DIGITS.images)
    np.testing.assert_allclose(each[2], Blur().apply(DIGITS.images, np.float32([[2.0]])))
    with pytest.raises(InputError, match="expected one for each of 2 parts"):
        AnyOf(Identity(), LIGHT, prices=(0.0,))


def test_parts_that_share_a_parameter_share_the_bounds_of_any_of_them():
    near, far = Pose(shifts_only=True, reach=2.0), Pose(shifts_only=True, reach=14.0)
    for parts in ((near, Compose(far, Light())), (Compose(far, Light()), near)):
        shift = AnyOf(Identity(), *parts).parameters[1]
        assert (shift.name, shift.low, shift.high) == ("shift down", -14, 14)
    message = "'scale' are neutral at 1 and at 0.5: expected the same"
    with pytest.raises(InputError, match=message):
        AnyOf(Pose(), Pose(scale=0.5))


def test_what_is_undone_is_compared_undone_and_does_not_move():
    explanations = AnyOf(Identity(), Undone(Compose(SHIFT, LIGHT)))
    shown = Compose(SHIFT, LIGHT).apply(DIGITS.images, POSED).numpy()
    begun = explanations.begin(Batch(tf.constant(shown)), None)
    np.testing.assert_array_equal(begun.compared[:, 0], shown)
    np.testing.assert_array_equal(begun.compared[:, 1], begun.seen[:, 1])
    assert np.abs(begun.compared[:, 1] - DIGITS.images).mean() < 0.1
    np.testing.assert_array_equal(explanations.apply(shown, begun.nuisance[:, 1]), shown)
    assert not explanations.moves.any() and explanations.undoes


def test_a_parameter_moves_where_its_explanation_does():
    explanations = AnyOf(Identity(), Undone(LIGHT), LIGHT)
    both = Compose(AnyOf(Identity(), Blur((1.0, 2.0)), name="lens"), explanations)
    assert both.names == ("lens", "blur", "explanation", "gain", "offset")
    starts = both.start(Batch(DIGITS.images[:1]), None)[0].numpy()
    expected = [
        [False, lens == 1, False, which == 2, which == 2] for lens, _, which, _, _ in starts
    ]
    assert len(expected) == 9
    np.testing.assert_array_equal(both.moves, expected)
    # the price alone would draw what is undone back to where it is free
    model, *_ = linear_generator(latent_size=2, data_shape=(8, 8, 1), scale=0.2, bound=0.5)
    generator, settings = Generator(model, bounds=(-0.5, 0.5)), SearchSettings(steps=3)
    classifier = InvertedGeneratorClassifier(
        generator, replace(settings, learning_rate=0.02), explanations
    )
    faint = LIGHT.apply(generator.sample(np.arange(3), 0), np.float32([[0.3, 0.5]])).numpy()
    found = classifier.search.run(faint).values["nuisance"].numpy().reshape(3, 3, 3, 3)
    start = explanations.start(Batch(tf.constant(faint)), generator).numpy()[:, np.newaxis]
    moved = np.abs(found - start)[..., 1:].max(axis=(0, 1, 3))
    assert moved[:2].max() < 1e-6 and moved[2] > 0.01


@pytest.fixture(scope="module")
def fast():
    return igc_tf.load_classifier("mnist-cagan-compact", settings="fast")


def test_faint_digits_are_read_and_what_happened_is_told(fast):
    digits = bundled_digits().sample(30, seed=8)
    faint = LIGHT.apply(digits.images, np.float32([[0.3, 0.5]] * 30)).numpy()
    explained = igc_tf.InvertedGeneratorClassifier(
        fast.generator, fast.settings, AnyOf(Identity(), LIGHT)
    )
    right = [
        (classifier.classify(faint).predictions == digits.labels).mean()
        for classifier in (fast, explained)
    ]
    assert right[1] > 0.9 and right[1] > right[0]
    found = explained.classify(faint)
    names, units, values = found.nuisance
    assert names == ("explanation", "gain", "offset")
    assert units == ("number", "times", "of the range")
    assert (values[:, 0] == 1).mean() > 0.9
    np.testing.assert_allclose(np.median(values[:, 1:], axis=0), [0.3, 0.5], atol=0.03)
    i = int(np.flatnonzero(values[:, 0])[0])
    article = "an" if found.predictions[i] == 8 else "a"
    assert found.explain(i).startswith(
        f"{article} {found.predictions[i]}, faint (contrast 0.{values[i, 1] * 100:.0f})"
    )
    again = found.take([i]).join(found.take([i]))
    assert again.explain(1) == found.explain(i)


SEVERAL = Explanations(
    AnyOf(Identity(), Undone(SHIFT), prices=(0.0, 0.01)),
    AnyOf(Identity(), Blur((0.8, 1.6)), prices=(0.0, 0.02), name="lens"),
)


def _several(fast, observation=SEVERAL, plan=((0, 7),), **settings):
    """A search of two explanations of each class, and three lenses."""
    settings = SearchSettings(
        steps=0, start="encoder", plan=plan, restriction_weight=0.01, **settings
    )
    generator = fast.generator
    space = Space.per_value(
        generator, settings.restriction(generator.prior), latent_start="encoder"
    )
    return Search(generator, space.observed(observation), settings)


def test_lenses_tried_on_what_is_generated_once_are_the_starts_of_the_whole_search(fast):
    search = _several(fast)
    assert search.space.num_candidates == 60
    data = np.roll(DIGITS.images, 3, axis=1)
    tried = search.screen(data, 7)
    state = search.init(data)
    terms = search.terms(state)
    chosen = tf.math.top_k(-terms.loss, 7).indices
    np.testing.assert_array_equal(tried.candidates.origin, chosen)
    expected = search.keep(state, chosen, terms.loss)
    for name, values in tried.candidates.values.items():
        np.testing.assert_allclose(values, expected.candidates.values[name], atol=1e-5)
    np.testing.assert_allclose(tried.dropped, expected.dropped, atol=1e-5)
    np.testing.assert_allclose(search.terms(tried).loss, search.terms(expected).loss, atol=1e-5)
    result = search.run(data)
    assert (np.argmax(result.scores, axis=1) == DIGITS.labels).mean() > 0.8
    np.testing.assert_allclose(result.score, -(result.terms.difference + result.terms.penalty))


def test_a_gate_tries_the_others_where_the_plain_explanation_leaves_a_doubt(fast):
    # the first half as they are, the others where they are hard to read
    data = np.concatenate([DIGITS.images[:3], np.roll(DIGITS.images[3:], 5, axis=1)])
    plain = Search(
        fast.generator, _several(fast).space.plain, SearchSettings(steps=0, restriction_weight=0.01)
    ).run(data)
    losses = plain.terms.loss.numpy()
    least = np.sort(losses, axis=1)
    leads = (least[:, 1] - least[:, 0]) / least[:, 0]
    gate = float(np.sort(leads)[2:4].mean())
    is_sure = leads > gate
    assert is_sure.sum() == 3
    states = {g: _several(fast, gate=g).screen(data, 7) for g in (None, 1e6, gate, 0.0)}
    origins = {g: state.candidates.origin.numpy() for g, state in states.items()}
    # whoever doubts all tries all, and who doubts nothing the plain explanations alone
    np.testing.assert_array_equal(origins[1e6], origins[None])
    np.testing.assert_array_equal(origins[0.0], 6 * np.argsort(losses, axis=1)[:, :7])
    np.testing.assert_array_equal(origins[gate][is_sure], origins[0.0][is_sure])
    np.testing.assert_array_equal(origins[gate][~is_sure], origins[None][~is_sure])
    assert (origins[None][~is_sure] % 6 > 0).any()
    # what they hold is theirs, and what an untried candidate is remembered by its class's
    terms = _several(fast, gate=gate).terms(states[gate])
    best = np.take_along_axis(losses, origins[0.0] // 6, axis=1)
    np.testing.assert_allclose(terms.loss.numpy()[is_sure], best[is_sure], atol=1e-5)
    among_all = _several(fast).terms(states[None]).loss.numpy()
    np.testing.assert_allclose(terms.loss.numpy()[~is_sure], among_all[~is_sure], atol=1e-5)
    dropped = states[gate].dropped.numpy()
    kept = np.zeros([6, 60], bool)
    np.put_along_axis(kept, origins[gate], True, axis=1)
    np.testing.assert_array_equal(np.isnan(dropped), kept)
    expected = np.where(is_sure[:, None], np.repeat(losses, 6, axis=1), states[None].dropped)
    np.testing.assert_allclose(dropped[~kept], expected[~kept], atol=1e-5)


def test_the_lead_is_that_of_the_label_in_most_doubt():
    lead = _lead(tf.constant([[1.0, 1.1, 1.0, 3.0]]), ConditionLayout.binary(2))
    np.testing.assert_allclose(lead, [0.1], rtol=1e-5)


def test_a_gate_wants_candidates_of_classes(fast):
    space = Space.relaxed(fast.generator).observed(SEVERAL)
    settings = SearchSettings(steps=0, plan=((0, 1),), gate=0.1)
    with pytest.raises(InputError, match="gate=0.1: expected candidates of classes"):
        Search(fast.generator, space, settings)


def test_behind_a_gate_no_image_depends_on_its_batch(fast):
    search = _several(fast, gate=1.0, evidence=0.02, plan=((0, 10),))
    data = np.concatenate([DIGITS.images, np.roll(DIGITS.images, 5, axis=1)])
    together = search.run(data)
    for part in (slice(0, 1), slice(5, 8), slice(6, 12)):
        alone = search.run(data[part])
        np.testing.assert_array_equal(alone.origin, together.origin[part])
        np.testing.assert_allclose(alone.scores, together.scores[part], atol=1e-5)
        np.testing.assert_allclose(alone.observed, together.observed[part], atol=1e-4)
        np.testing.assert_allclose(alone.compared, together.compared[part], atol=1e-5)


def test_a_gated_classifier_says_in_all_ways_the_same(fast, tmp_path):
    settings = _several(fast, gate=1.0, plan=((0, 10),)).settings
    classifier = igc_tf.InvertedGeneratorClassifier(fast.generator, settings, SEVERAL)
    data = np.concatenate([DIGITS.images[:3], np.roll(DIGITS.images[3:], 5, axis=1)])
    scores = classifier.predict(data)
    np.testing.assert_allclose(
        classifier.predict(data, mask=np.ones([28, 28, 1])), scores, atol=1e-5
    )
    found = classifier.classify(data, history=True, snapshots=(0,))
    np.testing.assert_allclose(found.scores, scores, atol=1e-5)
    # of what was kept alone it is known what it was like
    np.testing.assert_array_equal(np.isfinite(found.loss_history).sum(axis=(1, 2)), 10)
    np.testing.assert_allclose(found.snapshots[0], found.reconstructions, atol=1e-5)
    classifier.export(tmp_path / "saved", batch_size=4)
    signatures = tf.saved_model.load(str(tmp_path / "saved")).signatures
    answer = signatures["classify"](images=tf.constant(data))
    np.testing.assert_array_equal(answer["label"], found.predictions)
    np.testing.assert_allclose(answer["score"], scores, atol=1e-5)
    # what fills the gaps is compared
    mask = np.float32(np.random.default_rng(0).random(data.shape) < 0.7)
    answer = signatures["classify_masked"](images=tf.constant(data), mask=tf.constant(mask))
    np.testing.assert_allclose(answer["score"], classifier.predict(data, mask=mask), atol=1e-5)
    assert np.abs(answer["score"] - scores).max() > 1e-3


def test_behind_a_gate_gradients_are_those_of_what_was_tried(fast):
    data, gradients = tf.constant(DIGITS.images[:2]), []
    for gate in (None, 1e6):
        with tf.GradientTape() as tape:
            tape.watch(data)
            latents = _several(fast, gate=gate).screen(data, 7).candidates.values["latent"]
        gradients.append(tape.gradient(latents, data).numpy())
    assert np.abs(gradients[0]).max() > 1e-2
    np.testing.assert_allclose(gradients[1], gradients[0], atol=1e-4)


def test_a_gate_wants_a_plain_explanation_and_enough_of_its_candidates(fast):
    with pytest.raises(InputError, match="gate=0.5 and the observation"):
        _several(fast, AnyOf(Identity(), Undone(SHIFT)), gate=0.5)
    other = Explanations(AnyOf(Undone(SHIFT)), AnyOf(Identity(), name="lens"))
    with pytest.raises(InputError, match=r"first lens are `Identity\(\)`"):
        _several(fast, other, gate=0.5)
    for plan in (((0, 11),), ((0, None),), None):
        with pytest.raises(InputError, match="at most the 10 candidates"):
            _several(fast, plan=plan, gate=0.5)


def test_evidence_adds_up_the_candidates_of_a_class(fast):
    observation = AnyOf(Identity(), Blur((0.5, 1.0)))
    scores = []
    for evidence in (None, 0.02):
        settings = replace(fast.settings, evidence=evidence)
        space = Space.per_value(fast.generator, latent_start="encoder").observed(observation)
        result = Search(fast.generator, space, settings).run(DIGITS.images)
        scores.append(result.scores.numpy())
    each = result.score.numpy().reshape(6, 10, 3)
    np.testing.assert_allclose(scores[0], each.max(axis=2), rtol=1e-6)
    total = 0.02 * np.log(np.exp(each / 0.02).sum(axis=2))
    np.testing.assert_allclose(scores[1], total, rtol=1e-4)


def test_settings_observe_images_at_more_contrast():
    greys = bundled_digits().sample(20, seed=4).images
    settings = SearchSettings(steps=0, start="encoder")
    plain, contrast = (
        igc_tf.load_classifier("mnist-cagan-compact", replace(settings, observation=name))
        for name in (None, "contrast")
    )
    stretched = np.clip(2.5 * greys, -0.5, 0.5)
    found = contrast.classify(greys).differences
    np.testing.assert_allclose(found, plain.classify(stretched).differences, atol=1e-6)
    assert np.abs(found - plain.classify(greys).differences).max() > 0.01


def test_robust_settings_know_ink_on_a_dark_ground_alone():
    light = Generator(igc_tf.load_generator("mnist-cagan-compact").model, background=0.5)
    with pytest.raises(InputError, match=r"'robust': .* background 0\.5; expected .* -0\.5"):
        InvertedGeneratorClassifier(light, SearchSettings(observation="robust"))


def test_only_images_have_contrast():
    model, _, _ = linear_generator()
    settings = SearchSettings(observation="contrast")
    with pytest.raises(InputError, match="'contrast': .* of shape .6,. .* expected images"):
        InvertedGeneratorClassifier(Generator(model), settings)
