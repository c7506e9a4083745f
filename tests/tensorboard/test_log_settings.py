"""Writers that replace what they wrote, and tried settings as the HParams dashboard reads them."""

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import plugin_data_pb2

from igc_tf.search import SearchSettings
from igc_tf.tensorboard import log_settings, summary_writer
from igc_tf.tensorboard.writers import clear_summaries
from tests.fixtures.read_summaries import read_summaries


def _hparams(run):
    """The hyperparameters of each session that was started in a run, one dict each."""
    sessions = []
    for path in run.glob("events.out.tfevents.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "hparams":
                    data = plugin_data_pb2.HParamsPluginData.FromString(
                        value.metadata.plugin_data.content
                    )
                    sessions.append(data.session_start_info.hparams)
    return [
        {name: getattr(value, value.WhichOneof("kind")) for name, value in session.items()}
        for session in sessions
    ]


_NAMES = ["sigma 0.4", "4", "sigma-0.4", "mine/first", "first", "../%2E", "v2", "*", "數"]


def test_a_name_may_be_any_text_and_replaces_its_own_only(tmp_path):
    for value in (1.0, 2.0):
        for name in _NAMES:
            with summary_writer(tmp_path / "run", name).as_default():
                tf.summary.scalar(f"of {name}", value, step=0)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    read_by_tensorboard = EventMultiplexer().AddRunsFromDirectory(str(tmp_path)).Reload()
    for name in _NAMES:
        (event,) = read_by_tensorboard.Tensors("run", f"of {name}")
        assert tf.make_ndarray(event.tensor_proto) == 2.0
    for name in _NAMES:
        clear_summaries(tmp_path / "run", name)
        left = [of for of in _NAMES if (f"of {of}" in _tags(tmp_path))]
        assert left == _NAMES[_NAMES.index(name) + 1 :]


def test_what_earlier_versions_wrote_is_replaced(tmp_path):
    for suffix in (".sigma-0.4", ".4"):
        writer = tf.summary.create_file_writer(str(tmp_path), filename_suffix=suffix)
        with writer.as_default():
            tf.summary.scalar(f"old{suffix}", 1.0, step=0)
        writer.close()
    clear_summaries(tmp_path, "4")
    assert _tags(tmp_path) == {"old.sigma-0.4"}
    clear_summaries(tmp_path, "sigma 0.4")
    assert not list(tmp_path.iterdir())


def _tags(directory):
    return {tag for _, tag in read_summaries(directory)}


def test_settings_and_accuracies_are_read_back(tmp_path, monkeypatch):
    settings = SearchSettings(steps=30, learning_rate=0.01, final_learning_rate=0.0)
    # a second time, as when a choice goes on after an interruption
    monkeypatch.setenv("HOME", str(tmp_path))
    for directory, accuracies in ((tmp_path, {0.0: 0.5}), ("~", {0.0: 0.95, 0.4: 0.85})):
        log_settings(directory, settings, accuracies, "setting 02")
    (session,) = _hparams(tmp_path / "setting 02")
    assert session == {
        "steps": 30,
        "learning_rate": 0.01,
        "final_learning_rate": 0.0,
        "restriction_weight": 0.03,
        "difference": "mean_absolute",
        "decision": "difference",
    }
    scalars = {tag: values[0] for (_, tag), values in read_summaries(tmp_path).items()}
    assert scalars == {
        "accuracy at sigma 0": pytest.approx(0.95),
        "accuracy at sigma 0.4": pytest.approx(0.85),
        "mean accuracy": pytest.approx(0.90),
    }


def test_a_constant_learning_rate_ends_where_it_began(tmp_path):
    log_settings(tmp_path, SearchSettings(), {0.0: 0.5}, "paper")
    (session,) = _hparams(tmp_path / "paper")
    assert session["final_learning_rate"] == session["learning_rate"] == 0.001
