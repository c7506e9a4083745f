"""Runs a web application until it is told to end."""

import asyncio
import contextlib
import gc
import ipaddress
import socket
import sys
from http import HTTPStatus

import h11
import uvicorn
from starlette.routing import WebSocketRoute
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol

from igc_tf.errors import InputError
from igc_tf.serve.refusals import Refusal, refusal_response

# connections at once; more are answered 503. Below the usual limit of open files, 1024
_CONNECTIONS = 900
# seconds that a connection may rest between two requests, or take for the head of one
_KEPT = 75
# likewise, where there are too many of them, or the service ends
_HURRIED = 1
_MOMENT = 0.05
_UNANSWERED = (h11.IDLE, h11.SEND_RESPONSE)
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
    has_sockets = any(isinstance(route, WebSocketRoute) for route in application.routes)
    config = uvicorn.Config(
        _bounded(application, lambda: len(server.server_state.connections)),
        http=_Protocol,
        ws="websockets-sansio" if has_sockets else "none",
        loop="asyncio",
        # requests are logged by the application; only defects by uvicorn
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEPT,
        ws_max_size=_LARGEST_MESSAGE,
    )
    server = _Server(config, application, lambda: greet(address(listener)))
    # it lets the signal happen once more when it has ended
    with contextlib.suppress(KeyboardInterrupt), _settled():
        server.run(sockets=[listener])


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


def _bounded(application, count):
    """The application, but for too many connections; and those that it ends are told so."""

    async def answer(scope, receive, send):
        if scope["type"] != "http":
            return await application(scope, receive, send)

        async def send_last(message):
            if message["type"] == "http.response.start" and application.state.is_stopping:
                message = {**message, "headers": [*message.get("headers", ()), CLOSE_HEADER]}
            await send(message)

        if count() > _CONNECTIONS:
            refusal = Refusal(503, "too many connections", retry_after=_HURRIED, closes=True)
            return await refusal_response(refusal)(scope, receive, send)
        await application(scope, receive, send_last)

    return answer


@contextlib.contextmanager
def _settled():
    """Spares what is there from being looked through for garbage, which stops every request.

    What the process has spared already stays so, and is all that is.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Protocol(H11Protocol):
    """Speaks HTTP/1.1 as uvicorn does; is stricter with those who do not, and kinder at the end.

    Answers are sent at once, and what is no HTTP is refused as everything else is. A connection
    that does not ask for anything is given up, not only after an answer. When the service ends, a
    request that is on its way is answered.
    """

    _is_ending = _is_refused = False

    def connection_made(self, transport):
        super().connection_made(transport)
        # asyncio does so for sockets that it makes itself; else the body of an answer waits up to
        # 40 ms until the client has confirmed its head
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_crowded = len(self.connections) > _CONNECTIONS
        self._give_up_in(_HURRIED if is_crowded else self.timeout_keep_alive)

    def data_received(self, data):
        if self._is_refused:
            return
        waiting = self.timeout_keep_alive_task
        super().data_received(data)
        is_ours = self.transport.get_protocol() is self
        if waiting is not None and is_ours and self._is_idle and not self.timeout_keep_alive_task:
            # some bytes of a head win no time
            self._give_up_in(waiting.when() - self.loop.time())
        if self._is_ending and not self._is_idle:
            self.cycle.keep_alive = False

    def eof_received(self):
        """Tells a client that ended too early, which may still listen."""
        is_cut = self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]
        if is_cut and self.conn.our_state in _UNANSWERED and not self._is_refused:
            self._refuse(400, "the request ended before its end")

    def send_400_response(self, msg):
        """Refuses what is no HTTP, in the way of the application."""
        error = sys.exception()
        if self.conn.our_state in _UNANSWERED:
            self._refuse(
                getattr(error, "error_status_hint", 400), f"no proper HTTP: {error or msg}"
            )
        else:
            # what follows the answer to another request
            self.transport.close()

    def shutdown(self):
        """Ends the connection with the next answer, or soon."""
        self._is_ending = True
        if self._is_idle:
            self._unset_keepalive_if_required()
            self._give_up_in(_HURRIED)
        else:
            self.cycle.keep_alive = False

    def _should_upgrade(self):
        # the WebSocket protocol would not answer another method
        return self.scope["method"] == "GET" and super()._should_upgrade()

    @property
    def _is_idle(self):
        return self.cycle is None or self.cycle.response_complete

    def _refuse(self, status, reason):
        response = refusal_response(Refusal(status, reason, closes=True))
        head = h11.Response(
            status_code=status, headers=response.raw_headers, reason=HTTPStatus(status).phrase
        )
        for event in (head, h11.Data(data=response.body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.write_eof()
        if not self._is_idle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        # a client that is still sending would not hear of it if the connection ended now
        self._is_refused = True
        self.flow.resume_reading()
        self._unset_keepalive_if_required()
        self._give_up_in(_HURRIED)

    def _give_up_in(self, seconds):
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )


class _Server(uvicorn.Server):
    def __init__(self, config, application, greet):
        super().__init__(config)
        self._application = application
        self._greet = greet

    async def startup(self, sockets=None):
        self._application.state.is_stopping = False
        await super().startup(sockets)
        self._greet()

    async def shutdown(self, sockets=None):
        self._application.state.is_stopping = True
        loop = asyncio.get_running_loop()
        for listener in sockets or ():
            loop.remove_reader(listener)
        # whom asyncio has accepted becomes a connection now, and not once the socket is closed
        await asyncio.sleep(_MOMENT)
        for listener in sockets or ():
            # whom the system has accepted meanwhile
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection, _ = listener.accept()
                    await loop.connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _protocol(self):
        return _Protocol(self.config, self.server_state, self.lifespan.state)
