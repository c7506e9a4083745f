"""Says which datasets are there."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from igc_tf.data.bundled_digits import bundled_digits, bundled_path
from igc_tf.data.tfds_images import find_builder, image_and_label, is_prepared, source_of
from igc_tf.errors import UnknownDatasetError

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
)


@dataclasses.dataclass(frozen=True)
class DatasetRow:
    """One dataset that `load_images` can load now, or could after a download.

    Attributes:
        name: What to pass as `dataset`.
        prepared: Whether it can be loaded without a network.
        where: The prepared directory (of the bundled digits, their file); None if not prepared.
        image_counts: Images per split as stored; empty if not prepared.
        num_classes: Number of classes.
        source: One sentence: where the images come from; empty if not prepared.
    """

    name: str
    prepared: bool
    where: Path | None
    image_counts: Mapping[str, int]
    num_classes: int
    source: str


def list_datasets(data_dir: str | os.PathLike | None = None) -> list[DatasetRow]:
    """Lists the bundled digits, the usual MNIST-like sets and what else is prepared.

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
            source=digits.source,
        )
    ]
    rows += [_row(name, data_dir) for name in KNOWN]
    for name in _stored_names(data_dir):
        if name not in KNOWN:
            try:
                rows.append(_row(name, data_dir))
            except UnknownDatasetError:
                # Prepared by somebody else, and not a set of 28x28 images.
                continue
    return rows


def _row(name: str, data_dir: str | os.PathLike | None) -> DatasetRow:
    builder = find_builder(name, data_dir)
    _, label_key = image_and_label(name, builder.info.features)
    prepared = is_prepared(builder)
    return DatasetRow(
        name=name,
        prepared=prepared,
        where=Path(builder.data_dir) if prepared else None,
        image_counts={split: info.num_examples for split, info in builder.info.splits.items()}
        if prepared
        else {},
        num_classes=builder.info.features[label_key].num_classes,
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
