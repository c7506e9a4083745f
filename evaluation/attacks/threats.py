"""What an attacker may change: how far an image may be from the one that was given."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from igc_tf.errors import InputError

# of rounding, relative to the size
_SLACK = 1e-4


@dataclass(frozen=True)
class Threat:
    """A ball of images about each image.

    Distances are in the data's own units: of images in [-0.5, 0.5], 1 is from black to white.

    Attributes:
        norm: "linf", the largest change of a value; "l2", the root of the sum of squares; "l0",
            how many values change, of grey images the pixels.
        size: the most that an attacker may change.
    """

    norm: Literal["linf", "l2", "l0"]
    size: float

    @classmethod
    def parse(cls, text):
        """The threat that a text such as "linf:0.3" names.

        Raises:
            InputError: for another text.
        """
        norm, _, size = text.partition(":")
        try:
            size = float(size)
        except ValueError:
            size = -1.0
        usable = math.isfinite(size) and size > 0 and (norm != "l0" or size == int(size))
        if norm not in ("linf", "l2", "l0") or not usable:
            raise InputError(
                f"threat {text!r}: expected NORM:SIZE, with linf, l2 or l0 and a number > 0, such "
                "as linf:0.3, l2:1.5 or l0:12"
            )
        return cls(norm, size)

    def __str__(self):
        return f"{self.norm}:{self.size:g}"

    def distance(self, changed, images):
        """How far images are from others (N, ...), float (N,)."""
        change = np.abs(np.asarray(changed, np.float64) - images).reshape(len(images), -1)
        if self.norm == "linf":
            return change.max(axis=1)
        if self.norm == "l2":
            return np.sqrt((change**2).sum(axis=1))
        return (change > 1e-6).sum(axis=1).astype(float)

    def project(self, changed, images, bounds):
        """The image of the ball and the bounds that stands for each changed one.

        For "linf" the nearest; for "l2" the change is shortened, then clipped to the bounds, which
        shortens it further; for "l0" the largest changes stay.

        Args:
            changed, images: (N, ...).
            bounds: `(low, high)` of the data.
        """
        low, high = bounds
        changed = np.clip(changed, low, high)
        change = changed - images
        if self.norm == "linf":
            change = np.clip(change, -self.size, self.size)
        else:
            flat = change.reshape(len(images), -1)
            if self.norm == "l2":
                length = np.sqrt((flat**2).sum(axis=1, keepdims=True))
                flat = flat * np.minimum(1, self.size / np.maximum(length, 1e-12))
            else:
                order = np.argsort(-np.abs(flat), axis=1)[:, : int(self.size)]
                kept = np.zeros_like(flat)
                np.put_along_axis(kept, order, np.take_along_axis(flat, order, axis=1), axis=1)
                flat = kept
            change = flat.reshape(images.shape)
        return np.clip(images + change, low, high).astype(np.float32)

    def check(self, changed, images, bounds):
        """Checks what an attack made, before it counts.

        Raises:
            InputError: for an image outside the ball or the bounds.
        """
        low, high = bounds
        farthest = self.distance(changed, images).max(initial=0)
        outside = max(low - changed.min(initial=low), changed.max(initial=high) - high)
        if farthest > self.size * (1 + _SLACK) or outside > _SLACK * (high - low):
            raise InputError(
                f"an image at a distance of {farthest:g} ({self}), {outside:g} outside of {bounds}:"
                " expected an attack to stay within both"
            )
