"""What workers may take of a machine, and how much they do at once; known without TensorFlow."""

from dataclasses import dataclass
from typing import Annotated

from igc_tf.ranges import Range, check_ranges


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
