"""The generators that ship."""

import keras
import numpy as np
import pytest

from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators.store import generator_card, generator_names, load_generator

# results in docs/ are of these weights
DIGESTS = {
    "mnist-cagan-adversarial": "8c32b5d72a1dc17bcf8f9643a17670fb96b68e95319adf3c8e419468d011ef38",
    "mnist-cagan-compact": "8f89df418b4b6b105ff2f070475876386aed4402f5ca9d7f483d30f65f21a6f8",
    "mnist-cagan-observed": "af924d9f56d4f69ebf35e402314b9eb6bcab350b25a029b9203f909de8485ff8",
    "mnist-cagan-paper": "9823ea10328934776fac335feb0d43656411ffd754b2094069c556456020c710",
    "mnist-cgan-compact-10": "60fe0104de3927448c4f98689008c53dd51c30c5e5044892af7fbd3caeb6413b",
    "mnist-cgan-compact-100": "dc1a84896c7f9b8dbdb5e1d2833b836fd2cf4a6cfbb7d8b580d42239a67b3498",
    "mnist-cgan-compact-200": "ccc023306a64d1edc49986476bfc9202e4a042dee59e76d67ae0af5cc3d480bd",
    "mnist-cgan-compact-25": "8e5153c5e647ffaf0ce5c0c52f8bbcee02a9c697153bc51d79dfb9ccd4d4fbfa",
    "mnist-cgan-compact-50": "14f7825a907a1d60e0a51c7ddffb574fe96f25f4465b4728009294c95f477e8e",
    "mnist-cgan-medium": "e086cda66b6692f6c0dc9b3738b1fc60921856c47001fad6aacb6a921ff4231e",
    "mnist-cgan-medium-ls": "d64b3565b0e40417d5a7acd569d7649955e5f6f37a8aabc4b1764ed828189921",
    "mnist-cgan-shallow": "77873c4830366c8a10831d1f4c8ef3bfd48abac67362555e05120164195798c8",
    "mnist-multilabel-cagan-compact": (
        "e08c372d479cbbab7188333653c1d6225ab07712004759a1ef7492720d91f202"
    ),
}


@pytest.mark.parametrize("name", generator_names())
def test_ships_as_its_card_says(name):
    card, generator = generator_card(name), load_generator(name)
    assert generator.name == name and generator.card == card
    assert generator.digest() == card["weights"]["digest"] == DIGESTS[name]
    assert card["parameters"] == generator.model.count_params()
    assert generator.data_shape == tuple(card["data_shape"]) == (28, 28, 1)
    assert generator.latent_size == card["latent_size"] and generator.bounds == (-0.5, 0.5)
    assert generator.background == -0.5 and generator.condition_gradient
    # it may be trained on
    assert len(generator.model.trainable_variables) > len(generator.model.weights) / 2
    training = card["training"]
    assert len(training["commit"]) >= 7 and training["data"]["train"] == 55000
    assert card["chosen_epoch"]["count"] == training["recipe"]["validation_images"]


def test_all_that_ship_are_known():
    assert generator_names() == sorted(DIGESTS)
    assert load_generator("mnist-cagan-compact").layout.class_names == tuple("0123456789")
    several = load_generator("mnist-multilabel-cagan-compact").layout
    assert several.label_names == ("odd", "at least five", "closed loop", "inverted")
    assert several.sizes == (2, 2, 2, 2)
    with pytest.raises(InputError, match=r"'mnist-lenet'.*mnist-cagan-compact"):
        load_generator("mnist-lenet")
    with pytest.raises(InputError, match=r"no generator 'mnist-lenet'.*mnist-cagan-compact"):
        generator_card("mnist-lenet")
    meant = r"generator 'mnist-cagan-compct': did you mean 'mnist-cagan-compact'\? Expected one of"
    for load in (load_generator, generator_card):
        with pytest.raises(InputError, match=meant):
            load("mnist-cagan-compct")


def test_paper_size_is_the_published_architecture():
    # dense without bias, seven instance normalisations, six 3×3 convolutions, one 1×1
    convolutions = 256 * 128 + 2 * 128 * 128 + 128 * 64 + 2 * 64 * 64
    normalizations = 2 * (256 + 3 * 128 + 3 * 64)
    dense = 266 * 7 * 7 * 256
    model = load_generator("mnist-cagan-paper").model
    assert model.count_params() == dense + 9 * convolutions + normalizations + 64 + 1


@pytest.mark.parametrize(
    "name", ["mnist-cagan-compact", "mnist-cagan-paper", "mnist-cgan-compact-25"]
)
def test_makes_the_digit_it_is_asked_for(name):
    labels = np.arange(50) % 10
    made = load_generator(name).sample(labels, seed=0)
    digits = bundled_digits()
    means = np.stack([digits.data[digits.labels == c].mean(axis=0) for c in range(10)])
    nearest = np.abs(made[:, None] - means).mean(axis=(2, 3, 4)).argmin(axis=1)
    # real digits: 65 %
    assert (nearest == labels).mean() > 0.6


@pytest.mark.parametrize("name", ["mnist-cagan-compact", "mnist-cgan-compact-25"])
def test_in_bfloat16_it_makes_about_the_same(name):
    labels = np.arange(20) % 10
    exact, rough = (
        load_generator(name, precision).sample(labels, 3)
        for precision in ("float32", "mixed_bfloat16")
    )
    # eight significant bits: 0.004 of a pixel's value
    assert 0 < np.abs(exact - rough).mean() < 0.004


@pytest.fixture(params=[("channels_first", "float16"), ("channels_first", "float64")])
def other_defaults(request):
    """What a `keras.json` of somebody's may say."""
    data_format, floatx = request.param
    before = keras.config.image_data_format(), keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    yield data_format, floatx
    keras.config.set_image_data_format(before[0])
    keras.config.set_floatx(before[1])
    keras.config.set_dtype_policy(before[2])


@pytest.mark.parametrize("name", ["mnist-cagan-paper", "mnist-cgan-compact-10"])
def test_whatever_the_configuration_file_of_keras_says(name, other_defaults):
    generator = load_generator(name)
    assert generator.digest() == DIGESTS[name]
    assert {weight.dtype for weight in generator.model.weights} == {"float32"}
    made = generator.sample([3, 7], 1)
    assert (keras.config.image_data_format(), keras.config.floatx()) == other_defaults
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(made, load_generator(name).sample([3, 7], 1), atol=1e-6)
