"""A served classifier, and a served SavedModel, asked in TensorFlow Serving's format."""

import base64
import gzip
import json
import logging
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import anyio.from_thread
import numpy as np
import pytest
import tensorflow as tf
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from igc_tf import InvertedGeneratorClassifier, SearchSettings
from igc_tf.data.layout import ConditionLayout
from igc_tf.data.picture import PictureFrame
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.search import Search
from igc_tf.serve import ServiceOptions
from igc_tf.serve.application import build_application
from igc_tf.serve.exchange import read_prediction
from igc_tf.serve.signatures import Signature, _described
from tests.fixtures.exported import SHAPE, linear_classifier, other_classifier
from tests.fixtures.linear_generator import linear_generator
from tests.serve.drawn import png

_IMAGES = np.random.default_rng(5).uniform(-1, 1, size=(3, *SHAPE)).astype(np.float32)
MODEL = "/v1/models/classifier"
PREDICT = f"{MODEL}:predict"


@pytest.fixture(scope="module", params=["a classifier", "a SavedModel"])
def served(request, tmp_path_factory):
    model = classifier = linear_classifier()
    if request.param == "a SavedModel":
        model = tmp_path_factory.mktemp("served") / "1"
        classifier.export(model)
    options = ServiceOptions(max_queue=100, max_body=0.5)
    with TestClient(build_application(model, options), raise_server_exceptions=False) as client:
        yield client, classifier.classify(_IMAGES)


@pytest.mark.parametrize("rows", [_IMAGES.tolist(), [{"images": x.tolist()} for x in _IMAGES]])
def test_rows(served, rows):
    client, found = served
    response = client.post(PREDICT, json={"instances": rows})
    assert response.status_code == 200
    predictions = response.json()["predictions"]
    assert [row["label"] for row in predictions] == found.predictions.tolist()
    np.testing.assert_allclose(
        [row["difference"] for row in predictions], found.differences, atol=1e-5
    )
    assert np.shape(predictions[0]["reconstruction"]) == SHAPE


def test_columns(served):
    client, found = served
    response = client.post(f"{MODEL}/versions/1:predict", json={"inputs": _IMAGES.tolist()})
    assert response.status_code == 200
    assert response.json()["outputs"]["label"] == found.predictions.tolist()


def test_only_what_is_visible_is_compared(served):
    client, _ = served
    mask = np.broadcast_to(np.arange(3)[:, None, None] > 0, _IMAGES.shape).astype(int)
    inputs = {"images": _IMAGES.tolist(), "mask": mask.tolist()}
    request = {"signature_name": "classify_masked", "inputs": inputs}
    response = client.post(PREDICT, json=request)
    found = linear_classifier().classify(_IMAGES, mask)
    assert response.status_code == 200
    np.testing.assert_allclose(
        response.json()["outputs"]["difference"], found.differences, atol=1e-5
    )


def test_generate(served):
    client, _ = served
    rows = [
        {"condition": [1, 0, 0], "latent": [0.5, -1]},
        {"condition": [0, 1, 0], "latent": [0, 0]},
    ]
    request = {"signature_name": "generate", "instances": rows}
    by_row = client.post(PREDICT, json=request).json()
    columns = {"condition": [[1, 0, 0], [0, 1, 0]], "latent": [[0.5, -1], [0, 0]]}
    request = {"signature_name": "generate", "inputs": columns}
    by_column = client.post(PREDICT, json=request).json()
    # TensorFlow Serving leaves the name out where there is a single output
    assert by_row["predictions"] == by_column["outputs"]
    assert np.shape(by_row["predictions"]) == (2, *SHAPE)


@pytest.mark.parametrize("is_flat", [True, False])
def test_details_have_names(served, is_flat):
    client, found = served
    examples = [{"images": (x.ravel() if is_flat else x).tolist()} for x in _IMAGES]
    response = client.post(f"{MODEL}:classify", json={"examples": examples})
    assert response.status_code == 200
    answer = response.json()
    for i, (pairs, detail) in enumerate(zip(answer["result"], answer["details"], strict=True)):
        scores = found.scores[i]
        assert [name for name, _ in pairs] == ["0", "1", "2"]
        np.testing.assert_allclose([score for _, score in pairs], scores, atol=1e-5)
        assert detail["prediction"] == str(scores.argmax()) and detail["label"] == scores.argmax()
        best, second = np.sort(scores)[:-3:-1]
        assert detail["score"] == pytest.approx(best, abs=1e-5)
        assert detail["margin"] == pytest.approx(best - second, abs=1e-5)
        np.testing.assert_allclose(
            list(detail["difference"].values()), found.differences[i], atol=1e-5
        )
        np.testing.assert_allclose(
            detail["reconstruction"], found.reconstructions[i, scores.argmax()], atol=1e-5
        )


def test_picture_files_are_brought_into_the_frame(served):
    client, _ = served
    classifier = linear_classifier()
    files = [png(picture) for picture in np.random.default_rng(1).integers(0, 256, [2, 9, 7, 3])]
    images = np.stack([classifier.generator.picture_frame.decode(file) for file in files])
    assert images.shape == (2, *SHAPE) and not np.array_equal(*images)
    examples = [{"picture": {"b64": base64.b64encode(file).decode()}} for file in files]
    response = client.post(f"{MODEL}:classify", json={"examples": examples})
    assert response.status_code == 200
    scores = [[score for _, score in pairs] for pairs in response.json()["result"]]
    np.testing.assert_allclose(scores, classifier.predict(images, verbose=0), atol=1e-5)


def test_pictures_are_taken_as_people_have_them_in_base64(served):
    client, _ = served
    encoded = base64.encodebytes(png(np.eye(40) * 255)).decode()
    assert "\n" in encoded
    ways = [encoded, encoded.replace("\n", ""), f"data:image/png;base64,{encoded}"]
    response = client.post(
        f"{MODEL}:classify", json={"examples": [{"picture": {"b64": way}} for way in ways]}
    )
    first, *others = response.json()["details"]
    assert response.status_code == 200 and all(other == first for other in others)


@pytest.mark.parametrize("key", ["b64", r"\u006264", r"b\u00364"])
def test_a_picture_is_decoded_in_a_thread_of_its_own(served, monkeypatch, key):
    client, _ = served
    decode = PictureFrame.decode

    def decode_in_a_thread(self, encoded):
        # raises where there is no loop that waits for it
        anyio.from_thread.check_cancelled()
        return decode(self, encoded)

    monkeypatch.setattr(PictureFrame, "decode", decode_in_a_thread)
    encoded = base64.b64encode(png(np.eye(40) * 255)).decode()
    body = f'{{"examples": [{{"picture": {{"{key}": "{encoded}"}}}}]}}'
    assert client.post(f"{MODEL}:classify", content=body).status_code == 200


def test_too_many_pictures_are_refused_before_any_is_decoded(served, monkeypatch):
    client, _ = served
    monkeypatch.setattr(PictureFrame, "decode", lambda *_: pytest.fail("a picture was decoded"))
    examples = [{"picture": {"b64": "AAAA"}}] * 101
    response = client.post(f"{MODEL}:classify", json={"examples": examples})
    assert response.status_code == 413 and "101 examples" in response.json()["error"]


def test_a_model_whose_data_are_no_pictures_takes_none():
    model, _, _ = linear_generator(data_shape=(6,))
    classifier = InvertedGeneratorClassifier(Generator(model), SearchSettings(steps=1))
    with TestClient(build_application(classifier)) as client:
        body = {"examples": [{"picture": {"b64": ""}}]}
        response = client.post(f"{MODEL}:classify", json=body)
    assert response.status_code == 400 and "takes no picture files" in response.json()["error"]


def test_details_of_masked_examples(served):
    client, _ = served
    mask = (np.arange(3)[:, None, None] > 0) * np.ones(SHAPE)
    examples = [{"images": x.tolist(), "mask": mask.tolist()} for x in _IMAGES]
    details = client.post(f"{MODEL}:classify", json={"examples": examples}).json()["details"]
    found = linear_classifier().classify(_IMAGES, mask)
    assert [one["label"] for one in details] == found.predictions.tolist()
    # what is hidden may be anything, what is not must lie in the bounds
    for example in examples:
        example["images"][0] = np.full(SHAPE[1:], 99.0).tolist()
    again = client.post(f"{MODEL}:classify", json={"examples": examples})
    assert again.json().get("details") == details, again.text
    examples[0]["mask"][0] = np.full(SHAPE[1:], 0.5).tolist()
    assert client.post(f"{MODEL}:classify", json={"examples": examples}).status_code == 400


class _OfAll:
    """A difference that looks at what is hidden, too."""

    def prepare(self, data, visible):
        return data[:, tf.newaxis]

    def __call__(self, reference, generated):
        return tf.reduce_mean(tf.square(reference - generated), axis=[2, 3, 4])


def test_no_difference_sees_what_is_hidden():
    classifier = linear_classifier(difference=_OfAll())
    mask = (np.arange(3)[:, None, None] > 0) * np.ones(SHAPE)
    found = classifier.classify(_IMAGES, mask)
    assert np.abs(found.scores - classifier.classify(_IMAGES).scores).min() > 1e-3
    with TestClient(build_application(classifier)) as client:
        for hidden in (-1.0, 99.0):
            images = np.where(mask > 0, _IMAGES, np.float32(hidden))
            examples = [{"images": x.tolist(), "mask": mask.tolist()} for x in images]
            response = client.post(f"{MODEL}:classify", json={"examples": examples})
            scores = [[score for _, score in pairs] for pairs in response.json()["result"]]
            np.testing.assert_allclose(scores, found.scores, atol=1e-5)


@pytest.mark.parametrize("kind", ["multi_label", "inverse", "sequence"])
def test_details_of_other_classifiers(kind):
    classifier, data = other_classifier(kind)
    found = classifier.classify(data)
    with TestClient(build_application(classifier)) as client:
        examples = [{"images": x.tolist()} for x in data]
        details = client.post(f"{MODEL}:classify", json={"examples": examples}).json()["details"]
    assert [one["label"] for one in details] == found.predictions.tolist()
    if kind == "multi_label":
        assert details[0]["prediction"][1] == f"1={found.predictions[0, 1]}"
        np.testing.assert_allclose([one["margin"] for one in details], found.margins, atol=1e-5)


def test_a_label_whose_candidates_were_dropped_has_no_reconstruction():
    classifier, data = other_classifier("multi_label", plan=((4, 3), (4, 1)))
    found = classifier.classify(data)
    elements = found.predictions + classifier.generator.layout.offsets
    expected = np.take_along_axis(found.reconstructions, elements[..., None, None, None], 1)
    assert (np.isfinite(expected).all(axis=(2, 3, 4)).sum(axis=1) == 1).all()
    with TestClient(build_application(classifier)) as client:
        examples = [{"images": x.tolist()} for x in data]
        response = client.post(f"{MODEL}:classify", json={"examples": examples})
    assert response.status_code == 200, response.text
    reconstructions = [one["reconstruction"] for one in response.json()["details"]]
    np.testing.assert_allclose(np.array(reconstructions, float), expected, atol=1e-5)


def test_status_metadata_health(served):
    client, _ = served
    for path in (MODEL, f"{MODEL}/versions/1"):
        (version,) = client.get(path).json()["model_version_status"]
        assert version["state"] == "AVAILABLE" and version["version"] == "1"
    metadata = client.get(f"{MODEL}/metadata").json()
    assert metadata["model_spec"] == {"name": "classifier", "signature_name": "", "version": "1"}
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "classify", "classify_masked", "generate"}
    images = signatures["serving_default"]["inputs"]["images"]
    assert images["dtype"] == "DT_FLOAT"
    assert [dim["size"] for dim in images["tensor_shape"]["dim"]] == ["-1", "3", "2", "1"]
    outputs = signatures["classify_masked"]["outputs"]
    assert outputs["label"]["dtype"] == "DT_INT32" and len(outputs) == 4
    assert client.get("/health").json() == {"status": "ok"}


def test_methods(served):
    client, _ = served
    assert client.head(MODEL).status_code == 200 and client.head(MODEL).text == ""
    options = client.options(PREDICT)
    assert options.status_code == 204 and options.headers["allow"] == "POST, OPTIONS"
    assert client.options(MODEL).headers["allow"] == "GET, HEAD, OPTIONS"
    refused = client.get(PREDICT)
    assert refused.status_code == 405 and "POST" in refused.headers["allow"]
    assert "POST" in refused.json()["error"]


@pytest.mark.parametrize(
    "path", ["/", "/v1/models/other:predict", f"{MODEL}/versions/7:predict", f"{PREDICT}/"]
)
def test_another_address(served, path):
    response = served[0].post(path, json={})
    assert response.status_code == 404 and f"{MODEL}:predict" in response.json()["error"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ([], "instances"),
        ({}, "instances"),
        ({"instances": []}, "at least one row"),
        ({"inputs": []}, "expected (None, 3, 2, 1)"),
        ({"inputs": np.zeros([0, *SHAPE]).tolist()}, "expected (None, 3, 2, 1)"),
        ({"instances": [[1.0, 2.0]]}, "shape (1, 2): expected (None, 3, 2, 1)"),
        ({"instances": [[1.0], [1.0, 2.0]]}, "differ in shape"),
        ({"instances": np.full([1, *SHAPE], "a").tolist()}, "expected numbers"),
        ({"instances": np.full([1, *SHAPE], 255.0).tolist()}, "[-1, 1]"),
        ({"instances": [{"pictures": 1}]}, "exactly ['images']"),
        ({"instances": np.full([1, *SHAPE], 1e300).tolist()}, "images"),
        ({"instances": _IMAGES.tolist(), "signature_name": "no"}, "no signature 'no'"),
        ({"instances": _IMAGES.tolist(), "signature_name": "no" * 10_000}, "no signature 'no"),
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
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_bad_requests_get_one_line(served, body, message):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = served[0].post(PREDICT, content=body)
    assert response.status_code == 400
    assert message in response.json()["error"] and "\n" not in response.json()["error"]
    assert len(response.json()["error"]) < 1000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"instances": []}, '"examples"'),
        ({"examples": []}, "at least one row"),
        ({"examples": [{"pixels": []}]}, "exactly ['images']"),
        ({"examples": [{"images": [1, 2]}]}, "shape (1, 2)"),
        ({"examples": [{}], "signature_name": "generate"}, "that classifies"),
        ({"examples": [{"picture": "AAAA"}]}, 'example 0: expected {"picture": {"b64"'),
        ({"examples": [{"picture": {"b64": "*"}}]}, "example 0: no base64"),
        ({"examples": [{"picture": {"b64": "AAAA"}}]}, "example 0: the picture is not a PNG"),
        ({"examples": [{}, {"picture": {"b64": "AAAA"}}]}, "example 0: expected"),
    ],
)
def test_bad_examples_get_one_line(served, body, message):
    response = served[0].post(f"{MODEL}:classify", json=body)
    assert response.status_code == 400 and message in response.json()["error"]


def test_bodies_may_be_packed_and_so_are_answers(served):
    client, found = served
    body = gzip.compress(json.dumps({"instances": _IMAGES.tolist() * 5}).encode())
    chunks = (body[i : i + 7] for i in range(0, len(body), 7))
    response = client.post(
        PREDICT, content=chunks, headers={"Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
    )
    assert response.status_code == 200 and response.headers["content-encoding"] == "gzip"
    labels = [row["label"] for row in response.json()["predictions"]]
    assert labels == 5 * found.predictions.tolist()
    plain = client.post(
        PREDICT, json={"instances": _IMAGES.tolist() * 5}, headers={"Accept-Encoding": "identity"}
    )
    assert "content-encoding" not in plain.headers and plain.json() == response.json()


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("", False), ("br, gzip;q=0.5", True), ("gzip;q=0, br", False), ("*", False), ("GZIP", True)],
)
def test_answers_are_packed_for_those_who_say_so(served, accepted, is_packed):
    body = {"instances": _IMAGES.tolist() * 5}
    response = served[0].post(PREDICT, json=body, headers={"Accept-Encoding": accepted})
    assert ("content-encoding" in response.headers) == is_packed
    assert len(response.json()["predictions"]) == 15


def test_numbers_are_written_as_they_are(served):
    client, _ = served
    response = client.post(PREDICT, json={"inputs": _IMAGES.tolist()})
    # in as few digits as tell a float32 from its neighbours
    for score in np.ravel(response.json()["outputs"]["score"]):
        assert str(np.float32(score)) in response.text
        assert float(str(np.float32(score))) == score


def test_several_members_are_one_body(served):
    text = json.dumps({"instances": _IMAGES.tolist()}).encode()
    body = gzip.compress(text[:50], mtime=0) + gzip.compress(text[50:])
    response = served[0].post(PREDICT, content=body, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (b"x" * 600_000, {}, 413, "at most 524288"),
        ([b"x" * 60_000] * 10, {}, 413, "at most 524288"),
        (
            gzip.compress(b" " * 10_000_000, mtime=0),
            {"Content-Encoding": "gzip"},
            413,
            "at most 524288",
        ),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400, "no gzip"),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400, "cut short"),
        (b"{}", {"Content-Encoding": "br"}, 415, "'br'"),
    ],
)
def test_bodies_are_bounded(served, body, headers, status, message):
    # a list comes in chunks, its length untold
    body = iter(body) if isinstance(body, list) else body
    response = served[0].post(PREDICT, content=body, headers=headers)
    assert response.status_code == status and message in response.json()["error"]


def test_a_body_in_full_pieces_is_unpacked():
    # exactly what is unpacked at once, so that nothing is left but the end
    with TestClient(build_application(linear_classifier(), ServiceOptions(max_body=3))) as client:
        for size in (2**20 - 1, 2**20, 2**21):
            body = gzip.compress(b" " * size, mtime=0)
            response = client.post(PREDICT, content=body, headers={"Content-Encoding": "gzip"})
            assert response.status_code == 400 and "no JSON" in response.json()["error"]


@pytest.mark.parametrize("padding", [0, 100_000])
def test_no_body_is_held_while_it_is_answered(padding, monkeypatch):
    # a large body is read in a thread of its own
    bodies, holders, run = [], [], Search.run

    def read(model, body):
        bodies.append(body)
        return read_prediction(model, body)

    def count(self, batch, read=None):
        holders.append(sys.getrefcount(bodies[0]))
        return run(self, batch, read)

    monkeypatch.setattr("igc_tf.serve.application.read_prediction", read)
    with TestClient(build_application(linear_classifier())) as client:
        monkeypatch.setattr(Search, "run", count)
        body = json.dumps({"instances": _IMAGES.tolist()}) + padding * " "
        assert client.post(PREDICT, content=body).status_code == 200
    # the list above, and the question itself
    assert holders == [2]


def test_too_many_examples(served):
    response = served[0].post(PREDICT, json={"instances": _IMAGES.tolist() * 34})
    assert response.status_code == 413 and "102 examples" in response.json()["error"]


def test_too_many_numbers_are_not_even_parsed(served):
    # as lists they take many times the memory of their text
    response = served[0].post(PREDICT, content=b'{"instances": [' + b"0," * 5000)
    assert response.status_code == 413 and "too many examples" in response.json()["error"]


def test_a_failure_of_tensorflow_is_told(monkeypatch):
    def fail(self, batch, read=None):
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory\nat some node")

    with TestClient(build_application(linear_classifier())) as client:
        monkeypatch.setattr(Search, "run", fail)
        response = client.post(PREDICT, json={"instances": _IMAGES.tolist()})
        assert response.status_code == 500 and response.json() == {"error": "out of memory"}
        monkeypatch.undo()
        assert client.post(PREDICT, json={"instances": _IMAGES.tolist()}).status_code == 200


@pytest.mark.parametrize("kind", ["inverted", "inverse"])
def test_requests_are_searched_together_and_answered_as_if_alone(kind, monkeypatch):
    classifier = linear_classifier() if kind == "inverted" else other_classifier(kind)[0]
    application = build_application(classifier, ServiceOptions(max_wait=10, max_batch=6))
    searched, run = [], Search.run

    def count(self, batch, read=None):
        searched.append(len(batch.data))
        return run(self, batch, read)

    monkeypatch.setattr(Search, "run", count)
    requests = [_IMAGES[:1], _IMAGES[1:3], _IMAGES[:3]]
    with TestClient(application) as client, ThreadPoolExecutor(3) as clients:

        def ask(images):
            answer = client.post(PREDICT, json={"inputs": images.tolist()}).json()["outputs"]
            return answer["score"]

        scores = list(clients.map(ask, requests))
        metrics = client.get("/metrics").text
    # the batch was full, so that nobody waited ten seconds
    assert searched == [6]
    assert "igc_tf_batch_examples_sum 6.0" in metrics
    for images, found in zip(requests, scores, strict=True):
        # random starts depend on the place in one's own request
        np.testing.assert_allclose(found, classifier.predict(images, verbose=0), atol=1e-5)


@pytest.mark.parametrize("option", [{"max_batch": 6}, {"max_wait": 0.5}])
def test_options_that_join_requests_are_refused_for_a_saved_model(option, tmp_path):
    ((name, value),) = option.items()
    with pytest.raises(InputError, match=f"{name}={value}: expected none, .* is a SavedModel"):
        build_application(tmp_path, ServiceOptions(**option))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A served SavedModel of other origin, whose signatures give back what they are given."""
    specs = {
        "whole": tf.TensorSpec([None], tf.int32),
        "short": tf.TensorSpec([None], tf.uint8),
        "truth": tf.TensorSpec([None, 2], tf.bool),
        "any": tf.TensorSpec(None, tf.float32),
    }
    model = tf.Module()
    model.same = {
        name: tf.function(lambda x: {"y": tf.identity(x)}, autograph=False).get_concrete_function(
            x=spec
        )
        for name, spec in specs.items()
    }
    directory = tmp_path_factory.mktemp("foreign") / "12"
    tf.saved_model.save(model, directory, signatures=model.same)
    with TestClient(build_application(directory), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("signature", "values", "expected"),
    [
        ("whole", [-(2**31), 2**31 - 1], None),
        ("whole", [2.0, -3.0], [2, -3]),
        ("whole", [3_000_000_000], "x: expected whole numbers from -2147483648 to 2147483647"),
        ("whole", [1.7], "x: expected whole numbers"),
        ("whole", [1e30], "x: expected whole numbers"),
        ("whole", [True], "x: expected numbers"),
        ("short", [255], None),
        ("short", [-1], "x: expected whole numbers from 0 to 255"),
        ("truth", [[True, False]], None),
        ("truth", [[1, 0]], "x: expected truth values"),
        ("any", [1.5], None),
        ("any", [[[1.5]], [[2.0]]], None),
        ("any", 5, "x: expected at least one row"),
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_inputs_stay_what_they_are_or_are_refused(foreign, signature, values, expected):
    response = foreign.post(PREDICT, json={"signature_name": signature, "inputs": values})
    if isinstance(expected, str):
        assert response.status_code == 400 and expected in response.json()["error"]
    else:
        assert response.json() == {"outputs": values if expected is None else expected}


def test_metadata_of_inputs_of_any_rank(foreign):
    response = foreign.get(f"{MODEL}/versions/12/metadata")
    assert response.json()["model_spec"]["version"] == "12"
    signatures = response.json()["metadata"]["signature_def"]["signature_def"]
    shapes = {name: one["inputs"]["x"]["tensor_shape"] for name, one in signatures.items()}
    assert shapes["any"] == {"dim": [], "unknown_rank": True}
    sizes = [{"size": "-1", "name": ""}, {"size": "2", "name": ""}]
    assert shapes["truth"] == {"dim": sizes, "unknown_rank": False}


def test_a_full_queue_says_when_to_come_again(monkeypatch):
    application = build_application(linear_classifier(), ServiceOptions(max_queue=3))
    begun, goes_on, run = threading.Event(), threading.Event(), Search.run

    def wait(self, batch, read=None):
        begun.set()
        assert goes_on.wait(30)
        return run(self, batch, read)

    monkeypatch.setattr(Search, "run", wait)
    request = {"instances": _IMAGES.tolist()}
    with TestClient(application) as client, ThreadPoolExecutor(2) as clients:
        first = clients.submit(client.post, PREDICT, json=request)
        assert begun.wait(30)
        second = clients.submit(client.post, PREDICT, json=request)
        while "igc_tf_queue_examples 3.0" not in client.get("/metrics").text:
            pass
        refused = client.post(PREDICT, json=request)
        goes_on.set()
        assert [one.result().status_code for one in (first, second)] == [200, 200]
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1


def test_a_token_is_asked_for():
    alone = build_application(linear_classifier(), ServiceOptions(token="s3cret"))
    mounted = Starlette(routes=[Mount("/digits", app=alone)])
    for application, at in ((alone, ""), (mounted, "/digits")):
        client = TestClient(application)
        for headers in ({}, {"Authorization": "Bearer no"}, {"Authorization": "Basic s3cret"}):
            refused = client.get(at + MODEL, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        for right in ("Bearer s3cret", "bearer s3cret"):
            answer = client.get(at + MODEL, headers={"Authorization": right})
            assert answer.status_code == 200
        assert client.get(f"{at}/health").status_code == 200


def test_every_request_is_logged_and_counted(caplog):
    with (
        caplog.at_level(logging.INFO, "igc_tf.access"),
        TestClient(build_application(linear_classifier())) as client,
    ):
        sent = client.post(PREDICT, json={"instances": _IMAGES.tolist()})
        client.get("/no%0Asuch/" + 1000 * "x")
        client.request("BREW", "/coffee")
        metrics = client.get("/metrics").text
    first, second, third, _ = [json.loads(record.getMessage()) for record in caplog.records]
    assert first["path"] == PREDICT and first["status"] == 200 and first["examples"] == 3
    assert first["bytes_in"] == int(sent.request.headers["content-length"])
    assert first["bytes_out"] == len(sent.content) and 0 < first["seconds"] < 60
    assert first["time"].endswith("+00:00") and first["client"] == "testclient"
    (seconds,) = re.findall(r'request_seconds_sum{endpoint="predict"} (\S+)', metrics)
    assert float(seconds) == pytest.approx(first["seconds"], abs=1e-5)
    assert second["status"] == 404 and len(second["path"]) == 200 and third["method"] == "BREW"
    line = 'igc_tf_requests_total{endpoint="predict",method="POST",status="200"} 1.0'
    assert line in metrics
    # whatever clients think of makes no new line
    assert 'endpoint="none",method="other",status="404"' in metrics and "coffee" not in metrics


def test_health_tells_of_the_end():
    application = build_application(linear_classifier())
    with TestClient(application) as client:
        application.state.is_stopping = True
        assert client.get("/health").status_code == 503


def test_a_signature_knows_how_many_values_an_example_has():
    image, name = tf.TensorSpec([None, 2, 3]), tf.TensorSpec([None])
    for inputs, expected in (
        # a name beside each input's numbers
        ({"x": image}, 7),
        ({"x": image, "y": name}, 9),
        ({"x": tf.TensorSpec([None, None])}, float("inf")),
    ):
        assert Signature(inputs, {}, None, None, True).values == expected


def test_what_an_export_says_of_its_pictures_is_their_frame(tmp_path):
    told = {"layout": ConditionLayout.classes(3).to_dict(), "bounds": [-1, 1], "arrange": False}
    (tmp_path / "assets.extra").mkdir()
    file = tmp_path / "assets.extra" / "classifier.json"
    file.write_text(json.dumps({**told, "data_shape": [3, 2, 1], "background": 1.0}))
    frame = PictureFrame((3, 2, 1), (-1, 1), 1.0, arrange=False)
    assert _described(tmp_path) == (ConditionLayout.classes(3), frame)
    file.write_text(json.dumps({**told, "data_shape": [6], "background": 1.0}))
    assert _described(tmp_path) == (ConditionLayout.classes(3), None)
    file.write_text("no JSON")
    assert _described(tmp_path) == (None, None)


def test_refuses_a_directory_without_a_model(tmp_path):
    with pytest.raises(InputError, match="expected a saved_model.pb"):
        build_application(tmp_path)


def test_refuses_models_that_cannot_be_asked_or_answer_in_words(tmp_path):
    model = tf.Module()
    tf.saved_model.save(model, tmp_path / "mute")
    with pytest.raises(InputError, match="mute holds a SavedModel without a signature"):
        build_application(tmp_path / "mute")
    function = tf.function(lambda x: {"name": tf.strings.as_string(x)}, autograph=False)
    model.name_of = function.get_concrete_function(x=tf.TensorSpec([None], tf.float32))
    tf.saved_model.save(model, tmp_path / "words", signatures=model.name_of)
    with pytest.raises(InputError, match="'name' of 'serving_default' is of type string: expected"):
        build_application(tmp_path / "words")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, "name='a b'"),
        ({"max_batch": 0}, "max_batch=0"),
        ({"max_wait": -1.0}, "max_wait=-1"),
        ({"max_body": 0.0}, "max_body=0"),
        ({"token": "ä"}, "token: expected printable ASCII"),
        *(({"token": token}, "token: expected some characters") for token in ("", " ", " a", "a ")),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        ServiceOptions(**options)
