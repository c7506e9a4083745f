"""Lets TensorFlow Datasets download a set, but fails within seconds where it cannot."""

from typing import TYPE_CHECKING

from igc_tf.data.quiet import quiet
from igc_tf.errors import DataError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Seconds to connect and to wait for the first byte.
_PROBE_TIMEOUT = (5, 10)


def download_dataset(builder: "tfds.core.DatasetBuilder") -> None:
    """Downloads and prepares a set where its builder wants it.

    TFDS itself repeats a failing request ten times with growing pauses, 200 s in all where there
    is no network. So one of its recorded addresses is asked first, with a short timeout and
    the same proxy settings.

    Raises:
        DataError: If that address cannot be reached or refuses.
        Exception: Whatever TFDS raises while downloading or preparing.
    """
    import requests

    address = next(iter(builder.url_infos or {}), None)
    if address and address.startswith("http"):
        try:
            with requests.get(address, stream=True, timeout=_PROBE_TIMEOUT) as response:
                response.raise_for_status()
        except requests.HTTPError as error:
            raise DataError(f"{address} answered {response.status_code}") from error
        except requests.RequestException as error:
            raise DataError(f"{address} cannot be reached ({type(error).__name__})") from error
    with quiet():
        builder.download_and_prepare()
