"""Work on Ray Data: actors on all machines of a cluster, or in processes of this one.

What Ray Data hands out are the numbers of parts, which are there before an actor starts: nothing
has to be read by a task of Ray's while actors hold all processors, which is how such a pipeline
hangs for ever (Ray's issue 44687). A lazy `ray.data.Dataset` is read to its end first.
"""

import contextlib
import importlib.util
import logging
import math
import os
import pickle
import signal
import threading
from dataclasses import dataclass
from typing import Annotated

from igc_tf.errors import IGCError, InputError, WorkerError, first_line
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import quiet_stderr

# seconds for which actors are waited for, where others use the cluster
_PATIENCE = 600
# Ray hands out so many blocks of parts at most, if there are no more actors; a block is done by one
BLOCKS = 1000
_GIB = 2**30


@dataclass(frozen=True)
class WorkerOptions:
    """How the classification of very much data is divided, and what each worker may take.

    Attributes:
        actors: with the engine ray, processes that classify; by default as many as the cluster has
            room for.
        cpus: processor cores of each actor, which are also TensorFlow's threads there.
        memory: of each actor, GiB; on a machine there are no more than fit into its memory.
        gpus: of each actor; less than 1 shares a GPU.
        part_size: with an engine, examples in a part, which is classified as a whole and becomes
            one file.

    Raises:
        InputError: for a value outside its range.
    """

    actors: Annotated[int | None, Range(1, 100_000)] = None
    cpus: Annotated[int, Range(1, 1024)] = 1
    memory: Annotated[float, Range(0, 4096, above=True)] = 2.0
    gpus: Annotated[float, Range(0, 64)] = 0.0
    part_size: Annotated[int, Range(1, 1_000_000)] = 1000

    def __post_init__(self):
        check_ranges(self)


def is_installed():
    """Whether Ray Data can be imported."""
    return importlib.util.find_spec("ray") is not None


def work_on_ray(make, arguments, numbers, options):
    """Lets actors of Ray do pieces of work.

    Args:
        make: called with `arguments` once in each actor, such as a `Worker`'s class; what it
            returns is called with numbers.
        arguments: these; pickled.
        numbers: of the pieces.
        options: a `WorkerOptions`.

    Yields:
        What each call returns, once it has, in any order.

    Raises:
        InputError: if there is no cluster at RAY_ADDRESS or Ray does not start, if it has no room
            for the actors, they do not start, or what they make or do raises an `IGCError`.
        WorkerError: if the cluster goes away.
    """
    with running():
        import ray

        count = _checked_actors(ray.nodes(), options, len(numbers))
        data = ray.data.from_items(
            [{"number": number} for number in numbers],
            override_num_blocks=min(len(numbers), max(count, BLOCKS)),
        )
        found = data.map_batches(
            _Actor,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=count),
            fn_constructor_args=(make, arguments, options.cpus),
            num_cpus=options.cpus,
            num_gpus=options.gpus,
            memory=int(options.memory * _GIB),
        )
        try:
            for row in found.iter_rows():
                returned, refused = pickle.loads(row["done"])
                if refused is not None:
                    raise InputError(refused)
                yield returned
        except ray.exceptions.GetTimeoutError as error:
            raise InputError(
                f"{count} actors of {_size(options)} did not start within {_PATIENCE} s: others "
                "use the cluster. Ask for fewer, or when it is free"
            ) from error
        except (
            ray.exceptions.ActorDiedError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.RaySystemError,
            ray.exceptions.RpcError,
        ) as error:
            # why an actor could not be made is another story
            if getattr(error, "actor_init_failed", False):
                raise
            raise WorkerError(
                f"the cluster is gone (Ray says: {first_line(error)}); what was finished is kept, "
                "and the same command goes on"
            ) from error


class _Actor:
    """What works in an actor. TensorFlow does not heed Ray's limit of threads: it is told here."""

    def __init__(self, make, arguments, threads):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ["KERAS_BACKEND"] = "tensorflow"
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            # several actors may share one
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._work, self._refused = None, None
        try:
            self._work = make(*arguments)
        except IGCError as error:
            self._refused = str(error)

    def __call__(self, batch):
        return {"done": [self._done(int(number)) for number in batch["number"]]}

    def _done(self, number):
        """What a call returns or refuses, pickled: of a refusal Ray would keep a trace alone."""
        if self._refused is not None:
            return pickle.dumps((None, self._refused))
        try:
            return pickle.dumps((self._work(number), None))
        except IGCError as error:
            return pickle.dumps((None, str(error)))


@contextlib.contextmanager
def running():
    """Connects to a cluster (RAY_ADDRESS), or starts Ray here; ends what was started; quietly."""
    # what Ray and its processes would print, and send to its makers
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray
    import ray.data

    is_ours = not ray.is_initialized()
    if is_ours:
        try:
            with quiet_stderr(), _own_sigterm():
                ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        # Ray raises plain ones, too
        except Exception as error:
            address, why = os.environ.get("RAY_ADDRESS"), first_line(error)
            if address is None:
                raise InputError(
                    f"Ray does not start on this machine ({why}): expected one that is less busy; "
                    'try again, or take engine="process"'
                ) from error
            # older versions of Ray have no such class
            if "AuthenticationError" in (type(error).__name__, type(error.__cause__).__name__):
                raise InputError(
                    f"RAY_ADDRESS={address!r}: this cluster wants a token: set "
                    "RAY_AUTH_MODE=token, with the cluster's token on every machine"
                ) from error
            raise InputError(
                f"RAY_ADDRESS={address!r}: {why}; expected HOST:PORT of a cluster that runs, or "
                '"auto" for one on this machine'
            ) from error
    logger, context = logging.getLogger("ray.data"), ray.data.DataContext.get_current()
    before = logger.level, context.enable_progress_bars, context.wait_for_min_actors_s
    logger.setLevel(logging.CRITICAL)
    context.enable_progress_bars, context.wait_for_min_actors_s = False, _PATIENCE
    try:
        yield
    finally:
        logger.setLevel(before[0])
        context.enable_progress_bars, context.wait_for_min_actors_s = before[1:]
        if is_ours:
            ray.shutdown()


@contextlib.contextmanager
def _own_sigterm():
    """Keeps what a program does on SIGTERM, where Ray would abort it."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)


def _checked_actors(nodes, options, parts):
    """How many actors are started: as many as were asked for, and there is work and room for."""
    machines = [node["Resources"] for node in nodes if node["Alive"]]
    room = sum(room_on(machine, options) for machine in machines)
    wanted = options.actors if options.actors is not None else max(1, room)
    if wanted > room:
        there = "; ".join(
            f"{m.get('CPU', 0):g} CPUs, {m.get('memory', 0) / _GIB:.1f} GiB, {m.get('GPU', 0):g} "
            "GPUs"
            for m in machines
        )
        raise InputError(
            f"{wanted} actors of {_size(options)} each: Ray has room for {room}, and would wait "
            f"for ever. Its machines have {there}"
        )
    return min(wanted, parts)


def room_on(machine, options):
    """Returns how many actors fit on a machine.

    Args:
        machine: {"CPU": number, "memory": bytes, "GPU": number}, as Ray tells them.
        options: a `WorkerOptions`.
    """
    needs = {"CPU": options.cpus, "memory": options.memory * _GIB, "GPU": options.gpus}
    return min(
        math.floor(machine.get(name, 0) / need + 1e-9) for name, need in needs.items() if need
    )


def _size(options):
    gpus = f", {options.gpus:g} GPUs" if options.gpus else ""
    return f"{options.cpus} CPUs, {options.memory:g} GiB{gpus}"
