"""What is measured of a service, on a small scale; and that it is ended whatever happens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.load import service as service_module
from evaluation.load.__main__ import LoadOptions, _figure, measure_load
from evaluation.load.browser import find_browser
from evaluation.load.malformed import draw_malformed
from evaluation.load.service import ServiceError, started
from evaluation.load.stroke import StrokeOptions, time_strokes
from igc_tf.errors import InputError

# a service that says that it listens, and does nothing
_WAITS = "import time; print('at http://127.0.0.1:1', flush=True); time.sleep(600)"


def _ends(pid):
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_service_is_measured_and_ends(tmp_path):
    options = LoadOptions(
        settings="fast",
        clients=(1, 4),
        seconds=0.5,
        rounds=1,
        slow_clients=5,
        slow_seconds=0.5,
        body_size=2,
        malformed=92,
        output=tmp_path,
    )
    result = measure_load(options, verbose=0)
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8")) == result
    assert (tmp_path / "latency.png").stat().st_size > 1000
    rows = {(row["clients"], row["batching"]): row for row in result["rows"]}
    assert set(rows) == {(1, True), (1, False), (4, True), (4, False)}
    for row in rows.values():
        assert row["wrong"] == 0 and row["requests"] > 0
        assert 0 < row["latency"]["50"] <= row["latency"]["90"] <= row["latency"]["99"]
        # so many clients cannot have had more answers in this time
        assert row["per_second"] * row["latency"]["50"] <= 2 * row["clients"]
    assert rows[4, False]["examples_at_once"] == rows[1, True]["examples_at_once"] == 1
    assert 1 < rows[4, True]["examples_at_once"] <= 4
    ratio, engine = result["ratio"], result["engine"]
    assert ratio["engine"] == pytest.approx(engine["4"] / engine["1"])
    assert ratio["service"] == pytest.approx(
        rows[4, True]["per_second"] / rows[4, False]["per_second"]
    )
    assert ratio["reached"] == pytest.approx(ratio["service"] / ratio["engine"])
    assert result["slow"]["right"] == 5 and result["slow"]["seconds"] >= 0.4
    beside = result["slow"]["beside"]
    assert beside["right"] == beside["requests"] > 0
    # two MiB of images are fewer than may wait
    assert [status for status, _ in result["large"]["answers"]] == [200] * 3
    memory = result["large"]["memory"]
    assert memory["peak"] >= max(memory["before"], memory["after"]) > 10**7
    malformed = result["malformed"]
    assert malformed["clear"] == malformed["sent"] == 92 and malformed["not_clear"] == []
    assert sum(malformed["statuses"].values()) == 92
    assert result["serves_after"] and result["stderr"] == 0
    end = result["end"]
    assert end["exit_code"] == 0 and end["before"]["sent"] > 0
    assert end["before"]["answered"] == end["before"]["sent"]


@pytest.mark.browser
def test_the_most_clients_are_drawn_to_the_right_in_whichever_order_they_asked():
    rows = [
        {"clients": n, "batching": batching, "per_second": 10 * n, "latency": {"50": n, "99": n}}
        for n in (64, 1, 8)
        for batching in (True, False)
    ]
    lines = [line for axis in _figure(rows).axes for line in axis.lines]
    assert len(lines) == 6
    assert all(line.get_xdata().tolist() == [1, 8, 64] for line in lines)
    assert lines[0].get_ydata().tolist() == [10, 80, 640]


def test_strokes_are_timed(tmp_path):
    options = StrokeOptions(settings="fast", strokes=5, output=tmp_path)
    if find_browser() is None:
        with pytest.raises(InputError, match="Chromium"):
            time_strokes(options, verbose=0)
        pytest.skip("no Chromium with its driver")
    result = time_strokes(options, verbose=0)
    assert len(result["milliseconds"]) == 5 and result["console"] == []
    assert 0 <= result["median"] <= result["percentiles"]["90"] < 10_000


def test_malformed_requests_are_of_every_kind_and_always_the_same():
    drawn = draw_malformed(92, 3, (28, 28, 1))
    assert drawn == draw_malformed(92, 3, (28, 28, 1)) != draw_malformed(92, 4, (28, 28, 1))
    kinds = [one.kind for one in drawn]
    assert len(set(kinds)) == 46 and all(kinds.count(kind) == 2 for kind in kinds)


def test_a_service_ends_with_the_block(monkeypatch):
    monkeypatch.setattr(service_module, "_PROGRAM", _WAITS)
    with (
        pytest.raises(ZeroDivisionError),
        started("serve", "mnist-cagan-compact", "fast") as service,
    ):
        pid = service.process.pid
        raise ZeroDivisionError
    _ends(pid)


def test_services_end_with_a_program_that_is_told_to(tmp_path):
    # its services only wait
    program = f"""
from evaluation.load import __main__ as load, service
service._PROGRAM = {_WAITS!r}
load.run_program(load.main)
"""
    asked = ("--settings", "fast", "--seconds", "0.1", "--output", str(tmp_path))
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, *asked],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        try:
            # the services are asked next
            assert "the engine" in program.stdout.readline()
            children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
            services = [int(pid) for pid in children.read_text(encoding="ascii").split()]
            program.terminate()
            assert program.wait(60) == 130
        finally:
            program.kill()
    assert len(services) == 2
    for pid in services:
        _ends(pid)


def test_what_does_not_start_is_told():
    with (
        pytest.raises(ServiceError, match="no settings|expected"),
        started("serve", "no-such", "best"),
    ):
        pass
    with pytest.raises(InputError, match="clients"):
        LoadOptions(clients=(0,))
