"""How a search descends, and how its candidates are judged."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Literal

import numpy as np

from igc_tf.errors import InputError, expected_one_of
from igc_tf.ranges import SEED, Range, check_ranges, is_whole
from igc_tf.search.differences import DIFFERENCES, resolve_difference
from igc_tf.search.objective import LatentRestriction
from igc_tf.search.observations import OBSERVATIONS
from igc_tf.search.solvers import Adam, Linear, Momentum, Patience, Solver

# the settings that may be a function or an object of one's own
_PERHAPS_OWN = ("difference", "decision", "optimizer")


@dataclass(frozen=True)
class SearchSettings:
    """The settings of a search. The defaults are the paper's (§2).

    Attributes:
        steps: how many gradient steps; with a tolerance, at most. 0 judges the starts.
        learning_rate: α, in units of the searched values.
        final_learning_rate: if given, the learning rate falls linearly from `learning_rate` to
            this value, which it would reach one step after the last; if None it is constant.
        optimizer: "adam" (the paper); "momentum"; or a `Solver`, which has its own learning rate.
        beta_1: the decay of Adam's first moment; with "momentum", of the velocity.
        beta_2: the decay of Adam's second moment.
        epsilon: Adam's, added to the root of the second moment.
        difference: what the search descends on: "mean_absolute", "mean_squared", "deformation"
            (see `Deformation`), a `Difference`, or a function (data, generated) -> (N,).
        restriction_weight: λ_LR, at least 0.
        restriction_norm: "absolute" (the paper's mean |z|) or "squared" (mean z² / 2).
        decision: the quantity that the answer minimises: the data "difference" (the paper), the
            whole "loss", restriction included, or another difference.
        contenders: among how many of the candidates, those of least loss, a decision by another
            difference is made; the others rank below them. None for all of them.
        evidence: temperature τ of the log-sum-exp over a class's candidates, τ log Σ exp(score/τ),
            in units of the score; None takes the best candidate's score alone.
        observation: the name of what may have happened to the data (see
            `igc_tf.search.observations.OBSERVATIONS`), which is searched too, or undone; None for
            nothing.
        gate: skip all non-plain explanations and lenses for an example whose two best classes
            differ by more than this relative margin: (second least loss - least) / least, by the
            plain explanation. None never skips.
        start: where the latents start: at the prior's "mean" (the paper), or where the generator's
            "encoder" says.
        draws: how many latents of each class are tried: where it starts; and others drawn about
            that, with the same numbers for all data. With `evidence` they are added up: where
            much is missing a class is not judged by its best drawing alone, but by how many fit.
        spread: how far they lie from there, 0 to 1: `Space.drawn`.
        seed: of the draws.
        values: whether the "last" values are judged (the paper), or of each candidate the "best",
            those of least loss.
        plan: stages `((steps, keep), …)` whose steps add up to `steps`: after each the `keep`
            candidates of least loss so far go on, or all if it is None. None for one stage.
        tolerance: if given, a candidate has converged, and rests, once `patience` steps on end
            have not brought its loss more than this below the least before; None takes all steps.
        patience: steps to wait for such an improvement, at least 1.
        jit_compile: compile the loop with XLA. Pays on a GPU; slower for convolutions on a CPU.

    Raises:
        InputError: for a value outside its range; the message names value and range.
    """

    steps: Annotated[int, Range(0, 2**31 - 1)] = 100
    learning_rate: Annotated[float, Range(0, above=True)] = 0.001
    final_learning_rate: Annotated[float | None, Range(0)] = None
    optimizer: str | Solver = "adam"
    beta_1: Annotated[float, Range(0, 1, below=True)] = 0.9
    beta_2: Annotated[float, Range(0, 1, below=True)] = 0.999
    epsilon: Annotated[float, Range(0, above=True)] = 1e-7
    difference: str | Callable = "mean_absolute"
    restriction_weight: Annotated[float, Range(0)] = 0.03
    restriction_norm: Literal["absolute", "squared"] = "absolute"
    decision: str | Callable = "difference"
    contenders: Annotated[int | None, Range(1)] = None
    evidence: Annotated[float | None, Range(0, above=True)] = None
    observation: str | None = None
    gate: Annotated[float | None, Range(0)] = None
    start: Literal["mean", "encoder"] = "mean"
    draws: Annotated[int, Range(1)] = 1
    spread: Annotated[float, Range(0, 1)] = 0.85
    seed: Annotated[int, SEED] = 0
    values: Literal["last", "best"] = "last"
    plan: tuple | None = None
    tolerance: Annotated[float | None, Range(0)] = None
    patience: Annotated[int, Range(1)] = 10
    jit_compile: bool = False

    def __post_init__(self):
        check_ranges(self)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.generic):
                object.__setattr__(self, field.name, value.item())
        if self.plan is not None:
            self._check_plan()
            plan = (tuple(None if n is None else int(n) for n in stage) for stage in self.plan)
            object.__setattr__(self, "plan", tuple(plan))
        if self.observation is not None and self.observation not in OBSERVATIONS:
            raise InputError(
                f"observation={self.observation!r}: expected one of {sorted(OBSERVATIONS)}, or None"
            )
        self.solver()
        self.data_difference()
        self.decision_difference()

    def _check_plan(self):
        is_sequence = isinstance(self.plan, tuple | list)
        if not is_sequence or not self.plan or not all(map(_is_stage, self.plan)):
            raise InputError(
                f"plan={self.plan!r}: expected ((steps, candidates or None), …), one stage or more "
                "of whole numbers: steps >= 0 and candidates >= 1"
            )
        total = sum(steps for steps, _ in self.plan)
        if total != self.steps:
            raise InputError(f"plan={self.plan!r} has {total} steps: expected steps={self.steps}")

    def observation_for(self, generator):
        """Returns the `Observation` of these settings for a `Generator`, or None.

        Raises:
            InputError: for a generator whose data cannot be observed so.
        """
        return None if self.observation is None else OBSERVATIONS[self.observation](generator)

    def stages(self, candidates):
        """Returns the plan for so many candidates.

        Raises:
            InputError: if a stage keeps more candidates than there are.
        """
        plan = self.plan if self.plan is not None else ((self.steps, None),)
        for _, keep in plan:
            if keep is not None and keep > candidates:
                raise InputError(f"plan={plan!r}: keeps {keep} of {candidates} candidates")
            candidates = keep if keep is not None else candidates
        return plan

    def solver(self):
        """Returns the `Solver` of these settings."""
        if hasattr(self.optimizer, "init") and hasattr(self.optimizer, "step"):
            return self.optimizer
        rate = self.learning_rate
        if self.final_learning_rate is not None:
            rate = Linear(rate, self.final_learning_rate, max(self.steps, 1))
        if self.optimizer == "adam":
            return Adam(rate, self.beta_1, self.beta_2, self.epsilon)
        if self.optimizer == "momentum":
            return Momentum(rate, self.beta_1)
        raise InputError(
            f"optimizer={self.optimizer!r}: expected 'adam', 'momentum' or a `Solver`, an object "
            "with `init` and `step`"
        )

    def convergence(self):
        """Returns the `Patience` of these settings, or None."""
        return None if self.tolerance is None else Patience(self.tolerance, self.patience)

    def restriction(self, prior):
        """Returns the `LatentRestriction` of these settings for a `Prior`."""
        return LatentRestriction(self.restriction_weight, self.restriction_norm, prior)

    def data_difference(self):
        """Returns the `Difference` that is descended on."""
        return resolve_difference(self.difference)

    def decision_difference(self):
        """Returns "difference", "loss", or the `Difference` that decides."""
        if isinstance(self.decision, str) and self.decision in ("difference", "loss"):
            return self.decision
        if isinstance(self.decision, str) and self.decision == self.difference:
            return "difference"
        try:
            return resolve_difference(self.decision)
        except InputError as error:
            raise InputError(
                f"decision={self.decision!r}: expected 'difference', 'loss', one of "
                f"{sorted(DIFFERENCES)} or a callable (data, generated) -> one number per example"
            ) from error

    def to_dict(self):
        """Returns the settings as JSON-ready values; functions by name, objects by their `repr`.

        A run goes on where these are the same: two functions of one name are taken for one, and an
        object whose `repr` is another in every process is never found again.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in _PERHAPS_OWN:
            if not isinstance(values[name], str):
                values[name] = getattr(values[name], "__name__", repr(values[name]))
        if self.plan is not None:
            values["plan"] = [list(stage) for stage in self.plan]
        return values

    def to_card(self):
        """Returns `to_dict` of settings that `from_dict` makes again: all is given by name.

        Raises:
            InputError: for a function, or an object, which no card can hold.
        """
        for name in _PERHAPS_OWN:
            value = getattr(self, name)
            if not isinstance(value, str):
                raise InputError(
                    f"{name}={value!r}: expected a name; a card holds no functions and no objects"
                )
        return self.to_dict()

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`, for what is given by name.

        Raises:
            InputError: for an unknown name.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"unknown search settings {sorted(unknown)}")
        return cls(**values)


def _is_stage(stage):
    """Whether something is `(steps, candidates or None)`."""
    if not isinstance(stage, tuple | list) or len(stage) != 2:
        return False
    steps, keep = stage
    return is_whole(steps, 0) and (keep is None or is_whole(keep, 1))


def robust_settings(condition_size=10):
    """Returns the settings of a generator with an encoder for data to which anything may happen.

    One pass of the encoder, no step; where what it makes of the data as they are leaves a doubt,
    one more for each explanation. The pairs of a class and an explanation that fit best are judged
    more closely, and what they say of a class is added up.

    Args:
        condition_size: of the generator, at least 1; of fewer classes than ten fewer pairs are
            judged more closely.
    """
    return SearchSettings(
        steps=0,
        restriction_weight=0.0,
        difference="two_scales",
        decision="two_scales_deformation",
        evidence=0.02,
        observation="robust",
        gate=0.5,
        start="encoder",
        plan=((0, min(10, condition_size)),),
    )


def masked_settings():
    """Returns the settings of a generator with an encoder for data of which much is missing.

    One pass of the encoder; then each class is judged by all latents that are drawn about what it
    says, none of which a gap that hides what tells the classes apart can mislead alone.
    """
    return SearchSettings(
        steps=0,
        restriction_weight=0.0,
        difference="mean_squared",
        evidence=0.004,
        start="encoder",
        draws=32,
    )


def shared_settings(condition_size):
    """Returns the settings of any encoder trained with observations: they depend on no training.

    Args:
        condition_size: of the generator.

    Returns:
        {name: `SearchSettings`}.
    """
    return {"robust": robust_settings(condition_size), "masked": masked_settings()}


def usual_settings(names):
    """Returns the name of the settings that are taken where none are asked for.

    Args:
        names: of the settings on a generator's card.

    Returns:
        That of the most accurate ones for images such as the generator's own: "best", else "fast",
        else "paper".
    """
    return next((name for name in ("best", "fast") if name in names), "paper")


def named_settings(settings, card=None):
    """Returns the `SearchSettings` that are meant.

    Args:
        settings: a `SearchSettings`, as it is; "paper"; the name of settings on the generator's
            card, such as "best" or "fast"; or None for those of `usual_settings`.
        card: of the generator, or None.

    Raises:
        InputError: for a name that the card has no settings for, or what is no name.
    """
    if isinstance(settings, SearchSettings):
        return settings
    recorded = (card or {}).get("settings") or {}
    if settings is None:
        settings = usual_settings(recorded)
    if settings == "paper":
        return SearchSettings()
    if not isinstance(settings, str) or settings not in recorded:
        raise InputError(
            f"settings={settings!r}: {expected_one_of(settings, {'paper', *recorded})}, or a "
            "SearchSettings; the generator's card has no settings of that name"
        )
    return SearchSettings.from_dict(recorded[settings])
