"""Training on several workers: they train what one would, go on after a loss, and are checked."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data import bundled_digits
from igc_tf.errors import InputError, WorkerError
from igc_tf.search import SearchSettings
from igc_tf.training import (
    CAGANRecipe,
    NetworkRecipe,
    joined_workers,
    train_generator,
    train_network,
)
from igc_tf.training.class_separation import ClassSeparation
from igc_tf.training.workers import read_cluster

# of weights after a few steps of up to 0.001 each: sums over a batch are taken in another order,
# and Adam makes as large a step, either way, of a gradient that is nearly nothing
_NEARLY_ALL, _MOST, _MEAN = 0.999, 1e-4, 2e-6
_PATIENCE = 120
_LENET = NetworkRecipe(epochs=2, batch_size=16, train_images=64, distortion=True, sigma=0.4)
_JOINT = CAGANRecipe(
    size="compact",
    encoder="compact",
    epochs=1,
    batch_size=16,
    learning_rate=1e-3,
    joint=ClassSeparation(
        settings=SearchSettings(steps=0, start="encoder"), images=8, distortion=True, sigma=0.4
    ),
    validation_images=10,
    train_images=32,
)
_RECIPES = {"lenet": _LENET, "long": replace(_LENET, epochs=8), "joint": _JOINT}


def train(name, output, strategy=None):
    """Trains by a recipe; also what the workers of these tests run."""
    parts = [bundled_digits().sample(96, seed=seed) for seed in (1, 2, 3)]
    recipe = _RECIPES[name]
    if isinstance(recipe, NetworkRecipe):
        train_network(recipe, output, parts, verbose=0, strategy=strategy)
    else:
        train_generator(recipe, output, parts[:2], verbose=0, strategy=strategy)


def _train_as_worker(output, *names):
    with joined_workers(lambda said: print(said, file=sys.stderr, flush=True)) as strategy:
        for name in names:
            train(name, Path(output) / name, strategy)


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@contextmanager
def _workers(outputs, *names):
    """Two processes that train together, one recipe after another; ended at the end."""
    addresses = [f"localhost:{port}" for port in _free_ports(2)]
    processes = []
    try:
        for index, output in enumerate(outputs):
            task = {"type": "worker", "index": index}
            config = {"cluster": {"worker": addresses}, "task": task}
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.training.test_workers", str(output), *names],
                    cwd=Path(__file__).parents[2],
                    env={**os.environ, "TF_CONFIG": json.dumps(config)},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _saved(output):
    """{name: array} of all that the last checkpoint keeps."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(output / "checkpoints"))
    names = [name for name in reader.get_variable_to_shape_map() if "ATTRIBUTES" in name]
    return {name: reader.get_tensor(name) for name in names}


def _assert_alike(ours, theirs):
    assert set(ours) == set(theirs)
    differences = []
    for name, value in ours.items():
        if np.issubdtype(value.dtype, np.floating):
            differences.append(np.abs(value - theirs[name]).ravel())
        else:
            np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    differences = np.concatenate(differences)
    assert differences.size > 10_000
    assert np.quantile(differences, _NEARLY_ALL) < _MOST and differences.mean() < _MEAN


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Of two workers that trained two recipes, and at the third of which one was killed."""
    chief_output, other_output = (tmp_path_factory.mktemp(name) for name in ("chief", "other"))
    with _workers((chief_output, other_output), "lenet", "joint", "long") as (chief, other):
        deadline = time.monotonic() + 2 * _PATIENCE
        while not (chief_output / "long/checkpoints/ckpt-2.index").exists():
            assert time.monotonic() < deadline and chief.poll() is None
            time.sleep(0.02)
        other.send_signal(signal.SIGKILL)
        _, said = chief.communicate(timeout=_PATIENCE)
        assert chief.returncode != 0 and "another worker is gone" in said
    return chief_output, other_output


@pytest.mark.parametrize("name", ["lenet", "joint"])
def test_two_workers_train_what_one_does(outputs, tmp_path, name):
    train(name, tmp_path)
    _assert_alike(_saved(outputs[0] / name), _saved(tmp_path))
    # only the first one writes, and it writes everything
    assert not list(outputs[1].iterdir())
    files = [{path.name for path in out.iterdir()} for out in (outputs[0] / name, tmp_path)]
    assert files[0] == files[1]


def test_a_killed_worker_and_a_restart_go_on(outputs, tmp_path):
    output = outputs[0] / "long"
    done = int(_saved(output)["epoch/.ATTRIBUTES/VARIABLE_VALUE"])
    assert 2 <= done < 8
    with _workers(outputs, "long") as processes:
        for process in processes:
            _, said = process.communicate(timeout=_PATIENCE)
            assert process.returncode == 0, said
    (resumed,) = json.loads((output / "options.json").read_text())["resumed"]
    assert resumed["after_epoch"] == done
    train("long", tmp_path)
    ours, theirs = _saved(output), _saved(tmp_path)
    assert int(ours["epoch/.ATTRIBUTES/VARIABLE_VALUE"]) == 8
    for part, value in ours.items():
        if part.startswith("weights"):
            np.testing.assert_allclose(value, theirs[part], atol=1e-3, err_msg=part)


def test_a_cluster_is_read():
    config = {
        "cluster": {"worker": ["a:1", "b:2"], "chief": ["c:3"]},
        "task": {"type": "worker", "index": 1},
    }
    assert read_cluster(json.dumps(config)) == (("c:3", "a:1", "b:2"), 2)
    assert read_cluster(None) == read_cluster("") == read_cluster("{}") == ((), 0)
    assert read_cluster('{"cluster": {"worker": ["a:1"]}}') == (("a:1",), 0)


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"cluster": {"worker": "a:1"}}', "no lists of addresses"),
        ('{"cluster": {"worker": ["a"]}}', "no lists of addresses"),
        ('{"cluster": {"ps": ["a:1"]}}', r"has \['ps'\]"),
        ('{"cluster": {"chief": ["a:1", "b:1"]}}', "more than one chief"),
        ('{"cluster": {"worker": ["a:1", "a:1"]}}', "same address"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "none of the types"),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": ["x"], "index": 0}}',
            "none of the types",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
            "index is 2 of 2",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": "0"}}',
            "index is '0'",
        ),
    ],
)
def test_another_cluster_is_refused(text, said, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=said) as refused, joined_workers():
        pass
    assert "TF_CONFIG=" in str(refused.value) and "expected such as" in str(refused.value)


def test_a_process_that_has_computed_is_told_to_begin_anew(monkeypatch):
    workers = {"worker": ["localhost:1", "localhost:2"]}
    config = {"cluster": workers, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    tf.ones([1]).numpy()
    with pytest.raises(WorkerError, match="has computed in this process already"), joined_workers():
        pass


def test_a_lost_worker_is_told_by_what_happened_alone(monkeypatch):
    workers = {"worker": ["localhost:1", "localhost:2"]}
    config = {"cluster": workers, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    monkeypatch.setattr("igc_tf.training.workers._waited_for", lambda address: None)
    lost = (
        "Graph execution error:\n\n"
        "{{function_node __wrapped__CollectiveReduceV2_device_/job:worker/task:0/device:CPU:0}} "
        "Collective ops is aborted by: task 1 stopped sending heartbeats\n"
    )
    said = r"\(TensorFlow says: Collective ops is aborted by: task 1 stopped sending heartbeats\)$"
    with pytest.raises(WorkerError, match=said), joined_workers(say=len):
        raise tf.errors.AbortedError(None, None, lost)


def test_one_worker_is_no_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with joined_workers() as strategy:
        assert strategy is tf.distribute.get_strategy()


if __name__ == "__main__":
    _train_as_worker(*sys.argv[1:])
