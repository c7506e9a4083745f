"""Answers to what is not answered: JSON, `{"error": one line}`, with the status that fits."""

import math

from starlette.responses import JSONResponse

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


def refusal_response(refusal):
    """Returns the response of a `Refusal`."""
    return error_response(str(refusal), refusal.status, refusal.headers)


def error_response(reason, status, headers=None):
    """Returns a response that tells a reason, of which it leaves out what is too long."""
    if len(reason) > _LONGEST:
        reason = f"{reason[:_LONGEST]}…"
    return JSONResponse({"error": reason}, status, headers)
