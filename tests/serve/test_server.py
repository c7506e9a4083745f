"""A server on real sockets: connections that are kept, slow and cut bodies, and its end."""

import base64
import contextlib
import gc
import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from websockets.sync.client import connect

from igc_tf.data.picture import PictureFrame
from igc_tf.errors import InputError
from igc_tf.search import Search
from igc_tf.serve import ServiceOptions
from igc_tf.serve.application import build_application
from igc_tf.serve.page import page_routes
from igc_tf.serve.server import _Protocol, is_loopback, listen
from tests.fixtures.exported import SHAPE, linear_classifier
from tests.serve.drawn import png
from tests.serve.served import serve_while

_IMAGES = np.random.default_rng(5).uniform(-1, 1, size=(2, *SHAPE)).astype(np.float32)
PREDICT = "/v1/models/classifier:predict"
CLASSIFY = "/v1/models/classifier:classify"
GOOD = json.dumps({"instances": _IMAGES.tolist()}).encode()
OUT_OF_RANGE = json.dumps({"instances": np.full([1, *SHAPE], 255).tolist()}).encode()
_SECONDS = 30


@pytest.fixture(scope="module")
def application():
    return build_application(linear_classifier(), ServiceOptions(max_body=1))


def _post(connection, body, path=PREDICT, **headers):
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_a_connection_is_kept_after_refusals(application):
    def clients(host, port):
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        connection.connect()
        kept = connection.sock
        bodies = [GOOD, OUT_OF_RANGE, GOOD, b"{", iter([GOOD[:9], GOOD[9:]])]
        statuses = [_post(connection, body)[0] for body in bodies]
        statuses += [_post(connection, GOOD, path)[0] for path in ("/nowhere", PREDICT)]
        assert connection.sock is kept
        connection.close()
        return statuses

    assert serve_while(application, clients) == [200, 400, 200, 400, 200, 404, 200]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n", 400),
        (
            b"POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Content-Length: 1073741824\r\n\r\n",
            413,
        ),
        (b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST %s HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01 no HTTP\r\n\r\n", 400),
        # the client sends no more, but listens
        (b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{", 400),
        (b"POST %s HTTP/1.1\r\nHo", 400),
    ],
)
def test_malformed_requests_are_answered(application, sent, status, capfd):
    def clients(host, port):
        with socket.create_connection((host, port), timeout=_SECONDS) as client:
            client.sendall(sent.replace(b"%s", PREDICT.encode()))
            if not sent.endswith(b"\r\n"):
                client.shutdown(socket.SHUT_WR)
            head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
        # and others still are
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        assert _post(connection, GOOD)[0] == 200
        connection.close()
        return int(head.split()[1]), json.loads(body)

    found, said = serve_while(application, clients)
    assert found == status and said["error"] and "\n" not in said["error"]
    assert capfd.readouterr().err == ""


def test_nonsense_after_an_answer_ends_the_connection(application, capfd):
    def clients(host, port):
        with socket.create_connection((host, port), timeout=_SECONDS) as client:
            head = "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            client.sendall(f"{head}2\r\n{{}}\r\n".encode())
            first = client.recv(2**16)
            client.sendall(b"nonsense\r\n")
            return first, client.makefile("rb").read()

    first, rest = serve_while(application, clients)
    assert first.startswith(b"HTTP/1.1 404 ") and b"HTTP/" not in rest
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("path", "status"), [(PREDICT, 413), ("/nowhere", 404)])
def test_who_sends_all_before_listening_hears_why_it_is_refused(application, path, status):
    def clients(host, port):
        # urllib asks for the end of the connection, too
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(f"http://{host}:{port}{path}", b" " * 20_000_000, _SECONDS)
        with refused.value as answer:
            return answer.code, json.loads(answer.read())

    found, said = serve_while(application, clients)
    assert found == status and said["error"]


def test_a_body_that_comes_byte_by_byte_is_given_up_in_the_end(application, monkeypatch):
    monkeypatch.setattr("igc_tf.serve.bodies._LONGEST", 0.5)

    def clients(host, port):
        with socket.create_connection((host, port), timeout=0.05) as client:
            head = f"POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n"
            client.sendall(head.encode())
            answer = b""
            for _ in range(100):
                client.sendall(b" ")
                with contextlib.suppress(TimeoutError):
                    answer = client.recv(2**16)
                    break
        return answer

    answer = serve_while(application, clients)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"not all of the body in 0.5 s" in answer


def test_answers_are_sent_at_once(application, monkeypatch):
    made, connection_made = [], _Protocol.connection_made

    def note(self, transport):
        connection_made(self, transport)
        made.append(transport.get_extra_info("socket"))
        made.append(made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(_Protocol, "connection_made", note)

    def clients(host, port):
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        # what is there is not looked through for garbage meanwhile
        status = _post(connection, GOOD)[0], gc.get_freeze_count() > 0
        connection.close()
        return status

    # what these tests spare themselves
    gc.unfreeze()
    try:
        assert serve_while(application, clients) == (200, True)
        assert made[1] and gc.get_freeze_count() == 0
    finally:
        gc.freeze()
    assert serve_while(application, clients) == (200, True)
    assert gc.get_freeze_count() > 0


def test_connections_are_bounded(application, monkeypatch):
    monkeypatch.setattr("igc_tf.serve.server._CONNECTIONS", 2)

    def clients(host, port):
        connections = [http.client.HTTPConnection(host, port, timeout=_SECONDS) for _ in range(3)]
        found = []
        for connection in connections:
            connection.request("POST", PREDICT, GOOD)
            response = connection.getresponse()
            found.append((response.status, response.getheader("Retry-After")))
            said = json.loads(response.read())
        for connection in connections:
            connection.close()
        return found, said

    found, said = serve_while(application, clients)
    assert found == [(200, None), (200, None), (503, "1")] and "connections" in said["error"]


def test_what_is_on_its_way_at_the_end_is_answered(application):
    found = []

    def ask(connection):
        while not application.state.is_stopping:
            time.sleep(0.01)
        connection.request("POST", PREDICT, GOOD)
        response = connection.getresponse()
        found.append((response.status, response.getheader("Connection"), len(response.read()) > 9))
        connection.close()

    def clients(host, port):
        kept, new = (http.client.HTTPConnection(host, port, timeout=_SECONDS) for _ in range(2))
        assert _post(kept, GOOD)[0] == 200
        new.connect()
        threads = [threading.Thread(target=ask, args=(one,)) for one in (kept, new)]
        for thread in threads:
            thread.start()
        return threads

    for thread in serve_while(application, clients):
        thread.join(_SECONDS)
    assert found == 2 * [(200, "close", True)]


def test_without_a_page_there_are_no_websockets(application, shelf):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}

    def clients(host, port):
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        status = _post(connection, GOOD, **upgrade)[0]
        connection.close()
        return status

    assert serve_while(application, clients) == 200
    pages = build_application(linear_classifier(), routes=page_routes(shelf))
    assert serve_while(pages, clients) == 200


def test_what_was_accepted_is_answered_and_what_is_slow_is_not_waited_for(application, monkeypatch):
    begun, run = threading.Event(), Search.run

    def slow(self, batch, read=None):
        begun.set()
        time.sleep(0.5)
        return run(self, batch, read)

    monkeypatch.setattr(Search, "run", slow)
    answers = []

    def ask(host, port):
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        answers.append(_post(connection, GOOD)[0])
        connection.close()

    def clients(host, port):
        asking = [threading.Thread(target=ask, args=(host, port)) for _ in range(3)]
        # a body that never comes
        idle = socket.create_connection((host, port), timeout=_SECONDS)
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n"
        idle.sendall(head.encode())
        for thread in asking:
            thread.start()
        assert begun.wait(_SECONDS)
        return asking, idle

    begin = time.monotonic()
    asking, idle = serve_while(application, clients)
    for thread in asking:
        thread.join(_SECONDS)
    with idle:
        status = idle.makefile("rb").readline()
    assert answers == [200] * len(asking) and b" 503 " in status
    assert time.monotonic() - begin < _SECONDS / 2


def test_connections_that_ask_for_nothing_are_given_up(application, monkeypatch):
    monkeypatch.setattr("igc_tf.serve.server._KEPT", 0.5)

    def clients(host, port):
        heads = (b"", b"GET /health HTTP/1.1\r\n", b"GET /health HTTP/1.1\r\n\r\n")
        connections = [socket.create_connection((host, port), timeout=_SECONDS) for _ in heads]
        for connection, head in zip(connections, heads, strict=True):
            connection.sendall(head)
        received = [connection.makefile("rb").read() for connection in connections]
        for connection in connections:
            connection.close()
        return received

    nothing, part, whole = serve_while(application, clients)
    assert nothing == part == b"" and whole.startswith(b"HTTP/1.1 ")


def test_pages_may_be_still_for_long(shelf, monkeypatch):
    monkeypatch.setattr("igc_tf.serve.server._KEPT", 0.2)

    def clients(host, port):
        with connect(f"ws://{host}:{port}/watch") as page:
            while json.loads(page.recv(_SECONDS))["kind"] != "ready":
                pass
            time.sleep(1)
            page.send(b"\0\0\0\1")
            return json.loads(page.recv(_SECONDS))["kind"]

    pages = build_application(linear_classifier(), routes=page_routes(shelf))
    assert serve_while(pages, clients) == "nothing"


def test_a_client_that_leaves_is_not_computed_for(application, monkeypatch):
    searched, goes_on, run = [], threading.Event(), Search.run

    def wait(self, batch, read=None):
        searched.append(len(batch.data))
        assert goes_on.wait(_SECONDS)
        return run(self, batch, read)

    monkeypatch.setattr(Search, "run", wait)

    def clients(host, port):
        connections = [http.client.HTTPConnection(host, port, timeout=_SECONDS) for _ in range(2)]
        connections[0].request("POST", PREDICT, GOOD)
        _until(lambda: searched)
        connections[1].request("POST", PREDICT, GOOD)
        watch = http.client.HTTPConnection(host, port, timeout=_SECONDS)

        def metrics():
            watch.request("GET", "/metrics")
            return watch.getresponse().read().decode()

        _until(lambda: "igc_tf_queue_examples 2.0" in metrics())
        connections[1].close()
        gone = 'endpoint="predict",method="POST",status="499"} 1.0'
        _until(lambda: gone in metrics())
        goes_on.set()
        status = connections[0].getresponse().status
        connections[0].close()
        watch.close()
        return status

    assert serve_while(application, clients) == 200
    assert searched == [2]


class _SlowPictures:
    """A request of many pictures, the second of which is decoded for as long as a test asks it."""

    def __init__(self, monkeypatch):
        self.decoded, self.goes_on, decode = [], threading.Event(), PictureFrame.decode

        def wait(frame, encoded):
            self.decoded.append(len(encoded))
            assert len(self.decoded) != 2 or self.goes_on.wait(_SECONDS)
            return decode(frame, encoded)

        monkeypatch.setattr(PictureFrame, "decode", wait)
        picture = {"picture": {"b64": base64.b64encode(png(np.eye(40) * 255)).decode()}}
        self.body = json.dumps({"examples": [picture] * 5})

    def send(self, host, port):
        """Returns the connection once the second picture is being decoded."""
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        connection.request("POST", CLASSIFY, self.body)
        _until(lambda: len(self.decoded) == 2)
        return connection


def test_no_picture_is_decoded_for_a_client_that_left(application, monkeypatch):
    slow = _SlowPictures(monkeypatch)

    def clients(host, port):
        leaving = slow.send(host, port)
        other = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        # numbers do not wait for pictures, be they many
        statuses = [_post(other, GOOD + b" " * 2**17)[0]]
        leaving.close()
        # the service has heard of it when it has answered again
        statuses.append(_post(other, GOOD)[0])
        slow.goes_on.set()

        def metrics():
            other.request("GET", "/metrics")
            return other.getresponse().read().decode()

        _until(lambda: 'endpoint="classify",method="POST",status="499"} 1.0' in metrics())
        other.close()
        return statuses

    assert serve_while(application, clients) == [200, 200]
    assert len(slow.decoded) == 2


@pytest.mark.parametrize(("seconds", "status", "decoded"), [(0, 503, 2), (_SECONDS, 200, 5)])
def test_many_pictures_are_not_waited_for_at_the_end(
    application, monkeypatch, seconds, status, decoded
):
    monkeypatch.setattr("igc_tf.serve.application._HURRIED", seconds)
    slow, ends = _SlowPictures(monkeypatch), []

    def go_on():
        _until(lambda: application.state.is_stopping)
        slow.goes_on.set()

    def clients(host, port):
        ends.append(threading.Thread(target=go_on))
        ends[0].start()
        return slow.send(host, port)

    connection = serve_while(application, clients)
    ends[0].join(_SECONDS)
    response = connection.getresponse()
    assert response.status == status and len(slow.decoded) == decoded
    connection.close()


def _until(condition):
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("host", "asked"), [("::1", ["::1"]), ("::", ["::1", "127.0.0.1"])])
def test_ipv6(application, host, asked):
    def clients(bound, port):
        statuses = []
        for name in asked:
            connection = http.client.HTTPConnection(name, port, timeout=_SECONDS)
            statuses.append(_post(connection, GOOD)[0])
            connection.close()
        return statuses

    assert serve_while(application, clients, host) == [200] * len(asked)


def test_a_taken_port_and_an_unknown_interface_are_told():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on port {port} of 127.0.0.1"):
            listen("127.0.0.1", port)
    for host in ("no.such.host.invalid", "a" * 70, "192.0.2.1"):
        with pytest.raises(InputError, match="cannot listen"):
            listen(host, 0)


def test_loopback():
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost", "Localhost"):
        assert is_loopback(host)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org", ""):
        assert not is_loopback(host)
