"""Labelled data together with what is known about them."""

import dataclasses
import hashlib

import numpy as np

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError

# The values that `load_images` gives to black and white, unless it is asked for others.
IMAGE_BOUNDS = (-0.5, 0.5)
# From background to ink, in characters that every terminal has.
_SHADES = np.array(list(" .:-=+*#%@"))


@dataclasses.dataclass(frozen=True, eq=False)
class LabelledData:
    """Examples, their labels, what the labels mean, the range of the data, and their origin.

    Attributes:
        data: float32 (N, ...), such as images (N, H, W, channels) or sequences (N, T, channels).
        labels: int64, (N,) where the layout holds one label, else (N, L).
        layout: the `ConditionLayout` of the labels: the names of the labels and of their values.
        bounds: (low, high) within which the data lie; either may be infinite.
        name: of the data set, such as "mnist".
        split: of the data set, such as "train" or "test".
        source: one sentence for people: where these data were found.
        mask: bool, 1 where there are data and 0 elsewhere, such as behind the end of a sequence;
            as many axes as `data`, each of the same length or 1, the first one N. What `data`
            hold where it is 0 has no meaning; what is not finite there becomes 0. None if there
            are data everywhere.

    Raises:
        InputError: if shapes, types, ranges or counts do not fit together.
    """

    data: np.ndarray
    labels: np.ndarray
    layout: ConditionLayout
    bounds: tuple[float, float]
    name: str
    split: str
    source: str
    mask: np.ndarray | None = None

    def __post_init__(self):
        data = self.data
        if data.dtype != np.float32 or data.ndim < 2:
            raise InputError(f"data must be float32 (N, ...), not {data.dtype} {data.shape}")
        object.__setattr__(self, "labels", self.layout.check(self.labels, count=len(data)))
        object.__setattr__(self, "bounds", tuple(map(float, self.bounds)))
        low, high = self.bounds
        if not low < high:
            raise InputError(f"bounds={self.bounds}: expected (low, high), low less than high")
        visible = data
        if self.mask is not None:
            object.__setattr__(self, "mask", _checked_mask(self.mask, data.shape))
            visible = data[np.broadcast_to(self.mask, data.shape)]
            object.__setattr__(self, "data", np.nan_to_num(data, nan=0, posinf=0, neginf=0))
        if not np.isfinite(visible).all():
            raise InputError("data hold values that are not finite")
        if visible.size and not (visible.min() >= low and visible.max() <= high):
            raise InputError(
                f"data lie in [{visible.min():g}, {visible.max():g}]: "
                f"expected [{low:g}, {high:g}], their bounds"
            )

    def __len__(self) -> int:
        """The number of examples, N."""
        return len(self.data)

    def facts(self) -> dict:
        """Which examples a result is of: `source`, `split` and `count`, JSON-ready."""
        return {"source": self.source, "split": self.split, "count": len(self)}

    def digest(self) -> str:
        """The SHA-256 of data, labels and mask, in hexadecimal digits."""
        digest = hashlib.sha256()
        for array in (self.data, self.labels, self.mask):
            if array is not None:
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()

    @property
    def images(self) -> np.ndarray:
        """`data`, under the name that fits a set of images."""
        return self.data

    @property
    def shown(self) -> np.ndarray:
        """`data` within their bounds everywhere: the lower one where the mask is 0."""
        if self.mask is None:
            return self.data
        return np.where(self.mask, self.data, np.float32(self.bounds[0]))

    @property
    def num_classes(self) -> int:
        """How many classes the data set has; all need not occur here.

        Raises:
            InputError: if there are several labels and not one, the class.
        """
        return len(self.class_names)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes.

        Raises:
            InputError: if there are several labels and not one, the class.
        """
        return self.layout.class_names

    @property
    def conditions(self) -> np.ndarray:
        """The labels as a generator is given them, one-hot: float32 (N, C)."""
        return self.layout.one_hot(self.labels)

    def unlabelled(self) -> "LabelledData":
        """Returns the same examples, all of one class, "any": for what knows no labels."""
        labels = np.zeros(len(self), np.int64)
        return dataclasses.replace(self, labels=labels, layout=ConditionLayout.classes(["any"]))

    def within(self, bounds: tuple[float, float]) -> "LabelledData":
        """Returns the same examples, brought linearly from their bounds to others.

        Args:
            bounds: (low, high), finite, as these data's must be.
        """
        if tuple(bounds) == self.bounds:
            return self
        data = np.interp(self.data, self.bounds, bounds).astype(np.float32)
        return dataclasses.replace(self, data=data, bounds=bounds)

    def check_alike(self, other: "LabelledData") -> None:
        """Checks that another set has such examples as this one, and the same labels.

        Raises:
            InputError: if shapes, bounds, or the names of the labels or their order differ.
        """
        facts, others = (
            (part.data.shape[1:], part.bounds, part.layout.element_names) for part in (self, other)
        )
        if facts != others:
            raise InputError(
                f"{other.name} {other.split} and {self.name} {self.split} have shapes, bounds and "
                f"values of their labels {others} and {facts}: expected the same"
            )

    def take(self, indices) -> "LabelledData":
        """Returns the examples with these indices, in this order.

        Args:
            indices: Integers, or bool (N,).
        """
        mask = None if self.mask is None else self.mask[indices]
        return dataclasses.replace(
            self, data=self.data[indices], labels=self.labels[indices], mask=mask
        )

    def sample(self, count: int, seed: int) -> "LabelledData":
        """Draws `count` examples without replacement.

        With one seed, a smaller sample is the beginning of a larger one.

        Args:
            count: how many, from 1 to len(self).
            seed: same seed, same examples in the same order.

        Raises:
            InputError: if `count` is not a whole number in that range.
        """
        whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
        if not whole or not 1 <= count <= len(self):
            raise InputError(
                f"count is {count!r}; it must be a whole number from 1 to {len(self)}, "
                f"the number of examples in {self.name} {self.split}"
            )
        return self.take(np.random.default_rng(seed).permutation(len(self))[:count])

    def as_text(self, count: int = 4, width: int = 28) -> str:
        """Draws the first images in characters, side by side, each under its label's name.

        What is hidden is drawn as the lower bound.

        Args:
            count: how many images, at most all.
            width: characters for each; wider images are shown by every n-th pixel.

        Returns:
            Lines of ASCII, the last one without its end.

        Raises:
            InputError: if the data are no images (N, H, W) or (N, H, W, channels) within finite
                bounds.
        """
        low, high = self.bounds
        if self.data.ndim not in (3, 4) or not np.isfinite([low, high]).all():
            raise InputError(
                f"data of shape {self.data.shape} in [{low:g}, {high:g}] cannot be drawn: "
                "expected images (N, H, W, channels) within finite bounds"
            )
        first = self.take(slice(count))
        images = first.shown.reshape(*first.data.shape[:3], -1).mean(axis=-1)
        step = max(1, -(-images.shape[2] // width))
        # A character is about twice as high as wide.
        images = (images[:, :: 2 * step, ::step] - low) / (high - low)
        shades = _SHADES[np.minimum((images * len(_SHADES)).astype(int), len(_SHADES) - 1)]
        columns = first.labels.reshape(len(images), -1)
        titles = [
            " ".join(
                label.values[value] for label, value in zip(self.layout.labels, row, strict=True)
            )
            for row in columns
        ]
        across = images.shape[2]
        lines = ["  ".join(title[:across].ljust(across) for title in titles)]
        lines += ["  ".join("".join(row) for row in rows) for rows in shades.transpose(1, 0, 2)]
        return "\n".join(line.rstrip() for line in lines)

    def first_classes(self, count: int) -> "LabelledData":
        """Returns the examples of the first `count` classes, and those classes alone.

        Raises:
            InputError: if there are not that many, or there are several labels.
        """
        if not 1 <= count <= self.num_classes:
            raise InputError(
                f"{count} classes: expected 1 to {self.num_classes}, the classes of {self.source}"
            )
        chosen = self.take(self.labels < count)
        label = dataclasses.replace(self.layout.labels[0], values=self.class_names[:count])
        return dataclasses.replace(chosen, layout=ConditionLayout((label,)))

    def few_per_class(self, count: int, seed: int) -> "LabelledData":
        """Draws `count` examples of each class; with one seed, fewer are part of more.

        Args:
            count: how many of each class, at least 1.
            seed: same seed, same examples.

        Raises:
            InputError: if a class has not that many, or there are several labels.
        """
        order = np.random.default_rng(seed).permutation(len(self))
        chosen = []
        for label, name in enumerate(self.class_names):
            of_class = order[self.labels[order] == label]
            if not 1 <= count <= len(of_class):
                raise InputError(
                    f"{count} examples of {name!r}: expected 1 to {len(of_class)}, all that "
                    "there are"
                )
            chosen.append(of_class[:count])
        return self.take(np.concatenate(chosen))


def _checked_mask(mask, shape) -> np.ndarray:
    """The mask as bool, if it fits data of this shape."""
    mask = np.asarray(mask)
    fits = mask.ndim == len(shape) and all(
        length in (1, whole) for length, whole in zip(mask.shape, shape, strict=True)
    )
    if not fits or len(mask) != shape[0]:
        raise InputError(
            f"mask has shape {mask.shape}: expected as many axes as the data's {shape}, "
            "each of the same length or 1, the first of the same length"
        )
    if not np.isin(mask, (0, 1)).all():
        raise InputError("mask holds other values than 0 and 1")
    return mask.astype(bool)


def scale_bytes(pixels: np.ndarray, bounds: tuple[float, float] = IMAGE_BOUNDS) -> np.ndarray:
    """Turns stored bytes into data.

    Args:
        pixels: uint8, any shape.
        bounds: what 0 and 255 become.

    Returns:
        float32 of the same shape, within `bounds`.

    Raises:
        InputError: if the bounds are not two finite numbers, the first one less.
    """
    low, high = np.float32(bounds)
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(f"bounds={bounds!r}: expected finite (low, high), low less than high")
    images = pixels.astype(np.float32)
    images /= 255.0
    images *= high - low
    images += low
    # Rounding may have gone past the end by a hair.
    return np.clip(images, low, high, out=images)
