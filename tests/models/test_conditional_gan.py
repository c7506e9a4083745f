import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.generators.conditional_gan import (
    CONDITIONAL_GAN_SIZES,
    build_conditional_discriminator,
    build_conditional_generator,
)
from igc_tf.models import ConditionalGAN

COMPACT = CONDITIONAL_GAN_SIZES["compact"]


def _model(**values):
    keras.utils.set_random_seed(0)
    model = ConditionalGAN(
        build_conditional_generator(COMPACT, 10, (28, 28, 1), 6),
        build_conditional_discriminator(COMPACT, 10, (28, 28, 1)),
        **values,
    )
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    return model


def _batch(count=8, seed=0):
    data = np.random.default_rng(seed).uniform(-0.5, 0.5, [count, 28, 28, 1]).astype(np.float32)
    return tf.constant(data), tf.eye(10)[:count]


def test_shapes_ranges_and_saving(tmp_path):
    keras.utils.set_random_seed(0)
    generator = build_conditional_generator(COMPACT, 10, (28, 28, 1), 6)
    inputs = [np.eye(10, dtype=np.float32)[:3], 100 * np.ones([3, 6], np.float32)]
    data = generator(inputs).numpy()
    assert data.shape == (3, 28, 28, 1)
    assert data.min() >= -0.5 and data.max() <= 0.5
    generator.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(loaded(inputs), data, atol=1e-6)
    discriminator = build_conditional_discriminator(COMPACT, 10, (28, 28, 1))
    assert discriminator([data, inputs[0]]).shape == (3,)


def test_document_generator_is_the_documents():
    # dense 10 -> 1000; dense 1000 + 25 -> 64·28·28; batch norm 64; 5×5 to 32; batch norm; 5×5 to 1
    expected = 10 * 1000 + 1000 + 1025 * 50176 + 50176 + 4 * 64
    expected += 25 * 64 * 32 + 32 + 4 * 32 + 25 * 32 + 1
    generator = build_conditional_generator(CONDITIONAL_GAN_SIZES["document"], 10, (28, 28, 1), 25)
    assert generator.count_params() == expected == 51_543_993
    assert generator.output_shape == (None, 28, 28, 1)


def test_class_vectors_are_noised_and_clamped():
    one_hot = np.eye(10, dtype=np.float32)[np.zeros(4000, int)]
    noised = _model(condition_sigma=0.2).noised(one_hot, [1, 2]).numpy()
    assert noised.min() == 0.0 and noised.max() == 1.0
    # max(N(0, 0.2²), 0) has the mean 0.2 / √(2π), and the one is as far below 1
    np.testing.assert_allclose(noised[:, 1:].mean(), 0.0798, atol=0.002)
    np.testing.assert_allclose(noised[:, 0].mean(), 1 - 0.0798, atol=0.008)
    still = _model(condition_sigma=0.0).noised(tf.eye(10), [1, 2])
    np.testing.assert_array_equal(still, np.eye(10))


def test_step_moves_both_networks_and_the_average():
    model = _model(averaging_decay=0.0)
    networks = (model.generator, model.discriminator)
    before = [[w.numpy() for w in network.trainable_weights] for network in networks]
    logs = model.train_step(_batch())
    for network, weights in zip(networks, before, strict=True):
        moved = [
            not np.allclose(w.numpy(), old, atol=1e-8)
            for w, old in zip(network.trainable_weights, weights, strict=True)
        ]
        assert np.mean(moved) > 0.8
    averaged = model.averaged_generator.weights
    for average, weight in zip(averaged, model.generator.weights, strict=True):
        np.testing.assert_array_equal(average.numpy(), weight.numpy())
    assert set(logs) == {
        "discriminator_loss",
        "generator_loss",
        "real_probability",
        "fake_probability",
    }
    assert 0 < float(logs["real_probability"]) < 1


def test_random_numbers_depend_on_seed_and_step_only():
    def weights(seed):
        model = _model(seed=seed)
        model.train_step(_batch())
        return model.generator.get_weights()[0]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_discriminator_learns_to_tell_data_from_generated():
    model = _model()
    model.compile(keras.optimizers.SGD(1e-12), keras.optimizers.Adam(2e-3))
    step = tf.function(model.train_step)
    logs = []
    for _ in range(20):
        model.reset_metrics()
        logs.append({name: float(value) for name, value in step(_batch()).items()})
    assert logs[-1]["discriminator_loss"] < 0.7 * logs[0]["discriminator_loss"]
    assert logs[-1]["real_probability"] > logs[-1]["fake_probability"] + 0.2


@pytest.mark.parametrize(
    "build",
    [
        lambda: build_conditional_generator(COMPACT, 10, (28, 28, 1), 0),
        lambda: build_conditional_generator(COMPACT, 10, (30, 28, 1), 6),
        lambda: build_conditional_discriminator(COMPACT, 10, (28, 28)),
        lambda: _model(condition_sigma=-0.1),
        lambda: _model(averaging_decay=1.0),
    ],
)
def test_refuses_what_cannot_be_built(build):
    with pytest.raises(ValueError, match=r"latent_size=0|\(30, 28, 1\)|\(28, 28\)|-0.1|=1.0"):
        build()
