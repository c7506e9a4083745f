"""A set of labelled images together with where it came from."""

import dataclasses

import numpy as np

from igc_tf.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """Labelled images and their origin.

    Attributes:
        images: float32 (N, H, W, C) in [-0.5, 0.5].
        labels: int64 (N,) in [0, num_classes).
        name: The dataset, such as "mnist".
        split: "train", "validation" or "test".
        source: One sentence for people: where these images were found.
        num_classes: How many classes the dataset has (all need not occur here).
        class_names: One name per class.

    Raises:
        InputError: If shapes, types, ranges or counts do not fit together.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    split: str
    source: str
    num_classes: int
    class_names: tuple[str, ...]

    def __post_init__(self):
        images, labels = self.images, self.labels
        if images.ndim != 4 or images.dtype != np.float32:
            raise InputError(
                f"images must be float32 (N, H, W, C), not {images.dtype} {images.shape}"
            )
        if labels.shape != (len(images),) or labels.dtype != np.int64:
            raise InputError(
                f"labels must be int64 ({len(images)},), not {labels.dtype} {labels.shape}"
            )
        # Written so that NaN fails too.
        if images.size and not (images.min() >= -0.5 and images.max() <= 0.5):
            raise InputError("images must lie in [-0.5, 0.5]")
        if labels.size and not (labels.min() >= 0 and labels.max() < self.num_classes):
            raise InputError(
                f"labels must lie in [0, {self.num_classes}), "
                f"not in [{labels.min()}, {labels.max()}]"
            )
        if len(self.class_names) != self.num_classes:
            raise InputError(f"{self.num_classes} classes but {len(self.class_names)} class names")

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    def sample(self, count: int, seed: int) -> "ImageData":
        """Draws `count` images without replacement.

        With one seed, a smaller sample is the beginning of a larger one.

        Args:
            count: How many, from 1 to len(self).
            seed: Same seed, same images in the same order.

        Returns:
            A new ImageData with images (count, H, W, C) and labels (count,).

        Raises:
            InputError: If `count` is not a whole number in that range.
        """
        whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
        if not whole or not 1 <= count <= len(self):
            raise InputError(
                f"count is {count!r}; it must be a whole number from 1 to {len(self)}, "
                f"the number of images in {self.name} {self.split}"
            )
        chosen = np.random.default_rng(seed).permutation(len(self))[:count]
        return dataclasses.replace(self, images=self.images[chosen], labels=self.labels[chosen])
