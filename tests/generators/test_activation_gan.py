import keras
import numpy as np
import pytest

from igc_tf.errors import InputError
from igc_tf.generators.activation_gan import CAGAN_SIZES, build_discriminator, build_generator


@pytest.mark.parametrize("size", CAGAN_SIZES)
def test_shapes_ranges_and_saving(size, tmp_path):
    keras.utils.set_random_seed(0)
    generator = build_generator(CAGAN_SIZES[size], 10, (28, 28, 1))
    discriminator = build_discriminator(CAGAN_SIZES[size], 10, (28, 28, 1))
    latent = np.random.default_rng(0).normal(size=(3, 256)).astype(np.float32)
    data = generator([np.eye(10, dtype=np.float32)[:3], 100 * latent])
    assert data.shape == (3, 28, 28, 1)
    assert data.numpy().min() >= -0.5 and data.numpy().max() <= 0.5
    activation = discriminator(data)
    assert activation.shape == (3, 10)
    for model, inputs, output in (
        (generator, [np.eye(10, dtype=np.float32)[:3], 100 * latent], data),
        (discriminator, data, activation),
    ):
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        np.testing.assert_allclose(keras.models.load_model(path)(inputs), output, atol=1e-6)


def test_paper_size_is_the_authors():
    # dense 266 -> 7·7·256; per stage a halving and two equal 3×3 convolutions, each followed by
    # the 2·filters of its instance normalisation; 1×1 convolution to the pixel
    stage = lambda f: 9 * (2 * f * f + 2 * f * f) + 3 * 2 * f  # noqa: E731
    expected = 266 * 7 * 7 * 256 + 2 * 256 + stage(128) + stage(64) + 64 + 1
    assert build_generator(CAGAN_SIZES["paper"], 10, (28, 28, 1)).count_params() == expected


@pytest.mark.parametrize("size", CAGAN_SIZES)
def test_condition_and_latent_both_matter(size):
    keras.utils.set_random_seed(0)
    generator = build_generator(CAGAN_SIZES[size], 10, (28, 28, 1))
    latent = np.random.default_rng(0).normal(size=(2, 256)).astype(np.float32)
    classes = np.eye(10, dtype=np.float32)
    first, second = generator([classes[[0, 0]], latent]).numpy()
    assert np.abs(first - second).mean() > 1e-3
    first, second = generator([classes[[0, 1]], latent[[0, 0]]]).numpy()
    assert np.abs(first - second).mean() > 1e-3


@pytest.mark.parametrize(
    ("data_shape", "latent_size", "message"),
    [
        ((30, 28, 1), 256, r"\(30, 28, 1\).*divisible by 4"),
        ((28, 28), 256, r"\(28, 28\): expected \(height, width, channels\)"),
        ((28, 28, 1), 0, "latent_size=0: expected a whole number >= 1"),
    ],
)
def test_refuses_what_cannot_be_built(data_shape, latent_size, message):
    with pytest.raises(InputError, match=message):
        build_generator(CAGAN_SIZES["paper"], 10, data_shape, latent_size)
