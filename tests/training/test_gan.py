"""One step of the adversarial networks: what moves, where to, and by which random numbers."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.classifiers.network import build_lenet
from igc_tf.errors import InputError
from igc_tf.generators.activation_gan import CAGAN_SIZES, build_discriminator
from igc_tf.generators.conditional_gan import (
    CONDITIONAL_GAN_SIZES,
    build_conditional_discriminator,
    build_conditional_generator,
)
from igc_tf.generators.dcgan import (
    DCGAN_SIZES,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from igc_tf.generators.encoder import EncoderSize, build_encoder
from igc_tf.generators.generator import Generator, Prior
from igc_tf.search import SearchSettings
from igc_tf.training.checkpoint import EpochCheckpoint
from igc_tf.training.class_separation import ClassSeparation
from igc_tf.training.gan import ConditionalActivationGAN, ConditionalGAN
from tests.fixtures.linear_generator import linear_generator

SHAPE = (28, 28, 1)
ANY = (-np.inf, np.inf)
SMALL_ENCODER = EncoderSize(convolutions=((4, 5, 4),), features=16, hidden_units=16)
COMPACT = CONDITIONAL_GAN_SIZES["compact"]


def _activation_gan(
    discriminator_rate=1e-3, generator_rate=1e-3, prior=None, encoder=None, **values
):
    keras.utils.set_random_seed(0)
    generator, _, _ = linear_generator(classes=3, latent_size=2, data_shape=SHAPE)
    model = ConditionalActivationGAN(
        Generator(generator, bounds=ANY, prior=prior, encoder=encoder),
        build_discriminator(CAGAN_SIZES["compact"], 3, SHAPE),
        **values,
    )
    rates = (generator_rate, discriminator_rate, *([generator_rate] if encoder else []))
    model.compile(*(keras.optimizers.Adam(rate) for rate in rates))
    return model


def _conditional_gan(**values):
    keras.utils.set_random_seed(0)
    model = ConditionalGAN(
        build_conditional_generator(COMPACT, 10, SHAPE, 6),
        build_conditional_discriminator(COMPACT, 10, SHAPE),
        **values,
    )
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    return model


def _batch(count=6, classes=3):
    data = np.random.default_rng(0).uniform(-0.5, 0.5, [count, *SHAPE]).astype(np.float32)
    return tf.constant(data), tf.one_hot(tf.range(count) % classes, classes)


def _weights(network):
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


def _trained(model, steps, batch):
    """Each step's own figures."""
    # to compile it takes as long as many steps
    step, logs = model.train_step if steps < 3 else tf.function(model.train_step), []
    for _ in range(steps):
        model.reset_metrics()
        logs.append({name: float(value) for name, value in step(batch).items()})
    return logs


def test_smoothed_targets_enter_the_discriminators_loss():
    def loss(**targets):
        return _trained(_conditional_gan(**targets), 1, _batch(8, 10))[0]["discriminator_loss"]

    model, (data, condition) = _conditional_gan(), _batch(8, 10)
    seed = tf.random.experimental.stateless_split(model._step_seed, 3)[0]
    fake = model.generator([condition, model._draw_latents(8, seed)], training=True)
    real_logit, fake_logit = (model._judged(x, condition)[0].numpy().mean() for x in (data, fake))
    # -t log D - (1 - t) log(1 - D) is linear in t, with slope -logit
    assert loss(real_target=0.5) - loss() == pytest.approx(0.5 * real_logit, abs=1e-4)
    assert loss(fake_target=0.5) - loss() == pytest.approx(-0.5 * fake_logit, abs=1e-4)
    assert abs(real_logit - fake_logit) > 1e-3


def _auxiliary_gan(condition_sigma=0.0):
    """Of 3 classes, whose images are grey: each of another shade, with a little noise."""
    keras.utils.set_random_seed(0)
    size = DCGAN_SIZES["dense", "shallow"]
    model = ConditionalGAN(
        build_dcgan_generator(size, 3, (4, 4, 1), 5),
        build_dcgan_discriminator(size, 3, (4, 4, 1), 0.0, auxiliary=True),
        condition_sigma=condition_sigma,
    )
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    condition = tf.one_hot(tf.range(30) % 3, 3)
    shade = tf.matmul(condition, [[-0.4], [0.0], [0.4]])[:, :, None, None]
    noise = np.random.default_rng(0).uniform(-0.05, 0.05, [30, 4, 4, 1]).astype(np.float32)
    return model, (shade + noise, condition)


def test_an_auxiliary_classifier_makes_the_generator_make_what_it_is_asked_for():
    model, batch = _auxiliary_gan()
    _trained(model, 150, batch)
    made = model.trained.sample(np.arange(90) % 3, seed=0).reshape(30, 3, 16).mean(axis=(0, 2))
    np.testing.assert_allclose(made, [-0.4, 0.0, 0.4], atol=0.12)
    said = model.discriminator(batch)[1].numpy()
    assert (said.argmax(axis=1) == np.arange(30) % 3).mean() > 0.95


def test_the_generators_step_has_latents_of_its_own_and_is_judged_by_the_noised_condition(
    monkeypatch,
):
    model, batch = _auxiliary_gan(condition_sigma=0.2)
    asked, judged = [], []
    for network, inputs in ((model.generator, asked), (model.discriminator, judged)):

        def noted(given, *more, call=network.call, inputs=inputs, **options):
            inputs.append([np.array(part) for part in given])
            return call(given, *more, **options)

        monkeypatch.setattr(network, "call", noted)
    model.train_step(batch)
    (condition, latents), (noised, own_latents) = asked
    np.testing.assert_array_equal(condition, batch[1])
    assert np.abs(noised - condition).mean() > 0.02
    assert np.abs(own_latents - latents).mean() > 0.1
    # the data, and what is generated in either step
    for (_, by), expected in zip(judged, (condition, condition, noised), strict=True):
        np.testing.assert_array_equal(by, expected)


def _classified_gan(classifier_weight, adversarial_weight=1.0):
    """With a classifier whose logits are 0, and the images' mean in units of 0.1."""
    images = keras.Input(SHAPE)
    logits = keras.layers.Dense(2, use_bias=False)(keras.layers.GlobalAveragePooling2D()(images))
    classifier = keras.Model(images, logits)
    classifier.set_weights([np.float32([[0.0, 10.0]])])
    keras.utils.set_random_seed(0)
    model = ConditionalGAN(
        build_conditional_generator(COMPACT, 2, SHAPE, 6),
        build_conditional_discriminator(COMPACT, 2, SHAPE),
        classifier=classifier,
        classifier_weight=classifier_weight,
        adversarial_weight=adversarial_weight,
    )
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    return model


def test_the_generator_learns_what_a_classifier_sees_and_the_classifier_nothing():
    model = _classified_gan(1.0, adversarial_weight=0.0)
    before = _weights(model.classifier)
    logs = _trained(model, 40, _batch(16, 2))
    # at first both classes are alike
    assert logs[0]["classifier_loss"] == pytest.approx(np.log(2), abs=0.05)
    assert logs[-1]["classifier_loss"] < 0.4
    made = model.trained.sample(np.arange(20) % 2, seed=0).reshape(10, 2, -1).mean(axis=(0, 2))
    assert made[1] > made[0] + 0.1
    np.testing.assert_array_equal(_weights(model.classifier), before)


def test_with_weight_0_a_classifier_changes_nothing():
    found = {}
    for name, weights in (("0", (0.0,)), ("again", (0.0,)), ("1", (1.0,))):
        model = _classified_gan(*weights)
        _trained(model, 2, _batch(8, 2))
        found[name] = _weights(model.generator)
    np.testing.assert_allclose(found["again"], found["0"], atol=1e-5)
    assert np.abs(found["1"] - found["0"]).max() > 1e-3


def test_a_classifier_of_other_classes_is_refused():
    with pytest.raises(InputError, match=r"shape \(None, 3\): expected \(None, 10\)"):
        _conditional_gan(classifier=build_lenet(3, SHAPE))


def test_activation_discriminator_learns_to_tell_data_from_generated():
    model = _activation_gan(discriminator_rate=2e-3, generator_rate=1e-12)
    logs = _trained(model, 20, _batch())
    assert logs[-1]["discriminator_loss"] < 0.5 * logs[0]["discriminator_loss"]
    assert logs[-1]["real_activation"] > logs[-1]["fake_activation"] + 0.4


def test_generator_learns_to_pass_for_data():
    logs = _trained(_activation_gan(1e-12, 0.02), 30, _batch())
    assert logs[-1]["generator_loss"] < 0.8 * logs[0]["generator_loss"]


def test_average_follows_the_weights_by_the_decay():
    model = _activation_gan(generator_rate=0.01, averaging_decay=0.15)
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


def test_the_average_keeps_the_facts_of_the_generator():
    prior = Prior(0.5, 2.0)
    model = _activation_gan(prior=prior)
    assert model.averaged.model is model.averaged_generator is not model.generator
    for fact in ("layout", "bounds", "background", "prior", "name"):
        assert getattr(model.averaged, fact) == getattr(model.trained, fact)
    values = {"condition": tf.eye(3), "latent": tf.ones([3, 2])}
    np.testing.assert_array_equal(model.averaged(values), model.trained(values))


def test_latents_are_drawn_from_the_generators_prior():
    # a linear generator's first layer of the latent moves along the mean latent
    moved = {}
    for mean in (5.0, -5.0):
        model = _activation_gan(prior=Prior(mean, 0.01))
        latents = model._draw_latents(1000, [1, 2]).numpy()
        assert latents.mean() == pytest.approx(mean, abs=0.01)
        assert latents.std() == pytest.approx(0.01, rel=0.1)
        model.train_step(_batch())
        moved[mean] = _weights(model.generator)
    assert not np.allclose(moved[5.0], moved[-5.0], atol=1e-4)


def test_separation_brings_the_right_class_nearer():
    separation = ClassSeparation(
        SearchSettings(steps=2, learning_rate=0.01), images=6, temperature=0.05, weight=1.0
    )
    losses = {}
    for name, given in (("without", None), ("with", separation)):
        model = _activation_gan(1e-12, 0.01, separation=given)
        data, condition = _batch()
        step = tf.function(model.train_step)
        for _ in range(30):
            step((data, condition))
        search = separation.search_of(model.trained)
        searched = separation.search(search, data, condition, tf.constant([0, 0]))
        losses[name] = float(separation.loss(searched)[0])
    assert losses["with"] < 0.7 * losses["without"]


def test_an_encoder_learns_with_the_generator_and_is_averaged_like_it():
    encoder = build_encoder(SMALL_ENCODER, 3, SHAPE, 2, ANY)
    settings = SearchSettings(steps=0, start="encoder")
    joint = ClassSeparation(settings, images=6, temperature=0.05)
    model = _activation_gan(1e-12, 0.01, encoder=encoder, joint=joint, averaging_decay=0.5)
    data, condition = _batch()
    search = joint.search_of(model.trained)

    def loss():
        searched = joint.search(search, data, condition, tf.constant([0, 0]))
        return float(joint.loss(searched)[0])

    before, weights = loss(), _weights(model.encoder)
    logs = _trained(model, 1, (data, condition))[0]
    # the average starts where the weights do; in the first step it forgets more than half
    expected = _weights(model.encoder) + 0.1 * (weights - _weights(model.encoder))
    np.testing.assert_allclose(_weights(model.averaged_encoder), expected, atol=1e-6)
    assert {"joint_separation_loss", "joint_separated", "joint_latent_size"} < set(logs)
    _trained(model, 30, (data, condition))
    assert loss() < 0.7 * before
    assert np.abs(_weights(model.encoder) - weights).max() > 0.01
    assert {"encoder", "encoder_optimizer"} < set(model.training_state)


def test_a_hint_tells_the_encoders_features_the_classes_and_goes():
    encoder = build_encoder(SMALL_ENCODER, 3, SHAPE, 2)
    settings = SearchSettings(steps=0, start="encoder")
    # nothing but the hint moves anything
    joint = ClassSeparation(
        settings, images=6, weight=0, reconstruction_weight=0, latent_weight=0, hint_weight=1
    )
    model = _activation_gan(generator_rate=0.01, encoder=encoder, joint=joint)
    trunk = encoder.get_layer("features").get_weights()
    logs = _trained(model, 30, batch := _batch())
    assert logs[0]["hint_loss"] > 1 and logs[-1]["hint_loss"] < 0.1
    said = model.hint(batch[0]).numpy().argmax(axis=1)
    np.testing.assert_array_equal(said, batch[1].numpy().argmax(axis=1))
    assert not np.array_equal(trunk[0], encoder.get_layer("features").get_weights()[0])
    # a resumed run needs it, what is kept does not have it
    assert len(model.training_state["hint"]) == 2 and "hint" not in model.networks_state
    assert len(model.averaged_encoder.weights) == len(encoder.weights)
    plain = _activation_gan(encoder=build_encoder(SMALL_ENCODER, 3, SHAPE, 2), joint=joint_of(0))
    assert plain.hint is None and "hint_loss" not in _trained(plain, 1, batch)[0]


def test_a_hint_sees_nothing_of_what_is_missing():
    joint = dataclasses.replace(joint_of(1), missing=1.0)
    model = _activation_gan(encoder=build_encoder(SMALL_ENCODER, 3, SHAPE, 2), joint=joint)
    data, condition = _batch()
    searched = joint.search(joint.search_of(model.trained), data, condition, tf.constant([0, 0]))
    batch = searched.state.batch
    hidden = batch._replace(data=tf.where(batch.visible > 0, batch.data, 0.3))
    assert not np.array_equal(hidden.data, batch.data)
    other = searched._replace(state=searched.state._replace(batch=hidden))
    losses = [float(model._hint_loss(found, condition)) for found in (searched, other)]
    assert losses[0] == losses[1] > 0


def joint_of(hint_weight):
    settings = SearchSettings(steps=0, start="encoder")
    return ClassSeparation(settings, images=6, hint_weight=hint_weight)


def test_encoder_and_its_training_come_together():
    joint = ClassSeparation(SearchSettings(steps=0, start="encoder"))
    encoder = build_encoder(SMALL_ENCODER, 3, SHAPE, 2, ANY)
    for values in ({"joint": joint}, {"encoder": encoder}):
        with pytest.raises(InputError, match="expected either both or none"):
            _activation_gan(**values)


def test_class_vectors_are_noised_and_clamped():
    one_hot = np.eye(10, dtype=np.float32)[np.zeros(4000, int)]
    noised = _conditional_gan(condition_sigma=0.2).noised(one_hot, [1, 2]).numpy()
    assert noised.min() == 0.0 and noised.max() == 1.0
    # max(N(0, 0.2²), 0) has the mean 0.2 / √(2π), and the one is as far below 1
    np.testing.assert_allclose(noised[:, 1:].mean(), 0.0798, atol=0.002)
    np.testing.assert_allclose(noised[:, 0].mean(), 1 - 0.0798, atol=0.008)
    still = _conditional_gan(condition_sigma=0.0).noised(tf.eye(10), [1, 2])
    np.testing.assert_array_equal(still, np.eye(10))


def test_step_moves_both_networks_and_the_average():
    model = _conditional_gan(averaging_decay=0.0)
    networks = (model.generator, model.discriminator)
    before = [[w.numpy() for w in network.trainable_weights] for network in networks]
    logs = model.train_step(_batch(8, 10))
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


def test_a_resumed_run_leaves_out_what_the_uninterrupted_one_does(tmp_path):
    def gan():
        keras.utils.set_random_seed(0)
        size, shape = DCGAN_SIZES["dense", "shallow"], (4, 4, 1)
        model = ConditionalGAN(
            build_dcgan_generator(size, 3, shape, 2),
            build_dcgan_discriminator(size, 3, shape, dropout=0.5),
        )
        model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        return model

    data, condition = _batch()
    batch = data[:, :4, :4], condition
    whole = gan()
    whole.train_step(batch)
    EpochCheckpoint(tmp_path, whole.training_state).on_epoch_end(0)
    whole.train_step(batch)
    resumed = gan()
    EpochCheckpoint(tmp_path, resumed.training_state).restore()
    resumed.train_step(batch)
    for expected, found in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    # a network that draws nothing has nothing of the kind to be restored
    assert "random" in whole.training_state and "random" not in _conditional_gan().training_state


def test_random_numbers_depend_on_seed_and_step_only():
    def weights(seed):
        model = _conditional_gan(seed=seed)
        model.train_step(_batch(8, 10))
        return model.generator.get_weights()[0]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_conditional_discriminator_learns_to_tell_data_from_generated():
    model = _conditional_gan()
    model.compile(keras.optimizers.SGD(1e-12), keras.optimizers.Adam(2e-3))
    logs = _trained(model, 20, _batch(8, 10))
    assert logs[-1]["discriminator_loss"] < 0.7 * logs[0]["discriminator_loss"]
    assert logs[-1]["real_probability"] > logs[-1]["fake_probability"] + 0.2


@pytest.mark.parametrize(
    ("name", "discriminator", "generator", "probability"),
    [
        # of an output that is 2 everywhere: softplus(-2) + softplus(2), and so on
        ("non-saturating", 2.253856, 0.126928, 0.880797),
        ("saturating", 2.253856, -2.126928, 0.880797),
        ("least-squares", 5.0, 1.0, 2.0),
    ],
)
def test_the_losses_are_those_that_were_asked_for(name, discriminator, generator, probability):
    model = _conditional_gan(generator_loss=name)
    model.compile(keras.optimizers.SGD(1e-12), keras.optimizers.SGD(1e-12))
    kernel, bias = model.discriminator.get_layer("logit").weights
    kernel.assign(0 * kernel)
    bias.assign(0 * bias + 2)
    logs = {key: float(value) for key, value in model.train_step(_batch(8, 10)).items()}
    assert logs["discriminator_loss"] == pytest.approx(discriminator, rel=1e-5)
    assert logs["generator_loss"] == pytest.approx(generator, rel=1e-5)
    assert logs["real_probability"] == pytest.approx(probability, rel=1e-5)
    assert logs["fake_probability"] == pytest.approx(probability, rel=1e-5)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: _conditional_gan(generator_loss="hinge"), "generator_loss='hinge'.*saturating"),
        (lambda: _conditional_gan(condition_sigma=-0.1), "condition_sigma=-0.1"),
        (lambda: _conditional_gan(averaging_decay=1.0), "averaging_decay=1.0"),
        (lambda: _activation_gan(averaging_decay=-0.1), "averaging_decay=-0.1"),
    ],
)
def test_refuses_values_outside_their_ranges(build, message):
    with pytest.raises(ValueError, match=message):
        build()
