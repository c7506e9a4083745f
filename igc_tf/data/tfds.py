"""Image sets in TensorFlow Datasets: find, check, store, download and read them."""

import contextlib
import io
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from igc_tf.errors import DataError, UnknownDatasetError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

TFDS_SOURCE = "TensorFlow Datasets"
# Marks, in the description that TFDS stores with a set, the sentence saying where it came from.
_SOURCE_MARK = "Source: "
# name or name/config; versions and the community namespaces of TFDS are left out on purpose.
_NAME = re.compile(r"[a-z][a-z0-9_]*(/[A-Za-z0-9_.\-]+)?")
# Seconds to connect and to wait for the first byte.
_PROBE_TIMEOUT = (5, 10)

Splits = Mapping[str, tuple[np.ndarray, np.ndarray]]


def check_name(dataset: str) -> None:
    """Raises UnknownDatasetError if `dataset` is not spelled name or name/config."""
    if not isinstance(dataset, str) or not _NAME.fullmatch(dataset):
        raise UnknownDatasetError(
            f"dataset is {dataset!r}; it must be a TensorFlow Datasets name such as "
            "'mnist' or 'emnist/letters'"
        )


def is_stored_transposed(dataset: str) -> bool:
    """Whether files and TFDS hold the set's images with rows and columns exchanged: EMNIST."""
    return dataset.partition("/")[0] == "emnist"


def find_builder(
    dataset: str, data_dir: str | os.PathLike | None = None
) -> "tfds.core.DatasetBuilder":
    """The TFDS builder of a set of labelled images, whether it is prepared or not.

    Args:
        dataset: name or name/config, registered with TFDS or prepared in `data_dir`.
        data_dir: TFDS directory; None is the default of TFDS.

    Raises:
        UnknownDatasetError: if there is no such set, or it is none of labelled images of one size.
    """
    import tensorflow_datasets as tfds

    check_name(dataset)
    directory = None if data_dir is None else Path(data_dir).expanduser()
    try:
        with quiet():
            builder = tfds.builder(dataset, data_dir=directory)
            features = builder.info.features
    except tfds.core.DatasetNotFoundError as error:
        raise UnknownDatasetError(
            f"unknown dataset {dataset!r}: TensorFlow Datasets has none of this name, and none "
            f"is prepared in {directory or 'its default directory'}. Sets that fit: mnist, "
            "fashion_mnist, kmnist, emnist/digits, emnist/letters, emnist/balanced, cifar10, ..."
        ) from error
    # TFDS raises whatever its libraries raise.
    except Exception as error:
        name, _, config = dataset.partition("/")
        is_registered = name in tfds.list_builders()
        configs = sorted(tfds.builder_cls(name).builder_configs) if is_registered else []
        if is_registered and config and config not in configs:
            raise UnknownDatasetError(
                f"unknown dataset {dataset!r}: {name} has "
                + (f"the configurations {', '.join(configs)}" if configs else "no configurations")
            ) from error
        # Such as a set whose code needs a package that is not installed, or with damaged files.
        raise UnknownDatasetError(
            f"the dataset {dataset!r} cannot be used: {one_line(error)}"
        ) from error
    image_and_label(dataset, features)
    return builder


def is_prepared(builder: "tfds.core.DatasetBuilder") -> bool:
    """Whether the set can be read now."""
    # TFDS logs a warning for every directory that is not there.
    with quiet():
        return builder.is_prepared()


def image_and_label(dataset: str, features) -> tuple[str, str]:
    """The keys of the image and the class label among TFDS features.

    Where there are several class labels, the one called "label" is taken.

    Raises:
        UnknownDatasetError: if there is not one of each, or the images are not uint8, grey or
            RGB, of one size.
    """
    import tensorflow_datasets as tfds

    entries = dict(features.items()) if hasattr(features, "items") else {}
    images = [key for key, feature in entries.items() if isinstance(feature, tfds.features.Image)]
    labels = [
        key for key, feature in entries.items() if isinstance(feature, tfds.features.ClassLabel)
    ]
    if len(labels) > 1 and "label" in labels:
        labels = ["label"]
    if len(images) != 1 or len(labels) != 1:
        raise UnknownDatasetError(
            f"the dataset {dataset!r} does not fit: it needs one image and one class label per "
            f"example, and has {len(images)} and {len(labels)}"
        )
    shape, dtype = entries[images[0]].shape, entries[images[0]].np_dtype
    if None in shape or shape[-1] not in (1, 3) or dtype != np.uint8:
        raise UnknownDatasetError(
            f"the dataset {dataset!r} does not fit: its images are {np.dtype(dtype)} {shape}, "
            "they must be uint8 (height, width, 1 or 3 channels), all of one size"
        )
    return images[0], labels[0]


def store_images(
    dataset: str, data_dir: str | os.PathLike | None, splits: Splits, source: str
) -> "tfds.core.DatasetBuilder":
    """Writes images as the prepared TFDS directory that `tfds.load(dataset)` expects.

    TFDS writes into an "incomplete" directory and renames it at the end, so an interruption
    leaves nothing that looks prepared.

    Args:
        dataset: a registered set (its version, size and classes are taken over) or a new name.
        data_dir: TFDS directory; None is the default of TFDS.
        splits: for each of "train" and "test": uint8 (N, H, W, channels), all of one size, and
            integer labels (N,).
        source: one sentence, stored with the set and found again by `source_of`.

    Returns:
        The builder of the prepared set.

    Raises:
        DataError: if it is prepared already, an image has another size, or a label is beyond
            the classes of a registered set.
    """
    import tensorflow_datasets as tfds

    highest = max(int(labels.max(initial=0)) for _, labels in splits.values())
    shapes = {split: images.shape[1:] for split, (images, _) in splits.items()}
    name, _, config = dataset.partition("/")
    try:
        known = find_builder(dataset, data_dir)
    except UnknownDatasetError:
        if name in tfds.list_builders():
            raise
        image_key, label_key, version = "image", "label", "1.0.0"
        shape = shapes["train"]
        features = tfds.features.FeaturesDict(
            {
                image_key: tfds.features.Image(shape=shape),
                label_key: tfds.features.ClassLabel(num_classes=highest + 1),
            }
        )
    else:
        if is_prepared(known):
            raise DataError(
                f"{dataset} is already prepared in {known.data_dir}; "
                "delete that directory to import it again"
            )
        features, version = known.info.features, str(known.version)
        image_key, label_key = image_and_label(dataset, features)
        shape = features[image_key].shape
        further = sorted(set(features) - {image_key, label_key})
        if further:
            raise DataError(
                f"{dataset} also holds {', '.join(further)}: give images and labels alone "
                "another name"
            )
        config = known.builder_config.name if known.builder_config else ""
        if highest >= features[label_key].num_classes:
            raise DataError(
                f"label {highest} does not fit {dataset}, "
                f"which has {features[label_key].num_classes} classes"
            )
    for split, found in shapes.items():
        if found != shape:
            raise DataError(
                f"the {split} images of {dataset} have shape {found}, they must have {shape}"
            )

    def examples(images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[int, dict]]:
        for index in range(len(images)):
            yield index, {image_key: images[index], label_key: int(labels[index])}

    with quiet():
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            config=config or None,
            version=version,
            features=features,
            split_datasets={split: examples(*pair) for split, pair in splits.items()},
            data_dir=None if data_dir is None else Path(data_dir).expanduser(),
            description=_SOURCE_MARK + source,
        )
    return find_builder(dataset, data_dir)


def source_of(builder: "tfds.core.DatasetBuilder") -> str:
    """Where a prepared set came from: the sentence given to `store_images`, or `TFDS_SOURCE`."""
    # `builder.info.description` of a registered set is the one in its code, not the stored one.
    stored = json.loads((Path(builder.data_dir) / "dataset_info.json").read_text(encoding="utf-8"))
    description = stored.get("description", "")
    if description.startswith(_SOURCE_MARK):
        return description.removeprefix(_SOURCE_MARK)
    return TFDS_SOURCE


def download_dataset(builder: "tfds.core.DatasetBuilder") -> None:
    """Downloads and prepares a set where its builder wants it.

    TFDS itself repeats a failing request ten times with growing pauses, 200 s in all where there
    is no network. So one of its recorded addresses is asked first, with a short timeout and
    the same proxy settings.

    Raises:
        DataError: if that address cannot be reached or refuses.
        Exception: whatever TFDS raises while downloading or preparing.
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


def read_split(
    dataset: str, builder: "tfds.core.DatasetBuilder", split: str
) -> tuple[np.ndarray, np.ndarray]:
    """Reads a split, or a slice such as "train[-5000:]", of a prepared set.

    Returns:
        Images uint8 (N, H, W, channels), upright, and labels int64 (N,), in the stored order.

    Raises:
        DataError: if the set has no such split or its files cannot be read.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    base = split.partition("[")[0]
    if base not in builder.info.splits:
        raise DataError(
            f"{dataset} in {builder.data_dir} has no {base!r} split, "
            f"only {', '.join(sorted(builder.info.splits)) or 'none'}"
        )
    image_key, label_key = image_and_label(dataset, builder.info.features)
    try:
        with quiet():
            examples = builder.as_dataset(
                split=split,
                batch_size=-1,
                shuffle_files=False,
                decoders=tfds.decode.PartialDecoding({image_key: True, label_key: True}),
            )
    except (tf.errors.OpError, OSError, AssertionError) as error:
        raise DataError(
            f"{dataset} in {builder.data_dir} is damaged: {one_line(error)}; "
            "delete that directory and prepare it again"
        ) from error
    images = examples[image_key].numpy()
    if is_stored_transposed(dataset):
        images = images.transpose(0, 2, 1, 3)
    return images, examples[label_key].numpy().astype(np.int64)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallows what Python code prints or logs below ERROR while the block runs.

    TensorFlow Datasets prints sentences, draws progress bars and lets urllib3 log every retry;
    none of this can be switched off per call. The whole process is silenced meanwhile, other
    threads included.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def one_line(error: BaseException, limit: int = 200) -> str:
    """The beginning of an exception's message on one line, after its kind if it is not ours."""
    text = " ".join(str(error).split())
    if len(text) > limit:
        text = text[:limit] + "..."
    if isinstance(error, DataError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
