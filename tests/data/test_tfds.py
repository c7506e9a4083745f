import logging
import sys

import pytest
import requests

from igc_tf.data import DataError
from igc_tf.data.tfds import download_dataset


class FakeBuilder:
    """Stands for a TFDS builder: one address, and a download as noisy as the real one."""

    def __init__(self, address="http://data.invalid/file"):
        self.url_infos = {address: None}
        self.prepared = 0

    def download_and_prepare(self):
        print("Downloading")
        print("Dl Completed...", file=sys.stderr)
        logging.getLogger("urllib3.connectionpool").warning("Retrying")
        self.prepared += 1


def answer(monkeypatch, status):
    calls = []

    def get(address, **options):
        calls.append((address, options))
        response = requests.Response()
        response.status_code = status
        return response

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(requests.Response, "close", lambda self: None)
    return calls


def test_unreachable_fails_before_tfds_starts_retrying(monkeypatch):
    def get(*_, **__):
        raise requests.ConnectionError("Max retries exceeded")

    monkeypatch.setattr(requests, "get", get)
    builder = FakeBuilder()
    with pytest.raises(DataError, match="cannot be reached"):
        download_dataset(builder)
    assert builder.prepared == 0


def test_refusal_is_reported(monkeypatch):
    answer(monkeypatch, 403)
    builder = FakeBuilder()
    with pytest.raises(DataError, match=r"data\.invalid/file answered 403"):
        download_dataset(builder)
    assert builder.prepared == 0


def test_reachable_downloads_quietly(monkeypatch, capfd, caplog):
    calls = answer(monkeypatch, 200)
    builder = FakeBuilder()
    download_dataset(builder)
    assert builder.prepared == 1
    address, options = calls[0]
    assert address == "http://data.invalid/file"
    assert max(options["timeout"]) <= 10
    assert capfd.readouterr() == ("", "") and caplog.text == ""
    logging.getLogger("urllib3.connectionpool").warning("audible again")
    assert "audible again" in caplog.text
