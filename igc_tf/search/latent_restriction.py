"""The latent restriction, L_LR of the paper."""

import math
from dataclasses import dataclass

import tensorflow as tf

from igc_tf.errors import InputError

_NORMS = ("absolute", "squared")


@dataclass(frozen=True)
class LatentRestriction:
    """`weight * mean |z-score(latent)|` (002 §1.2): keeps a latent where the prior put them.

    Attributes:
        weight: λ_LR, at least 0.
        norm: "absolute" is the paper's mean |z|; "squared" is mean z² / 2, with which the search
            looks for the most probable latent of a Gaussian prior.
        mean, standard_deviation: of every element of the latents the generator was trained with.

    Raises:
        InputError: for a negative or non-finite weight, a standard deviation that is not
            positive, or an unknown norm.
    """

    weight: float = 0.03
    norm: str = "absolute"
    mean: float = 0.0
    standard_deviation: float = 1.0

    def __post_init__(self):
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise InputError(f"restriction weight {self.weight!r}: expected a number >= 0")
        if not (math.isfinite(self.standard_deviation) and self.standard_deviation > 0):
            raise InputError(f"standard_deviation {self.standard_deviation!r}: expected > 0")
        if self.norm not in _NORMS:
            raise InputError(f"restriction norm {self.norm!r}: expected one of {_NORMS}")

    def z_score(self, latent):
        """How many standard deviations each element of `latent` lies from the prior's mean."""
        return (latent - self.mean) / self.standard_deviation

    def __call__(self, latent):
        """Returns the weighted restriction (N,) of `latent` (N, Z)."""
        z = self.z_score(latent)
        elements = tf.abs(z) if self.norm == "absolute" else tf.square(z) / 2
        return self.weight * tf.reduce_mean(elements, axis=-1)
