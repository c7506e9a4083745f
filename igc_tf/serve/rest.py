"""Serves a classifier over HTTP.

Speaks TensorFlow Serving's REST format, so that a client of one is a client of the other.
"""

import json
import logging
import re
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError, first_line

_LARGEST_BODY = 64 * 2**20
_LOG = logging.getLogger(__name__)


class _Signature(NamedTuple):
    """Something that a model is asked for.

    Attributes:
        inputs: {name: `TensorSpec`}, whose first dimension is that of the examples.
        compute: takes an array for each input, returns {name: array or tensor (N, ...)}.
    """

    inputs: dict
    compute: Callable


class PredictionServer(ThreadingHTTPServer):
    """Answers for a classifier, or the signatures of a SavedModel; for trials and small loads.

    - `POST /v1/models/NAME:predict` with `{"instances": [row, ...]}` answers
      `{"predictions": [row, ...]}`; with `{"inputs": ...}`, columns, `{"outputs": ...}`. An
      optional `"signature_name"` chooses the signature, by default "serving_default". A
      classifier has those of its SavedModel (see `igc_tf.export.export_saved_model`).
    - `GET /v1/models/NAME` says that the model is there.

    A request that cannot be answered gets status 400, 404, 411 or 413, one at which TensorFlow
    fails (for want of memory) 500, and `{"error": one line}`.
    Requests are computed one after the other, which bounds the memory.

        with PredictionServer(igc_tf.load_classifier("mnist-cagan-compact")) as server:
            server.serve_forever()

    Args:
        model: a `SearchClassifier`, or the directory of a SavedModel.
        host: the interface to listen on.
        port: 0 chooses a free one, told by `url`.
        name: of the model, in the addresses.

    Raises:
        InputError: if the directory holds no SavedModel or a damaged one, or if the port is taken
            or the interface unknown.
    """

    daemon_threads = True

    def __init__(self, model, host="127.0.0.1", port=8501, name="classifier"):
        is_saved = isinstance(model, str | Path)
        self._signatures = _saved_signatures(model) if is_saved else _signatures(model)
        self._one_at_a_time = threading.Lock()
        self.model_path = f"/v1/models/{name}"
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise InputError(
                f"cannot listen on port {port} of {host}: {error.strerror or error}"
            ) from error

    @property
    def url(self):
        """The model's address, to which clients add `:predict`."""
        host, port = self.server_address[:2]
        return f"http://{host}:{port}{self.model_path}"

    def predict(self, request):
        """Answers a parsed request.

        Raises:
            InputError: if the request does not fit the model; the message says why.
        """
        if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
            raise InputError('expected an object with either "instances" or "inputs"')
        name = request.get("signature_name", "serving_default")
        if not isinstance(name, str) or name not in self._signatures:
            raise InputError(f"no signature {name!r}: expected one of {sorted(self._signatures)}")
        specs, compute = self._signatures[name]
        columns = _columns(request, specs)
        arrays = {key: _checked(key, columns[key], spec) for key, spec in specs.items()}
        counts = {key: len(array) for key, array in arrays.items()}
        if len(set(counts.values())) > 1:
            raise InputError(f"the inputs have {counts} rows: expected the same number in each")
        try:
            with self._one_at_a_time:
                outputs = compute(**arrays)
        except tf.errors.InvalidArgumentError as error:
            raise InputError(_reason(error)) from error
        outputs = {key: np.asarray(value) for key, value in outputs.items()}
        if not all(np.isfinite(value).all() for value in outputs.values()):
            raise InputError("the answer holds values that are not finite")
        outputs = {key: value.tolist() for key, value in outputs.items()}
        if "inputs" in request:
            return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}
        if len(outputs) == 1:
            return {"predictions": next(iter(outputs.values()))}
        rows = zip(*outputs.values(), strict=True)
        return {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}


def _signatures(classifier):
    """{name: `_Signature`} of a classifier, by the names that its SavedModel has."""
    generator = classifier.generator
    data = tf.TensorSpec([None, *generator.data_shape], tf.float32)
    sizes = {"condition": generator.condition_size, "latent": generator.latent_size}
    inputs = {
        name: tf.TensorSpec([None, size], tf.float32)
        for name, size in sizes.items()
        if size is not None
    }

    def classify(images, mask=None):
        parts = [classifier.answer(result) for result in classifier.results(images, mask)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def generate(**values):
        return {"images": generator(values)}

    return {
        "serving_default": _Signature({"images": data}, classify),
        "classify": _Signature({"images": data}, classify),
        "classify_masked": _Signature({"images": data, "mask": data}, classify),
        "generate": _Signature(inputs, generate),
    }


def _saved_signatures(directory):
    """{name: `_Signature`} of a SavedModel."""
    if not tf.saved_model.contains_saved_model(str(directory)):
        raise InputError(f"{directory} holds no SavedModel: expected a saved_model.pb in it")
    try:
        model = tf.saved_model.load(str(directory))
    except Exception as error:
        # TensorFlow raises errors of many kinds for a damaged file
        raise InputError(
            f"{directory} holds a SavedModel that cannot be loaded: {first_line(error)}"
        ) from error

    def signature(function):
        # the functions live as long as the model does
        return _Signature(
            function.structured_input_signature[1], lambda model=model, **arrays: function(**arrays)
        )

    return {name: signature(function) for name, function in model.signatures.items()}


def _columns(request, specs):
    """The request's values per input of the signature."""
    if "instances" in request:
        rows = request["instances"]
        if not isinstance(rows, list) or not rows:
            raise InputError("instances: expected a list of at least one row")
        if not any(isinstance(row, dict) for row in rows):
            columns = rows
        elif all(isinstance(row, dict) and row.keys() == specs.keys() for row in rows):
            columns = {key: [row[key] for row in rows] for key in specs}
        else:
            raise InputError(f"instances: expected exactly {sorted(specs)} in every row")
    else:
        columns = request["inputs"]
    if not isinstance(columns, dict) and len(specs) == 1:
        columns = {next(iter(specs)): columns}
    if not isinstance(columns, dict) or columns.keys() != specs.keys():
        raise InputError(f"expected exactly the inputs {sorted(specs)}")
    return columns


def _checked(name, values, spec):
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name}: the rows differ in shape: expected {spec.shape}") from error
    if not spec.shape.is_compatible_with(array.shape):
        raise InputError(f"{name} has shape {array.shape}: expected {spec.shape}")
    if array.dtype.kind not in "iuf":
        raise InputError(f"{name}: expected numbers")
    return array.astype(spec.dtype.as_numpy_dtype)


def _reason(error):
    """One line of TensorFlow's many: the model's own assertion, if that is what failed."""
    assertion = re.search(r"assertion failed: \[(.*)\]", error.message)
    return assertion.group(1) if assertion else first_line(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # seconds without a byte after which a connection is given up
    timeout = 60

    def do_GET(self):
        if self.path != self.server.model_path:
            return self._refuse(HTTPStatus.NOT_FOUND, f"nothing at {self.path}")
        status = {"error_code": "OK", "error_message": ""}
        version = {"version": "1", "state": "AVAILABLE", "status": status}
        return self._reply(HTTPStatus.OK, {"model_version_status": [version]})

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self._refuse(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length")
        if int(length) > _LARGEST_BODY:
            reason = f"{length} bytes: expected at most {_LARGEST_BODY}"
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)
        body = self.rfile.read(int(length))
        if self.path != f"{self.server.model_path}:predict":
            return self._refuse(HTTPStatus.NOT_FOUND, f"nothing at {self.path}")
        try:
            request = json.loads(body)
        # lists nested too deeply are the latter
        except (ValueError, RecursionError) as error:
            return self._refuse(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {first_line(error)}")
        try:
            answer = self.server.predict(request)
        except ValueError as error:
            return self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except tf.errors.OpError as error:
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, first_line(error))
        return self._reply(HTTPStatus.OK, answer)

    def _refuse(self, status, reason):
        # part of the request may be unread: the next one would begin in its middle
        self.close_connection = True
        self._reply(status, {"error": reason})

    def _reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        _LOG.info(format, *arguments)
