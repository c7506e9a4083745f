"""A served classifier, and a served SavedModel, asked by a client over HTTP."""

import http.client
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.serve import PredictionServer
from tests.fixtures.exported import SHAPE, linear_classifier

_IMAGES = np.random.default_rng(5).uniform(-1, 1, size=(3, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="module", params=["a classifier", "a SavedModel"])
def served(request, tmp_path_factory):
    model = classifier = linear_classifier()
    if request.param == "a SavedModel":
        model = tmp_path_factory.mktemp("served") / "model"
        classifier.export(model)
    with PredictionServer(model, port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.url, classifier.classify(_IMAGES)
        server.shutdown()
        thread.join()


def _post(url, body):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("rows", [_IMAGES.tolist(), [{"images": x.tolist()} for x in _IMAGES]])
def test_rows(served, rows):
    url, found = served
    status, answer = _post(f"{url}:predict", {"instances": rows})
    assert status == 200
    predictions = answer["predictions"]
    assert [row["label"] for row in predictions] == found.predictions.tolist()
    np.testing.assert_allclose(
        [row["difference"] for row in predictions], found.differences, atol=1e-5
    )
    assert np.shape(predictions[0]["reconstruction"]) == SHAPE


def test_columns(served):
    url, found = served
    status, answer = _post(f"{url}:predict", {"inputs": _IMAGES.tolist()})
    assert status == 200
    assert answer["outputs"]["label"] == found.predictions.tolist()


def test_only_what_is_visible_is_compared(served):
    url, _ = served
    mask = np.broadcast_to(np.arange(3)[:, None, None] > 0, _IMAGES.shape).astype(int)
    inputs = {"images": _IMAGES.tolist(), "mask": mask.tolist()}
    request = {"signature_name": "classify_masked", "inputs": inputs}
    status, answer = _post(f"{url}:predict", request)
    found = linear_classifier().classify(_IMAGES, mask)
    assert status == 200
    np.testing.assert_allclose(answer["outputs"]["difference"], found.differences, atol=1e-5)


def test_generate(served):
    url, _ = served
    rows = [
        {"condition": [1, 0, 0], "latent": [0.5, -1]},
        {"condition": [0, 1, 0], "latent": [0, 0]},
    ]
    request = {"signature_name": "generate", "instances": rows}
    status, by_row = _post(f"{url}:predict", request)
    assert status == 200
    columns = {"condition": [[1, 0, 0], [0, 1, 0]], "latent": [[0.5, -1], [0, 0]]}
    _, by_column = _post(f"{url}:predict", {"signature_name": "generate", "inputs": columns})
    # TensorFlow Serving leaves the name out where there is a single output
    assert by_row["predictions"] == by_column["outputs"]
    assert np.shape(by_row["predictions"]) == (2, *SHAPE)


def test_status(served):
    with urllib.request.urlopen(served[0], timeout=60) as response:
        assert json.load(response)["model_version_status"][0]["state"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ([], "instances"),
        ({}, "instances"),
        ({"instances": []}, "at least one row"),
        ({"instances": [[1.0, 2.0]]}, "shape (1, 2): expected (None, 3, 2, 1)"),
        ({"instances": [[1.0], [1.0, 2.0]]}, "differ in shape"),
        ({"instances": np.full([1, *SHAPE], "a").tolist()}, "expected numbers"),
        ({"instances": np.full([1, *SHAPE], 255.0).tolist()}, "[-1, 1]"),
        ({"instances": [{"pictures": 1}]}, "exactly ['images']"),
        ({"instances": _IMAGES.tolist(), "signature_name": "no"}, "no signature 'no'"),
        ({"instances": _IMAGES.tolist(), "signature_name": []}, "no signature []"),
        (
            {
                "signature_name": "generate",
                "inputs": {"condition": [[1, 0, 0]], "latent": [[0, 0], [0, 0]]},
            },
            "the same number",
        ),
    ],
)
def test_bad_requests_get_one_line(served, body, message):
    status, answer = _post(f"{served[0]}:predict", body)
    assert status == 400
    assert message in answer["error"] and "\n" not in answer["error"]


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 411, "Content-Length"),
        ({"Content-Length": "many"}, 411, "Content-Length"),
        ({"Content-Length": str(2**30)}, 413, "at most 67108864"),
    ],
)
def test_bodies_of_unknown_or_too_great_a_length_are_refused(served, headers, status, message):
    address = urllib.parse.urlsplit(served[0])
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.putrequest("POST", f"{address.path}:predict")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == status and message in json.load(response)["error"]
    connection.close()


def test_a_failure_of_tensorflow_is_told(served, monkeypatch):
    def fail(self, request):
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory\nat some node")

    monkeypatch.setattr(PredictionServer, "predict", fail)
    status, answer = _post(f"{served[0]}:predict", {"instances": []})
    assert status == 500 and answer == {"error": "out of memory"}


def test_another_address(served):
    assert _post(f"{served[0]}/other:predict", {})[0] == 404


def test_refuses_a_directory_without_a_model(tmp_path):
    with pytest.raises(ValueError, match="expected a saved_model.pb"):
        PredictionServer(tmp_path, port=0)
