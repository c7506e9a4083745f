"""The coursework's networks: the document's layers, shapes, ranges, and what the condition does."""

import keras
import numpy as np
import pytest
from keras import layers

from igc_tf.generators.dcgan import (
    DCGAN_SIZES,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from igc_tf.generators.generator import Generator
from igc_tf.generators.layers import BatchDropout
from igc_tf.generators.store import load_generator, save_generator

SHAPE = (28, 28, 1)


def kinds(model, kind):
    return [layer for layer in model.layers if type(layer) is kind]


@pytest.mark.parametrize("size", DCGAN_SIZES)
@pytest.mark.parametrize("classes", [1, 3])
def test_every_size_makes_images_which_the_condition_decides_if_there_is_one(size, classes):
    keras.utils.set_random_seed(0)
    model = build_dcgan_generator(DCGAN_SIZES[size], classes, (8, 8, 2), 5)
    generator = Generator(model)
    assert generator.data_shape == (8, 8, 2) and generator.bounds == (-0.5, 0.5)
    assert generator.condition_gradient == (classes > 1)
    extreme = model([np.ones([2, classes], np.float32), np.float32([[1e4] * 5, [-1e4] * 5])])
    assert float(np.abs(extreme).max()) == pytest.approx(0.5)
    judge = build_dcgan_discriminator(DCGAN_SIZES[size], classes, (8, 8, 2), 0.3)
    data = np.random.default_rng(0).uniform(-0.5, 0.5, [1, 8, 8, 2]).astype(np.float32)
    logits = [judge([data, np.eye(classes, dtype=np.float32)[[c]]]) for c in (0, -1)]
    assert logits[0].shape == (1,) and bool(logits[0] != logits[1]) == (classes > 1)


@pytest.mark.parametrize("network", ["dense", "convolutional"])
def test_an_auxiliary_discriminator_says_the_condition_and_is_not_told_it(network):
    size = DCGAN_SIZES[network, "shallow"]
    judge = build_dcgan_discriminator(size, 3, (8, 8, 1), 0.3, auxiliary=True)
    data = np.random.default_rng(0).uniform(-0.5, 0.5, [2, 8, 8, 1]).astype(np.float32)
    first, second = ([part.numpy() for part in judge([data, c * np.eye(3)[:2]])] for c in (1, 5))
    assert [part.shape for part in first] == [(2,), (2, 3)]
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(("name", "blocks"), [("shallow", 1), ("medium", 3), ("deep", 5)])
def test_dense_generators_have_the_documents_blocks(name, blocks):
    model = build_dcgan_generator(DCGAN_SIZES["dense", name], 10, SHAPE, 100)
    kept = (layers.Dense, layers.LeakyReLU, layers.BatchNormalization)
    order = [type(layer) for layer in model.layers if isinstance(layer, kept)]
    assert order == [*kept] * blocks + [layers.Dense]
    assert all(layer.negative_slope == 0.2 for layer in kinds(model, layers.LeakyReLU))


@pytest.mark.parametrize(
    ("name", "channels"), [("shallow", (128, 64)), ("medium", (256, 128)), ("deep", (512, 256))]
)
def test_convolutional_generators_have_the_documents_channels(name, channels):
    model = build_dcgan_generator(DCGAN_SIZES["convolutional", name], 1, SHAPE, 100)
    up = kinds(model, layers.Conv2DTranspose)
    shapes = [(14, 14, channels[0]), (28, 28, channels[1])]
    assert [layer.output.shape[1:] for layer in up] == shapes
    assert {layer.kernel_size for layer in up} == {(3, 3)}
    # normalised after each of them and after the first, dense layer, and not at the output
    kept = (layers.Dense, layers.Conv2DTranspose, layers.Conv2D, layers.BatchNormalization)
    order = [type(layer) for layer in model.layers if isinstance(layer, kept)]
    assert order == [kept[0], kept[3], kept[1], kept[3], kept[1], kept[3], kept[2]]
    first, second = channels
    expected = 100 * 49 * first + 49 * first + 4 * (49 * first + first + second)
    expected += 9 * first * first + first + 9 * first * second + second + 9 * second + 1
    assert model.count_params() == expected
    judge = build_dcgan_discriminator(DCGAN_SIZES["convolutional", name], 1, SHAPE, 0.25)
    kept = (layers.Conv2D, layers.BatchNormalization, layers.LeakyReLU, BatchDropout)
    order = [type(layer) for layer in judge.layers if isinstance(layer, kept)]
    # the input layer is not normalised
    assert order == [kept[0], *kept[2:], *kept]
    assert {layer.rate for layer in kinds(judge, BatchDropout)} == {0.25}


@pytest.mark.parametrize("network", ["dense", "convolutional"])
def test_with_a_reference_examples_do_not_depend_on_each_other_even_in_training(network, tmp_path):
    keras.utils.set_random_seed(0)
    reference = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    model = build_dcgan_generator(DCGAN_SIZES[network, "shallow"], 3, (8, 8, 1), 5, reference)
    assert not kinds(model, layers.BatchNormalization)
    condition, latent = np.eye(3, dtype=np.float32), np.ones([3, 5], np.float32)
    all_three = model([condition, latent], training=True).numpy()
    alone = model([condition[1:2], latent[1:2]], training=True).numpy()
    np.testing.assert_allclose(alone, all_three[1:2], atol=1e-6)
    # what the references are decides what is made, and is kept
    save_generator(Generator(model), tmp_path)
    values = {"condition": condition, "latent": latent}
    np.testing.assert_allclose(load_generator(tmp_path)(values), all_three, atol=1e-6)
    batch = model.get_layer("reference")
    np.testing.assert_array_equal(batch.reference[:, 5:], reference)
    batch.reference.assign(3 * batch.reference)
    assert np.abs(model([condition, latent]).numpy() - all_three).max() > 1e-3


@pytest.mark.parametrize(
    ("network", "shape", "latent_size", "message"),
    [
        ("dense", SHAPE, 0, "latent_size=0"),
        ("convolutional", (30, 28, 1), 5, r"\(30, 28, 1\).*divisible by 4"),
        ("dense", (28, 28), 5, r"\(28, 28\): expected \(height, width, channels\)$"),
    ],
)
def test_refuses_what_cannot_be_built(network, shape, latent_size, message):
    with pytest.raises(ValueError, match=message):
        build_dcgan_generator(DCGAN_SIZES[network, "shallow"], 3, shape, latent_size)
