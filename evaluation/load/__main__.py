"""`python -m evaluation.load`: `igc-tf serve` under load, on this machine alone.

How many requests it answers, with batching and without, beside what the engine itself does; and
what it does with slow, huge and malformed requests, and when it is told to end.
"""

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np

from evaluation.figures import plot_curves
from evaluation.load.clients import keep_asking
from evaluation.load.faults import (
    is_answered,
    meet_its_end,
    meet_large_bodies,
    meet_slow_clients,
    predictions,
)
from evaluation.load.malformed import draw_malformed, send_malformed
from evaluation.load.service import started
from igc_tf.classifiers import load_classifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import bundled_digits
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import Experiment
from igc_tf.serve import ServiceOptions
from igc_tf.serve.signatures import served_model

_PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class LoadOptions:
    """Measure what `igc-tf serve` does under load, over this machine's loopback.

    Attributes:
        generator: a name that ships, or where a generator is kept; of 28×28×1 images.
        settings: of the search, a name that the generator's card has settings for, or "paper".
        clients: how many ask at once, each one image after the other.
        seconds: for which they ask.
        rounds: how often each number of clients asks, in turn, with batching and without, and the
            engine itself is timed; the medians count.
        slow_clients: that send their bodies byte by byte.
        slow_seconds: that each of them takes.
        bodies: large ones, at once.
        body_size: of each, MiB.
        malformed: requests that cannot be answered.
        seed: of the choice of images, and of what is malformed.
        output: directory for result.json and the picture.
    """

    generator: str = "mnist-cagan-compact"
    settings: str = "best"
    clients: Annotated[tuple[int, ...], Range(1, 500)] = (1, 8, 64)
    seconds: Annotated[float, Range(0, 60, above=True)] = 4.0
    rounds: Annotated[int, Range(1, 100)] = 3
    slow_clients: Annotated[int, Range(1, 500)] = 300
    slow_seconds: Annotated[float, Range(0, 60, above=True)] = 15.0
    bodies: Annotated[int, Range(1, 10)] = 3
    body_size: Annotated[float, Range(0, 100, above=True)] = 60.0
    malformed: Annotated[int, Range(1, 100_000)] = 1000
    seed: Annotated[int, SEED] = 0
    output: Path = Path("runs/load")

    def __post_init__(self):
        check_ranges(self)


def measure_load(options, verbose=1):
    """Measures a service that batches, one that does not, and the engine, in turn; and the faults.

    All of it takes a few minutes at most, and whatever it starts is ended.

    Args:
        options: a `LoadOptions`.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`:

        - `rows`: for each number of `clients`, with `batching` and without, the requests
          `per_second` and the percentiles of their `latency` in seconds, medians of the rounds;
          how many `requests` there were in all rounds, and answers other than the engine's,
          `wrong`; and `examples_at_once`, in one search on average.
        - `engine`: images a second of the same search without HTTP, one at a time and as many as
          the most clients there are, medians; `ratio`: by how much more these are, of the engine,
          of the service at most clients with batching to without, and `reached`, the share that
          the service has of the engine's.
        - `slow`, `large`, `malformed`, `end`: see `evaluation.load.faults` and
          `evaluation.load.malformed`; `serves_after`, whether good requests were answered after all
          that; and `stderr`, how many lines the services wrote there.
        - `load_average` of the machine at the begin and at the end.

    Raises:
        InputError: for a generator or settings that there are not.
        ServiceError: if a service does not start.
    """
    classifier = load_classifier(options.generator, options.settings)
    most = max(options.clients)
    images = bundled_digits().sample(most, options.seed)
    engine = served_model(classifier, ServiceOptions(max_batch=most)).signature("serving_default")
    labels = engine.compute(np.arange(most), {"images": images.images})["label"].tolist()
    requests = predictions(images.images)
    facts = {
        **classifier.identity(),
        "data": {"source": images.source, "count": len(images)},
    }
    run = Experiment("python -m evaluation.load", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    load = os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        command = "serve", options.generator, options.settings
        batching = stack.enter_context(started(*command))
        alone = stack.enter_context(started(*command, "--max-batch", "1"))
        services = {True: batching, False: alone}
        throughput = _Throughput(options, run, engine, images.images, labels, requests)
        for _ in range(options.rounds):
            throughput.measure(services)
        # all are timed in turn, and so anew in a run that goes on
        run.rows.clear()
        for row in throughput.rows():
            run.add(row)
        findings = throughput.findings() | _faults(options, run, batching, images.images, labels)
        end = asyncio.run(meet_its_end(batching, requests, labels, most, options.seconds / 2))
        lines = [
            service.errors.read_text(errors="replace").count("\n") for service in (batching, alone)
        ]
        run.say(f"told to end: {end}")
    run.write_figure("latency.png", _figure(run.rows))
    return run.finish(
        **findings,
        end=end,
        stderr=sum(lines),
        load_average={"begin": load, "end": os.getloadavg()[0]},
    )


class _Throughput:
    """What is measured in every round."""

    def __init__(self, options, run, engine, images, labels, requests):
        self._options = options
        self._run = run
        self._engine = engine
        self._images = images
        self._labels = labels
        self._requests = requests
        self._rounds = {
            (batching, clients): [] for clients in options.clients for batching in (True, False)
        }
        self._rates = {count: [] for count in sorted({1, max(options.clients)})}

    def measure(self, services):
        """One round."""
        for count, rates in self._rates.items():
            rates.append(self._rate(count))
            self._run.say(f"the engine, {count:3d} at once {rates[-1]:8.1f} images a second")
        for (batching, clients), rounds in self._rounds.items():
            rounds.append(self._asked(services[batching], clients))
            found = rounds[-1]
            self._run.say(
                f"{clients:3d} clients, {'batching' if batching else 'one by one':10} "
                f"{found['per_second']:8.1f} requests a second, "
                f"median {1000 * found['latency']['50']:.0f} ms"
            )

    def _rate(self, count):
        """Images a second of the search alone."""
        indices, arrays = np.arange(count), {"images": self._images[:count]}
        self._engine.compute(indices, arrays)
        begin, done = time.perf_counter(), 0
        while (taken := time.perf_counter() - begin) < self._options.seconds:
            self._engine.compute(indices, arrays)
            done += count
        return done / taken

    def _asked(self, service, clients):
        # the first answers may wait for what is prepared once
        asyncio.run(keep_asking(service, self._requests, clients, 0.2))
        searches, examples = service.batches()
        found, taken = asyncio.run(
            keep_asking(service, self._requests, clients, self._options.seconds)
        )
        more_searches, more_examples = service.batches()
        times = [answer.seconds for _, answer in found]
        return {
            "requests": len(found),
            "wrong": sum(not is_answered(answer, self._labels[index]) for index, answer in found),
            "per_second": len(found) / taken,
            "latency": {
                str(p): float(value)
                for p, value in zip(_PERCENTILES, np.percentile(times, _PERCENTILES), strict=True)
            },
            "examples_at_once": (more_examples - examples) / (more_searches - searches),
        }

    def rows(self):
        """The rows of the result."""
        rows = []
        for (batching, clients), rounds in self._rounds.items():
            row = {"clients": clients, "batching": batching}
            for name in ("requests", "wrong"):
                row[name] = sum(found[name] for found in rounds)
            for name in ("per_second", "examples_at_once"):
                row[name] = median(found[name] for found in rounds)
            row["latency"] = {
                str(p): median(found["latency"][str(p)] for found in rounds) for p in _PERCENTILES
            }
            rows.append(row | {"rounds": rounds})
        return rows

    def findings(self):
        """What the rows and the engine say together."""
        engine = {count: median(rates) for count, rates in self._rates.items()}
        most = max(engine)
        of_engine = engine[most] / engine[1]
        with_batching, without = (
            median(found["per_second"] for found in self._rounds[batching, most])
            for batching in (True, False)
        )
        of_service = with_batching / without
        return {
            "engine": {str(count): rate for count, rate in engine.items()},
            "engine_rounds": {str(count): rates for count, rates in self._rates.items()},
            "ratio": {
                "engine": of_engine,
                "service": of_service,
                "reached": of_service / of_engine,
            },
        }


def _faults(options, run, service, images, labels):
    """What a service does with requests that are slow, huge or malformed."""
    found = {}
    found["slow"] = slow = asyncio.run(
        meet_slow_clients(service, images, labels, options.slow_clients, options.slow_seconds)
    )
    times = slow["beside"].pop("seconds")
    slow["beside"]["latency"] = {str(p): float(np.percentile(times, p)) for p in _PERCENTILES}
    run.say(f"slow clients: {slow}")
    found["large"] = asyncio.run(
        meet_large_bodies(service, images[0], options.bodies, options.body_size)
    )
    run.say(f"large bodies: {found['large']}")
    malformed = draw_malformed(options.malformed, options.seed, images.shape[1:])
    found["malformed"] = asyncio.run(send_malformed(service, malformed))
    run.say(f"malformed: {found['malformed']}")
    after, _ = asyncio.run(keep_asking(service, predictions(images), 1, 0.5))
    found["serves_after"] = all(is_answered(answer, labels[index]) for index, answer in after)
    return found


def _figure(rows):
    rows = sorted(rows, key=lambda row: row["clients"])
    panels = {"requests a second": {}, "latency, median, ms": {}, "latency, 99 %, ms": {}}
    for batching, name in ((True, "batching"), (False, "one by one (--max-batch 1)")):
        chosen = [row for row in rows if row["batching"] is batching]
        clients = [row["clients"] for row in chosen]
        values = (
            [row["per_second"] for row in chosen],
            [1000 * row["latency"]["50"] for row in chosen],
            [1000 * row["latency"]["99"] for row in chosen],
        )
        for curves, quantity in zip(panels.values(), values, strict=True):
            curves[name] = clients, quantity
    return plot_curves(panels, "clients", "igc-tf serve under load", tuple(panels)[1:])


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(LoadOptions)
    result = measure_load(options)
    for row in result["rows"]:
        times = ", ".join(f"{p} %: {1000 * value:.0f}" for p, value in row["latency"].items())
        print(
            f"{row['clients']:3d} clients, {'batching' if row['batching'] else 'one by one':10} "
            f"{row['per_second']:7.1f} requests a second; latency in ms, {times}"
        )
    ratio = result["ratio"]
    print(
        f"batching: {ratio['service']:.2f} × (the engine: {ratio['engine']:.2f} ×), "
        f"{100 * ratio['reached']:.0f} % of it"
    )


if __name__ == "__main__":
    run_program(main)
