"""What is measured of classification in parts, on a small scale; and what is calculated from it."""

import contextlib
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow
import pytest
import tensorflow as tf
from pyarrow import parquet

from evaluation.distributed import __main__ as program
from evaluation.distributed import kills
from evaluation.distributed.costs import Machine, Shared, limits, project, rate_by_operations
from evaluation.distributed.kills import compare, kill_at_random
from evaluation.distributed.operations import count_operations
from igc_tf.classifiers import load_classifier
from igc_tf.data import bundled_digits
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import save_encoded_digits


def test_the_load_at_the_begin_of_a_resumed_run_is_not_known(tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    measuring = SimpleNamespace(classify=lambda *_: None, kill=dict, stages=interrupted)
    monkeypatch.setattr(program, "load_images", lambda *_: bundled_digits())
    monkeypatch.setattr(program, "_Measuring", lambda *_: measuring)
    monkeypatch.setattr(program, "_findings", lambda *_: {})
    save_encoded_digits(tmp_path / "generator", fast=SearchSettings(steps=0, start="encoder"))
    options = program.DistributedOptions(
        generator=str(tmp_path / "generator"), settings="paper", output=tmp_path / "out"
    )
    with pytest.raises(KeyboardInterrupt):
        program.measure_distributed(options, verbose=0)
    measuring.stages = lambda _: {}
    for again, is_known in ((options, False), (replace(options, output=tmp_path / "new"), True)):
        load = program.measure_distributed(again, verbose=0)["load_average"]
        assert (load["begin"] is not None, load["end"] is not None) == (is_known, True)


@pytest.mark.slow
def test_a_classification_is_measured(tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="the extra ray is not installed")
    # of the same form, and always there
    monkeypatch.setattr(program, "load_images", lambda *_: bundled_digits())
    monkeypatch.setattr(program.ray_engine, "BLOCKS", 50)
    save_encoded_digits(tmp_path / "generator", fast=SearchSettings(steps=0, start="encoder"))
    options = program.DistributedOptions(
        generator=str(tmp_path / "generator"),
        settings="paper",
        images=60,
        rounds=1,
        part_size=20,
        kills=1,
        kill_images=100,
        kill_part_size=5,
        memory_images=(30,),
        block_parts=2,
        operation_images=1,
        gpu_rate=1000.0,
        output=tmp_path / "out",
    )
    result = program.measure_distributed(options, verbose=0)
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8")) == result
    rows = {(row["measured"], row.get("engine")): row for row in result["rows"]}
    kills = rows["kills", None]
    assert sum(kills["killed"].values()) == 1
    assert (kills["lost"], kills["twice"], kills["other"]) == (0, 0, 0)
    assert kills["examples"] == 100 * kills["runs"]
    overhead = result["overhead"]
    rates = {engine: rows["overhead", engine]["rate"] for engine in ("process", "ray")}
    assert overhead["images_a_second"] == rates
    assert overhead["ratio"] == pytest.approx(rates["process"] / rates["ray"])
    assert result["memory"]["30"]["worker"] > 10**8
    core, gpu = (result["calculated"][name] for name in ("processor core", "GPU"))
    assert core["rate"] == rates["ray"] and gpu["rate"] == 1000 and gpu["measured"]
    assert [row["images"] for row in core["projections"]] == [10**6, 10**6, 10**9, 10**9]
    assert [row["images"] for row in gpu["limits"]] == [10**6, 10**9]
    # linear: 10 + 8 weights of each pixel for each class forwards, at each step the 8 of the latent
    # backwards, and once more forwards at the end
    products = rows["stages", None]["operations"]["products"]
    assert products == 10 * 2 * 784 * (100 * (10 + 8 + 8) + 10 + 8)


@pytest.mark.slow
def test_nothing_is_lost_when_a_worker_and_a_driver_are_killed(tmp_path):
    pytest.importorskip("ray", reason="the extra ray is not installed")
    save_encoded_digits(tmp_path / "generator")
    digits = bundled_digits().sample(200, seed=0)
    np.savez(tmp_path / "digits.npz", images=digits.images)
    classifier = load_classifier(tmp_path / "generator", "paper")
    predictions = [str(label) for label in classifier.classify(digits.images).predictions]
    names = [f"{tmp_path / 'digits.npz'} {number}" for number in range(200)]
    # the seed kills one of each
    found = kill_at_random(
        *(tmp_path / "digits.npz", 2, 3, (names, predictions), 1),
        *("--generator", tmp_path / "generator", "--settings", "paper", "--no-measure"),
        *("--part-size", 4, "--memory", 0.5),
        say=lambda _: None,
    )
    assert found.pop("killed") == {"workers": 1, "drivers": 1}
    assert found == {"runs": 1, "lost": 0, "twice": 0, "other": 0, "examples": 200}


class Classification:
    """Stands for a command that starts, and then has a part every ten seconds of a clock."""

    def __init__(self, clock):
        self.clock, self.before, self.killed_at = clock, 0, []
        self.begin()

    def begin(self):
        """Starts its worker, which takes a minute."""
        self.begun = self.clock.now + 60

    def worked(self):
        """In parts, since the worker is there."""
        return max(0.0, (self.clock.now - self.begun) / 10)

    def finished_parts(self):
        return self.before + int(self.worked())

    def is_running(self):
        return self.finished_parts() < 50

    def workers(self):
        return [self]

    def end(self):
        self.killed_at.append(self.worked())
        self.before = self.finished_parts()
        self.begin()

    kill = end

    def report(self):
        """Nobody waits for its end."""


def test_kills_are_spread_evenly_over_a_part(monkeypatch):
    clock, outputs, killed_at = SimpleNamespace(now=0.0), {}, []

    def sleep(seconds):
        clock.now += seconds

    @contextlib.contextmanager
    def started(source, output, *_):
        command = outputs.setdefault(output, Classification(clock))
        command.killed_at = killed_at
        yield command

    monkeypatch.setattr(kills, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    monkeypatch.setattr(kills, "started", started)
    monkeypatch.setattr(kills, "end", Classification.end)
    monkeypatch.setattr(kills, "compare", lambda output: {"examples": 50})
    found = kill_at_random("digits", 300, 0, (), 1, say=lambda _: None)
    assert sum(found["killed"].values()) == len(killed_at) == 300
    # the first one after those that were timed
    parts, shares = np.divmod([killed_at[0] - 2, *killed_at[1:]], 1)
    assert set(parts) == {1, 2, 3}
    # Kolmogorov's statistic: 0.094 is exceeded by one of a hundred even ones
    above = np.arange(1, 301) / 300 - np.sort(shares)
    assert max(above.max(), 1 / 300 - above.min()) < 0.094


def test_operations_are_counted_as_often_as_they_are_done():
    left, right = tf.ones([3, 5]), tf.ones([7, 5])
    product = count_operations(lambda: tf.matmul(left, right, transpose_b=True))
    assert product == {"products": 2 * 3 * 5 * 7, "others": 0}
    images, kernel = tf.ones([2, 8, 8, 3]), tf.ones([3, 3, 3, 4])

    @tf.function
    def steps():
        def step(i, x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.nn.conv2d(x, kernel, 2, "SAME")
            return i + 1, tape.gradient(loss, x)

        return tf.while_loop(lambda i, x: i < 5, step, [0, images])

    # 2 × 4 × 4 × 4 outputs of 27 weights each, and as many backwards
    assert count_operations(steps)["products"] == 5 * 2 * 2 * (2 * 4 * 4 * 4) * 27
    assert count_operations(lambda: tf.exp(images) + 1.0)["others"] == 2 * (2 * 8 * 8 * 3)
    assert not tf.config.functions_run_eagerly()


def test_costs_by_hand():
    machine = Machine("core", rate=100.0, price=0.5)
    assert rate_by_operations(2e9, 1e13, 0.1) == pytest.approx(500)
    quick = Shared(0.001, 0.001, 1000, part_size=10, bytes_read=8, bytes_written=8, storage=1e9)
    found = project(machine, 720_000, 2, quick, start_seconds=36.0)
    assert found["hours"] == pytest.approx(1.01)
    assert found["machine_hours"] == pytest.approx(2.02)
    assert found["cost"] == pytest.approx(1.01)
    assert found["limit"] == "machines"


def test_what_machines_share_limits_them_by_the_blocks_and_parts_of_so_many_images():
    machine = Machine("core", rate=100.0, price=0.5)
    shared = Shared(
        block_seconds=0.09,
        part_seconds=0.01,
        blocks=1000,
        part_size=10,
        bytes_read=50,
        bytes_written=5,
        storage=1e6,
    )
    # 1,000 parts in as many blocks take the driver 100 s, one machine 100 s
    assert shared.seconds(10_000) == pytest.approx({"driver": 100, "reading": 0.5, "writing": 0.05})
    few = limits(machine, 10_000, shared)
    assert few.pop("first") == "driver"
    assert few == pytest.approx({"driver": 1, "reading": 200, "writing": 2000})
    # 100,000 parts in 1,000 blocks: 90 s and 1,000 s beside 10,000 s of one machine
    many = limits(machine, 10**6, shared)
    assert many.pop("first") == "driver"
    assert many == pytest.approx({"driver": 10_000 / 1090, "reading": 200, "writing": 2000})
    # more machines than that wait, and are paid
    within = project(machine, 10**6, 9, shared)
    assert within["limit"] == "machines" and within["hours"] == pytest.approx(10_000 / 9 / 3600)
    beyond = project(machine, 10**6, 100, shared, start_seconds=10.0)
    assert beyond["limit"] == "driver" and beyond["hours"] == pytest.approx(1100 / 3600)
    assert beyond["cost"] == pytest.approx(100 * 0.5 * 1100 / 3600)
    slow = replace(shared, storage=10_000.0)
    assert limits(machine, 10**6, slow)["first"] == "reading"
    assert project(machine, 10**6, 100, slow)["limit"] == "reading"


def test_what_the_driver_takes_is_told_for_a_block_and_for_a_part(monkeypatch):
    clock = SimpleNamespace(now=0.0)

    def work(_make, _arguments, numbers, _options):
        # actors start in a minute; then blocks come back whole, each after 0.2 s and 3 ms a part
        clock.now += 60
        parts = len(numbers) // program.ray_engine.BLOCKS
        for number in numbers:
            clock.now += 0 if number % parts else 0.2 + 0.003 * parts
            yield number

    monkeypatch.setattr(program.ray_engine, "work_on_ray", work)
    monkeypatch.setattr(program, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    found = program._driver_seconds(7)
    assert found == pytest.approx({"block_seconds": 0.2, "part_seconds": 0.003})
    # disturbed while blocks are of one part
    disturbed = iter([0.25, 0.21])
    monkeypatch.setattr(program, "_seconds_a_block", lambda _: next(disturbed))
    assert program._driver_seconds(7) == {"block_seconds": 0.25, "part_seconds": 0.0}


def test_what_is_lost_twice_or_other_is_counted(tmp_path):
    def part(name, numbers, predictions):
        files = [f"digit {number}" for number in numbers]
        columns = {"number": numbers, "file": files, "prediction": predictions}
        parquet.write_table(pyarrow.table(columns), tmp_path / f"part-{name}.parquet")

    names, predictions = [f"digit {i}" for i in range(6)], list("012345")
    part("0", [0, 1, 2], list("012"))
    part("1", [3, 4, 5], list("345"))
    assert compare(tmp_path, names, predictions) == dict(examples=6, lost=0, twice=0, other=0)
    part("1", [2, 3, 9], list("203"))
    found = compare(tmp_path, names, predictions)
    # 4 and 5; 2; the 3 is read as 0, and a 9 there is none
    assert found == dict(examples=6, lost=2, twice=1, other=2)
