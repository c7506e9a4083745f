"""Training runs of seconds, on bundled digits; and programs that start them.

`python -m tests.training.tiny_run DIR` trains generator and encoder, step by step the same each
time;
`python -m tests.training.tiny_run DIR replicas` trains a generator and LeNet in two replicas.
"""

import sys
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from igc_tf.data import bundled_digits
from igc_tf.search import SearchSettings
from igc_tf.training import CAGANRecipe, NetworkRecipe, train_generator, train_network
from igc_tf.training.class_separation import ClassSeparation

RECIPE = CAGANRecipe(
    size="compact",
    epochs=3,
    batch_size=16,
    learning_rate=1e-3,
    final_learning_rate=1e-4,
    separation=ClassSeparation(
        settings=SearchSettings(steps=2, learning_rate=0.05), images=4, sigma=0.4
    ),
    validation_images=10,
    train_images=96,
)
JOINT = replace(
    RECIPE,
    encoder="compact",
    joint=ClassSeparation(
        settings=SearchSettings(steps=0, start="encoder"), images=8, distortion=True, sigma=0.4
    ),
)
LENET_RECIPE = NetworkRecipe(epochs=2, batch_size=50, train_images=400)


def tiny_parts():
    """Training, validation and test digits, 400 of each."""
    return [bundled_digits().sample(400, seed=seed) for seed in (1, 2, 3)]


def train_tiny(output, recipe=RECIPE, **values):
    return train_generator(recipe, output, tiny_parts()[:2], verbose=0, **values)


def _train_in_replicas(output):
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    tf.config.set_logical_device_configuration(cpu, two)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    train_network(LENET_RECIPE, output / "lenet", tiny_parts(), verbose=0, strategy=strategy)
    train_tiny(output / "generator", strategy=strategy)


if __name__ == "__main__":
    if sys.argv[2:] == ["replicas"]:
        _train_in_replicas(Path(sys.argv[1]))
    else:
        tf.config.experimental.enable_op_determinism()
        train_tiny(sys.argv[1], JOINT)
