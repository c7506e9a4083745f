"""What happens beside the steps of a training, as Keras callbacks."""

import itertools
import math
import time

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from igc_tf.errors import NonFiniteLossError
from igc_tf.generators.store import save_generator
from igc_tf.metrics import wilson_interval
from igc_tf.plots import tile_images, to_unit_range
from igc_tf.runs.progress import progress_bar


class NonFiniteGuard(keras.callbacks.Callback):
    """Raises `NonFiniteLossError` when logs, or at an epoch's end weights, are not finite.

    Put it before the callback that saves: checkpoints are written at the ends of epochs only, so
    the last one is still good.
    """

    def __init__(self):
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        bad = {name: value for name, value in (logs or {}).items() if not math.isfinite(value)}
        if bad:
            self._stop(f"step {batch + 1}: {bad}")

    def on_epoch_end(self, epoch, logs=None):
        if not all(np.isfinite(weight).all() for weight in self.model.get_weights()):
            self._stop("the last step made weights that are not finite")

    def _stop(self, reason):
        raise NonFiniteLossError(
            f"epoch {self._epoch + 1}, {reason}. The last good checkpoint is kept; "
            "try a smaller learning rate in another output directory"
        )


class RunProgress(keras.callbacks.Callback):
    """Shows the steps of all epochs, the time left for all of them, and each epoch's figures.

    Args:
        epochs: of the whole run, those done earlier included.
        steps_per_epoch: batches in an epoch.
    """

    def __init__(self, epochs, steps_per_epoch):
        super().__init__()
        self._epochs = epochs
        self._steps_per_epoch = steps_per_epoch
        self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._bar is None:
            done = epoch * self._steps_per_epoch
            total = self._epochs * self._steps_per_epoch
            self._bar = progress_bar(total, "step", initial=done)
        self._bar.set_description(f"epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update()

    def on_epoch_end(self, epoch, logs=None):
        figures = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        tqdm.write(f"epoch {epoch + 1}/{self._epochs}  {figures}")

    def on_train_end(self, logs=None):
        if self._bar is not None:
            self._bar.close()


class History(keras.callbacks.Callback):
    """Writes `history.json`: each epoch's figures, and the seconds that it took.

    Put it after what is to count: an epoch's seconds are those of its steps and of the callbacks
    before this one.

    Args:
        run: a `RunDirectory`. Its history of the epochs before the first one is kept.
    """

    def __init__(self, run):
        super().__init__()
        self._run = run
        self._start = None

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        rows = (self._run.read_json("history.json") or [])[:epoch]
        seconds = time.perf_counter() - self._start
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self._run.write_json(
            "history.json", [*rows, {"epoch": epoch + 1, "seconds": seconds, **figures}]
        )


class EveryFewEpochs(keras.callbacks.Callback):
    """Passes the ends of every `every`-th epoch and of the last one on to other callbacks.

    Args:
        every: epochs.
        epochs: of the whole run.
        callbacks: that work at the ends of epochs only.
    """

    def __init__(self, every, epochs, callbacks):
        super().__init__()
        self._every = every
        self._epochs = epochs
        self._callbacks = callbacks

    def set_model(self, model):
        super().set_model(model)
        for callback in self._callbacks:
            callback.set_model(model)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self._every and epoch + 1 != self._epochs:
            return
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, logs)


class KeepBest(keras.callbacks.Callback):
    """Judges each epoch's model and keeps the best one.

    Adds `val_accuracy` (or `val_difference`) to the epoch's logs, where TensorBoard, the history
    and the progress find it. Whenever it is the best so far, saves the model and then writes
    `best.json`: `epoch` from 1, `accuracy`, its 95 % Wilson `interval`, and `count`.

    Args:
        run: a `RunDirectory`.
        judge: `() -> accuracy` on the validation examples, in [0, 1]; or their difference.
        save: called with what `best.json` will say, writes the model where it is kept.
        count: of validation examples, each counted once however often it was judged.
        figure: what is judged: "accuracy", the highest is best; or "difference", the lowest is,
            and `best.json` has no interval.
        latest: of equally good epochs the latest is kept, not the first.
    """

    def __init__(self, run, judge, save, count, figure="accuracy", latest=False):
        super().__init__()
        self._run = run
        self._judge = judge
        self._save = save
        self._count = count
        self._figure = figure
        self._latest = latest

    def on_epoch_end(self, epoch, logs=None):
        value = self._judge()
        if logs is not None:
            logs[f"val_{self._figure}"] = value
        best = self._run.read_json("best.json")
        sign = 1 if self._figure == "accuracy" else -1
        if best is not None:
            gain = sign * (value - best[self._figure])
            if gain < 0 or (gain == 0 and not self._latest):
                return
        best = {"epoch": epoch + 1, self._figure: value}
        if self._figure == "accuracy":
            best["interval"] = list(wilson_interval(value * self._count, self._count))
        best["count"] = self._count
        self._save(best)
        self._run.write_json("best.json", best)


class KeepEach(keras.callbacks.Callback):
    """Writes the averaged generator into `generators/epoch-NNN`, for a choice by eye.

    Args:
        run: a `RunDirectory`.
    """

    def __init__(self, run):
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch, logs=None):
        save_generator(self.model.averaged, self._run.path / f"generators/epoch-{epoch + 1:03d}")


class LossCurve(keras.callbacks.Callback):
    """Writes `losses.json`: each figure's means over every few batches.

    `{"batch": [...], name: [...]}`, where a mean is of the batches up to that one, counted from
    the start of the training. What an epoch has beyond them is a last, shorter one.

    Args:
        run: a `RunDirectory`. The curve of the epochs before the first one is kept.
        every: batches.
        names: of the figures.
    """

    def __init__(self, run, every, names):
        super().__init__()
        self._run = run
        self._every = every
        self._names = names
        self._rows = []

    def on_epoch_begin(self, epoch, logs=None):
        self._rows = [(0, dict.fromkeys(self._names, 0.0))]
        self._last = None

    def on_train_batch_end(self, batch, logs=None):
        # each a mean of all batches of the epoch so far
        self._last = batch + 1, {name: (batch + 1) * logs[name] for name in self._names}
        if (batch + 1) % self._every == 0:
            self._rows.append(self._last)

    def on_epoch_end(self, epoch, logs=None):
        if self._rows[-1] != self._last:
            self._rows.append(self._last)
        done = epoch * self._last[0]
        curve = self._run.read_json("losses.json") or {}
        kept = sum(batch <= done for batch in curve.get("batch", ()))
        curve = {name: curve.get(name, [])[:kept] for name in ("batch", *self._names)}
        for (before, sums), (batch, more) in itertools.pairwise(self._rows):
            curve["batch"].append(done + batch)
            for name in self._names:
                mean = (more[name] - sums[name]) / (batch - before)
                # a sum's rounding is all that there is behind
                curve[name].append(float(f"{mean:.5g}"))
        self._run.write_json("losses.json", curve)


class SampleGrid(keras.callbacks.Callback):
    """Draws every condition with the same latents after each epoch.

    Writes `samples/epoch-NNN.png` into the run directory and the same image to TensorBoard.

    Args:
        run: a `RunDirectory`.
        conditions: float32 (K, C), one for each column.
        rows: latents per condition.
        seed: of the latents.
    """

    def __init__(self, run, conditions, rows=8, seed=0):
        super().__init__()
        self._run = run
        self._writer = None
        self._conditions = conditions
        self._rows = rows
        self._seed = seed

    def on_epoch_end(self, epoch, logs=None):
        generator = self.model.averaged
        columns = len(self._conditions)
        latent = generator.prior.sample([self._rows, generator.latent_size], [self._seed, 0])
        values = {
            "condition": tf.tile(self._conditions, [self._rows, 1]),
            "latent": tf.repeat(latent, columns, axis=0),
        }
        low, _ = generator.bounds
        sheet = tile_images(generator(values).numpy(), columns, background=low)
        grid = to_unit_range(sheet, generator.bounds)
        self._run.write(
            f"samples/epoch-{epoch + 1:03d}.png",
            lambda path: keras.utils.save_img(path, 255 * grid, scale=False),
        )
        if self._writer is None:
            folder = self._run.path / "tensorboard" / "samples"
            self._writer = tf.summary.create_file_writer(str(folder))
        with self._writer.as_default():
            tf.summary.image("samples", grid[None], step=epoch)
        self._writer.flush()
