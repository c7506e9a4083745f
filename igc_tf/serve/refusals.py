"""Answers to what is not answered: JSON, `{"error": one line}`, with the status that fits."""

import math

import tensorflow as tf
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from igc_tf.errors import InputError, first_line
from igc_tf.serve.batching import QueueFull

# of what a client wrote, no more than this is told to it
_LONGEST = 500
# nginx' number for a client that did not wait, which nobody receives
CLIENT_GONE = 499


class Refusal(Exception):
    """A request that is not answered.

    Args:
        status: of the response.
        reason: one line.
        retry_after: seconds after which to try again; None for never.
        closes: whether the connection ends with it; else the next request on it is answered.
    """

    def __init__(self, status, reason, retry_after=None, closes=False):
        super().__init__(reason)
        self.status = status
        self.headers = {}
        if retry_after is not None:
            self.headers["Retry-After"] = str(math.ceil(retry_after))
        if closes:
            self.headers["Connection"] = "close"
        if status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"


def handlers(expected):
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
        return _response(reason, error.status_code, error.headers)

    def unfit(request, error):
        return _response(str(error), 400)

    def full(request, error):
        return refusal_response(Refusal(503, str(error), retry_after=error.retry_after))

    def failed(request, error):
        return _response(first_line(error), 500)

    return {
        HTTPException: by_starlette,
        Refusal: refused,
        InputError: unfit,
        QueueFull: full,
        tf.errors.OpError: failed,
        # a defect: the traceback is logged, too
        Exception: failed,
    }


def refusal_response(refusal):
    """Returns the response of a `Refusal`."""
    return _response(str(refusal), refusal.status, refusal.headers)


def _response(reason, status, headers=None):
    if len(reason) > _LONGEST:
        reason = f"{reason[:_LONGEST]}…"
    return JSONResponse({"error": reason}, status, headers)
