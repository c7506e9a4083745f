"""`python -m tests.training.tiny_run DIR`: a training run of seconds, on bundled digits."""

import importlib
import sys

import tensorflow as tf

from igc_tf.data import bundled_digits
from igc_tf.training import CAGANRecipe, train_cagan

RECIPE = CAGANRecipe(
    size="compact",
    epochs=3,
    batch_size=16,
    learning_rate=1e-3,
    final_learning_rate=1e-4,
    separation_weight=1.0,
    separation_images=4,
    separation_steps=2,
    separation_sigma=0.4,
    validation_images=10,
    train_images=320,
)


def tiny_images(dataset, split, data_dir=None):
    return bundled_digits().sample(400, seed={"train": 1, "validation": 2}[split])


def main(output, recipe=RECIPE):
    importlib.import_module("igc_tf.training.train_cagan").load_images = tiny_images
    return train_cagan(recipe, output, verbose=0)


if __name__ == "__main__":
    tf.config.experimental.enable_op_determinism()
    main(sys.argv[1])
