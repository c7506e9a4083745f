"""What is stopped, kept and told beside a training's steps."""

import itertools
import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from igc_tf.errors import NonFiniteLossError
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import load_generator
from igc_tf.metrics import wilson_interval
from igc_tf.runs import RunDirectory, progress_bar
from igc_tf.training import callbacks
from igc_tf.training.callbacks import (
    EveryFewEpochs,
    History,
    KeepBest,
    KeepEach,
    LossCurve,
    NonFiniteGuard,
    RunProgress,
    SampleGrid,
)
from tests.fixtures.read_summaries import read_summaries


def test_guard_stops_at_a_loss_or_at_weights_that_are_not_finite():
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    guard = NonFiniteGuard()
    guard.set_model(model)
    guard.on_epoch_begin(1)
    guard.on_train_batch_end(0, {"loss": 1.0})
    guard.on_epoch_end(1)
    with pytest.raises(NonFiniteLossError, match=r"epoch 2, step 4: \{'loss': nan\}"):
        guard.on_train_batch_end(3, {"loss": float("nan"), "other": 0.0})
    # the step after which no loss was computed any more
    model.set_weights([np.array([[np.inf]]), np.zeros(1)])
    with pytest.raises(NonFiniteLossError, match="epoch 2, the last step made weights"):
        guard.on_epoch_end(1)


def test_the_first_of_the_best_is_kept_whatever_comes_after(tmp_path):
    run, saved, logs = RunDirectory(tmp_path), [], {}
    accuracies = iter([0.5, 0.7, 0.6, 0.7])

    # what counts has to be saved before it is said to be the best
    def save(best):
        saved.append((run.read_json("best.json"), best["epoch"]))

    keep = KeepBest(run, lambda: next(accuracies), save, count=10)
    for epoch in range(4):
        keep.on_epoch_end(epoch, logs)
    best = {"epoch": 2, "accuracy": 0.7, "interval": list(wilson_interval(7, 10)), "count": 10}
    assert run.read_json("best.json") == best and logs == {"val_accuracy": 0.7}
    assert [(earlier and earlier["epoch"], epoch) for earlier, epoch in saved] == [
        (None, 1),
        (1, 2),
    ]


@pytest.mark.parametrize(("latest", "kept"), [(False, 2), (True, 4)])
def test_of_equally_good_ones_the_latest_is_kept_where_that_is_asked(latest, kept, tmp_path):
    accuracies = iter([0.5, 0.7, 0.6, 0.7, 0.6])
    run = RunDirectory(tmp_path)
    keep = KeepBest(run, lambda: next(accuracies), lambda best: None, 10, latest=latest)
    for epoch in range(5):
        keep.on_epoch_end(epoch, {})
    assert run.read_json("best.json")["epoch"] == kept


def test_the_least_difference_is_kept(tmp_path):
    run, logs = RunDirectory(tmp_path), {}
    differences = iter([0.5, 0.3, 0.4])
    keep = KeepBest(run, lambda: next(differences), lambda best: None, 10, "difference")
    for epoch in range(3):
        keep.on_epoch_end(epoch, logs)
    assert run.read_json("best.json") == {"epoch": 2, "difference": 0.3, "count": 10}
    assert logs == {"val_difference": 0.4}


def test_loss_curve_is_of_every_few_batches_and_goes_on_after_an_interruption(tmp_path):
    losses = np.arange(20.0) ** 2
    for epochs in ((0, 1), (1, 2, 3)):
        curve = LossCurve(RunDirectory(tmp_path), 2, ["loss"])
        for epoch in epochs:
            curve.on_epoch_begin(epoch)
            of_epoch = losses[5 * epoch : 5 * epoch + 5]
            for step in range(5):
                # as a mean since the epoch began
                curve.on_train_batch_end(step, {"loss": of_epoch[: step + 1].mean(), "other": 0})
            curve.on_epoch_end(epoch)
    found = json.loads((tmp_path / "losses.json").read_text())
    ends = [0, 2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20]
    assert found["batch"] == ends[1:]
    expected = [losses[a:b].mean() for a, b in itertools.pairwise(ends)]
    assert found["loss"] == pytest.approx(expected, rel=1e-4)


def test_history_keeps_what_was_done_before_the_first_epoch(tmp_path):
    run = RunDirectory(tmp_path)
    for epoch, loss in ((0, 3.0), (1, 2.0), (2, 1.0), (1, 5.0)):
        history = History(run)
        history.on_epoch_begin(epoch)
        history.on_epoch_end(epoch, {"loss": np.float32(loss)})
    rows = json.loads((tmp_path / "history.json").read_text())
    assert [(row["epoch"], row["loss"]) for row in rows] == [(1, 3.0), (2, 5.0)]
    assert all(row["seconds"] > 0 for row in rows)


def test_every_few_epochs_and_the_last():
    seen = []

    class Seen(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(epoch + 1)

    callback = EveryFewEpochs(3, 8, [Seen()])
    for epoch in range(8):
        callback.on_epoch_end(epoch)
    assert seen == [3, 6, 8]


def test_progress_tells_each_epochs_figures_and_counts_what_was_done(capsys, monkeypatch):
    made = []

    def bar(*arguments, **options):
        made.append(progress_bar(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(callbacks, "progress_bar", bar)
    progress = RunProgress(epochs=3, steps_per_epoch=2)
    seen = []
    for epoch in (1, 2):
        progress.on_epoch_begin(epoch)
        seen.append((made[-1].done, made[-1].total, made[-1].description))
        for step in range(2):
            progress.on_train_batch_end(step)
        progress.on_epoch_end(epoch, {"loss": 0.25})
    # of the steps of all epochs, those that were done earlier included
    assert seen == [(2, 6, "epoch 2/3: "), (4, 6, "epoch 3/3: ")]
    progress.on_train_end()
    assert len(made) == 1 and made[0].done == 6
    printed = capsys.readouterr()
    assert "epoch 2/3  loss 0.25" in printed.out and "epoch 3/3  loss 0.25" in printed.out


def _checker(colours):
    """A generator whose conditions are colours, and whose latent (1,) brightens the upper half."""
    condition = keras.Input([len(colours)], name="condition")
    latent = keras.Input([1], name="latent")
    upper = keras.layers.Dense(12, use_bias=False)
    colour = keras.layers.Dense(12, use_bias=False)
    data = keras.layers.Add()([colour(condition), upper(latent)])
    model = keras.Model([condition, latent], keras.layers.Reshape([2, 2, 3])(data))
    colour.set_weights([np.tile(colours, 4)])
    upper.set_weights([np.float32([[0.01] * 6 + [0.0] * 6])])
    return model


def test_sample_sheets_show_conditions_across_and_latents_down(tmp_path):
    colours = np.float32([[0.2, 0.3, 0.4], [0.5, 0.6, 0.7]])
    model = _checker(colours)
    gan = SimpleNamespace(averaged_generator=model, averaged=Generator(model, bounds=(0.0, 1.0)))
    run = RunDirectory(tmp_path)
    callbacks = [SampleGrid(run, np.eye(2, dtype=np.float32), rows=3), KeepEach(run)]
    for callback in callbacks:
        callback.set_model(gan)
        callback.on_epoch_end(4)
    path = tmp_path / "samples" / "epoch-005.png"
    sheet = keras.utils.img_to_array(keras.utils.load_img(path))
    # 3 rows and 2 columns of 2×2 pixels, one pixel between them
    assert sheet.shape == (8, 5, 3)
    for row in range(3):
        for column, colour in enumerate(colours):
            lower = sheet[3 * row + 1, 3 * column : 3 * column + 2]
            np.testing.assert_allclose(lower, np.tile(255 * colour, (2, 1)), atol=1)
    upper = sheet[0::3, 0, 0]
    assert len(set(upper)) > 1
    # the same latents for both conditions
    brighter = [sheet[0::3, left, 0] - sheet[1::3, left, 0] for left in (0, 3)]
    np.testing.assert_allclose(*brighter, atol=2)
    logged = read_summaries(tmp_path / "tensorboard")[("samples", "samples")][4]
    np.testing.assert_allclose(logged, sheet, atol=1)
    kept = load_generator(tmp_path / "generators" / "epoch-005")
    assert kept.bounds == (0.0, 1.0)
    np.testing.assert_array_equal(kept.model.get_weights()[0], model.get_weights()[0])
