"""The state from which a run resumes."""

import contextlib
import shutil
from pathlib import Path

import keras
import tensorflow as tf

from igc_tf.errors import InputError, first_line
from igc_tf.runs import written_by_tensorflow


class EpochCheckpoint(keras.callbacks.Callback):
    """Saves the whole state of a run after each epoch.

    Args:
        directory: where the checkpoints go; the last two are kept. None where they are neither read
            nor written.
        state: what to save, {name: Keras variables}: weights, averages, optimizers' variables.

    Attributes:
        epoch: epochs done when the state was last saved or restored; 0 at first.
        variables: of TensorFlow, all that is saved.
    """

    def __init__(self, directory, state):
        super().__init__()
        self._epoch = tf.Variable(0, dtype=tf.int64)
        self._checkpoint = tf.train.Checkpoint(epoch=self._epoch, **_listed(state))
        self._manager = None
        if directory is not None:
            self._manager = tf.train.CheckpointManager(
                self._checkpoint, Path(directory), max_to_keep=2
            )
        of_state = [variable.value for variables in state.values() for variable in variables]
        self.variables = [self._epoch, *of_state]

    @property
    def epoch(self):
        return int(self._epoch.numpy())

    def restore(self):
        """Restores the latest checkpoint, if there is one.

        Raises:
            InputError: if it belongs to another model.
        """
        if self._manager is None or self._manager.latest_checkpoint is None:
            return
        with _refusing_misfits(self._manager.latest_checkpoint):
            self._checkpoint.restore(self._manager.latest_checkpoint).assert_consumed()

    def on_epoch_end(self, epoch, logs=None):
        self._epoch.assign(epoch + 1)
        if self._manager is None:
            return
        checkpoint = f"{self._manager.directory}/ckpt-{epoch + 1}"
        try:
            with written_by_tensorflow(checkpoint):
                self._manager.save(checkpoint_number=epoch + 1)
        finally:
            # there only after an error
            shutil.rmtree(f"{checkpoint}_temp", ignore_errors=True)


def restore_part(directory, state):
    """Restores some of what another run's last checkpoint holds, e.g. all but its optimizers.

    Args:
        directory: of an `EpochCheckpoint`.
        state: a part of what it saves, {name: Keras variables}.

    Raises:
        InputError: if there is no checkpoint, or it belongs to another model.
    """
    latest = tf.train.latest_checkpoint(directory)
    if latest is None:
        raise InputError(f"{directory} holds no checkpoint to start from")
    part = tf.train.Checkpoint(**_listed(state))
    with _refusing_misfits(latest):
        part.restore(latest).assert_existing_objects_matched().expect_partial()


@contextlib.contextmanager
def _refusing_misfits(path):
    try:
        yield
    except (AssertionError, ValueError) as error:
        reason = first_line(error)
        raise InputError(f"the checkpoint {path} does not fit this model: {reason}") from error


def _listed(state):
    return {name: _Listed(variables) for name, variables in state.items()}


class _Listed(tf.Module):
    """Lets a checkpoint track Keras variables, in their order."""

    def __init__(self, variables):
        super().__init__()
        self.variables_in_order = [variable.value for variable in variables]
