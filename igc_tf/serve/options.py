"""What a service may be told: how it batches, and what it refuses; known without TensorFlow."""

import re
from dataclasses import dataclass
from typing import Annotated

from igc_tf.errors import InputError
from igc_tf.ranges import Range, check_ranges

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class ServiceOptions:
    """How a service batches requests, and where it stops accepting them.

    Attributes:
        name: of the model, in the addresses: letters, digits, dots, dashes and underscores.
        max_batch: examples searched at once, of one request or of several; by default as many as
            suit the number of candidates. Not for a SavedModel, which answers one request after
            the other.
        max_wait: seconds that requests wait for another one to be searched with them, while there
            are fewer than `max_batch` examples; a client that asks alone does not wait, and 0 joins
            only what came while another search ran. Not for a SavedModel.
        max_queue: examples that may wait, and that one request may hold; more are answered 503, and
            a larger request 413.
        max_body: largest body of a request in MiB, also once it is unpacked.
        token: if given, requests need the header `Authorization: Bearer TOKEN`, except for
            `/health`. Without spaces around it.

    Raises:
        InputError: for a value outside its range.
    """

    name: str = "classifier"
    max_batch: Annotated[int | None, Range(1, 100_000)] = None
    max_wait: Annotated[float, Range(0, 60)] = 0.005
    max_queue: Annotated[int, Range(1, 1_000_000)] = 1024
    max_body: Annotated[float, Range(0, 4096, above=True)] = 64.0
    token: str | None = None

    def __post_init__(self):
        check_ranges(self)
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"name={self.name!r}: expected letters, digits, dots, dashes and underscores, as "
                "it is part of an address"
            )
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise InputError("token: expected printable ASCII, as it is part of a header")
        if self.token is not None and (not self.token or self.token != self.token.strip()):
            raise InputError(
                "token: expected some characters without spaces around them, as no header has "
                "them, or no token to ask for none"
            )
