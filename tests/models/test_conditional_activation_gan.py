import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.generators.activation_gan import CAGAN_SIZES, build_discriminator
from igc_tf.generators.generator import Generator
from igc_tf.models import ConditionalActivationGAN
from igc_tf.search import SearchSettings
from igc_tf.training.class_separation import ClassSeparation
from tests.fixtures.linear_generator import linear_generator


def _model(discriminator_rate=1e-3, generator_rate=1e-3, **values):
    keras.utils.set_random_seed(0)
    generator, _, _ = linear_generator(classes=3, latent_size=2, data_shape=(28, 28, 1))
    discriminator = build_discriminator(CAGAN_SIZES["compact"], 3, (28, 28, 1))
    model = ConditionalActivationGAN(generator, discriminator, **values)
    rates = (generator_rate, discriminator_rate)
    model.compile(*(keras.optimizers.Adam(rate) for rate in rates))
    return model


def _batch(count=6):
    data = np.random.default_rng(0).uniform(-0.5, 0.5, [count, 28, 28, 1]).astype(np.float32)
    return tf.constant(data), tf.one_hot(tf.range(count) % 3, 3)


def _weights(network):
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


def test_discriminator_learns_to_tell_data_from_generated():
    model = _model(discriminator_rate=2e-3, generator_rate=1e-12)
    step = tf.function(model.train_step)
    logs = []
    for _ in range(20):
        model.reset_metrics()
        logs.append({name: float(value) for name, value in step(_batch()).items()})
    assert logs[-1]["discriminator_loss"] < 0.5 * logs[0]["discriminator_loss"]
    assert logs[-1]["real_activation"] > logs[-1]["fake_activation"] + 0.4


def test_generator_learns_to_pass_for_data():
    model = _model(discriminator_rate=1e-12, generator_rate=0.02)
    step = tf.function(model.train_step)
    losses = []
    for _ in range(30):
        model.reset_metrics()
        losses.append(float(step(_batch())["generator_loss"]))
    assert losses[-1] < 0.8 * losses[0]


def test_average_follows_the_weights_by_the_decay():
    model = _model(generator_rate=0.01, averaging_decay=0.15)
    first = _weights(model.generator)
    model.train_step(_batch())
    second = _weights(model.generator)
    # after one step the average may keep 1 / (1 + 9) of what it was, less than the decay
    after_one = 0.1 * first + 0.9 * second
    np.testing.assert_allclose(_weights(model.averaged_generator), after_one, atol=1e-6)
    model.train_step(_batch())
    third = _weights(model.generator)
    after_two = 0.15 * after_one + 0.85 * third
    np.testing.assert_allclose(_weights(model.averaged_generator), after_two, atol=1e-6)
    assert np.abs(after_two - third).max() > 1e-4


def test_separation_brings_the_right_class_nearer():
    separation = ClassSeparation(
        SearchSettings(steps=2, learning_rate=0.01), images=6, temperature=0.05, weight=1.0
    )
    losses = {}
    for name, given in (("without", None), ("with", separation)):
        model = _model(discriminator_rate=1e-12, generator_rate=0.01, separation=given)
        data, condition = _batch()
        step = tf.function(model.train_step)
        for _ in range(30):
            step((data, condition))
        engine = separation.engine(Generator(model.generator))
        searched = separation.search(engine, data, condition, tf.constant([0, 0]))
        losses[name] = float(separation.loss(searched)[0])
    assert losses["with"] < 0.7 * losses["without"]


def test_a_gpu_would_not_compile_it_with_xla():
    assert _model().jit_compile is False


@pytest.mark.parametrize("decay", [1.0, -0.1])
def test_refuses_a_decay_outside_its_range(decay):
    with pytest.raises(ValueError, match=f"averaging_decay={decay}"):
        _model(averaging_decay=decay)
