"""A classifier, or a SavedModel, as a web application in TensorFlow Serving's REST format."""

import asyncio
import contextlib
import functools
import gzip
import re
import time

import anyio
import tensorflow as tf
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from igc_tf.errors import InputError, first_line
from igc_tf.serve.batching import Batcher, QueueFull
from igc_tf.serve.bodies import Bodies, Drain
from igc_tf.serve.exchange import (
    describe_signatures,
    read_examples,
    read_prediction,
    write_classification,
    write_prediction,
)
from igc_tf.serve.options import ServiceOptions
from igc_tf.serve.refusals import CLIENT_GONE, Refusal, error_response, refusal_response
from igc_tf.serve.signatures import served_model
from igc_tf.serve.watch import Guard, Metrics, Watch

_MEBIBYTE = 2**20
# smaller answers are not worth compressing
_WORTH_PACKING = 1024
# of text that is converted while others wait, which takes less time than to hand it to a thread
_SMALL = 2**16
# seconds for which a request's pictures are still decoded when the service ends
_HURRIED = 5
# values of a request beside its examples
_FEW = 100
# a number's text, about
_BYTES_A_NUMBER = 20


def build_application(model, options=None, routes=(), hosts=None):
    """Builds a web application (ASGI) that answers for a classifier or a SavedModel.

    - `POST /v1/models/NAME:predict` with `{"instances": [row, ...]}` answers
      `{"predictions": [row, ...]}`; with `{"inputs": ...}`, columns, `{"outputs": ...}`. An
      optional `"signature_name"` chooses the signature, by default "serving_default". A classifier
      has those of its SavedModel (see `igc_tf.export.export_saved_model`).
    - `POST /v1/models/NAME:classify` with `{"examples": [{"images": row}, ...]}` answers the scores
      by name, `{"result": ...}`, and the `"details"` of each.
    - `GET /v1/models/NAME` says that the model is there, `GET /v1/models/NAME/metadata` what
      signatures it has. All of these also with `/versions/N` behind the name.
    - `GET /health` says whether requests are taken, `GET /metrics` tells Prometheus what happens.

    A request that cannot be answered gets status 400 or another that fits, one at which TensorFlow
    fails (for want of memory) 500, and `{"error": one line}`. Requests are searched together, as
    many as there are, one batch after the other, which bounds the memory; each gets the answer that
    it would have got alone. The search is compiled here, before the first request.

        application = build_application(igc_tf.load_classifier("mnist-cagan-compact"))
        uvicorn.run(application, port=8501)

    Args:
        model: a `SearchClassifier`, or the directory of a SavedModel.
        options: a `ServiceOptions`; None for its defaults.
        routes: of Starlette, which the application has too.
        hosts: the names by which it may be called, and no pages but its own; None for any.

    Returns:
        A `starlette.applications.Starlette`. While its `state.is_stopping` is true, bodies that
        have not come are not waited for, and `/health` answers 503.

    Raises:
        InputError: if the directory holds no SavedModel, or one that cannot be served; for options
            that join requests to a SavedModel.
    """
    options = options if options is not None else ServiceOptions()
    service = _Service(served_model(model, options), options)

    @contextlib.asynccontextmanager
    async def lifespan(application):
        yield
        await service.batcher.close()

    application = Starlette(
        routes=[*service.routes(), *routes],
        exception_handlers=_handlers(f"{service.path}:predict, :classify, /metadata"),
        middleware=[
            Middleware(Drain),
            Middleware(Watch, metrics=service.metrics),
            Middleware(Guard, token=options.token, hosts=hosts, open_paths=("/health",)),
        ],
        lifespan=lifespan,
    )
    # an address that is nearly right is wrong, and told so
    application.router.redirect_slashes = False
    application.state.is_stopping = False
    service.bodies = Bodies(
        int(options.max_body * _MEBIBYTE), lambda: application.state.is_stopping
    )
    return application


class _Service:
    """The endpoints of a served model."""

    def __init__(self, model, options):
        self.model = model
        self.options = options
        self.path = f"/v1/models/{options.name}"
        self.metrics = Metrics(lambda: self.batcher.waiting)
        self.batcher = Batcher(
            model.batch_size, options.max_wait, options.max_queue, self.metrics.note_batch
        )
        # texts and numbers are converted one request after the other: lists of numbers take many
        # times the memory of their text, and Python would not do two at once any faster
        self._converting = anyio.CapacityLimiter(1)
        # and pictures likewise, each of which may take a second, beside them
        self._decoding = anyio.CapacityLimiter(1)
        self._most_values = _FEW + options.max_queue * max(
            signature.values for signature in model.signatures.values()
        )

    def routes(self):
        """The routes of Starlette."""
        found = [_route("/health", self.health), _route("/metrics", self.tell_metrics)]
        for path in (self.path, f"{self.path}/versions/{self.model.version}"):
            found += [
                _route(path, self.status),
                _route(f"{path}/metadata", self.metadata),
                _route(f"{path}:predict", self.predict, "POST"),
                _route(f"{path}:classify", self.classify, "POST"),
            ]
        return found

    async def health(self, request):
        """Whether requests are taken."""
        if request.app.state.is_stopping:
            raise Refusal(503, "the service is ending", retry_after=1)
        return JSONResponse({"status": "ok"})

    async def tell_metrics(self, request):
        """What Prometheus collects."""
        del request
        return Response(generate_latest(self.metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    async def status(self, request):
        """That the model is there."""
        del request
        status = {"error_code": "OK", "error_message": ""}
        version = {"version": self.model.version, "state": "AVAILABLE", "status": status}
        return JSONResponse({"model_version_status": [version]})

    async def metadata(self, request):
        """What signatures it has."""
        del request
        return JSONResponse(describe_signatures(self.model, self.options.name))

    async def predict(self, request):
        """Answers by a signature."""

        def read(body, check):
            del check
            return read_prediction(self.model, body)

        return await self._answer(request, read, write_prediction)

    async def classify(self, request):
        """Answers with names, and the details of each example."""

        def write(question, outputs):
            return write_classification(self.model, outputs)

        return await self._answer(request, functools.partial(read_examples, self.model), write)

    async def _answer(self, request, read, write):
        question = await self._question(request, read)
        request.scope["igc_tf.noted"] = {"examples": question.count}
        self._check_count(question.count)
        outputs = await _unless_gone(request, self.batcher.ask(question))
        packs = _accepts_gzip(request.headers.get("accept-encoding", ""))

        def encode():
            text = write(question, outputs)
            if packs and len(text) >= _WORTH_PACKING:
                return gzip.compress(text, compresslevel=1), {"Content-Encoding": "gzip"}
            return text, {}

        numbers = sum(value.size for value in outputs.values())
        text, headers = await self._convert(_BYTES_A_NUMBER * numbers, encode)
        return Response(
            text, headers={**headers, "Vary": "Accept-Encoding"}, media_type="application/json"
        )

    async def _question(self, request, read):
        """What a request asks for. Its body ends with this call, lest it outlive its share."""

        def read_some(body, check):
            # no more than fits, as lists take twenty times the memory of their text
            if body.count(b",") > self._most_values:
                raise self._too_many("too many")
            return read(body, check)

        async with self.bodies.read(request) as body, _departure(request) as leaves:
            begin = time.monotonic()

            def check(count):
                self._check_count(count)
                if leaves.done():
                    raise _gone()
                is_late = time.monotonic() - begin > _HURRIED
                if is_late and request.app.state.is_stopping:
                    raise Refusal(503, "the service is ending", retry_after=1)

            # a picture may be large, however small its file, and its key may be written in escapes
            if b'"b64"' in body or b"\\" in body:
                return await _in_a_thread(self._decoding, read_some, body, check)
            return await self._convert(len(body), read_some, body, check)

    def _check_count(self, count):
        if count > self.options.max_queue:
            raise self._too_many(count)

    def _too_many(self, count):
        return Refusal(413, f"{count} examples: expected at most {self.options.max_queue}")

    async def _convert(self, size, function, *arguments):
        if size <= _SMALL:
            return function(*arguments)
        return await _in_a_thread(self._converting, function, *arguments)


async def _in_a_thread(lane, function, *arguments):
    return await anyio.to_thread.run_sync(function, *arguments, limiter=lane)


def _route(path, endpoint, method="GET"):
    """A route that also answers OPTIONS, and HEAD where it answers GET."""
    allowed = ", ".join(["GET", "HEAD"] if method == "GET" else [method]) + ", OPTIONS"

    @functools.wraps(endpoint)
    async def answer(request):
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        return await endpoint(request)

    return Route(path, answer, methods=[method, "OPTIONS"])


def _accepts_gzip(accepted):
    """Whether a header "Accept-Encoding" has gzip among what it lists, and does not exclude it."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def _handlers(expected):
    """Returns Starlette's exception handlers.

    Args:
        expected: the addresses that there are, for a request to another one.
    """

    def refused(request, error):
        return refusal_response(error)

    def by_starlette(request, error):
        reason = error.detail
        if error.status_code == 404:
            reason = f"nothing at {request.url.path[:200]}: expected {expected}"
        elif error.status_code == 405:
            reason = f"{request.method}: expected {error.headers['Allow']}"
        return error_response(reason, error.status_code, error.headers)

    def unfit(request, error):
        return error_response(str(error), 400)

    def full(request, error):
        return refusal_response(Refusal(503, str(error), retry_after=error.retry_after))

    def failed(request, error):
        return error_response(first_line(error), 500)

    return {
        HTTPException: by_starlette,
        Refusal: refused,
        InputError: unfit,
        QueueFull: full,
        tf.errors.OpError: failed,
        # a defect: the traceback is logged, too
        Exception: failed,
    }


async def _unless_gone(request, answer):
    """The result of a future, which is cancelled if the client leaves before."""
    try:
        async with _departure(request) as leaves:
            await asyncio.wait({answer, leaves}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise _gone()
        return answer.result()
    finally:
        answer.cancel()


@contextlib.asynccontextmanager
async def _departure(request):
    """Yields a future that is done once the client has left. The body must have been read."""
    leaves = asyncio.ensure_future(request.receive())
    try:
        yield leaves
    finally:
        leaves.cancel()


def _gone():
    return Refusal(CLIENT_GONE, "the client left")
