"""The `igc-tf` command as a user types it."""

import importlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import igc_tf
from igc_tf.classifiers import load_classifier
from igc_tf.cli.main import COMMANDS, run_command_line
from igc_tf.cli.program import parse_options
from igc_tf.cli.serve import access_log
from igc_tf.data import bundled_digits
from tests.fixtures.mean_digits import varied_digit_generator

# as what a script starts in the background, where Ctrl-C is ignored at first
_START = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "from igc_tf.cli.main import run_command_line; run_command_line()"
)


def run(*arguments):
    """The exit code."""
    with pytest.raises(SystemExit) as exit:
        run_command_line(map(str, arguments))
    return exit.value.code


@pytest.fixture(scope="module")
def generator():
    return varied_digit_generator()


@pytest.fixture
def own(generator, tmp_path):
    generator.save(tmp_path / "own.keras")
    return tmp_path / "own.keras"


def test_help_mistakes_and_taken_ports_do_not_wait_for_tensorflow(tmp_path):
    # one process for all of it: whatever imports TensorFlow shows in its modules
    program = """
import socket, sys
from igc_tf.cli.main import COMMANDS, run_command_line
taken = socket.create_server(("127.0.0.1", 0))
port = ["--port", str(taken.getsockname()[1])]
for line in (["--version"], ["--help"], ["reproduc"], ["data"], ["classify"], ["reproduce",
             "--images", "0"], ["serve", *port], ["draw", *port],
             *([*name.split(), "--help"] for name in COMMANDS)):
    try:
        run_command_line(line)
    except SystemExit as exit:
        print("exit", exit.code, *line)
loaded = {"tensorflow", "keras", "tensorflow_datasets", "matplotlib", "scipy"} & set(sys.modules)
print("loaded", loaded)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        check=True,
        timeout=60,
    )
    lines = done.stdout.decode("ascii").splitlines()
    assert lines[-1] == "loaded set()"
    exits = [line.split()[1:] for line in lines if line.startswith("exit ")]
    assert [code for code, *rest in exits if "--help" in rest] == ["0"] * (len(COMMANDS) + 1)
    assert ["2", "classify"] in exits and ["2", "reproduce", "--images", "0"] in exits
    assert [code for code, *rest in exits if "--port" in rest] == ["2", "2"]
    assert f"igc-tf {igc_tf.__version__}" in lines
    errors = done.stderr.decode("ascii").splitlines()
    assert len(errors) == 5 and all(line.startswith("error: ") for line in errors)
    assert "did you mean 'reproduce'?" in errors[0]
    assert all("cannot listen on port" in line for line in errors[3:])


def test_the_overview_names_every_command(capsys):
    assert run("--help") == run() == 0
    text = capsys.readouterr().out
    assert all(
        f"  {name} " in text and command.summary in text for name, command in COMMANDS.items()
    )
    assert run("data", "--help") == 0
    text = capsys.readouterr().out
    assert "data import" in text and "reproduce" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "--images", "0"], "images=0"),
        (["reproduce", "--sigma", "1e308"], "sigma=(1e+308,)"),
        (["reproduce", "--generator", "nothing.keras"], "nothing.keras"),
        (["reproduce", "--images", "5", "--tensorboard", "own.keras"], "own.keras is no directory"),
        (["classify"], "no pictures"),
        (["classify", "empty"], "empty holds no pictures"),
        # before anything is read
        (["classify", "empty", "--output", "own.keras"], "own.keras is no directory"),
        (["train", "empty", "--output", "own.keras/below"], "own.keras is no directory"),
        (["classify", "empty", "--part-size", "5"], "part_size=5: expected none without --engine"),
        (["classify", "empty", "--actors", "2"], "actors=2: expected none without --engine"),
        (["data", "import", "nowhere"], "nowhere"),
        (["data", "inport"], "did you mean 'data import'?"),
        (["export", "--output", "out", "--batch-size", "0"], "batch_size=0"),
        (["serve", "nowhere", "--port", "0"], "nowhere"),
        (["serve", "damaged", "--port", "0"], "damaged"),
        (["serve", "damaged", "--port", "0", "--settings", "best"], "settings='best'"),
        (["serve", "exported", "--port", "0"], "'exported' is an HLO program (to serve"),
        (["serve", "--max-batch", "0"], "max_batch=0"),
        (["serve", "--host", "192.0.2.1"], "of 192.0.2.1"),
        (["serve", "damaged", "--port", "65536"], "port=65536"),
        (["serve", "own.keras", "--port", "0", "--settings", "best"], "settings='best'"),
        (["draw", "nowhere", "--port", "0"], "nowhere"),
        (["draw", "own.keras", "--port", "0", "--settings", "best"], "settings='best'"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments, message, own, monkeypatch, capsys):
    monkeypatch.chdir(own.parent)
    (own.parent / "empty").mkdir()
    (own.parent / "damaged").mkdir()
    (own.parent / "damaged" / "saved_model.pb").write_bytes(b"no such thing")
    (own.parent / "exported").mkdir()
    # as export_hlo calls it
    (own.parent / "exported" / "program.hlo.pb").write_bytes(b"no such thing")
    before = set(own.parent.rglob("*"))
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1, captured.err
    assert set(own.parent.rglob("*")) == before


def test_reproduce_prints_the_table_and_writes_the_figures(own, tmp_path, capsys):
    arguments = ["--images", "20", "--sigma", "0.3", "--split", "validation/choices"]
    output = tmp_path / "out"
    assert not run("reproduce", "--generator", own, "--output", output, *arguments)
    captured = capsys.readouterr()
    (row,) = json.loads((output / "result.json").read_text())["rows"]
    assert row["count"] == 20 and f"  0.3 {100 * row['accuracy']:8.2f} %" in captured.out
    assert (output / "search-sigma-0.3.png").exists() and captured.err == ""


def _ask(url, digits):
    """The labels that a server answers."""
    body = json.dumps({"inputs": digits.images.tolist()}).encode()
    with urllib.request.urlopen(url, body, timeout=60) as response:
        return json.load(response)["outputs"]["label"]


def test_what_is_exported_answers_when_served_until_ctrl_c(own, tmp_path, capsys):
    assert not run("export", "--generator", own, "--output", tmp_path / "model" / "1")
    assert "model/1" in capsys.readouterr().out
    with subprocess.Popen(
        [sys.executable, "-c", _START, "serve", "model/1", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"},
    ) as server:
        try:
            url = server.stdout.readline().split()[2].removesuffix(";")
            digits = bundled_digits().sample(10, seed=0)
            labels = _ask(url, digits)
        finally:
            server.send_signal(signal.SIGINT)
        classifier = load_classifier(str(own), "paper")
        assert labels == classifier.classify(digits.images).predictions.tolist()
        # it started without a word from TensorFlow
        assert server.wait(timeout=60) == 0 and server.stderr.read() == ""


def test_a_generator_is_served_with_its_settings_until_sigterm(own, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    digits, labels = bundled_digits().sample(4, seed=0), []

    def ask_and_stop():
        try:
            labels.extend(_ask_when_there(port, digits))
        finally:
            # unless nothing was served, and the signal would end the tests
            if signal.getsignal(signal.SIGTERM) != before[0]:
                os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    client = threading.Thread(target=ask_and_stop)
    client.start()
    assert not run("serve", own, "--settings", "paper", "--kind", "inverse", "--port", port)
    client.join()
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    captured = capsys.readouterr()
    first, *lines = captured.out.splitlines()
    assert f":{port}/v1/models/classifier:predict" in first and captured.err == ""
    (line,) = [json.loads(text) for text in lines]
    assert line["status"] == 200 and line["examples"] == 4
    classifier = load_classifier(str(own), "paper", "inverse")
    assert labels == classifier.classify(digits.images).predictions.tolist()


def test_requests_that_nobody_reads_of_are_not_told(capsys, monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stdout, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stdout)
        with access_log(True):
            for line in ("first", "second"):
                logging.getLogger("igc_tf.access").info(line)
        # Python does so at its end
        stdout.flush()
    assert capsys.readouterr().err == ""


def test_whoever_is_answered_is_told_unless_they_bear_a_token(own, capsys, monkeypatch):
    served = []
    monkeypatch.setattr(
        "igc_tf.serve.server.run_server",
        lambda application, listener, greet: served.append(application),
    )
    arguments = ["serve", own, "--settings", "paper", "--host", "0.0.0.0", "--port", "0"]
    assert not run(*arguments)
    assert "0.0.0.0" in capsys.readouterr().err
    monkeypatch.setenv("IGC_TF_TOKEN", "s3cret")
    assert not run(*arguments)
    assert capsys.readouterr().err == ""
    with TestClient(served[-1]) as client:
        assert client.get("/v1/models/classifier").status_code == 401


def test_the_page_is_served_on_this_machine_alone(own, capsys, monkeypatch):
    opened, served = [], []
    monkeypatch.setattr("webbrowser.open", opened.append)

    def serve(application, listener, greet):
        assert listener.getsockname()[0] == "127.0.0.1"
        greet("http://127.0.0.1:8502")
        served.append(application)

    monkeypatch.setattr("igc_tf.serve.server.run_server", serve)
    assert not run("draw", own, "--port", "0", "--browser")
    assert "http://127.0.0.1:8502" in capsys.readouterr().out
    assert opened == ["http://127.0.0.1:8502"]
    with TestClient(served[0], base_url=opened[0]) as client:
        assert "<canvas" in client.get("/").text
        with client.websocket_connect("ws://127.0.0.1:8502/watch") as socket:
            assert socket.receive_json()["first"] == [str(own), "paper"]


def _ask_when_there(port, digits):
    deadline = time.monotonic() + 60
    while True:
        try:
            return _ask(f"http://127.0.0.1:{port}/v1/models/classifier:predict", digits)
        except urllib.error.URLError:
            # not listening yet
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_export_refuses_a_directory_with_something_in_it(tmp_path, capsys):
    (tmp_path / "kept.txt").write_text("precious")
    assert run("export", "--output", tmp_path) == 2
    assert "expected a new or an empty directory" in capsys.readouterr().err
    assert (tmp_path / "kept.txt").read_text() == "precious"


@pytest.mark.parametrize(
    ("said", "told", "kind", "count"),
    [
        ((), "", "saved_model", 100),
        (("--settings", "fast", "--batch-size", "7"), ", fast settings", "saved_model", 7),
        (("--kind", "inverse", "--format", "hlo"), "", "hlo", 100),
    ],
)
def test_export_tells_of_the_settings_that_were_asked_for(
    said, told, kind, count, monkeypatch, capsys
):
    written = []
    for name in ("saved_model", "hlo"):
        monkeypatch.setattr(
            f"igc_tf.export.export_{name}",
            lambda classifier, *given, name=name: written.append((name, *given)),
        )
    # on the card there are "best" ones, but not for inverse classification
    assert not run("export", "--output", "out", *said)
    assert written == [(kind, Path("out"), count)]
    assert capsys.readouterr().out == f"mnist-cagan-compact{told}: out\n"


@pytest.mark.parametrize(
    ("command", "generator"),
    [("classify", ["--generator"]), ("export", ["--output", "out", "--generator"]), ("serve", [])],
)
def test_the_same_options_say_which_classifier_is_meant(command, generator, monkeypatch):
    module, options, *_ = COMMANDS[command]
    said = [*generator, "own", "--settings", "fast", "--kind", "inverse", "--bounds", "-1", "1"]
    made = parse_options(getattr(importlib.import_module(module), options), command, said)
    monkeypatch.setattr(
        "igc_tf.classifiers.load_classifier", lambda *given, **facts: (*given, facts)
    )
    assert made.load() == ("own", "fast", "inverse", {"bounds": (-1.0, 1.0)})


def test_data_list_names_the_bundled_digits(tmp_path, capsys):
    assert not run("data", "list", "--data-dir", tmp_path)
    captured = capsys.readouterr()
    assert "5,000 validation" in captured.out and captured.err == ""
