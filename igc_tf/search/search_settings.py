"""How a search descends."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from igc_tf.search.difference import resolve_difference
from igc_tf.search.latent_restriction import LatentRestriction

DECISIONS = ("difference", "loss")


@dataclass(frozen=True)
class SearchSettings:
    """The settings of a search. The defaults are the paper's (002 §2).

    Attributes:
        steps: how many gradient steps, at least 1.
        learning_rate: Adam's step size, in units of the searched values.
        final_learning_rate: if given, the learning rate falls linearly from `learning_rate` to
            this value, which it would reach one step after the last; if None it is constant.
        beta_1, beta_2, epsilon: Adam's constants.
        difference: "mean_absolute", "mean_squared", or a callable (data, generated) -> (N,).
        restriction_weight: λ_LR, at least 0.
        restriction_norm: "absolute" (the paper's mean |z|) or "squared" (mean z² / 2).
        decision: what the best class has least of: the data "difference" (the paper), or the
            whole "loss", restriction included.
        jit_compile: compile the loop with XLA. Pays on a GPU; slower for convolutions on a CPU.

    Raises:
        ValueError: for a value outside its range; the message names value and range.
    """

    steps: int = 100
    learning_rate: float = 0.001
    final_learning_rate: float | None = None
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    difference: str | Callable = "mean_absolute"
    restriction_weight: float = 0.03
    restriction_norm: str = "absolute"
    decision: str = "difference"
    jit_compile: bool = False

    def __post_init__(self):
        if not isinstance(self.steps, int) or isinstance(self.steps, bool) or self.steps < 1:
            raise ValueError(f"steps={self.steps!r}: expected a whole number >= 1")
        for name in ("learning_rate", "epsilon"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name}={value!r}: expected a number > 0")
        final = self.final_learning_rate
        if final is not None and not (math.isfinite(final) and final >= 0):
            raise ValueError(f"final_learning_rate={final!r}: expected None or a number >= 0")
        for name in ("beta_1", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r}: expected a number in [0, 1)")
        if self.decision not in DECISIONS:
            raise ValueError(f"decision={self.decision!r}: expected one of {DECISIONS}")
        resolve_difference(self.difference)
        self.restriction()

    def restriction(self, mean=0.0, standard_deviation=1.0):
        """Returns the `LatentRestriction` of these settings for a prior N(mean, deviation²)."""
        return LatentRestriction(
            self.restriction_weight, self.restriction_norm, mean, standard_deviation
        )

    def decisive(self, result):
        """Returns what the best candidate of a `SearchResult` has least of, (B, K)."""
        return result.loss if self.decision == "loss" else result.difference

    def to_dict(self):
        """Returns the settings as JSON-ready values; a callable difference by its name."""
        values = asdict(self)
        if callable(self.difference):
            values["difference"] = getattr(self.difference, "__name__", repr(self.difference))
        return values

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`, for differences that have a name.

        Raises:
            ValueError: for an unknown name.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown search settings {sorted(unknown)}")
        return cls(**values)
