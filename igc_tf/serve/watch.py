"""What stands around every request: who may ask, what is counted, what is logged."""

import hmac
import json
import logging
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.datastructures import Headers

from igc_tf.serve.refusals import CLIENT_GONE, Refusal, refusal_response

ACCESS_LOG = logging.getLogger("igc_tf.access")
# of what a client wrote, no more than this is logged
_LONGEST = 200
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_EXAMPLES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """What `/metrics` tells Prometheus.

    Args:
        waiting: () -> how many examples wait.

    Attributes:
        registry: the `CollectorRegistry`.
        requests: counts by endpoint, method and status.
        seconds: of requests, by endpoint.
        batches: examples searched at once.
        searches: seconds of a search.
    """

    def __init__(self, waiting):
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "igc_tf_requests",
            "Requests answered.",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "igc_tf_request_seconds",
            "From a request's headers to the end of its answer.",
            ["endpoint"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.batches = Histogram(
            "igc_tf_batch_examples",
            "Examples searched at once.",
            buckets=_EXAMPLES,
            registry=self.registry,
        )
        self.searches = Histogram(
            "igc_tf_batch_seconds", "Of one batch.", buckets=_SECONDS, registry=self.registry
        )
        Gauge("igc_tf_queue_examples", "Examples that wait.", registry=self.registry).set_function(
            waiting
        )

    def note_batch(self, examples, seconds):
        """Counts a batch."""
        self.batches.observe(examples)
        self.searches.observe(seconds)


class Watch:
    """ASGI middleware: counts requests, and logs each as a line of JSON to `ACCESS_LOG`.

    Args:
        app: what is watched.
        metrics: a `Metrics`.
    """

    def __init__(self, app, metrics):
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope, receive, send):
        """Handles a connection of ASGI."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begin = time.perf_counter()
        seen = {"status": CLIENT_GONE, "bytes_in": 0, "bytes_out": 0}

        async def watched_receive():
            message = await receive()
            seen["bytes_in"] += len(message.get("body", b""))
            return message

        async def watched_send(message):
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
            seen["bytes_out"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, watched_receive, watched_send)
        except Exception:
            # answered further out, when it is known what to say
            seen["status"] = 500
            raise
        finally:
            self._note(scope, seen, time.perf_counter() - begin)

    def _note(self, scope, seen, seconds):
        # by the address that answered, as a client may think of any number of others
        endpoint = getattr(scope.get("endpoint"), "__name__", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.requests.labels(endpoint, method, seen["status"]).inc()
        self.metrics.seconds.labels(endpoint).observe(seconds)
        if ACCESS_LOG.isEnabledFor(logging.INFO):
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "client": (scope.get("client") or [None])[0],
                "method": scope["method"][:_LONGEST],
                "path": scope["path"][:_LONGEST],
                **seen,
                "seconds": round(seconds, 6),
                **scope.get("igc_tf.noted", {}),
            }
            ACCESS_LOG.info("%s", json.dumps(line))


class Guard:
    """ASGI middleware: lets those in who may ask.

    Args:
        app: what is guarded.
        token: that requests must bear, or None.
        hosts: the names by which the service may be called, which keeps the pages of other sites
            out, whatever address their names lead to; and requests that a page sends, which name an
            origin, must come from a page of its own. None for any.
        open_paths: asked for without a token.
    """

    def __init__(self, app, token=None, hosts=None, open_paths=()):
        self.app = app
        self.token = token
        self.hosts = hosts
        self.open_paths = open_paths

    async def __call__(self, scope, receive, send):
        """Handles a connection of ASGI."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is None:
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket":
            # before it is accepted, which answers 403
            return await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)})
        return await refusal_response(refusal)(scope, receive, send)

    def _refusal(self, scope, headers):
        if self.hosts is not None:
            host, origin = headers.get("host", ""), headers.get("origin")
            if _without_port(host) not in self.hosts:
                names = ", ".join(self.hosts)
                return Refusal(421, f"Host {host[:_LONGEST]!r}: expected one of {names}")
            if origin is not None and origin.lower() != f"http://{host.lower()}":
                return Refusal(403, f"Origin {origin[:_LONGEST]!r}: expected 'http://{host}'")
        # without that of an application in which this one is mounted
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if self.token is not None and path not in self.open_paths:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(given.strip().encode(), self.token.encode())
            if scheme.lower() != "bearer" or not is_right:
                return Refusal(401, "expected the header Authorization: Bearer TOKEN")
        return None


def _without_port(host):
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()
