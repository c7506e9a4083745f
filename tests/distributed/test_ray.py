"""Classification in actors of Ray, on its only CPU: no hang, the same answers, refusals."""

import logging
import os
import pickle
import signal
from types import SimpleNamespace

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from igc_tf.classifiers import load_classifier
from igc_tf.distributed import WorkerOptions, classify_dataset
from igc_tf.distributed.parts import Parts
from igc_tf.distributed.ray_engine import _checked_actors, room_on, running, work_on_ray
from igc_tf.distributed.ray_rows import RayRows, _content
from igc_tf.distributed.records import find_columns
from igc_tf.distributed.sources import open_source
from igc_tf.distributed.worker import Asked, Worker
from igc_tf.errors import DataError, InputError, WorkerError
from igc_tf.generators import load_generator

ray = pytest.importorskip("ray", reason="the extra ray is not installed")
SMALL = {"memory": 0.5, "part_size": 5}


@pytest.fixture(scope="module")
def cluster():
    """Ray with one CPU; silent, also towards its makers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "RAY_USAGE_STATS_ENABLED", "0")
        import ray.data

        ray.init(
            num_cpus=1,
            object_store_memory=100 * 2**20,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        try:
            yield
        finally:
            ray.shutdown()


def test_a_cluster_that_is_not_there_is_named(monkeypatch):
    # another test may have started one here
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", "nowhere")
    with pytest.raises(InputError, match="RAY_ADDRESS='nowhere'.*HOST:PORT"), running():
        pass


def test_a_cluster_that_wants_a_token_is_not_taken_for_another_address(monkeypatch):
    def refused(**_):
        cause = ray.exceptions.AuthenticationError("no token")
        raise ConnectionError("Failed to connect to Ray cluster") from cause

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refused)
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    said = "RAY_ADDRESS='head:6379': this cluster wants a token: set RAY_AUTH_MODE=token"
    with pytest.raises(InputError, match=said), running():
        pass


def test_a_ray_that_does_not_start_says_why(monkeypatch):
    def fails(**_):
        raise Exception("The current node timed out during startup.\nSee the logs")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fails)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    expected = r"Ray does not start.*\(The current node timed out during startup\.\): .*try again"
    with pytest.raises(InputError, match=expected), running():
        pass


def test_a_program_keeps_what_it_does_on_sigterm(monkeypatch):
    def starts(**_):
        # as Ray does
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", starts)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running():
            assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_cluster_that_goes_away_is_told_in_one_sentence(monkeypatch):
    machine = {"Alive": True, "Resources": {"CPU": 1, "memory": 2**40}}
    data, raised = SimpleNamespace(map_batches=lambda *_, **__: data), []

    def rows():
        yield {"done": pickle.dumps((1, None))}
        raise raised[-1]

    data.iter_rows = rows
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "nodes", lambda: [machine])
    monkeypatch.setattr("ray.data.from_items", lambda *_, **__: data)
    errors = ray.exceptions
    gone = "Owner's node has crashed"
    for error in (
        errors.ActorDiedError(),
        errors.NodeDiedError(gone),
        errors.RaySystemError(gone),
        errors.RpcError(gone),
    ):
        raised.append(error)
        found = work_on_ray(print, (), [0, 1], WorkerOptions())
        assert next(found) == 1
        said = rf"the cluster is gone \(Ray says: {str(error).splitlines()[0]}\); .*same command"
        with pytest.raises(WorkerError, match=said):
            next(found)
    # what an actor was made with is to blame
    raised.append(errors.ActorDiedError())
    raised[-1]._actor_init_failed = True
    with pytest.raises(errors.ActorDiedError):
        list(work_on_ray(print, (), [0, 1], WorkerOptions()))


def test_the_only_cpu_is_taken_and_a_lazy_dataset_does_not_hang(
    cluster, generator, digits, tmp_path
):
    images = digits.images

    def row(number):
        return {"image": images[number["id"]], "file": f"digit {number['id']}"}

    lazy = ray.data.range(23, override_num_blocks=4).map(row)
    options = WorkerOptions(**SMALL)
    asked = {"output": tmp_path, "engine": "ray", "workers": options, "verbose": 0}
    report = classify_dataset(lazy, generator, "fast", **asked)
    assert (report["engine"], report["processes"], report["classified"]) == ("ray", 1, 23)
    # somebody else's Ray goes on
    assert ray.is_initialized()
    table = pandas.read_parquet(tmp_path)
    assert table["file"].tolist() == [f"digit {number}" for number in range(23)]
    found = load_classifier(generator, "fast").classify(images)
    assert table["prediction"].tolist() == [str(label) for label in found.predictions]
    scores = table[[f"score:{name}" for name in range(10)]].to_numpy()
    np.testing.assert_allclose(scores, found.scores, atol=1e-6)
    # the same dataset, cut into other blocks, is the same
    (tmp_path / "part-00003.parquet").unlink()
    again = ray.data.range(23, override_num_blocks=2).map(row)
    assert classify_dataset(again, generator, "fast", **asked)["classified"] == 5
    turned = ray.data.range(23).map(lambda number: row({"id": 22 - number["id"]}))
    with pytest.raises(InputError, match="something else: the source.*as many examples, but"):
        classify_dataset(turned, generator, "fast", **asked)
    with pytest.raises(DataError, match="no rows"):
        none = pyarrow.table({"image": pyarrow.array([], pyarrow.list_(pyarrow.uint8()))})
        classify_dataset(ray.data.from_arrow(none), generator, "fast", **asked)
    with pytest.raises(DataError, match=r"columns \['id'\]: expected one called \"image\""):
        classify_dataset(ray.data.range(3), generator, "fast", **asked)


def test_the_pictures_of_hugging_face_are_read(cluster, pixels, tmp_path):
    pictures = [{"bytes": bytes([i]), "path": f"{i}.png"} for i in range(4)]
    parquet.write_table(pyarrow.table({"image": [*pictures, None]}), tmp_path / "a.parquet")
    rows = RayRows.of(ray.data.read_parquet(str(tmp_path / "a.parquet")))
    assert rows.read(1, 5)[1] == [b"\1", b"\2", b"\3", None]


def test_the_names_of_rows_are_spelt_and_are_part_of_what_was_asked(cluster, pixels):
    rows = [{"image": pixels[i], "file": name} for i, name in enumerate(["a", None])]
    named = RayRows.of(ray.data.from_items(rows))
    assert named.read(0, 2)[0] == ["a", "row 1"]
    rows = [{"image": pixels[i], "file": name} for i, name in enumerate([b"\xc3\xa9", b"\xff"])]
    others = RayRows.of(ray.data.from_items(rows))
    assert others.read(0, 2)[0] == ["é", "\ufffd"]
    assert others.identity() != named.identity() and others.count == named.count == 2


def test_actors_without_room_are_refused_at_once(cluster, generator, digits, tmp_path):
    for more, expected in (
        ({"actors": 2}, "2 actors of 1 CPUs, 0.5 GiB each: Ray has room for 1, .*for ever"),
        ({"cpus": 2}, "1 actors of 2 CPUs.*room for 0"),
        ({"memory": 4096}, "room for 0"),
        ({"gpus": 1}, "1 CPUs, 0.5 GiB, 1 GPUs each: Ray has room for 0.*0 GPUs"),
    ):
        options = WorkerOptions(**{**SMALL, **more})
        with pytest.raises(InputError, match=expected):
            classify_dataset(
                digits, generator, "fast", output=tmp_path, engine="ray", workers=options, verbose=0
            )
    with pytest.raises(InputError, match="a name or a path"):
        classify_dataset(
            digits, load_generator(generator), "fast", output=tmp_path, engine="ray", verbose=0
        )


class _Dies(Worker):
    """Is killed once when it begins the part 1, and once when it has finished the part 3."""

    def _rows(self, begin, end):
        with (self._parts.path / f".classified-{begin}").open("a") as file:
            file.write("once ")
        return super()._rows(begin, end)

    def __call__(self, number):
        if number == 1:
            self._die_once(number)
        about = super().__call__(number)
        if number == 3:
            self._die_once(number)
        return about

    def _die_once(self, number):
        mark = self._parts.path / f".died-{number}"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_worker_left_is_done_once(cluster, generator, digits, tmp_path):
    parts = Parts(tmp_path, 23, 5)
    asked = Asked(generator, "fast"), open_source(digits), parts
    with parts.begin({}) as missing:
        done = list(work_on_ray(_Dies, asked, missing, WorkerOptions(**SMALL)))
    assert (tmp_path / ".died-1").exists() and (tmp_path / ".died-3").exists()
    assert sorted(about["number"] for about in done) == [0, 1, 2, 3, 4]
    # what was finished by a worker that was killed then was not done again by another
    for begin in (0, 5, 10, 15, 20):
        assert (tmp_path / f".classified-{begin}").read_text() == "once "
    table = pandas.read_parquet(tmp_path)
    assert table["number"].tolist() == list(range(23))
    found = load_classifier(generator, "fast").classify(digits.images)
    assert table["prediction"].tolist() == [str(label) for label in found.predictions]


class _Tells:
    """Tells the threads; refuses the piece 3."""

    def __call__(self, number):
        import tensorflow as tf

        if number == 3:
            raise InputError("piece 3 cannot be done")
        threads = tf.config.threading
        return number, threads.get_intra_op_parallelism_threads()


class _CannotStart:
    """Refuses to be made."""

    def __init__(self):
        raise InputError("there is no such generator on this machine")


def test_an_actor_that_cannot_start_says_why(cluster):
    found = work_on_ray(_CannotStart, (), [0], WorkerOptions(memory=0.5))
    with pytest.raises(InputError, match="^there is no such generator"):
        next(found)


def test_an_image_is_known_by_its_content():
    images = np.zeros([2, 3], np.float32)
    values = [b"a", images, images.reshape(3, 2), images.astype(int), None, [[1], [2, 3]]]
    contents = [_content(value) for value in values[:-1]]
    contents.append(_content(np.array(values[-1], object)))
    assert len(set(contents)) == len(values)
    # also of much that is no image
    many = np.full([2000], 0.5)
    one = np.array([many, None], object)
    other = np.array([np.where(np.arange(2000) == 1000, 0.5 + 1e-12, many), None], object)
    assert _content(one) != _content(other)
    assert contents[-2:] == [b"None", _content(np.array([[1], [2, 3]], object))]


def test_the_usual_columns_are_taken_in_their_order():
    assert find_columns(["x", "id", "Image", "file"]) == ("Image", "file")
    assert find_columns(["y"]) == (None, None)


def test_actors_have_their_own_threads_and_say_what_they_refuse(cluster):
    found = work_on_ray(_Tells, (), [0, 3], WorkerOptions(memory=0.5))
    assert next(found) == (0, 1)
    with pytest.raises(InputError, match="^piece 3 cannot be done"):
        next(found)


def test_room_is_what_fits_by_all_measures():
    machine = {"CPU": 8.0, "memory": 10.0 * 2**30, "GPU": 1.0}
    assert room_on(machine, WorkerOptions(cpus=2, memory=2)) == 4
    assert room_on(machine, WorkerOptions(cpus=1, memory=3)) == 3
    assert room_on(machine, WorkerOptions(cpus=1, memory=1, gpus=0.2)) == 5
    assert room_on({"CPU": 8.0, "memory": 1e12}, WorkerOptions(gpus=1)) == 0
    # not 2 for 0.3 / 0.1 = 2.9999999999999996
    assert room_on({**machine, "GPU": 0.3}, WorkerOptions(gpus=0.1)) == 3


def test_there_are_as_many_actors_as_there_is_work_and_room_for():
    machine = {"CPU": 2.0, "memory": 8.0 * 2**30}
    nodes = [{"Alive": alive, "Resources": machine} for alive in (True, True, False)]
    assert [_checked_actors(nodes, WorkerOptions(), parts) for parts in (3, 9)] == [3, 4]
    assert _checked_actors(nodes, WorkerOptions(actors=2), 9) == 2
    with pytest.raises(InputError, match="^5 actors of 1 CPUs, 2 GiB each: Ray has room for 4"):
        _checked_actors(nodes, WorkerOptions(actors=5), 9)
