"""The order of the examples, the learning rate, the directory of a run, and its loop."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data import ConditionLayout, LabelledData
from igc_tf.errors import InputError, OutputError
from igc_tf.runs import RunDirectory
from igc_tf.training.callbacks import History
from igc_tf.training.checkpoint import EpochCheckpoint
from igc_tf.training.fit import TrainingRun, cosine_decay, epoch_batches, steps_per_epoch
from igc_tf.training.recipes import Recipe
from tests.fixtures.full_disk import room_for

INPUTS = np.arange(22, dtype=np.float32)[:, np.newaxis]
DATA = LabelledData(
    INPUTS, np.arange(22), ConditionLayout.classes(22), (0, 22), "numbers", "train", "here"
)
RECIPE = Recipe(epochs=3, batch_size=4, learning_rate=0.5, seed=5)


def _batches(first_epoch=0, seed=5, context=None):
    epochs = range(first_epoch, 3)
    batches = list(epoch_batches(INPUTS, 10 * np.arange(22), 4, epochs, seed, context))
    for inputs, targets in batches:
        assert targets.dtype == tf.int32
        np.testing.assert_array_equal(10 * inputs[:, 0], targets)
    return [inputs[:, 0].numpy().astype(int) for inputs, _ in batches]


def _epochs(**values):
    return np.concatenate(_batches(**values)).reshape(-1, 20)


def test_each_epoch_has_its_own_order_of_different_examples():
    epochs = _epochs()
    assert epochs.shape == (3, 20)
    for epoch in epochs:
        assert len(set(epoch)) == 20
        assert abs(np.diff(epoch)).mean() > 3
    assert (epochs[0] != epochs[1]).mean() > 0.5 and (epochs[1] != epochs[2]).mean() > 0.5
    assert (epochs[0] != _epochs(seed=6)[0]).mean() > 0.5


def test_an_epoch_of_several_passes_has_each_example_as_often():
    data = np.arange(5, dtype=np.float32)
    batches = list(epoch_batches(data, np.arange(5), 4, range(2), seed=0, passes=4))
    assert len(batches) == 2 * steps_per_epoch(5, 4, passes=4) == 10
    for epoch in (batches[:5], batches[5:]):
        inputs, targets = (np.concatenate(part) for part in zip(*epoch, strict=True))
        np.testing.assert_array_equal(inputs, targets)
        np.testing.assert_array_equal(np.bincount(targets), [4] * 5)
    # fewer examples than a batch will do
    assert len(list(epoch_batches(data, np.arange(5), 8, range(1), seed=0, passes=2))) == 1


def test_a_resumed_run_finds_the_same_order():
    np.testing.assert_array_equal(_epochs(first_epoch=1), _epochs()[1:])


def test_batches_are_changed_by_a_seed_of_their_own():
    def changed(first_epoch=0, seed=5, context=None):
        seeds = []
        for inputs, targets in epoch_batches(
            INPUTS,
            10 * np.arange(22),
            4,
            range(first_epoch, 3),
            seed,
            context,
            change=lambda inputs, seed: inputs + tf.random.stateless_uniform([], seed, 1.0, 9.0),
        ):
            offset = inputs[:, 0].numpy() - targets.numpy() / 10
            np.testing.assert_allclose(offset, offset[0], atol=1e-4)
            seeds.append(round(float(offset.mean()), 3))
        return seeds

    seeds = changed()
    assert len(seeds) == 15 and len(set(seeds)) == 15
    assert changed(first_epoch=1) == seeds[5:]
    assert not set(changed(seed=6)) & set(seeds)
    # two replicas have parts of a batch that was changed as a whole, as one's
    parts = changed(context=tf.distribute.InputContext(1, 0, 2))
    assert parts[::2] == parts[1::2] == seeds


@pytest.mark.parametrize(("workers", "replicas"), [(1, 2), (2, 2), (2, 4)])
def test_replicas_share_the_batches_of_one(workers, replicas):
    shares = []
    for worker in range(workers):
        context = tf.distribute.InputContext(workers, worker, replicas)
        # of a batch replica r takes every R-th example from the r-th on
        parts = np.array(_batches(context=context))
        shares.append(parts.reshape(15, replicas // workers, 4 // replicas))
    together = np.concatenate(shares, axis=1).swapaxes(1, 2).reshape(15, 4)
    np.testing.assert_array_equal(together, _batches())


def test_refuses_batches_that_cannot_be_made_or_shared():
    with pytest.raises(ValueError, match="batch_size=23: expected at most 22"):
        steps_per_epoch(22, 23)
    assert steps_per_epoch(22, 4) == 5
    with pytest.raises(ValueError, match="batch_size=4: expected a multiple of 3 replicas"):
        _batches(context=tf.distribute.InputContext(1, 0, 3))


def test_the_learning_rate_falls_along_half_a_cosine():
    rate = cosine_decay(0.4, 0.1, 12)
    # cos 0, pi/3, pi/2, pi
    assert [float(rate(step)) for step in (0, 4, 6, 12)] == pytest.approx([0.4, 0.325, 0.25, 0.1])
    assert cosine_decay(0.4, None, 12) == 0.4


class _Scaled(keras.Model):
    """y = weight · x, whose one training step adds the batch's mean input to the weight."""

    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(shape=[], initializer="zeros")
        self.mean = keras.metrics.Mean(name="input")
        self.compile(optimizer=None)

    @property
    def metrics(self):
        return [self.mean]

    def call(self, x):
        return self.weight * x

    def train_step(self, batch):
        inputs, _ = batch
        self.weight.assign_add(tf.reduce_mean(inputs))
        self.mean.update_state(tf.reduce_mean(inputs))
        return {"input": self.mean.result()}


def _fit(run, model, **values):
    run.describe(train=DATA)
    run.restore({"weights": model.weights})
    if not run.is_done:
        run.fit(model, INPUTS, np.arange(22), verbose=0, **values)
    return float(model.weight.numpy())


def test_a_run_leaves_its_options_its_history_and_its_logs(tmp_path):
    model = _Scaled()
    weight = _fit(TrainingRun(tmp_path, RECIPE), model)
    expected = _epochs().reshape(3, 5, 4).mean(axis=2)
    assert weight == pytest.approx(expected.sum(), rel=1e-6)
    run = TrainingRun(tmp_path, RECIPE)
    rows = run.read_json("history.json")
    assert [row["input"] for row in rows] == pytest.approx(expected.mean(axis=1), rel=1e-5)
    options = run.read_json("options.json")
    assert options["recipe"] == dataclasses.asdict(RECIPE)
    assert {**options["data"], "sha256": 64} == {"source": "here", "train": 22, "sha256": 64}
    assert len(options["data"]["sha256"]) == 64
    assert options["command"] and options["environment"]["versions"]["tensorflow"]
    assert options["seconds"] == pytest.approx(sum(row["seconds"] for row in rows))
    assert options["resumed"] == [] and options["start"] is None
    # known in a checkout only
    assert options["commit"] is None or len(options["commit"].removesuffix("-dirty")) == 40
    assert list((tmp_path / "tensorboard").rglob("events*"))
    # nothing is left to do
    assert _fit(run, _Scaled()) == weight
    assert run.read_json("options.json") == options


def test_an_interrupted_run_goes_on_after_its_last_epoch_and_says_so(tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    whole = _fit(TrainingRun(tmp_path / "whole", RECIPE), _Scaled())
    with pytest.raises(KeyboardInterrupt):
        _fit(TrainingRun(tmp_path / "cut", RECIPE), _Scaled(), judges=[Interrupt()])
    run = TrainingRun(tmp_path / "cut", RECIPE)
    assert _fit(run, _Scaled()) == whole
    options = run.read_json("options.json")
    (resumed,) = options["resumed"]
    assert resumed["after_epoch"] == 1 and {"command", "commit", "environment"} <= set(resumed)
    assert [row["epoch"] for row in run.read_json("history.json")] == [1, 2, 3]


@pytest.mark.parametrize("callback", [History, EpochCheckpoint])
def test_an_epoch_that_was_killed_in_its_end_is_in_the_history_once(
    callback, tmp_path, monkeypatch
):
    def killed(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt
        whole(self, epoch, logs)

    weight = _fit(TrainingRun(tmp_path / "whole", RECIPE), _Scaled())
    whole = callback.on_epoch_end
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(callback, "on_epoch_end", killed)
        _fit(TrainingRun(tmp_path / "cut", RECIPE), _Scaled())
    run = TrainingRun(tmp_path / "cut", RECIPE)
    assert _fit(run, _Scaled()) == weight
    assert [row["epoch"] for row in run.read_json("history.json")] == [1, 2, 3]


@pytest.mark.parametrize("stop_after", [None, 1])
def test_a_run_that_was_killed_after_its_last_epoch_learns_its_seconds(stop_after, tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            raise KeyboardInterrupt

    if stop_after is not None:
        # that of the shorter training is no longer true
        _fit(TrainingRun(tmp_path, dataclasses.replace(RECIPE, stop_after=stop_after)), _Scaled())
    with pytest.raises(KeyboardInterrupt):
        _fit(TrainingRun(tmp_path, RECIPE), _Scaled(), judges=[Interrupt()])
    run = TrainingRun(tmp_path, RECIPE)
    assert run.read_json("options.json")["seconds"] is None
    _fit(run, _Scaled())
    taken = sum(row["seconds"] for row in run.read_json("history.json"))
    assert run.read_json("options.json")["seconds"] == pytest.approx(taken)


def test_a_run_may_stop_before_the_end_of_its_schedule(tmp_path):
    recipe = dataclasses.replace(RECIPE, stop_after=2)
    weight = _fit(TrainingRun(tmp_path, recipe), _Scaled())
    assert weight == pytest.approx(_epochs()[:2].reshape(10, 4).mean(axis=1).sum(), rel=1e-6)


def test_a_run_that_was_to_stop_early_may_go_on(tmp_path):
    whole = _fit(TrainingRun(tmp_path / "whole", RECIPE), _Scaled())
    early = dataclasses.replace(RECIPE, stop_after=1)
    run = TrainingRun(tmp_path / "early", early)
    _fit(run, _Scaled())
    run.write_json("result.json", {"epochs": 1})
    run = TrainingRun(tmp_path / "early", RECIPE)
    assert _fit(run, _Scaled()) == whole
    options = run.read_json("options.json")
    assert options["recipe"]["stop_after"] is None
    assert [resumed["after_epoch"] for resumed in options["resumed"]] == [1]
    # until it is done again, nothing takes it for finished
    assert not (tmp_path / "early" / "result.json").exists()
    run.write_json("result.json", {"epochs": 3})
    assert _fit(run, _Scaled()) == whole and run.read_json("result.json") == {"epochs": 3}
    # but not back
    with pytest.raises(ValueError, match=r"other options.*'stop_after': \(None, 1\)"):
        TrainingRun(tmp_path / "early", early)


def test_a_directory_takes_one_recipe_one_start_and_one_set_of_data(tmp_path):
    _fit(TrainingRun(tmp_path, RECIPE), _Scaled())
    options = (tmp_path / "options.json").read_text()
    with pytest.raises(ValueError, match=r"other options.*'batch_size': \(4, 5\)"):
        TrainingRun(tmp_path, dataclasses.replace(RECIPE, batch_size=5))
    with pytest.raises(ValueError, match=r"'start_from': \(None, '\.\./elsewhere'\)"):
        TrainingRun(tmp_path, RECIPE, tmp_path.parent / "elsewhere")
    with pytest.raises(ValueError, match=r"'train': \(22, 21\)"):
        TrainingRun(tmp_path, RECIPE).describe(train=DATA.take(slice(21)))
    # as many of the same source, one of them with a corrected label
    corrected = dataclasses.replace(DATA, labels=np.append(DATA.labels[:-1], 0))
    with pytest.raises(ValueError, match="other options.*'sha256'"):
        TrainingRun(tmp_path, RECIPE).describe(train=corrected)
    assert (tmp_path / "options.json").read_text() == options


def test_a_start_that_is_refused_leaves_no_directory(tmp_path, monkeypatch):
    def refuse(*_):
        raise InputError("worker 2 has another recipe")

    with monkeypatch.context() as patch, pytest.raises(InputError, match="worker 2"):
        patch.setattr("igc_tf.training.fit.check_agreement", refuse)
        TrainingRun(tmp_path / "new" / "run", RECIPE).describe(train=DATA)
    assert not any(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file is no directory"):
        TrainingRun(tmp_path / "file" / "run", RECIPE)


def test_a_run_may_start_from_the_weights_of_another(tmp_path):
    first = _fit(TrainingRun(tmp_path / "first", RECIPE), _Scaled())
    model = _Scaled()
    run = TrainingRun(tmp_path / "second", RECIPE, tmp_path / "first")
    run.describe(train=DATA)
    run.restore({"weights": model.weights}, {"weights": model.weights})
    assert float(model.weight.numpy()) == first and not run.is_done
    options = run.read_json("options.json")
    assert options["start"]["recipe"] == dataclasses.asdict(RECIPE)
    third = TrainingRun(tmp_path / "third", RECIPE, tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no checkpoint to start from"):
        third.restore({"weights": model.weights}, {"weights": model.weights})
    assert not (tmp_path / "third").exists()


def _start(output, start_from):
    """Opens a run that starts from another, and returns what it records of that."""
    model = _Scaled()
    run = TrainingRun(output, RECIPE, start_from)
    run.describe(train=DATA)
    run.restore({"weights": model.weights}, {"weights": model.weights})
    return run.read_json("options.json")["start_from"]


def test_a_run_goes_on_wherever_it_and_its_start_were_moved_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _fit(TrainingRun("here/first", RECIPE), _Scaled())
    _fit(TrainingRun("here/other", RECIPE), _Scaled())
    assert _start("here/second", "here/first") == "../first"
    assert _start(tmp_path / "here" / "second", tmp_path / "here" / "first") == "../first"
    (tmp_path / "here").rename(tmp_path / "there")
    assert _start("there/second", tmp_path / "there" / "first") == "../first"
    with pytest.raises(ValueError, match=r"'start_from': \('\.\./first', '\.\./other'\)"):
        _start("there/second", "there/other")


def test_a_run_that_recorded_its_start_as_typed_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _fit(TrainingRun("first", RECIPE), _Scaled())
    _start("second", "first")
    run = RunDirectory("second")
    run.write_json("options.json", {**run.read_json("options.json"), "start_from": "first"})
    with pytest.raises(ValueError, match=r"'start_from': \('first', '\.\./other'\)"):
        TrainingRun("second", RECIPE, "other")
    assert _start("second", "first") == "../first"


def test_a_generator_that_ships_is_recorded_by_its_name(tmp_path):
    model = _Scaled()
    run = TrainingRun(tmp_path, RECIPE, "mnist-cagan-compact")
    run.describe(train=DATA)
    taken = []
    run.restore({"weights": model.weights}, take=taken.append)
    assert taken == [run.read_json("options.json")["start_from"]] == ["mnist-cagan-compact"]


def test_of_a_checkpoint_that_the_disk_has_no_room_for_nothing_is_left(tmp_path):
    weight = keras.Variable(np.zeros(2**15, np.float32))
    checkpoint = EpochCheckpoint(tmp_path, {"weights": [weight]})
    checkpoint.on_epoch_end(0)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with room_for(2**16), pytest.raises(OutputError) as refused:
        checkpoint.on_epoch_end(1)
    assert str(refused.value) == f"{tmp_path / 'ckpt-2'}: File too large"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    _fit(TrainingRun(tmp_path, RECIPE), _Scaled())
    other = keras.Sequential([keras.Input([2]), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="does not fit this model"):
        TrainingRun(tmp_path, RECIPE).restore({"weights": other.weights})
