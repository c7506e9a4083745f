"""Runs a web application until it is told to end."""

import contextlib
import ipaddress
import socket

import uvicorn

from igc_tf.errors import InputError

# connections at once; more are answered 503. Below the usual limit of open files, 1024
_CONNECTIONS = 900
# seconds that a connection may rest between two requests
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
        http="h11",
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
    with contextlib.suppress(KeyboardInterrupt):
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
