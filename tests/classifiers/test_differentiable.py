"""Gradients of a classifier to its data: closed forms on a linear generator, finite differences."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from igc_tf import InverseClassifier, InvertedGeneratorClassifier
from igc_tf.classifiers.differentiable import GRADIENTS
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.search.observations import AnyOf, Identity, UnevenLight
from igc_tf.search.observations.compose import Undone
from tests.fixtures.linear_generator import EXACT, exact_encoder, linear_generator, random_data

T = 0.1
FEW = replace(EXACT, steps=2, learning_rate=0.3, restriction_weight=0.05)


def _classifier(settings):
    model, offsets, matrix = linear_generator(latent_size=2)
    encoder = exact_encoder(offsets, matrix)
    generator = Generator(model, bounds=(-np.inf, np.inf), encoder=encoder)
    projector = np.eye(6) - matrix.T @ np.linalg.pinv(matrix.T)
    return InvertedGeneratorClassifier(generator, settings), offsets, projector


def _logits_and_gradient(model, data, weights):
    """The logits, and the gradient of their weighted sum, to the data."""
    data = tf.constant(data)
    with tf.GradientTape() as tape:
        tape.watch(data)
        logits = model(data)
        total = tf.reduce_sum(logits * weights)
    return logits.numpy(), tape.gradient(total, data).numpy()


def _slopes(model, data, weights, step=2e-3):
    """The gradient of the logits' weighted sum, by finite differences."""
    slopes = np.zeros_like(data)
    for element in range(data.shape[1]):
        ahead, behind = data.copy(), data.copy()
        ahead[:, element] += step
        behind[:, element] -= step
        change = (np.asarray(model(ahead)) - np.asarray(model(behind))) * weights
        slopes[:, element] = change.sum(axis=1) / (2 * step)
    return slopes


def _weights(count):
    return np.random.default_rng(7).normal(size=(count, 3)).astype(np.float32)


# from the mean there is no encoder to take for the search, as bpda does
@pytest.mark.parametrize("start, gradients", [("mean", GRADIENTS[:2]), ("encoder", GRADIENTS)])
def test_logits_are_those_of_the_search(start, gradients):
    classifier, *_ = _classifier(replace(FEW, start=start, plan=((1, 2), (1, None))))
    data = random_data(5)
    expected = classifier.predict(data, verbose=0) / T
    for gradient in gradients:
        model = classifier.as_model(gradient, T)
        for found in (model(data), model.predict(data, verbose=0)):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5, err_msg=gradient)
        assert model.count_params() == 0


@pytest.mark.parametrize(
    "gradient, start", [("envelope", "mean"), ("unrolled", "encoder"), ("bpda", "encoder")]
)
def test_at_the_least_difference_all_have_its_gradient(gradient, start):
    # d = mean (P (x - offset))², so ∂d/∂x = 2/6 P (x - offset)
    settings = EXACT if start == "mean" else replace(EXACT, steps=0, start=start)
    classifier, offsets, projector = _classifier(settings)
    data, weights = random_data(4), _weights(4)
    _, found = _logits_and_gradient(classifier.as_model(gradient, T), data, weights)
    each = -2 / 6 * (data[:, np.newaxis] - offsets) @ projector / T
    np.testing.assert_allclose(found, (weights[..., None] * each).sum(axis=1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "start, plan", [("mean", None), ("encoder", ((1, 2), (1, None)))], ids=["mean", "encoder"]
)
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_unrolled_follows_every_step(start, plan, optimizer):
    rate = {"adam": 0.3, "momentum": 0.2}[optimizer]
    settings = replace(FEW, start=start, optimizer=optimizer, learning_rate=rate, plan=plan)
    classifier, *_ = _classifier(settings)
    data, weights = random_data(3), _weights(3)
    model = classifier.as_model("unrolled", T)
    _, found = _logits_and_gradient(model, data, weights)
    expected = _slopes(model, data, weights)
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02 * np.abs(expected).max())
    # what holds the latents fixed is another gradient, after so few steps
    _, envelope = _logits_and_gradient(classifier.as_model("envelope", T), data, weights)
    assert np.abs(envelope - expected).max() > 0.1 * np.abs(expected).max()


def test_the_gradient_of_a_condition_that_is_searched_is_that_of_its_steps():
    model, *_ = linear_generator(latent_size=2)
    settings = replace(FEW, steps=3, learning_rate=0.02, restriction_weight=0.0)
    classifier = InverseClassifier(Generator(model, bounds=(-np.inf, np.inf)), settings)
    # held fixed, it would have none, and an attack would find nothing
    with pytest.raises(InputError, match="gradient='envelope': .* expected 'unrolled'"):
        classifier.as_model(temperature=T)
    data, weights = random_data(3), _weights(3)
    model = classifier.as_model("unrolled", T)
    _, found = _logits_and_gradient(model, data, weights)
    expected = _slopes(model, data, weights)
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02 * np.abs(expected).max())
    assert np.abs(expected).max() > 0.1


def test_bpda_moves_what_was_found_as_the_encoder_does():
    classifier, _, projector = _classifier(replace(FEW, start="encoder"))
    data, weights = random_data(4), _weights(4)
    _, found = _logits_and_gradient(classifier.as_model("bpda", T), data, weights)
    # d = mean r², ∂r/∂x = P where the latent moves as the least squares do
    rest = data[:, None] - classifier.classify(data).reconstructions
    each = -2 / 6 * rest @ projector / T
    np.testing.assert_allclose(found, (weights[..., None] * each).sum(axis=1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_a_search_that_xla_compiles_has_the_same_gradients(gradient):
    data, weights, found = random_data(2), _weights(2), []
    for jit_compile in (False, True):
        classifier, *_ = _classifier(replace(FEW, start="encoder", jit_compile=jit_compile))
        model = classifier.as_model(gradient, T)
        found.append(_logits_and_gradient(model, data, weights))
    for plain, compiled in zip(*found, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-5)


def test_a_step_is_computed_again_for_its_gradient(monkeypatch):
    classifier, *_ = _classifier(FEW)
    model, taken, advance = classifier.as_model("unrolled", T), [], classifier.search.advance

    def counted(state, steps):
        taken.append(steps)
        return advance(state, steps)

    monkeypatch.setattr(classifier.search, "advance", counted)
    model(random_data(2))
    assert taken == [1] * 2
    _logits_and_gradient(model, random_data(2), _weights(2))
    assert taken == [1] * 6


def test_the_temperature_is_the_calibrated_one():
    classifier, *_ = _classifier(EXACT)
    with pytest.raises(InputError, match="not calibrated"):
        classifier.as_model()
    data = random_data(20)
    classifier.calibrate(data, np.arange(20) % 3, verbose=0)
    model = classifier.as_model()
    assert model.temperature == classifier.calibration.temperature
    np.testing.assert_allclose(
        tf.nn.softmax(model(data)),
        classifier.probabilities(classifier.predict(data, verbose=0)),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"gradient": "straight"}, "gradient='straight': expected one of envelope, unrolled, bpda"),
        ({"gradient": "bpda"}, "starts from the mean"),
        ({"temperature": 0.0}, "temperature=0.0"),
        ({"temperature": np.inf}, "temperature=inf: expected a finite number"),
        ({"temperature": "1"}, "temperature='1'"),
    ],
)
def test_refuses_what_it_cannot_do(arguments, message):
    classifier, *_ = _classifier(EXACT)
    with pytest.raises(InputError, match=message):
        classifier.as_model(**{"temperature": T, **arguments})


def test_data_of_another_shape_are_refused():
    classifier, *_ = _classifier(EXACT)
    model = classifier.as_model(temperature=T)
    assert model(random_data(1)).shape == (1, 3)
    for shape in ((1, 1), (1, 1, 6), (6,)):
        with pytest.raises(InputError, match=r"data of shape .*expected \(N, "):
            model(np.zeros(shape, np.float32))


def test_what_is_undone_passes_a_gradient_too():
    shape = (6, 6, 1)
    model, offsets, matrix = linear_generator(latent_size=2, data_shape=shape, scale=0.1)
    encoder = exact_encoder(offsets, matrix, shape)
    generator = Generator(model, bounds=(-np.inf, np.inf), encoder=encoder)
    light = AnyOf(Identity(), Undone(UnevenLight(-1.0, 1.0, cells=2, opening=3)), prices=(0, 0.01))
    settings = replace(EXACT, steps=0, start="encoder")
    model = InvertedGeneratorClassifier(generator, settings, light).as_model("unrolled", T)
    data = random_data(1, 36).reshape(1, *shape) / 4
    direction, step = random_data(1, 36, 3).reshape(1, *shape), 1e-3
    _, found = _logits_and_gradient(model, data, _weights(1))
    ends = [np.asarray(model(data + side * step * direction)) for side in (1, -1)]
    slope = ((ends[0] - ends[1]) * _weights(1)).sum() / (2 * step)
    assert (found * direction).sum() == pytest.approx(slope, rel=0.05) and abs(slope) > 0.01
