"""A training run: its directory, its one loop, and how it resumes."""

import hashlib
import json
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.keras_files import each_layer
from igc_tf.generators.store import generator_names
from igc_tf.runs.directory import (
    RunDirectory,
    check_writable,
    differences,
    json_ready,
    local_path,
    read_json,
)
from igc_tf.runs.process import describe_code, describe_environment
from igc_tf.training.callbacks import History, NonFiniteGuard, RunProgress
from igc_tf.training.checkpoint import EpochCheckpoint, restore_part
from igc_tf.training.workers import check_agreement, is_chief, take_from_chief

# what a run is and was made with
OPTIONS = "options.json"


class TrainingRun(RunDirectory):
    """The directory of one training, which the same recipe on the same data resumes.

    `describe`, `restore` and `fit` are called in this order. The directory then holds
    `options.json`: the recipe and the data, what was asked for, the command and the commit that
    ran it, the environment, the seconds it took, the same of each time that it was resumed, and
    the way from here to the run that it started from, with that one's options; `history.json`,
    each epoch's figures; checkpoints; and TensorBoard logs. Who trains adds `result.json` when
    nothing is left to do; a run that was to stop earlier loses it when it goes on.

    Of several workers (`igc_tf.training.workers`) only the chief reads and writes the directory;
    the others learn from it where the run stands.

    Args:
        output: the directory.
        recipe: a `Recipe`.
        start_from: the directory of another run, whose last weights are the first ones here; or
            what else those weights come from, e.g. the name of a generator (see `restore`).
        strategy: a `tf.distribute.Strategy`; None for the current one.
        asked: what recipe and data were chosen by, {name: JSON-ready value}: if they differ from
            those of an earlier run, this is named. None for nothing but themselves.

    Attributes:
        recipe: as given.
        strategy: as given, or the current one.
        is_chief: whether this process is the one that reads and writes the directory.

    Raises:
        InputError: if the directory holds a run of another kind, of another recipe, or with another
            start; names what differs. One that was to stop earlier may go on. If the strategy's
            replicas cannot divide a batch equally.
        OutputError: if the directory cannot be written.
    """

    def __init__(self, output, recipe, start_from=None, strategy=None, asked=None):
        self.strategy = strategy or tf.distribute.get_strategy()
        self.is_chief = is_chief(self.strategy)
        replicas = self.strategy.num_replicas_in_sync
        for name, count in recipe.divided.items():
            if count % replicas:
                raise InputError(f"{name}={count}: expected a multiple of {replicas} replicas")
        if self.is_chief:
            # it is made with the first file: a start that is refused leaves none
            check_writable(output)
        self.path = local_path(output)
        self.recipe = recipe
        self._start_from = start_from
        self._checkpoint = None
        self._options = {
            "recipe": json_ready(recipe),
            "start_from": self._recorded(start_from),
            "asked": asked or {},
        }
        self._refuse_another()

    def _recorded(self, start_from):
        """A start as `options.json` has it: of a directory, the way there from this one."""
        if start_from is None:
            return None
        if str(start_from) in generator_names():
            return str(start_from)
        return Path(os.path.relpath(start_from, self.path)).as_posix()

    @property
    def is_done(self):
        """Whether no epoch is left; known once the state is restored."""
        return self._checkpoint.epoch >= self.recipe.last_epoch

    def describe(self, **parts):
        """Says what the run learns from: where it was found, how much, and a digest of it.

        Args:
            parts: `LabelledData`: `train`, and `validation` where there is any.

        Raises:
            InputError: if the directory holds a run on other data, or of several workers one has
                another recipe or other data.
        """
        digest = hashlib.sha256("".join(part.digest() for part in parts.values()).encode())
        counts = {name: len(part) for name, part in parts.items()}
        self._options["data"] = {
            "source": parts["train"].source,
            **counts,
            "sha256": digest.hexdigest(),
        }
        self._refuse_another()
        digest.update(json.dumps(self._options["recipe"], sort_keys=True).encode())
        check_agreement(self.strategy, "recipe, or other data,", digest.digest())

    def restore(self, state, start_state=None, take=None):
        """Goes on from the last checkpoint; a new run begins with the other run's weights, if any.

        Only then `options.json` is written: a start that does not work leaves the directory as
        it was.

        Args:
            state: everything that training changes, {name: Keras variables}.
            start_state: the part of it that is taken from another run.
            take: called with `start_from` instead, takes the weights from there.

        Raises:
            InputError: if a checkpoint does not fit, or the other run has none.
        """
        directory = self.path / "checkpoints" if self.is_chief else None
        self._checkpoint = EpochCheckpoint(directory, state)
        self._checkpoint.restore()
        if self.is_chief and self._start_from is not None and self._checkpoint.epoch == 0:
            if take is not None:
                take(self._start_from)
            else:
                restore_part(Path(self._start_from) / "checkpoints", start_state)
        take_from_chief(self.strategy, self._checkpoint.variables)
        if self.is_chief:
            self._write_options()
            if self.is_done and self.read_json(OPTIONS)["seconds"] is None:
                # it was killed after its last epoch
                self._write_seconds()

    def _write_options(self):
        now = {**describe_code(), "environment": describe_environment()}
        earlier = self.read_json(OPTIONS)
        if earlier is not None:
            # what it is started with this time; nothing for a run that is only looked at
            options = {**earlier, **self._options}
            if not self.is_done:
                resumed = {"after_epoch": self._checkpoint.epoch, **now}
                # the seconds of a training that was to stop earlier are not those of this one
                options |= {"resumed": [*earlier["resumed"], resumed], "seconds": None}
        else:
            start = None
            if self._start_from is not None:
                # of a generator, its card tells it
                path = Path(self._start_from) / OPTIONS
                start = read_json(path) if path.is_file() else None
            options = {**now, **self._options, "start": start, "seconds": None, "resumed": []}
        self.write_json(OPTIONS, options)

    def fit(self, model, inputs, targets, judges=(), verbose=1, change=None):
        """Trains from the first epoch that is not done yet to the recipe's last.

        Args:
            model: a compiled Keras model, built in the scope of the strategy.
            inputs, targets: as for `epoch_batches`.
            judges: the chief's callbacks, which see each epoch before it is logged and saved, so
                that what they add to its logs is reported.
            verbose: 0 for silence.
            change: as for `epoch_batches`.

        Raises:
            NonFiniteLossError: if a loss is no longer finite.
        """
        strategy, recipe = self.strategy, self.recipe
        if self.is_chief:
            # of a training that was to stop earlier
            self.remove("result.json")
        steps = steps_per_epoch(len(inputs), recipe.batch_size, recipe.passes)
        callbacks = [NonFiniteGuard()]
        if self.is_chief:
            log = keras.callbacks.TensorBoard(self.path / "tensorboard", write_graph=False)
            callbacks += [*judges, log, History(self)]
            if verbose:
                callbacks.append(RunProgress(recipe.last_epoch, steps))
        # an epoch counts as done when all else that it leaves is there
        callbacks.append(self._checkpoint)
        epochs = range(self._checkpoint.epoch, recipe.last_epoch)

        def share(context):
            return epoch_batches(
                inputs,
                targets,
                recipe.batch_size,
                epochs,
                recipe.seed,
                context,
                change,
                recipe.passes,
            )

        if model.loss is not None:
            # Keras makes the variables of loss and metrics when it first needs them, and inside of
            # a compiled step can't; this changes no weights
            strategy.run(_count_metrics, args=(model, inputs[:1], targets[:1]))
        if strategy.num_replicas_in_sync > 1:
            _normalize_whole_batches(model)
        batches = strategy.distribute_datasets_from_function(share)
        _run_epochs(model, batches, epochs, steps, callbacks, strategy)
        if self.is_chief:
            self._write_seconds()

    def _write_seconds(self):
        seconds = sum(epoch["seconds"] for epoch in self.read_json("history.json"))
        self.write_json(OPTIONS, {**self.read_json(OPTIONS), "seconds": seconds})

    def _refuse_another(self):
        earlier = self.read_json(OPTIONS) if self.is_chief else None
        if earlier is None:
            return
        there, here = (options.get("recipe", {}).keys() for options in (earlier, self._options))
        # a kind that got or lost fields since is the same one
        if not there or (there - here and here - there):
            raise InputError(
                f"{self.path} holds a run of another kind: expected another output directory"
            )
        different = differences(earlier, self._options, besides=("asked",))
        if different.get("start_from", (None,))[0] == str(self._start_from):
            # as earlier versions recorded it, the way it was typed
            del different["start_from"]
        if "stop_after" in different:
            # one that was to stop earlier may go on
            stopped, _ = different["stop_after"]
            if stopped is not None and stopped < self.recipe.last_epoch:
                del different["stop_after"]
        if different:
            if earlier.get("asked"):
                different = differences(earlier["asked"], self._options["asked"]) or different
            raise InputError(
                f"{self.path} holds a run with other options (there, here): {different}. "
                "Give the same to resume it, or another output directory"
            )


def _run_epochs(model, batches, epochs, steps, callbacks, strategy):
    """The loop: `model.train_step` on each batch, in all replicas of the strategy at once."""
    callbacks = keras.callbacks.CallbackList(
        callbacks, model=model, epochs=epochs.stop, steps=steps
    )

    @tf.function(reduce_retracing=True, autograph=False)
    def train_step(batch):
        strategy.run(model.train_step, args=(batch,))
        # what the step itself returns are the figures of one replica
        return model.get_metrics_result()

    batches = iter(batches)
    logs = {}
    callbacks.on_train_begin()
    for epoch in epochs:
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        for step in range(steps):
            callbacks.on_train_batch_begin(step)
            logs = train_step(next(batches))
            callbacks.on_train_batch_end(step, logs)
        callbacks.on_epoch_end(epoch, dict(logs))
    callbacks.on_train_end(logs)


def _count_metrics(model, inputs, targets):
    model.compute_loss(inputs, targets, model(inputs, training=False))
    model.compute_metrics(inputs, targets, model(inputs, training=False))


def _normalize_whole_batches(model):
    """Lets batch normalisation take the statistics of the replicas' batches together."""
    for layer in each_layer(model):
        # what is not trained, such as averaged networks, is kept as it was built
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            layer.synchronized = True


def steps_per_epoch(count, batch_size, passes=1):
    """Returns how many whole batches an epoch of `count` examples, each `passes` times, has.

    Raises:
        InputError: if there are fewer examples than make a batch.
    """
    steps = passes * count // batch_size
    if steps == 0:
        raise InputError(
            f"batch_size={batch_size}: expected at most {passes * count}, the training examples"
        )
    return steps


def epoch_batches(inputs, targets, batch_size, epochs, seed, context=None, change=None, passes=1):
    """Batches of some epochs; an epoch's order depends on its number and the seed only.

    Args:
        inputs: float32 (N, ...).
        targets: labels (N,) or (N, L), integers; or conditions (N, C) or data (N, ...), floats.
        batch_size: examples in a step, of all replicas together.
        epochs: a range of their numbers, from 0.
        seed: of the order.
        context: a `tf.distribute.InputContext`; None for one replica.
        change: `(inputs of a batch, seed int32 (2,)) -> inputs`, e.g. distorts them at random; the
            seed depends on the seed, the epoch and the batch only. Each worker changes the whole
            batch, so that it is the same for any number of replicas. None changes nothing.
        passes: how often each example comes in an epoch.

    Returns:
        A `tf.data.Dataset` of passes · N // batch_size batches an epoch, each (inputs, int32 or
        float32 targets). With R replicas each batch comes in R equal parts, of which a worker's
        pipeline gives those of its own replicas, one after the other: part r is every R-th example
        from the r-th on (see `igc_tf.generators.replicas`).

    Raises:
        InputError: for a batch that cannot be divided equally.
    """
    replicas = 1 if context is None else context.num_replicas_in_sync
    pipelines = 1 if context is None else context.num_input_pipelines
    if batch_size % replicas:
        raise InputError(f"batch_size={batch_size}: expected a multiple of {replicas} replicas")
    is_integer = np.issubdtype(targets.dtype, np.integer)
    inputs = tf.constant(inputs)
    targets = tf.constant(targets.astype(np.int32 if is_integer else np.float32))

    def batches_of(epoch):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(passes * len(inputs)), [seed, tf.cast(epoch, tf.int32)]
        )
        return tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=True)

    def batch(epoch, indices):
        places = indices % len(inputs)
        examples = tf.gather(inputs, places)
        if change is not None:
            # in an epoch no two batches begin with the same example
            batch_seed = tf.random.experimental.stateless_fold_in([seed, epoch], indices[0])
            examples = change(examples, batch_seed)
        return examples, tf.gather(targets, places)

    def numbered(epoch):
        return batches_of(epoch).map(lambda indices: (tf.cast(epoch, tf.int32), indices))

    def parts(*whole):
        count = replicas // pipelines
        first = count * context.input_pipeline_id
        return tuple(
            tf.stack([part[replica::replicas] for replica in range(first, first + count)])
            for part in whole
        )

    batches = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(numbered).map(batch)
    if replicas > 1:
        batches = batches.map(parts).unbatch()
    options = tf.data.Options()
    # there is nothing to tune, and the thread that would may let a training's end wait for seconds
    options.autotune.enabled = False
    return batches.prefetch(2).with_options(options)


def cosine_decay(learning_rate, final_learning_rate, steps):
    """Returns a schedule from one learning rate to another, along half a cosine.

    Loshchilov & Hutter 2017, equation 5 without restarts.

    Args:
        learning_rate: of the first step, above 0.
        final_learning_rate: of the last step, at least 0; None keeps the rate constant.
        steps: of the whole training.

    Returns:
        What a Keras optimizer takes as its learning rate.
    """
    if final_learning_rate is None:
        return learning_rate
    return keras.optimizers.schedules.CosineDecay(
        learning_rate, decay_steps=steps, alpha=final_learning_rate / learning_rate
    )
