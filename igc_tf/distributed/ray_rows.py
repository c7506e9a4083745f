"""The rows of a dataset of Ray Data, by number."""

import hashlib
import sys
from dataclasses import dataclass

import numpy as np

from igc_tf.distributed.records import as_value, find_columns, overlaps, spelt
from igc_tf.errors import DataError, InputError
from igc_tf.runs.directory import sayable


@dataclass(frozen=True, eq=False)
class RayRows:
    """The rows of a `ray.data.Dataset`, read to its end and kept in Ray's object store.

    Attributes:
        images: references to arrays, one for each block.
        names: likewise; None without a column of names.
        digest: SHA-256 of all images in their order, and their names.
        ends: for each block the number of the first row behind it.
    """

    images: tuple
    names: tuple | None
    digest: str
    ends: tuple[int, ...]

    @classmethod
    def of(cls, dataset):
        """Reads a dataset to its end, in its own order.

        Raises:
            InputError: for something else of Ray's.
            DataError: if it has no rows, or no column "image".
        """
        import ray

        if not isinstance(dataset, ray.data.Dataset):
            raise InputError(f"dataset is {type(dataset)}: expected a ray.data.Dataset")
        columns = dataset.columns() or []
        image, name = find_columns(columns)
        if image is None:
            raise DataError(f'the dataset has the columns {columns}: expected one called "image"')
        # what is finished is known by its number: the order must be the same each time
        dataset.context.execution_options.preserve_order = True
        dataset = dataset.materialize()
        images = dataset.to_numpy_refs(column=image)
        names = dataset.to_numpy_refs(column=name) if name is not None else None
        digests = ray.get([ray.remote(_digests).remote(block) for block in images])
        if not any(digests):
            raise DataError("the dataset has no rows: expected at least one")
        ends = np.cumsum([len(block) for block in digests]).tolist()
        named = [
            ray.remote(_name_digests).remote(block, begin)
            for block, begin in zip(names or (), [0, *ends], strict=False)
        ]
        rows = [one for block in (*digests, *ray.get(named)) for one in block]
        return cls(
            tuple(images),
            None if names is None else tuple(names),
            hashlib.sha256(b"".join(rows)).hexdigest(),
            tuple(ends),
        )

    @property
    def count(self):
        """How many rows there are."""
        return self.ends[-1] if self.ends else 0

    def identity(self):
        """See `open_source`."""
        return {"kind": "ray.data.Dataset", "count": self.count, "sha256": self.digest}

    def read(self, begin, end):
        """See `open_source`."""
        import ray

        names, values = [], []
        for block, low, high in overlaps(self.ends, begin, end):
            values += map(as_value, ray.get(self.images[block])[low:high])
            if self.names is not None:
                names += list(ray.get(self.names[block])[low:high])
        return spelt(names or [None] * len(values), "row", begin), values

    def check_unchanged(self, begin, end):
        """See `open_source`; what is in Ray's object store is no file."""


def _digests(images):
    return [hashlib.sha256(_content(as_value(image))).digest() for image in images]


def _name_digests(names, begin):
    """Of names as the answers have them, however the rows are cut into blocks."""
    names = map(sayable, spelt(names, "row", begin))
    return [hashlib.sha256(name.encode()).digest() for name in names]


def _content(image):
    """What tells an image from others, in every process the same."""
    if isinstance(image, bytes):
        return image
    array = np.asarray(image)
    if array.dtype == object:
        # none, or of numbers of several lengths: no image in any case
        with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
            return repr(image).encode()
    return f"{array.dtype} {array.shape} ".encode() + array.tobytes()
