"""The epochs of a training run, from the first that is not done yet."""

import keras

from igc_tf.errors import InputError
from igc_tf.training.epoch_batches import epoch_batches
from igc_tf.training.non_finite_guard import NonFiniteGuard
from igc_tf.training.run_progress import RunProgress


def steps_per_epoch(images, recipe):
    """Returns how many batches of `recipe.batch_size` an epoch of these images has.

    Raises:
        InputError: if there are fewer images than make a batch.
    """
    steps = len(images) // recipe.batch_size
    if steps == 0:
        raise InputError(
            f"batch_size={recipe.batch_size}: expected at most {len(images)}, the training images"
        )
    return steps


def fit_epochs(model, run, checkpoint, inputs, targets, recipe, judges=(), verbose=1):
    """Fits a model, from the checkpoint's epoch to the recipe's last, and saves it after each.

    Args:
        model: a compiled Keras model.
        run: a `RunDirectory`, for the TensorBoard logs.
        checkpoint: the model's `EpochCheckpoint`, restored.
        inputs, targets: as for `epoch_batches`.
        recipe: has `batch_size`, `epochs` and `seed`.
        judges: callbacks that see each epoch before it is logged and saved, so that what they add
            to its logs is reported.
        verbose: 0 for silence.

    Raises:
        NonFiniteLossError: if a loss is no longer finite.
    """
    steps = steps_per_epoch(inputs, recipe)
    callbacks = [
        NonFiniteGuard(),
        *judges,
        keras.callbacks.TensorBoard(run.path / "tensorboard", write_graph=False),
        checkpoint,
    ]
    if verbose:
        callbacks.append(RunProgress(recipe.epochs, steps))
    model.fit(
        epoch_batches(inputs, targets, recipe, checkpoint.epoch),
        initial_epoch=checkpoint.epoch,
        epochs=recipe.epochs,
        steps_per_epoch=steps,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
