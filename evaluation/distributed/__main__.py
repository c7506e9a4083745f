"""`python -m evaluation.distributed`: `igc-tf classify --engine`, on this machine.

What Ray takes beside one process, what random kills lose, what memory many images take; and,
calculated from that, what a million and a billion images take.
"""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np

from evaluation.distributed.commands import started
from evaluation.distributed.costs import Machine, Shared, limits, project, rate_by_operations
from evaluation.distributed.kills import kill_at_random
from evaluation.distributed.operations import count_operations
from igc_tf.classifiers import load_classifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.distributed import WorkerOptions, ray_engine
from igc_tf.distributed.records import import_pyarrow
from igc_tf.distributed.sources import frame_values, open_source
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import Experiment

# of which cost and time are calculated
_MANY = (10**6, 10**9)
# machines among which they are divided
_MACHINES = (1, 100)


@dataclass(frozen=True)
class DistributedOptions:
    """Measure what classification in parts takes beside one process, and what it survives.

    Attributes:
        generator: a name that ships, or where a generator is kept; of MNIST's form.
        settings: of the search, a name that the generator's card has settings for, or "paper".
        images: MNIST test images that one actor and one process classify.
        rounds: how often they do so, in turn; the medians count.
        threads: TensorFlow's in both, and the actor's processors.
        part_size: images in a part.
        kills: of workers and drivers, at random.
        kill_images: that are classified while they are killed.
        kill_part_size: images in a part, then.
        memory_images: numbers of images whose memory is measured; more than the test set has are
            the same again.
        block_parts: parts in a block, beside blocks of one part, that do nothing: they tell what
            the driver takes for a block and for a part.
        operation_images: of which the floating-point operations are counted; their mean is told.
        seed: of the kills.
        core_price: assumed, of a processor core for an hour, USD.
        gpu_price: assumed, of a GPU for an hour, USD.
        gpu_rate: images that a GPU classifies a second, if it was measured elsewhere; else it is
            calculated from the next two.
        gpu_peak: assumed, operations a second that a GPU can do in float32.
        gpu_share: assumed, of that peak, what a search reaches.
        storage: assumed, bytes a second that the shared file system moves each way.
        output: directory for result.json.
    """

    generator: str = "mnist-cagan-compact"
    settings: str = "best"
    images: Annotated[int, Range(1, 10_000)] = 10_000
    rounds: Annotated[int, Range(1, 100)] = 3
    threads: Annotated[int, Range(1, 1024)] = 1
    part_size: Annotated[int, Range(1, 100_000)] = 1000
    kills: Annotated[int, Range(0, 1000)] = 20
    kill_images: Annotated[int, Range(1, 10_000)] = 10_000
    kill_part_size: Annotated[int, Range(1, 10_000)] = 200
    memory_images: Annotated[tuple[int, ...], Range(1, 1_000_000)] = (1000, 10_000, 50_000)
    block_parts: Annotated[int, Range(2, 1000)] = 100
    operation_images: Annotated[int, Range(1, 1000)] = 20
    seed: Annotated[int, SEED] = 0
    core_price: Annotated[float, Range(0)] = 0.04
    gpu_price: Annotated[float, Range(0)] = 3.0
    gpu_rate: Annotated[float | None, Range(0, above=True)] = None
    gpu_peak: Annotated[float, Range(0, above=True)] = 60e12
    gpu_share: Annotated[float, Range(0, 1, above=True)] = 0.05
    storage: Annotated[float, Range(0, above=True)] = 1e9
    output: Path = Path("runs/distributed")

    def __post_init__(self):
        check_ranges(self)


def measure_distributed(options, verbose=1):
    """Measures, and calculates from it. An interrupted run goes on after what it has measured.

    Args:
        options: a `DistributedOptions`.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`:

        - `rows`: for each `measured` thing, "overhead" or "memory", the `engine`, the number of
          `images`, the `round`, images a second behind the first part, `rate`, and of the report
          of `igc-tf classify` `seconds`, `first_seconds`, `start_seconds` and `memory`; one row of
          "kills", see `kill_at_random`; one of "stages".
        - `overhead`: `images_a_second` of the "process" and of "ray", medians of the rates; the
          `ratio` of the process's to Ray's; and `start_seconds` of both, until the first part is
          finished, in which the search is compiled.
        - `memory`: {images: {"worker": bytes, "caller": bytes}}, with Ray.
        - `operations`: floating-point operations of an image, `products` and `others`, and how
          many a second were reached, `reached`.
        - `calculated`: for each of `machines`, a processor core and a GPU, its `rate`, and for
          each of two numbers of images how many of them keep what they share busy (`limits`), and
          what one and a hundred of them take (`projections`).
        - `load_average` of the machine at the begin, None if it was resumed, and at the end.

    Raises:
        InputError: for a generator or settings that there are not.
        DataUnavailableError: without MNIST.
        CommandError: if a classification fails.
    """
    classifier = load_classifier(options.generator, options.settings)
    data = load_images("mnist", "test")
    facts = {
        **classifier.identity(),
        "data": {"source": data.source, "split": data.split, "count": options.images},
    }
    run = Experiment("python -m evaluation.distributed", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    # nobody knows what it was when the first rows were found
    load = None if run.rows else os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        measuring = _Measuring(options, run, data, Path(folder))
        for number in range(options.rounds):
            for engine in ("process", "ray"):
                measuring.classify("overhead", engine, options.images, number)
        for count in options.memory_images:
            measuring.classify("memory", "ray", count, 0)
        if run.row(measured="kills") is None:
            run.add({"measured": "kills", **measuring.kill()})
        if run.row(measured="stages") is None:
            run.add({"measured": "stages", **measuring.stages(classifier)})
    return run.finish(
        **_findings(options, run.rows),
        load_average={"begin": load, "end": os.getloadavg()[0]},
    )


class _Measuring:
    """What is measured of commands, in a folder that is thrown away."""

    def __init__(self, options, run, data, folder):
        self._options, self._run, self._folder = options, run, folder
        self._pixels = np.rint(255 * (data.images + 0.5)).astype(np.uint8)

    def classify(self, measured, engine, count, number):
        """Lets an engine classify so many images, once."""
        key = {"measured": measured, "engine": engine, "images": count, "round": number}
        if self._run.row(**key) is not None:
            return
        output = self._folder / f"{measured}-{engine}-{count}-{number}"
        report = self._report(self._source(count), output, engine, self._options.part_size)
        names = "seconds", "first_seconds", "start_seconds", "memory"
        found = {name: report[name] for name in names}
        # what is compiled in the first part is part of the start
        rest = count - min(count, self._options.part_size)
        seconds = report["seconds"] - report["first_seconds"]
        found["rate"] = rest / seconds if rest else count / report["seconds"]
        self._run.add(key | found)
        self._run.say(
            f"{measured}: {count:,} images, {engine:7} {found['rate']:8.1f} a second, "
            f"{report['start_seconds']:.1f} s before, "
            f"{report['memory']['worker'] / 2**20:,.0f} MiB"
        )

    def kill(self):
        """Kills at random while some are classified."""
        options = self._options
        source, output = self._source(options.kill_images), self._folder / "undisturbed"
        self._report(source, output, "process", options.kill_part_size)
        _, parquet = import_pyarrow()
        table = parquet.read_table(output, columns=["number", "file", "prediction"])
        table = table.sort_by("number").to_pydict()
        return kill_at_random(
            source,
            options.kills,
            options.seed,
            (table["file"], table["prediction"]),
            options.threads,
            *self._arguments(options.kill_part_size),
            say=self._run.say,
        )

    def stages(self, classifier):
        """What an image takes besides the search: bytes and seconds; and its operations."""
        options = self._options
        path = self._source(options.images)
        source, begin = open_source(path), time.perf_counter()
        for first in range(0, source.count, options.part_size):
            frame_values(*source.read(first, first + options.part_size), classifier.generator)
        seconds = time.perf_counter() - begin
        output = self._folder / f"overhead-process-{options.images}-0"
        if not output.exists():
            self._report(path, output, "process", options.part_size)
        written = sum(part.stat().st_size for part in output.glob("part-*.parquet"))
        some = source.read(0, options.operation_images)
        some = frame_values(*some, classifier.generator)[0]
        operations = count_operations(lambda: classifier.predict(some, verbose=0))
        return {
            "read_rate": source.count / seconds,
            "bytes_read": path.stat().st_size / source.count,
            "bytes_written": written / source.count,
            **_driver_seconds(options.block_parts),
            "operations": {name: count / len(some) for name, count in operations.items()},
        }

    def _report(self, source, output, engine, part_size):
        actors = ("--actors", 1) if engine == "ray" else ()
        arguments = self._arguments(part_size)
        threads = self._options.threads
        with started(source, output, engine, threads, *actors, *arguments) as command:
            return command.report()

    def _arguments(self, part_size):
        options = self._options
        return (
            *("--generator", options.generator, "--settings", options.settings, "--no-measure"),
            *("--part-size", part_size, "--memory", 1.5),
        )

    def _source(self, count):
        """A Parquet file of so many images."""
        path = self._folder / f"images-{count}.parquet"
        if not path.exists():
            pyarrow, parquet = import_pyarrow()
            chosen = np.arange(count) % len(self._pixels)
            images = self._pixels[chosen].reshape(count, -1)
            column = pyarrow.FixedSizeListArray.from_arrays(images.ravel(), images.shape[1])
            names = [f"test {number}" for number in chosen]
            table = pyarrow.table({"file": names, "image": column})
            parquet.write_table(table, path, row_group_size=self._options.part_size)
        return path


class _Nothing:
    """Work that takes no time."""

    def __call__(self, number):
        return number


def _driver_seconds(block_parts):
    """What Ray takes to hand out a block of parts and take it back, and for each part besides."""
    alone, together = (_seconds_a_block(parts) for parts in (1, block_parts))
    # so few parts may seem to take less than none where other work disturbs them
    of_part = max(0.0, (together - alone) / (block_parts - 1))
    return {"block_seconds": alone - of_part, "part_seconds": of_part}


def _seconds_a_block(parts):
    """How long a block of so many parts takes Ray, behind the first one."""
    blocks = ray_engine.BLOCKS
    work = ray_engine.work_on_ray(_Nothing, (), range(blocks * parts), WorkerOptions(actors=1))
    back = [time.perf_counter() for _ in work]
    return (back[-1] - back[0]) / (blocks - 1)


def _findings(options, rows):
    """What the rows say together."""
    rates, starts = {}, {}
    for engine in ("process", "ray"):
        chosen = [
            row for row in rows if (row["measured"], row.get("engine")) == ("overhead", engine)
        ]
        rates[engine] = median(row["rate"] for row in chosen)
        starts[engine] = median(row["start_seconds"] + row["first_seconds"] for row in chosen)
    stages = next(row for row in rows if row["measured"] == "stages")
    operations = stages["operations"]
    of_image = sum(operations.values())
    gpu_rate = options.gpu_rate or rate_by_operations(of_image, options.gpu_peak, options.gpu_share)
    machines = (
        Machine("processor core", rates["ray"] / options.threads, options.core_price),
        Machine("GPU", gpu_rate, options.gpu_price),
    )
    measured = ("block_seconds", "part_seconds", "bytes_read", "bytes_written")
    shared = Shared(
        **{name: stages[name] for name in measured},
        blocks=ray_engine.BLOCKS,
        part_size=options.part_size,
        storage=options.storage,
    )
    return {
        "overhead": {
            "images_a_second": rates,
            "ratio": rates["process"] / rates["ray"],
            "start_seconds": starts,
        },
        "memory": {
            str(row["images"]): row["memory"] for row in rows if row["measured"] == "memory"
        },
        "operations": {**operations, "reached": of_image * rates["process"]},
        "calculated": {
            machine.name: {
                "rate": machine.rate,
                "price": machine.price,
                "measured": machine.name != "GPU" or options.gpu_rate is not None,
                "limits": [
                    {"images": images, **limits(machine, images, shared)} for images in _MANY
                ],
                "projections": [
                    {
                        "images": images,
                        "machines": count,
                        **project(machine, images, count, shared, starts["ray"]),
                    }
                    for images in _MANY
                    for count in _MACHINES
                ],
            }
            for machine in machines
        },
    }


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(DistributedOptions)
    result = measure_distributed(options)
    overhead, kills = (
        result["overhead"],
        next(row for row in result["rows"] if row["measured"] == "kills"),
    )
    print(f"one process is {overhead['ratio']:.3f} × as fast as one actor, start-up apart")
    print(
        f"{sum(kills['killed'].values())} kills: {kills['lost']} lost, {kills['twice']} twice, "
        f"{kills['other']} other of {kills['examples']:,}"
    )
    for images, memory in result["memory"].items():
        print(f"{int(images):,} images: {memory['worker'] / 2**20:,.0f} MiB at most in a worker")
    for name, found in result["calculated"].items():
        for row in found["projections"]:
            print(
                f"{row['images']:,} images on {row['machines']} × {name}: {row['hours']:,.2f} h, "
                f"{row['cost']:,.2f} USD, limited by: {row['limit']}"
            )


if __name__ == "__main__":
    run_program(main)
