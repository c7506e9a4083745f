"""A picture of what the generator makes, after every epoch."""

import keras
import tensorflow as tf

from igc_tf.plots import tile_images


class SampleGrid(keras.callbacks.Callback):
    """Draws every condition with the same latents after each epoch.

    Writes `samples/epoch-NNN.png` into the run directory and the same image to TensorBoard.

    Args:
        run: a `RunDirectory`.
        writer: a `tf.summary` writer.
        conditions: (K, C), one for each column.
        rows: latents per condition.
        seed: of the latents.
    """

    def __init__(self, run, writer, conditions, rows=8, seed=0):
        super().__init__()
        self._run = run
        self._writer = writer
        self._conditions = conditions
        self._rows = rows
        self._seed = seed

    def on_epoch_end(self, epoch, logs=None):
        generator = self.model.averaged_generator
        latent_size = generator.inputs[1].shape[1]
        columns = len(self._conditions)
        latent = tf.random.stateless_normal([self._rows, latent_size], [self._seed, 0])
        latent = tf.repeat(latent, columns, axis=0)
        condition = tf.tile(self._conditions, [self._rows, 1])
        grid = tile_images(generator([condition, latent], training=False).numpy(), columns)
        self._run.write(
            f"samples/epoch-{epoch + 1:03d}.png",
            lambda path: keras.utils.save_img(path, 255 * (grid + 0.5), scale=False),
        )
        with self._writer.as_default():
            tf.summary.image("samples", grid[None] + 0.5, step=epoch)
        self._writer.flush()
