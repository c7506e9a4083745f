"""The gradient that separates the classes, against finite differences of the searched minimum."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import igc_tf
from igc_tf.data import bundled_digits
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.search import Batch, SearchSettings
from igc_tf.training.adversarial import Perturbation
from igc_tf.training.class_separation import ClassSeparation
from igc_tf.training.losses import class_separation_loss
from tests.fixtures.linear_generator import (
    EXACT,
    exact_encoder,
    linear_generator,
    random_data,
    two_label_optima,
)

TWO_LABELS = ConditionLayout.binary(2)


def test_gradient_is_that_of_the_searched_minimum():
    model, offsets, matrix = linear_generator(latent_size=2)
    data = tf.constant(random_data(4))
    labels = np.array([0, 1, 2, 1])
    condition = tf.one_hot(labels, 3)
    separation = ClassSeparation(EXACT, images=4, temperature=0.5, reconstruction_weight=0.3)
    search = separation.search_of(Generator(model))
    searched = separation.search(search, data, condition, tf.constant([0, 0]))
    weights = model.trainable_variables[0].value
    with tf.GradientTape() as tape:
        loss, logs = separation.loss(searched)
    gradient = tape.gradient(loss, weights).numpy()

    projector = np.eye(6) - matrix.T @ np.linalg.pinv(matrix.T)

    def minimum(offsets):
        errors = (data.numpy()[:, None] - offsets) @ projector.T
        differences = (errors**2).mean(axis=-1)
        cross_entropy = class_separation_loss(tf.constant(differences), np.eye(3)[labels], 0.5)
        right = differences[np.arange(4), labels]
        return float(tf.reduce_mean(cross_entropy)) + 0.3 * right.mean()

    assert float(loss) == pytest.approx(minimum(offsets), rel=1e-3)
    for row, column in ((0, 0), (1, 3), (2, 5)):
        nudge = np.zeros_like(offsets, dtype=np.float64)
        nudge[row, column] = 1e-3
        slope = (minimum(offsets + nudge) - minimum(offsets - nudge)) / 2e-3
        assert gradient[row, column] == pytest.approx(slope, rel=2e-2, abs=1e-4)
    assert 0 <= float(logs["separated"]) <= 1


def test_gradient_for_two_labels_is_that_of_the_searched_minima():
    model, offsets, matrix = linear_generator(latent_size=2, classes=4)
    data = random_data(4)
    condition = np.float32([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    separation = ClassSeparation(EXACT, images=4, temperature=0.5, reconstruction_weight=0.3)
    search = separation.search_of(Generator(model, TWO_LABELS))
    searched = separation.search(search, tf.constant(data), condition, tf.constant([0, 0]))
    with tf.GradientTape() as tape:
        loss, logs = separation.loss(searched)
    gradient = tape.gradient(loss, model.trainable_variables[0].value).numpy()

    def minimum(offsets):
        differences, _ = two_label_optima(data, offsets, matrix)
        logits = -differences / 0.5
        chances = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        right = condition.reshape(4, 2, 2)
        cross_entropy = -(right * np.log(chances)).sum(axis=(1, 2)).mean()
        return cross_entropy + 0.3 * (right * differences).sum(axis=(1, 2)).mean()

    assert float(loss) == pytest.approx(minimum(offsets), rel=1e-3)
    for row, column in ((0, 0), (1, 3), (2, 5), (3, 1)):
        nudge = np.zeros_like(offsets, dtype=np.float64)
        nudge[row, column] = 1e-3
        slope = (minimum(offsets + nudge) - minimum(offsets - nudge)) / 2e-3
        assert gradient[row, column] == pytest.approx(slope, rel=2e-2, abs=1e-4)
    differences, _ = two_label_optima(data, offsets, matrix)
    nearest = np.eye(2)[differences.argmin(axis=2)].reshape(4, 4)
    expected = (nearest * condition).sum() / 8
    assert float(logs["separated"]) == pytest.approx(expected)


def test_decision_separates_the_right_class_from_its_nearest_rivals():
    model, offsets, _ = linear_generator(latent_size=2, classes=4)
    data = random_data(5)
    labels = np.array([0, 1, 2, 3, 1])
    # a search that stays at latent 0, so that each class makes its offset
    settings = SearchSettings(steps=1, learning_rate=1e-9, difference="mean_squared")
    options = {"images": 5, "temperature": 0.5, "reconstruction_weight": 0.3, "weight": 0.7}

    def loss(**more):
        separation = ClassSeparation(settings, **options, **more)
        search = separation.search_of(Generator(model))
        seed = tf.constant([0, 0])
        searched = separation.search(search, tf.constant(data), tf.one_hot(labels, 4), seed)
        loss, logs = separation.loss(searched)
        return float(loss), float(logs["separated"])

    squared = ((data[:, None] - offsets) ** 2).mean(axis=2)
    absolute = np.abs(data[:, None] - offsets).mean(axis=2)
    every = np.arange(5)
    expected = []
    for image, label in enumerate(labels):
        wrong = [other for other in range(4) if other != label]
        rivals = sorted(wrong, key=lambda other, image=image: squared[image, other])[:2]
        odds = np.exp((absolute[image, label] - absolute[image, rivals]) / 0.2)
        expected.append(np.log1p(odds.sum()))
    plain, _ = loss()
    decided, separated = loss(decision="mean_absolute", decision_temperature=0.2, rivals=2)
    assert decided - plain == pytest.approx(0.7 * np.mean(expected), rel=1e-4)
    # every class but the two nearest is too far to be nearest by the decision here
    assert separated == (absolute.argmin(axis=1) == labels).mean()

    chances = np.exp(-absolute / 0.2) / np.exp(-absolute / 0.2).sum(axis=1, keepdims=True)
    decided, _ = loss(decision="mean_absolute", decision_temperature=0.2, rivals=9)
    assert decided - plain == pytest.approx(-0.7 * np.log(chances[every, labels]).mean(), rel=1e-4)


def test_decision_for_two_labels_is_the_second_cross_entropy_of_each():
    model, _, _ = linear_generator(latent_size=2, classes=4)
    data = random_data(4)
    condition = np.float32([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    options = {"images": 4, "temperature": 0.5, "reconstruction_weight": 0.0}
    losses = []
    # the same difference once more, at the same temperature, is the same term once more
    for more in ({}, {"decision": "mean_squared", "decision_temperature": 0.5}):
        separation = ClassSeparation(EXACT, **options, **more)
        search = separation.search_of(Generator(model, TWO_LABELS))
        searched = separation.search(search, tf.constant(data), condition, tf.constant([0, 0]))
        losses.append(float(separation.loss(searched)[0]))
    assert losses[1] == pytest.approx(2 * losses[0], rel=1e-5)


def test_searches_the_right_class_and_those_that_begin_nearest():
    model, offsets, matrix = linear_generator(latent_size=2, classes=5)
    data = random_data(6)
    labels = np.array([0, 1, 2, 3, 4, 1])
    separation = ClassSeparation(
        EXACT, images=6, candidates=3, temperature=0.5, reconstruction_weight=0.3
    )
    condition, seed = tf.one_hot(labels, 5), tf.constant([0, 0])
    search = separation.search_of(Generator(model))
    loss, _ = tf.function(
        lambda: separation.loss(separation.search(search, tf.constant(data), condition, seed))
    )()

    projector = np.eye(6) - matrix.T @ np.linalg.pinv(matrix.T)
    before = ((data[:, None] - offsets) ** 2).mean(axis=2)
    after = (((data[:, None] - offsets) @ projector.T) ** 2).mean(axis=2)
    expected = []
    for image, label in enumerate(labels):
        wrong = np.delete(np.arange(5), label)
        rivals = wrong[before[image, wrong].argsort()][:2]
        odds = np.exp((after[image, label] - after[image, rivals]) / 0.5)
        expected.append(np.log1p(odds.sum()) + 0.3 * after[image, label])
    assert float(loss) == pytest.approx(np.mean(expected), rel=1e-3)


@pytest.mark.parametrize("decision", [None, "mean_absolute"])
def test_keeping_all_candidates_is_searching_all(decision):
    model, _, _ = linear_generator(latent_size=2, classes=4)
    condition = tf.one_hot([0, 1, 2, 3, 1], 4)
    settings = SearchSettings(steps=8, learning_rate=0.05)
    found = []
    for candidates in (None, 4):
        separation = ClassSeparation(
            settings,
            images=5,
            candidates=candidates,
            temperature=0.1,
            decision=decision,
            decision_temperature=0.1,
        )
        search = separation.search_of(Generator(model))
        searched = separation.search(
            search, tf.constant(random_data(5)), condition, tf.constant([0, 0])
        )
        with tf.GradientTape() as tape:
            loss, logs = separation.loss(searched)
        gradients = tape.gradient(loss, [weight.value for weight in model.trainable_variables])
        found.append((loss, logs, gradients))
    for one, other in zip(*map(tf.nest.flatten, found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert all(np.abs(gradient).max() > 0.01 for gradient in found[0][2])


def test_kept_candidates_hold_the_right_class_first():
    model, _, _ = linear_generator(latent_size=2, classes=5)
    labels = np.array([4, 0, 2])
    separation = ClassSeparation(SearchSettings(steps=2), candidates=3)
    search = separation.search_of(Generator(model))
    _, state, _, right = separation.search(
        search, tf.constant(random_data(3)), tf.one_hot(labels, 5), tf.constant([0, 0])
    )
    np.testing.assert_array_equal(right, [[1, 0, 0]] * 3)
    np.testing.assert_array_equal(state.candidates.origin[:, 0], labels)
    values = state.candidates.values["condition"]
    np.testing.assert_array_equal(values, tf.one_hot(state.candidates.origin, 5))
    np.testing.assert_array_equal(state.candidates.taken, np.full([3, 3], 2))


def test_no_candidate_is_too_few():
    with pytest.raises(InputError, match="candidates=1"):
        ClassSeparation(candidates=1)


@pytest.mark.parametrize(("layout", "holds"), [(None, "1 labels of"), (TWO_LABELS, "2 labels of")])
def test_refuses_candidates_that_cannot_be_rivals(layout, holds):
    model, _, _ = linear_generator(classes=4)
    candidates = 5 if layout is None else 2
    with pytest.raises(InputError, match=f"candidates={candidates}: .* holds {holds}"):
        ClassSeparation(candidates=candidates).search_of(Generator(model, layout))


def test_noise_is_decided_by_the_seed_and_leaves_about_half_alone():
    model, _, _ = linear_generator(latent_size=2, scale=0.1)
    settings = SearchSettings(steps=1)
    data, condition = tf.zeros([200, 6]), tf.one_hot(tf.zeros([200], tf.int32), 3)
    separation = ClassSeparation(settings, images=200, sigma=0.4)
    search = separation.search_of(Generator(model, bounds=(-0.5, 0.5)))
    first, again, other = (
        separation.search(search, data, condition, tf.constant(seed)).state.batch.data.numpy()
        for seed in ([0, 1], [0, 1], [0, 2])
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    untouched = (first == 0).all(axis=1).mean()
    assert 0.35 < untouched < 0.65
    assert np.abs(first).max() <= 0.5
    # deviations uniform in 0..0.4 on the noised half; clipping takes a little
    spread = first[(first != 0).any(axis=1)].std()
    assert 0.15 < spread < 0.24


@pytest.mark.parametrize(
    "values",
    [
        {"images": 0},
        {"rivals": 0},
        {"temperature": 0.0},
        {"decision_temperature": 0.0},
        {"weight": -1.0},
        {"sigma": -0.1},
    ],
)
def test_refuses_values_outside_their_ranges(values):
    ((name, value),) = values.items()
    with pytest.raises(InputError, match=f"{name}={value}"):
        ClassSeparation(**values)


def test_refuses_an_unknown_decision():
    with pytest.raises(InputError, match="difference='nearness': expected one of"):
        ClassSeparation(decision="nearness")


def test_encoder_is_trained_through_the_latents_it_gives():
    model, offsets, matrix = linear_generator(latent_size=2)
    encoder = exact_encoder(offsets, matrix)
    generator = Generator(model, encoder=encoder)
    data, labels = tf.constant(random_data(4)), np.array([0, 1, 2, 1])
    settings = SearchSettings(
        steps=0, start="encoder", difference="mean_squared", restriction_weight=0.0
    )
    separation = ClassSeparation(
        settings, images=4, temperature=0.5, reconstruction_weight=0.3, latent_weight=0.2
    )
    search = separation.search_of(generator)
    weights = encoder.get_layer("from_data").kernel

    def loss():
        searched = separation.search(search, data, tf.one_hot(labels, 3), tf.constant([0, 0]))
        return separation.loss(searched)

    with tf.GradientTape() as tape:
        value, _ = loss()
    slopes = tape.gradient(value, [weights.value, model.trainable_variables[0].value])

    def by_hand(kernel):
        latents = (data.numpy() @ kernel)[:, None] + encoder.get_layer("from_condition").kernel
        made = offsets + latents @ matrix
        differences = ((data.numpy()[:, None] - made) ** 2).mean(axis=-1)
        cross_entropy = class_separation_loss(tf.constant(differences), np.eye(3)[labels], 0.5)
        right = differences[np.arange(4), labels].mean()
        return float(np.mean(cross_entropy)) + 0.3 * right + 0.2 * np.abs(latents).mean()

    kernel = weights.numpy().astype(np.float64)
    assert float(value) == pytest.approx(by_hand(kernel), rel=1e-5)
    assert np.abs(slopes[1]).max() > 0
    for place in ((0, 0), (3, 1), (5, 0)):
        nudge = np.zeros_like(kernel)
        nudge[place] = 1e-4
        slope = (by_hand(kernel + nudge) - by_hand(kernel - nudge)) / 2e-4
        assert slopes[0].numpy()[place] == pytest.approx(slope, rel=2e-2, abs=1e-4)


def test_what_the_search_adds_to_the_encoder_is_held_fixed():
    model, offsets, matrix = linear_generator(latent_size=2)
    generator = Generator(model, encoder=exact_encoder(offsets, matrix))
    settings = SearchSettings(steps=3, learning_rate=0.1, start="encoder")
    separation = ClassSeparation(settings, images=4, candidates=2)
    search = separation.search_of(generator)
    data, condition = tf.constant(random_data(4)), tf.one_hot([0, 1, 2, 1], 3)
    with tf.GradientTape() as tape:
        searched = separation.search(search, data, condition, tf.constant([0, 0]))
        found = searched.state.candidates.values["latent"]
    state = search.init(Batch(data))
    places = searched.state.candidates.origin
    by_hand = search.advance(search.keep(state, places), 3).candidates.values["latent"]
    np.testing.assert_allclose(found, by_hand, atol=1e-6)
    assert np.abs(found - searched.start).max() > 0.05
    # the gradient of Σ found is that of Σ latents: by the data's kernel, the data themselves
    slope = tape.gradient(found, generator.encoder.get_layer("from_data").kernel.value)
    expected = np.repeat(2 * data.numpy().sum(axis=0)[:, None], 2, axis=1)
    np.testing.assert_allclose(slope, expected, rtol=1e-4)


def test_a_perturbation_goes_where_the_classes_are_confused_most():
    model, offsets, matrix = linear_generator(latent_size=2)
    generator = Generator(model, encoder=exact_encoder(offsets, matrix))
    settings = SearchSettings(
        steps=0, start="encoder", difference="mean_squared", restriction_weight=0.0
    )
    # so small that the loss is nearly linear
    perturbation = Perturbation(l2=0.01, steps=20)
    separation = ClassSeparation(settings, images=4, temperature=0.5, perturbation=perturbation)
    search = separation.search_of(generator)
    data, labels = random_data(4), np.array([0, 1, 2, 1])
    searched = separation.search(search, data, tf.one_hot(labels, 3), tf.constant([0, 0]))
    change = np.array(searched.state.batch.data - data)

    projector = np.eye(6) - matrix.T @ np.linalg.pinv(matrix.T)
    rests = (data[:, None].astype(np.float64) - offsets) @ projector
    logits = -(rests**2).mean(axis=-1) / 0.5
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    steepest = ((np.eye(3)[labels] - chances)[:, :, None] * rests).sum(axis=1)
    lengths = np.linalg.norm(change, axis=1)
    assert (lengths <= 0.01 + 1e-6).all() and lengths.max() > 0.004
    cosines = (change * steepest).sum(axis=1) / lengths / np.linalg.norm(steepest, axis=1)
    assert (cosines > 0.95).all()


def test_what_the_settings_observe_is_trained_on():
    settings = SearchSettings(steps=0, start="encoder", observation="contrast")
    generator = igc_tf.load_generator("mnist-cagan-compact")
    digits = bundled_digits().sample(5, seed=0)
    differences = []
    for given, data in (
        (settings, digits.images),
        (replace(settings, observation=None), np.clip(2.5 * digits.images, -0.5, 0.5)),
    ):
        separation = ClassSeparation(given, images=5, decision="deformation")
        search = separation.search_of(generator)
        condition = tf.one_hot(digits.labels, 10)
        searched = separation.search(search, tf.constant(data, tf.float32), condition, [0, 0])
        logs = separation.loss(searched)[1]
        differences.append([logs["reconstruction"], logs["separation_loss"]])
    np.testing.assert_allclose(*differences, rtol=1e-4)
    with pytest.raises(InputError, match=r"'robust' begins with \d+ starts .* expected one"):
        ClassSeparation(replace(settings, observation="robust")).search_of(generator)
    with pytest.raises(InputError, match=r"observed=0\.5 with settings\.observation='contrast"):
        ClassSeparation(settings, observed=0.5)
