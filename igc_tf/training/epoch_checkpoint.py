"""The state from which a run resumes."""

import contextlib
from pathlib import Path

import keras
import tensorflow as tf

from igc_tf.first_line import first_line


class EpochCheckpoint(keras.callbacks.Callback):
    """Saves the whole state of a model after each epoch: weights, averages, both optimizers.

    Args:
        directory: where the checkpoints go; the last two are kept.
        model: the compiled model.

    Attributes:
        epoch: epochs done when the state was last saved or restored; 0 at first.
    """

    def __init__(self, directory, model):
        super().__init__()
        self._epoch = tf.Variable(0, dtype=tf.int64)
        self._checkpoint = tf.train.Checkpoint(
            epoch=self._epoch,
            **_networks(model),
            generator_optimizer=_Listed(model.generator_optimizer.variables),
            discriminator_optimizer=_Listed(model.discriminator_optimizer.variables),
        )
        self._manager = tf.train.CheckpointManager(self._checkpoint, Path(directory), max_to_keep=2)

    @property
    def epoch(self):
        return int(self._epoch.numpy())

    def restore(self):
        """Restores the latest checkpoint, if there is one.

        Raises:
            ValueError: if it belongs to another model.
        """
        if self._manager.latest_checkpoint is None:
            return
        with _misfit_told(self._manager.latest_checkpoint):
            self._checkpoint.restore(self._manager.latest_checkpoint).assert_consumed()

    def on_epoch_end(self, epoch, logs=None):
        self._epoch.assign(epoch + 1)
        self._manager.save(checkpoint_number=epoch + 1)


def restore_networks(directory, model):
    """Gives a model the weights of another run's last checkpoint, but not its optimizers.

    Raises:
        ValueError: if there is no checkpoint, or it belongs to another model.
    """
    latest = tf.train.latest_checkpoint(directory)
    if latest is None:
        raise ValueError(f"{directory} holds no checkpoint to start from")
    networks = tf.train.Checkpoint(**_networks(model))
    with _misfit_told(latest):
        networks.restore(latest).assert_existing_objects_matched().expect_partial()


@contextlib.contextmanager
def _misfit_told(path):
    try:
        yield
    except (AssertionError, ValueError) as error:
        reason = first_line(error)
        raise ValueError(f"the checkpoint {path} does not fit this model: {reason}") from error


def _networks(model):
    return {
        "weights": _Listed(model.generator.weights + model.discriminator.weights),
        "averages": _Listed(model.averaged_generator.weights),
    }


class _Listed(tf.Module):
    """Lets a checkpoint track Keras variables, in their order."""

    def __init__(self, variables):
        super().__init__()
        self.variables_in_order = [variable.value for variable in variables]
