"""How a search descends."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from igc_tf.errors import InputError
from igc_tf.search.difference import DIFFERENCES, resolve_difference
from igc_tf.search.latent_restriction import LatentRestriction
from igc_tf.search.update_rule import UpdateRule


@dataclass(frozen=True)
class SearchSettings:
    """The settings of a search. The defaults are the paper's (002 §2).

    Attributes:
        steps: how many gradient steps, at least 1; with a tolerance, at most.
        learning_rate: α; Adam's step size, in units of the searched values.
        final_learning_rate: if given, the learning rate falls linearly from `learning_rate` to
            this value, which it would reach one step after the last; if None it is constant.
        optimizer: "adam" (the paper), or "momentum": gradient descent with momentum `beta_1`.
        beta_1, beta_2, epsilon: Adam's constants.
        difference: what the search descends on: "mean_absolute", "mean_squared",
            "masked_mean_squared" (of padded sequences), "deformation" (see
            `DeformationDifference`), or a callable (data, generated) -> (N,).
        restriction_weight: λ_LR, at least 0.
        restriction_norm: "absolute" (the paper's mean |z|) or "squared" (mean z² / 2).
        decision: what the best class has least of at the end: the data "difference" (the paper);
            the whole "loss", restriction included; or another difference, by name or callable.
        tolerance: if given, a candidate has converged, and rests, once `patience` steps on end
            have not brought its loss more than this below the least before; None takes all steps.
        patience: steps to wait for such an improvement, at least 1.
        jit_compile: compile the loop with XLA. Pays on a GPU; slower for convolutions on a CPU.

    Raises:
        InputError: for a value outside its range; the message names value and range.
    """

    steps: int = 100
    learning_rate: float = 0.001
    final_learning_rate: float | None = None
    optimizer: str = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    difference: str | Callable = "mean_absolute"
    restriction_weight: float = 0.03
    restriction_norm: str = "absolute"
    decision: str | Callable = "difference"
    tolerance: float | None = None
    patience: int = 10
    jit_compile: bool = False

    def __post_init__(self):
        for name in ("steps", "patience"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InputError(f"{name}={value!r}: expected a whole number >= 1")
        if self.tolerance is not None and not (
            math.isfinite(self.tolerance) and self.tolerance >= 0
        ):
            raise InputError(f"tolerance={self.tolerance!r}: expected None or a number >= 0")
        for name in ("learning_rate", "epsilon"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name}={value!r}: expected a number > 0")
        final = self.final_learning_rate
        if final is not None and not (math.isfinite(final) and final >= 0):
            raise InputError(f"final_learning_rate={final!r}: expected None or a number >= 0")
        for name in ("beta_1", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number in [0, 1)")
        self.update_rule()
        resolve_difference(self.difference)
        if self.decision not in ("difference", "loss"):
            try:
                resolve_difference(self.decision)
            except ValueError as error:
                raise InputError(
                    f"decision={self.decision!r}: expected 'difference', 'loss', one of "
                    f"{sorted(DIFFERENCES)} or a callable (data, generated) -> one number per "
                    "example"
                ) from error
        self.restriction()

    def restriction(self, mean=0.0, standard_deviation=1.0):
        """Returns the `LatentRestriction` of these settings for a prior N(mean, deviation²)."""
        return LatentRestriction(
            self.restriction_weight, self.restriction_norm, mean, standard_deviation
        )

    def update_rule(self):
        """Returns the `UpdateRule` of these settings."""
        return UpdateRule.of(self.optimizer, self.beta_1, self.beta_2, self.epsilon)

    def to_dict(self):
        """Returns the settings as JSON-ready values; a callable by its name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("difference", "decision"):
            if callable(values[name]):
                values[name] = getattr(values[name], "__name__", repr(values[name]))
        return values

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`, for differences that are given by name.

        Raises:
            InputError: for an unknown name.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"unknown search settings {sorted(unknown)}")
        return cls(**values)
