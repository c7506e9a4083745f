"""Runs a web application until it is told to end."""

import contextlib
import gc
import ipaddress
import socket

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from igc_tf.errors import InputError

# connections at once; more are answered 503. Below the usual limit of open files, 1024
_CONNECTIONS = 900
# seconds that a connection may rest between two requests, or take for the head of one
_KEPT = 75
# what a page sends at once
_LARGEST_MESSAGE = 16 * 2**20


def listen(host, port):
    """Returns a listening socket.

    Args:
        host: the interface: a name, or an IPv4 or IPv6 address; "0.0.0.0" for all, "::" for all of
            both kinds.
        port: 0 chooses a free one.

    Raises:
        InputError: if the port is taken, or the interface unknown.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        both = address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address[:2], family=family, backlog=2048, dualstack_ipv6=both)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on port {port} of {host}: {reason}") from error


def run_server(application, listener, greet):
    """Serves an application until SIGINT or SIGTERM, and answers what was accepted.

    Args:
        application: as `build_application` makes it.
        listener: a socket, see `listen`.
        greet: called with the address, "http://HOST:PORT", as soon as requests are taken.
    """
    config = uvicorn.Config(
        application,
        http=_Protocol,
        ws="websockets-sansio",
        loop="asyncio",
        # requests are logged by the application; only defects by uvicorn
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEPT,
        ws_max_size=_LARGEST_MESSAGE,
    )
    # it lets the signal happen once more when it has ended
    with contextlib.suppress(KeyboardInterrupt), _settled():
        _Server(config, lambda: greet(address(listener))).run(sockets=[listener])


def address(listener):
    """Returns "http://HOST:PORT" of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host):
    """Whether nothing but this machine reaches an interface."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@contextlib.contextmanager
def _settled():
    """Spares what is there from being looked through for garbage, which stops every request."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Protocol(H11Protocol):
    """Sends answers at once, and gives up connections that do not ask for anything.

    uvicorn gives up those that have got an answer; asyncio sends at once where it made the socket.
    """

    def connection_made(self, transport):
        super().connection_made(transport)
        # else the body of an answer waits up to 40 ms until the client has confirmed its head
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._give_up_at(self.loop.time() + self.timeout_keep_alive)

    def data_received(self, data):
        waiting = self.timeout_keep_alive_task
        super().data_received(data)
        is_ours = self.transport.get_protocol() is self
        is_idle = self.cycle is None or self.cycle.response_complete
        if waiting is not None and is_ours and is_idle and self.timeout_keep_alive_task is None:
            # some bytes of a head win no time
            self._give_up_at(waiting.when())

    def _give_up_at(self, when):
        self.timeout_keep_alive_task = self.loop.call_at(when, self.timeout_keep_alive_handler)


class _Server(uvicorn.Server):
    def __init__(self, config, greet):
        super().__init__(config)
        self._greet = greet

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self._greet()

    async def shutdown(self, sockets=None):
        self.config.app.state.is_stopping = True
        await super().shutdown(sockets)
