"""The conditional GAN's networks: shapes, ranges, and the document's own sizes."""

import keras
import numpy as np
import pytest

from igc_tf.generators.conditional_gan import (
    CONDITIONAL_GAN_SIZES,
    build_conditional_discriminator,
    build_conditional_generator,
)

COMPACT = CONDITIONAL_GAN_SIZES["compact"]


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


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: build_conditional_generator(COMPACT, 10, (28, 28, 1), 0), "latent_size=0"),
        (lambda: build_conditional_generator(COMPACT, 10, (30, 28, 1), 25), r"\(30, 28, 1\)"),
        (lambda: build_conditional_discriminator(COMPACT, 10, (28, 28)), r"\(28, 28\)"),
    ],
)
def test_refuses_what_cannot_be_built(build, message):
    with pytest.raises(ValueError, match=message):
        build()
