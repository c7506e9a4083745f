"""`python -m tests.training.tiny_conditional_run DIR`: a training run of seconds."""

import importlib
import sys

import tensorflow as tf

from igc_tf.training import ConditionalGANRecipe, train_conditional_gan
from tests.training.tiny_run import tiny_images

RECIPE = ConditionalGANRecipe(
    latent_size=6,
    epochs=3,
    batch_size=16,
    checkpoint_epochs=2,
    validation_images=10,
    train_images=96,
)


def main(output, recipe=RECIPE):
    importlib.import_module("igc_tf.training.train_conditional_gan").load_images = tiny_images
    return train_conditional_gan(recipe, output, verbose=0)


if __name__ == "__main__":
    tf.config.experimental.enable_op_determinism()
    main(sys.argv[1])
