"""The page's files, and what is said over its WebSocket."""

import base64
import re
import struct

import numpy as np
import pytest
import tensorflow as tf
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from igc_tf.data.picture import PictureFrame
from igc_tf.serve.application import build_application
from igc_tf.serve.drawing import watch
from igc_tf.serve.page import LOCAL_HOSTS, page_routes
from tests.serve.drawn import drawn_digit

HOST = "http://127.0.0.1:8502"
WATCH = "ws://127.0.0.1:8502/watch"


@pytest.fixture(scope="module")
def client(shelf):
    application = build_application(
        shelf.get(*shelf.first), routes=page_routes(shelf), hosts=LOCAL_HOSTS
    )
    with TestClient(application, base_url=HOST) as client:
        yield client


def numbered(number, encoded):
    return struct.pack(">I", number) + encoded


def looks(socket, number):
    """What the page is told of one picture, to the last look."""
    found = [socket.receive_json()]
    while not found[-1].get("last") or found[-1]["number"] != number:
        found.append(socket.receive_json())
    return [look for look in found if look["kind"] == "look" and look["number"] == number]


def test_the_page_asks_for_nothing_from_elsewhere(client):
    page = client.get("/")
    assert (
        page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    )
    names = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert set(names) == {"icon.svg", "page.css", "page.js"}
    texts = {name: client.get(f"/{name}") for name in (*names, "sheet.js")}
    assert all(text.status_code == 200 for text in texts.values())
    everything = page.text + "".join(text.text for text in texts.values())
    assert set(re.findall(r"https?://[^\s\"']+", everything)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\(", everything)


def test_every_field_has_a_label(client):
    page = client.get("/").text
    fields = re.findall(r'<(?:input|select)[^>]*\bid="([^"]+)"', page)
    assert len(fields) >= 6
    for field in fields:
        assert f'for="{field}"' in page, field
    for canvas in re.findall(r"<canvas[^>]*>", page):
        assert "aria-label=" in canvas, canvas


def test_a_drawing_is_searched_while_one_looks(client, shelf):
    with client.websocket_connect(WATCH) as socket:
        choices = socket.receive_json()
        assert choices["kind"] == "choices" and choices["first"] == list(shelf.first)
        assert socket.receive_json()["kind"] == "loading"
        ready = socket.receive_json()
        assert ready["kind"] == "ready" and ready["names"] == list("0123456789")
        assert (ready["height"], ready["width"], ready["channels"]) == (28, 28, 1)
        assert ready["arrange"]
        for number, digit in ((1, 2), (2, 6)):
            socket.send_bytes(numbered(number, drawn_digit(digit)))
            seen = looks(socket, number)
            assert seen[-1]["answers"] == [digit] and seen[-1]["step"] == ready["steps"] == 8
            assert len(base64.b64decode(seen[0]["images"])) == 10 * 28 * 28
            assert len(base64.b64decode(seen[0]["picture"])) == 28 * 28
            assert all(look["picture"] is None for look in seen[1:])
            assert 0 < seen[0]["seconds"] <= seen[-1]["seconds"]


def test_a_newer_drawing_takes_the_place_of_an_older_one(client):
    with client.websocket_connect(WATCH) as socket:
        for number in range(1, 6):
            socket.send_bytes(numbered(number, drawn_digit(number)))
        last = looks(socket, 5)
    assert last[-1]["answers"] == [5]


def test_settings_are_chosen_and_others_refused(client):
    with client.websocket_connect(WATCH) as socket:
        assert [socket.receive_json()["kind"] for _ in range(3)][-1] == "ready"
        socket.send_json({"generator": "mnist-cagan-compact", "settings": "fast"})
        told = [socket.receive_json() for _ in range(2)]
        assert [message["kind"] for message in told] == ["loading", "ready"]
        assert told[1]["settings"] == "fast" and told[1]["steps"] == 0
        # a page that chose others meanwhile, and came back to these, waits for them
        socket.send_json({"generator": "mnist-cagan-compact", "settings": "fast"})
        assert [socket.receive_json()["kind"] for _ in range(2)] == ["loading", "ready"]
        socket.send_json({"generator": "/etc", "settings": "fast"})
        assert socket.receive_json()["kind"] == "loading"
        refused = socket.receive_json()
        assert refused["kind"] == "refused" and "no generator '/etc'" in refused["reason"]
        # nonsense is passed over, and the last choice that could be made holds
        for text in ("{", "[]", "{}", "[" * 100_000):
            socket.send_text(text)
        socket.send_bytes(numbered(1, drawn_digit(4)))
        assert looks(socket, 1)[-1]["answers"] == [4]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        *((sent, "is empty") for sent in (b"", b"\0", numbered(9, b""))),
        (numbered(9, b"no picture"), "is not a PNG"),
    ],
)
def test_what_is_no_picture_is_told(client, sent, reason):
    with client.websocket_connect(WATCH) as socket:
        assert [socket.receive_json()["kind"] for _ in range(3)][-1] == "ready"
        socket.send_bytes(sent)
        told = socket.receive_json()
        assert told["kind"] == "nothing" and reason in told["reason"]
        assert told["number"] == (9 if len(sent) >= 4 else 0)


@pytest.mark.parametrize("error", [TypeError("no\nnumber"), struct.error("no number")])
def test_the_conversation_goes_on_whatever_fails_in_a_picture(client, monkeypatch, error):
    def fail(self, encoded):
        raise error

    with client.websocket_connect(WATCH) as socket:
        assert [socket.receive_json()["kind"] for _ in range(3)][-1] == "ready"
        monkeypatch.setattr(PictureFrame, "decode", fail)
        socket.send_bytes(numbered(7, drawn_digit(1)))
        told = socket.receive_json()
        assert told["kind"] == "nothing" and told["number"] == 7
        assert told["reason"].startswith("cannot be read (no")
        monkeypatch.undo()
        socket.send_bytes(numbered(8, drawn_digit(1)))
        assert looks(socket, 8)[-1]["answers"] == [1]


@pytest.mark.parametrize("name", ["scores", "differences"])
def test_a_search_that_ends_in_no_number_is_told(client, monkeypatch, name):
    def wild(classifier, data):
        look = next(watch(classifier, data))
        yield look
        numbers = getattr(look, name).copy()
        numbers[3] = np.nan if name == "scores" else np.inf
        yield look._replace(**{name: numbers})

    with client.websocket_connect(WATCH) as socket:
        assert [socket.receive_json()["kind"] for _ in range(3)][-1] == "ready"
        monkeypatch.setattr("igc_tf.serve.page.watch", wild)
        socket.send_bytes(numbered(7, drawn_digit(1)))
        assert socket.receive_json()["kind"] == "look"
        told = socket.receive_json()
        assert told["kind"] == "nothing" and told["number"] == 7
        assert "not finite" in told["reason"]
        # the next one is searched
        monkeypatch.undo()
        socket.send_bytes(numbered(8, drawn_digit(1)))
        assert looks(socket, 8)[-1]["answers"] == [1]


_NO_MEMORY = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\ntensor")


def test_a_classifier_that_does_not_fit_into_memory_is_refused(client, shelf, monkeypatch):
    def fail(*names):
        raise _NO_MEMORY

    with client.websocket_connect(WATCH) as socket:
        assert [socket.receive_json()["kind"] for _ in range(3)][-1] == "ready"
        monkeypatch.setattr(shelf, "get", fail)
        socket.send_json({"generator": "mnist-cagan-compact", "settings": "fast"})
        assert socket.receive_json()["kind"] == "loading"
        assert socket.receive_json() == {"kind": "refused", "reason": "OOM when allocating"}
        # the one before it still answers
        socket.send_bytes(numbered(8, drawn_digit(1)))
        assert looks(socket, 8)[-1]["answers"] == [1]


def test_a_search_that_tensorflow_fails_in_is_told(client, monkeypatch):
    def fail(classifier, data):
        yield next(watch(classifier, data))
        raise _NO_MEMORY

    with client.websocket_connect(WATCH) as socket:
        assert [socket.receive_json()["kind"] for _ in range(3)][-1] == "ready"
        monkeypatch.setattr("igc_tf.serve.page.watch", fail)
        socket.send_bytes(numbered(7, drawn_digit(1)))
        assert socket.receive_json()["kind"] == "look"
        reason = "cannot be searched (OOM when allocating)"
        assert socket.receive_json() == {"kind": "nothing", "number": 7, "reason": reason}
        monkeypatch.undo()
        socket.send_bytes(numbered(8, drawn_digit(1)))
        assert looks(socket, 8)[-1]["answers"] == [1]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": HOST}, 200),
        ({"Host": "localhost:9"}, 200),
        ({"Host": "[::1]:9", "Origin": "http://[::1]:9"}, 200),
        ({"Host": "rebound.example"}, 421),
        ({"Host": "127.0.0.1.example:8502"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_its_own_pages_may_ask(client, headers, status):
    assert client.get("/", headers=headers).status_code == status
    if status == 200:
        with client.websocket_connect(WATCH, headers=headers) as socket:
            assert socket.receive_json()["kind"] == "choices"
    else:
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect(WATCH, headers=headers) as socket,
        ):
            socket.receive_json()
