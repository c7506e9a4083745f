"""Training on several workers: who they are, by `TF_CONFIG`, and what one tells the others.

Every worker runs the same command, on data of its own that are the same everywhere, and keeps all
weights; in each step they exchange gradients (`tf.distribute.MultiWorkerMirroredStrategy`). The
*chief* alone reads checkpoints, judges and writes files: only it needs the output directory.
"""

import contextlib
import json
import os
import re
import signal

import tensorflow as tf

from igc_tf.errors import InputError, WorkerError

VARIABLE = "TF_CONFIG"
# the kinds of tasks that train; those of other strategies hold parameters or evaluate
_KINDS = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)
# what TensorFlow raises where another worker is gone
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


def read_cluster(text):
    """Reads what `TF_CONFIG` says.

    Args:
        text: JSON: `cluster`, the addresses "host:port" of the "worker" tasks, and if you like of
            one "chief"; and `task`, the `type` and `index` of this one. None or empty for a single
            process.

    Returns:
        `(workers, place)`: the addresses of all that train, the chief's first; and this one's
        place among them.

    Raises:
        InputError: for anything else.
    """
    if not text:
        return (), 0
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refused(text, f"no JSON ({error})") from error
    if not isinstance(config, dict):
        raise _refused(text, "no JSON object")
    cluster = config.get("cluster", {})
    if not isinstance(cluster, dict) or not all(map(_is_addresses, cluster.values())):
        raise _refused(text, 'its "cluster" names no lists of addresses "host:port"')
    others = [kind for kind in cluster if kind not in _KINDS]
    if others:
        raise _refused(text, f'its "cluster" has {others}, of {list(_KINDS)} only')
    if len(cluster.get("chief", ())) > 1:
        raise _refused(text, "there is more than one chief")
    workers = tuple(address for kind in _KINDS for address in cluster.get(kind, ()))
    if len(set(workers)) < len(workers):
        raise _refused(text, "two tasks have the same address")
    if len(workers) < 2:
        return workers, 0
    task = config.get("task")
    if not isinstance(task, dict) or task.get("type") not in [*cluster]:
        raise _refused(text, f'its "task" has none of the types {[*cluster]}: {task!r}')
    kind, index = task["type"], task.get("index")
    count = len(cluster[kind])
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise _refused(text, f"the task's index is {index!r} of {count} of the type {kind!r}")
    return workers, workers.index(cluster[kind][index])


def _is_addresses(value):
    return isinstance(value, list) and all(
        isinstance(one, str) and one.rpartition(":")[0] and one.rpartition(":")[2].isdecimal()
        for one in value
    )


def _refused(text, reason):
    return InputError(f"{VARIABLE}={text!r}: {reason}; expected such as {_EXAMPLE}")


@contextlib.contextmanager
def joined_workers(say=print):
    """Joins the workers that the environment variable `TF_CONFIG` names, and waits for them.

    TensorFlow must not have computed anything before in this process.

    Args:
        say: told, in a sentence, who is waited for.

    Yields:
        A `tf.distribute.MultiWorkerMirroredStrategy`, for the trainings' `strategy`; without the
        variable, or with one worker, the current strategy.

    Raises:
        InputError: for a variable that says no such thing.
        WorkerError: if TensorFlow has computed in this process before, this worker cannot listen at
            its address, the others do not come within an hour, or, in the block, one of them is
            gone.
    """
    workers, place = read_cluster(os.environ.get(VARIABLE))
    if len(workers) < 2:
        yield tf.distribute.get_strategy()
        return
    say(f"worker {place + 1} of {len(workers)}, {workers[place]}: waiting for the others")
    try:
        strategy = _waited_for(workers[place])
        say(f"worker {place + 1} of {len(workers)}: all are there")
        yield strategy
    except _LOST as error:
        raise WorkerError(
            "another worker is gone or does not answer: see what it printed. Start all workers "
            "again with the same commands, and the training goes on from its last checkpoint "
            f"(TensorFlow says: {_reason(error)})"
        ) from error


def _waited_for(address):
    """The strategy of all workers, once they are there."""
    kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    # nothing is lost yet: Ctrl-C ends what TensorFlow would not let be interrupted
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        # TensorFlow's "Collective ops must be configured at program startup"
        raise WorkerError(
            f"TensorFlow has computed in this process already ({error}); expected to join the "
            "others first, in a new process or a restarted notebook"
        ) from error
    except tf.errors.UnknownError as error:
        raise WorkerError(
            f"{address}: this worker cannot listen there ({error.message}); expected a free port "
            "of this machine"
        ) from error
    finally:
        for one, handler in kept.items():
            # TensorFlow would take SIGTERM for an announcement, and work on
            signal.signal(one, signal.SIG_DFL if handler is None else handler)


def worker_count(strategy):
    """Returns how many processes train by a strategy."""
    return max(1, len(_tasks(strategy)))


def is_chief(strategy):
    """Whether this process, of those that train by a strategy, is the one that writes files."""
    tasks = _tasks(strategy)
    resolver = strategy.cluster_resolver
    return not tasks or tasks[0] == (resolver.task_type, resolver.task_id)


def _tasks(strategy):
    """The (type, index) of all that train, the chief's first; none without a cluster."""
    resolver = strategy.cluster_resolver
    cluster = {} if resolver is None else resolver.cluster_spec().as_dict()
    return [(kind, index) for kind in _KINDS for index in range(len(cluster.get(kind, ())))]


def _reason(error):
    """The line of a long message that says what happened, without {{the operation's name}}."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    lines = [re.sub(r"^\{\{.*?\}\}\s*", "", line) for line in lines]
    told = [line for line in lines if "abort" in line.lower()]
    return (told or lines or [type(error).__name__])[0]


def take_from_chief(strategy, variables):
    """Gives variables of every worker the values that the chief's have.

    Args:
        strategy: a `tf.distribute.Strategy`.
        variables: TensorFlow variables of numbers, the same ones in every worker.
    """
    if worker_count(strategy) == 1:
        return

    @tf.function
    def taken():
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        # those of the others count nothing, whatever they are
        own = [tf.where(is_first, value, tf.zeros_like(value)) for value in variables]
        # one by one, for they are numbers of several types
        return [context.all_reduce(tf.distribute.ReduceOp.SUM, value) for value in own]

    for variable, value in zip(variables, strategy.run(taken), strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])


def check_agreement(strategy, what, digest):
    """Refuses workers that do not do the same.

    Args:
        strategy: a `tf.distribute.Strategy`.
        what: is compared, in words.
        digest: of it, bytes.

    Raises:
        InputError: in all workers, if one has another digest.
    """
    count = worker_count(strategy)
    if count == 1:
        return
    number = tf.constant(int.from_bytes(digest[:7], "big"), tf.int64)
    replicas = strategy.num_replicas_in_sync

    @tf.function
    def gathered():
        context = tf.distribute.get_replica_context()
        own = number * tf.one_hot(context.replica_id_in_sync_group, replicas, dtype=tf.int64)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, own)

    found = strategy.experimental_local_results(strategy.run(gathered))[0].numpy()
    found = found[:: replicas // count]
    others = [place + 1 for place in range(count) if found[place] != found[0]]
    if others:
        raise InputError(
            f"workers {others} of {count} have another {what} than the first: expected the same "
            "command and the same data on all"
        )
