"""`python -m evaluation.rivals`: the classifier beside its rivals, on the same images, in one run.

Plain networks, the nearest neighbour, and the same search written for PyTorch and JAX.
"""

import importlib.util
import os
import pickle
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Literal

import numpy as np

from evaluation.options import DatasetOptions
from evaluation.readers import network_facts, network_names
from evaluation.rivals.contestants import ContestantProcess, RivalError
from evaluation.rivals.ported import Problem
from evaluation.verdicts import ahead_by
from igc_tf.classifiers.network import load_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.metrics import format_proportion, proportion
from igc_tf.ranges import Range
from igc_tf.runs import Experiment
from igc_tf.search import named_settings
from igc_tf.training import RECIPES, train_network

# on which the same search in another framework has to agree
_COMPARED_IMAGES = 100
# that so many of a hundred answers are the same; rounding alone may change one or two
_LEAST_SAME = 0.95
PORTED = ("torch", "jax")


@dataclass(frozen=True)
class RivalsOptions(DatasetOptions):
    """Compare the classifier with its rivals: accuracy, speed, memory and time to start.

    Attributes:
        generator: a name that ships, or where a generator is kept.
        settings: of the search, names that the generator's card has settings for, or "paper",
            which takes about ten times as long as "best". The rivals' accuracies are compared with
            the first one's.
        networks: plain networks: names that ship, or directories of trainings.
        cnn: directory of a training by the recipe cnn-fair; it is trained, or resumed, in the
            directory "cnn" of the output if not given.
        without: rivals to leave out.
        dataset: an image set of TensorFlow Datasets, of the generator's shape.
        split: of the images: "test"; or "validation/choices", to make choices on.
        images: how many, drawn at random, or "all".
        sigma: standard deviations of the noise, as parts of the range from black to white; the
            same noisy images for all.
        batches: how many images are handed over at a time when speed is measured.
        rounds: how often the speed is measured, of all in turn; the medians count.
        output: directory for result.json.
    """

    generator: str = "mnist-cagan-compact"
    settings: tuple[str, ...] = ("best",)
    networks: tuple[str, ...] = ("mnist-lenet", "mnist-lenet-fair")
    cnn: Path | None = None
    without: tuple[Literal["cnn", "nearest", "torch", "jax"], ...] = ()
    split: Literal["test", "validation/choices"] = "test"
    images: Annotated[int | Literal["all"], Range(1)] = 1000
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    batches: Annotated[tuple[int, ...], Range(1)] = (1, 100, 1000)
    rounds: Annotated[int, Range(1)] = 3
    output: Path = Path("runs/rivals")

    def __post_init__(self):
        super().__post_init__()
        if not self.settings:
            raise InputError("settings=(): expected the name of one at least")
        network_names([*self.networks, *(() if "cnn" in self.without else ("cnn",))])


def compare_rivals(options, data=None, verbose=1, start=ContestantProcess):
    """Measures the classifier and its rivals, each in a process of its own.

    Args:
        options: a `RivalsOptions`.
        data: `(train, images)`, two `LabelledData`: what the nearest neighbour knows, and what is
            drawn from; None for those of the options' data set.
        verbose: 0 for silence.
        start: makes a contestant of its spec; `Contestant` measures in this very process.

    Returns:
        The result, also written as `result.json`:

        - `rows`: for each contestant and sigma the `accuracy`, its 95 % `interval`; `right`, a bit
          for each image, in hexadecimal digits; and beside the first settings' classifier,
          `library_ahead_by`: the difference of the accuracies, its
          95 % `interval` (Tango 1998), `library_only` and `rival_only`, how many images only one
          of both has right;
        - `costs`: for each contestant `start_seconds`, from the start of its process to its first
          answer; `peak_bytes` of memory, after all batches; `images_per_second`, the medians by
          batch, and `rounds`, of each round;
        - `agreement`: of each search in another framework, on how many images it agrees with the
          library's, and by how much the data differences differ at most;
        - `left_out`: what was not measured, and why.

    Raises:
        InputError: for options that cannot be met.
        DataUnavailableError: if the images are not available.
    """
    generator = load_generator(options.generator)
    settings = {name: named_settings(name, generator.card) for name in options.settings}
    if data is None:
        data = [
            load_images(options.dataset, split, data_dir=options.data_dir, bounds=generator.bounds)
            for split in ("train", options.split)
        ]
    train, images = data
    images = images.sample(len(images) if options.images == "all" else options.images, options.seed)
    networks = dict(zip(network_names(options.networks), options.networks, strict=True))
    if "cnn" not in options.without:
        networks["cnn"] = options.cnn or _trained_cnn(options, verbose)
    facts = {
        **generator.digests(),
        **network_facts({name: load_network(network) for name, network in networks.items()}),
        "search": {name: chosen.to_dict() for name, chosen in settings.items()},
        "data": images.facts(),
    }
    run = Experiment("python -m evaluation.rivals", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    with tempfile.TemporaryDirectory() as temporary:
        comparison = _Comparison(options, run, start, Path(temporary), images)
        specs, left_out = _contestants(
            options, settings, networks, Path(temporary), train, generator
        )
        return comparison.result(specs, left_out)


def _trained_cnn(options, verbose):
    """The directory of the CNN of this run, which is trained if it is not there yet."""
    directory = options.output / "cnn"
    recipe = replace(RECIPES["cnn-fair"], dataset=options.dataset)
    train_network(recipe, directory, data_dir=options.data_dir, verbose=verbose)
    return directory


def _contestants(options, settings, networks, folder, train, generator):
    """`({name: spec}, {name: why it is left out})`."""
    specs = {
        f"library, {name}": {"kind": "library", "generator": options.generator, "settings": name}
        for name in settings
    }
    for name, network in networks.items():
        specs[name] = {"kind": "network", "network": str(network), "bounds": generator.bounds}
    left_out = {}
    if "nearest" not in options.without:
        known = folder / "train.npz"
        np.savez(known, images=train.images, labels=train.labels)
        specs["nearest neighbour"] = {"kind": "nearest", "train": str(known)}
    for name, chosen in settings.items():
        problem, reason = folder / f"{name}.pickle", None
        try:
            problem.write_bytes(pickle.dumps(Problem.of(generator, chosen)))
        except InputError as error:
            reason = str(error)
        for kind in PORTED:
            if kind in options.without:
                continue
            if importlib.util.find_spec(kind) is None:
                left_out[f"{kind}, {name}"] = (
                    f"{kind} is not installed: pip install 'igc-tf[rivals]'"
                )
            elif reason is not None:
                left_out[f"{kind}, {name}"] = reason
            else:
                specs[f"{kind}, {name}"] = {"kind": kind, "problem": str(problem)}
    return specs, left_out


class _Comparison:
    """The measurements, and the files through which contestants get images and give answers."""

    def __init__(self, options, run, start, folder, images):
        self._options = options
        self._run = run
        self._start = start
        self._folder = folder
        self._labels = images.labels
        self._paths = {}
        for sigma in options.sigma:
            noised = with_noise(images, sigma, options.seed).images
            self._paths[sigma] = self._saved(f"images-{sigma:g}", noised)
        self._first = self._saved("first", images.images[:1])
        self._compared = self._saved("compared", images.images[:_COMPARED_IMAGES])

    def _saved(self, name, images):
        path = self._folder / f"{name}.npy"
        np.save(path, images)
        return path

    def result(self, specs, left_out):
        """Measures; see `compare_rivals`."""
        for name, reason in left_out.items():
            self._run.say(f"left out: {name}: {reason}")
        load = os.getloadavg()[0]
        contestants, costs = {}, {}
        try:
            for name, spec in specs.items():
                try:
                    contestants[name], costs[name] = self._started(name, spec)
                except RivalError as error:
                    if spec["kind"] not in PORTED:
                        raise
                    left_out[name] = str(error)
                    self._run.say(f"left out: {name}: {error}")
            agreement = self._agreement(contestants, left_out)
            self._measure_rates(contestants, costs)
            self._measure_accuracies(contestants)
        finally:
            for contestant in contestants.values():
                contestant.close()
        return self._run.finish(
            costs={name: costs[name] for name in contestants},
            agreement=agreement,
            left_out=left_out,
            load_average={"begin": load, "end": os.getloadavg()[0]},
        )

    def _started(self, name, spec):
        begin = time.perf_counter()
        contestant = self._start(spec)
        contestant.answer(self._first)
        seconds = time.perf_counter() - begin
        self._run.say(f"{name:24} first answer after {seconds:.1f} s")
        return contestant, {"start_seconds": seconds, "rounds": []}

    def _found(self, contestant, images):
        """What it makes of a file of images."""
        path = self._folder / "found.npz"
        contestant.answer(images, path)
        with np.load(path) as found:
            return dict(found)

    def _agreement(self, contestants, left_out):
        """How far the ported searches agree; those that do not are left out."""
        agreement = {}
        for name in [name for name in contestants if name.split(",")[0] in PORTED]:
            settings = name.split(", ")[1]
            ours = self._found(contestants[f"library, {settings}"], self._compared)
            theirs = self._found(contestants[name], self._compared)
            same = ours["predictions"] == theirs["predictions"]
            # of the classes that neither dropped
            largest = float(np.nanmax(np.abs(ours["differences"] - theirs["differences"])))
            agreement[name] = {
                "images": len(same),
                "same_predictions": int(same.sum()),
                "largest_difference": largest,
            }
            self._run.say(
                f"{name:24} {same.sum()} of {len(same)} answers as the library's, data "
                f"differences within {largest:.2g}"
            )
            if same.mean() < _LEAST_SAME:
                left_out[name] = f"only {same.sum()} of {len(same)} answers are the library's"
                contestants.pop(name).close()
        return agreement

    def _measure_rates(self, contestants, costs):
        for batch in self._options.batches:
            for _ in range(self._options.rounds):
                for name, contestant in contestants.items():
                    rate = contestant.rate(self._paths[self._options.sigma[0]], batch)
                    costs[name]["rounds"].append({"batch": batch, **rate})
        for name, contestant in contestants.items():
            rates = {
                str(batch): median(
                    row["images_per_second"]
                    for row in costs[name]["rounds"]
                    if row["batch"] == batch
                )
                for batch in self._options.batches
            }
            costs[name] |= {
                "images_per_second": rates,
                "peak_bytes": contestant.memory()["bytes"],
            }
            self._run.say(
                f"{name:24} images a second: "
                + ", ".join(f"{rate:.4g} of {batch}" for batch, rate in rates.items())
                + f"; {costs[name]['peak_bytes'] / 1e6:,.0f} MB"
            )

    def _measure_accuracies(self, contestants):
        """Rows for all but the ported searches, whose answers are the library's."""
        reference = f"library, {self._options.settings[0]}"
        for sigma in self._options.sigma:
            for name in contestants:
                if name.split(",")[0] in PORTED or self._run.row(name=name, sigma=sigma):
                    continue
                found = self._found(contestants[name], self._paths[sigma])
                is_right = found["predictions"] == self._labels
                share = proportion(int(is_right.sum()), len(is_right))
                row = {"name": name, "sigma": sigma, **share}
                if name != reference:
                    ours = _unpacked(self._run.row(name=reference, sigma=sigma), len(is_right))
                    row["library_ahead_by"] = ahead_by(ours, is_right)
                row["right"] = np.packbits(is_right).tobytes().hex()
                self._run.add(row)
                self._run.say(_line(row))


def _unpacked(row, count):
    """Which images a row's contestant has right, bool (N,)."""
    packed = np.frombuffer(bytes.fromhex(row["right"]), np.uint8)
    return np.unpackbits(packed, count=count).astype(bool)


def _line(row):
    text = f"sigma {row['sigma']:<4g} {row['name']:24} {format_proportion(row, 2):>26}"
    ahead = row.get("library_ahead_by")
    if ahead is None:
        return text
    low, high = (100 * end for end in ahead["interval"])
    return f"{text}; library ahead by {100 * ahead['difference']:+.2f} ({low:+.2f} to {high:+.2f})"


def main():
    """Runs the experiment with the options of the command line."""
    result = compare_rivals(parse_options(RivalsOptions))
    print(f"result.json: {result['options']['output']}")


if __name__ == "__main__":
    run_program(main)
