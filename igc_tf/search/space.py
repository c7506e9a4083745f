"""What is searched, and where it starts."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.errors import GeneratorError, InputError
from igc_tf.ranges import Range, check_number, is_whole
from igc_tf.search.objective import scaled
from igc_tf.search.observations.base import Identity, Observation, check_observations
from igc_tf.search.starts import Drawn, EncoderStart, PriorStart, Repeated

# lets the paper's 100 steps of 0.001 just take a neutral binary label, 1/2, to either end
CONDITION_UNIT = 5.0


class Projection(NamedTuple):
    """A set that values are kept in.

    Attributes:
        project: values (..., D) -> the values in the set.
        tangent: (gradient (..., D), values (..., D)) -> the part of the gradient along the set, or
            None to leave it as it is. Adam scales every element by itself: a part that the
            projection would undo can drown the rest.
    """

    project: Callable
    tangent: Callable | None = None


class Block(NamedTuple):
    """How one input of the generator, or the nuisance, is searched.

    Attributes:
        start: (batch, generator) -> float32 (B or 1, K, D): the prior's mean, a draw, what the
            generator's encoder says, something read off the data. A random start must depend on an
            example's index, not on its batch.
        size: D.
        moves: which elements move: True, False, or booleans that broadcast to (K, D).
        unit: a solver works on value / unit: a large unit moves fast. One number, or (D,).
        first_step: how many steps pass before the block begins to move.
        projection: a `Projection` after every step, or None.
        restriction: (B, K, D) -> (B, K), added to the loss, or None.
    """

    start: Callable
    size: int
    moves: object = True
    unit: float | np.ndarray = 1.0
    first_step: int = 0
    projection: Projection | None = None
    restriction: Callable | None = None

    @property
    def searched(self):
        """Whether any element ever moves."""
        return bool(np.any(self.moves))


class Space(NamedTuple):
    """The blocks of a search, and what its candidates argue for.

    Attributes:
        blocks: {name: `Block`}; the generator's inputs by name, and "nuisance".
        num_candidates: K0, how many candidates each example has.
        label: int (K0,), the element of the condition that each candidate argues for; None where
            the condition itself is searched.
        candidates_per_element: S, the number of an observation's starts, times the draws. S
            consecutive candidates argue for the same element; they differ in the observation's
            start, the draw, or both.
        observation: the `Observation` whose nuisance is searched beside them (`observed`).
        plain: of a space with an observation, the space without it.
    """

    blocks: dict
    num_candidates: int
    label: np.ndarray | None
    candidates_per_element: int = 1
    observation: Observation = Identity()
    plain: object = None

    @classmethod
    def per_value(
        cls, generator, restriction=None, condition_unit=CONDITION_UNIT, latent_start="mean"
    ):
        """The inverted generator's space (the paper, fig. 1 and §1.3): one candidate per value.

        Candidate k argues for element k of the condition: its label is held at that value. The
        *other* labels, where there are any, start neutral, 1/V for each of V values, and are
        searched on their simplices together with the latent.

        Args:
            generator: a `Generator` with a latent.
            restriction: a `LatentRestriction`, or None.
            condition_unit: of the searched conditions; the paper does not say how far they move.
            latent_start: "mean", the prior's, as in the paper; or "encoder", the latents that the
                generator's encoder has for the data and the conditions' starts.

        Raises:
            GeneratorError: if there is no encoder to start from, or no gradient reaches conditions
                that are searched.
            InputError: for another `condition_unit`.
        """
        check_number("condition_unit", condition_unit, Range(0, above=True))
        if generator.layout.num_labels > 1:
            _require_condition_gradient(generator)
        if latent_start == "encoder" and generator.encoder is None:
            raise GeneratorError(
                f"the generator {generator.name!r} has no encoder to start a search from: expected "
                "start='mean'"
            )
        layout = generator.layout
        same_label = np.zeros([layout.size, layout.size], bool)
        for offset, size in zip(layout.offsets, layout.sizes, strict=True):
            same_label[offset : offset + size, offset : offset + size] = True
        neutral = np.concatenate([np.full(size, 1 / size, np.float32) for size in layout.sizes])
        start = np.where(same_label, np.eye(layout.size, dtype=np.float32), neutral)
        condition = Block(
            start=lambda batch, generator: tf.constant(start[np.newaxis]),
            size=layout.size,
            moves=~same_label,
            unit=float(condition_unit),
            projection=Projection(layout.project, layout.tangent),
        )
        latent_size, prior = generator.latent_size, generator.prior
        starts = {
            "mean": lambda batch, generator: tf.fill(
                [1, layout.size, latent_size], float(prior.mean)
            ),
            "encoder": EncoderStart(start),
        }
        latent = Block(starts[latent_start], latent_size, restriction=restriction)
        return cls({"condition": condition, "latent": latent}, layout.size, np.arange(layout.size))

    @classmethod
    def relaxed(
        cls,
        generator,
        restriction=None,
        tangent=False,
        seed=0,
        latent_unit=1.0,
        latent_first_step=0,
    ):
        """Inverse classification's space: one candidate, whose condition is searched too.

        "Inverse Classification using GANs" (Hobbhahn 2020): the condition starts uniform and is
        clamped to [0, 1] and normalised after every step; the latent starts at a draw from its
        prior. "Inverse classification using generative models" (2019) has no latent.

        Args:
            generator: a `Generator`.
            restriction: a `LatentRestriction`, or None.
            tangent: keep only the part of the condition's gradient that leaves its sums; not in the
                documents.
            seed: of the latents' starts, which depend on it and the example's index only.
            latent_unit: of the latent, finite and at least 0; 0 leaves it at its start.
            latent_first_step: how many steps pass before the latent begins to move.

        Raises:
            GeneratorError: if no gradient reaches the condition.
            InputError: for another `latent_unit`.
        """
        check_number("latent_unit", latent_unit, Range(0))
        if generator.layout.size > 1:
            _require_condition_gradient(generator)
        layout = generator.layout
        start = np.concatenate([np.full(size, 1 / size, np.float32) for size in layout.sizes])
        blocks = {
            "condition": Block(
                start=lambda batch, generator: tf.constant(start[np.newaxis, np.newaxis]),
                size=layout.size,
                projection=Projection(layout.project, layout.tangent if tangent else None),
            )
        }
        if generator.latent_size is not None:
            blocks["latent"] = Block(
                start=PriorStart(generator.prior, generator.latent_size, seed),
                size=generator.latent_size,
                moves=latent_unit > 0,
                unit=float(latent_unit) if latent_unit > 0 else 1.0,
                first_step=latent_first_step,
                restriction=restriction,
            )
        return cls(blocks, 1, None)

    @classmethod
    def given(cls, generator):
        """One candidate, whose condition and latent the batch's `starts` say: both rest.

        What is left to be searched is what happened to the data (`observed`).

        Args:
            generator: a `Generator`.
        """
        sizes = {"condition": generator.condition_size, "latent": generator.latent_size}
        blocks = {
            name: Block(lambda batch, generator, size=size: tf.zeros([1, 1, size]), size, False)
            for name, size in sizes.items()
            if size is not None
        }
        return cls(blocks, 1, None)

    def observed(self, observation):
        """Returns this space with an observation's nuisance searched beside it.

        Every candidate becomes S, one for each start of the observation, next to each other. An
        encoder is shown, for each, the data without what can be undone of that start.

        Args:
            observation: an `Observation`; `Identity` changes nothing.

        Raises:
            InputError: for anything else, or another observation without parameters.
        """
        check_observations(observation)
        if not observation.names:
            parts = getattr(observation, "parts", (observation,))
            if not all(isinstance(part, Identity) for part in parts):
                raise InputError(
                    f"observation={observation!r} has no parameters: expected one at least; what "
                    "is known has a `Parameter`, too, with `moves = False`"
                )
            return self
        encoded = {
            name: block.start.observed(observation.num_starts)
            for name, block in self.blocks.items()
            if isinstance(block.start, EncoderStart)
        }
        space = self._repeated(observation.num_starts, encoded)
        low, high = (np.float32(end) for end in zip(*observation.bounds, strict=True))
        nuisance = Block(
            start=lambda batch, generator: tf.tile(
                batch.begun.nuisance, [1, self.num_candidates, 1]
            ),
            size=len(observation.names),
            moves=np.tile(observation.moves_of_each, [self.num_candidates, 1]),
            unit=observation.unit,
            projection=Projection(lambda values: tf.clip_by_value(values, low, high)),
        )
        blocks = {**space.blocks, "nuisance": nuisance}
        return space._replace(blocks=blocks, observation=observation, plain=self)

    def drawn(self, settings, prior):
        """Returns this space with `settings.draws` latents of each candidate, next to each other.

        The first is where the candidate starts, z. The others are

            mean + √(1 − spread²) · (z − mean) + spread · (draw − mean)

        of draws from the prior, the same for all candidates and all data: with a spread of 1 they
        are these draws, with 0 all lie at z.

        Args:
            settings: a `SearchSettings`, of which `draws`, `spread` and `seed` count.
            prior: the `Prior` of the latents.
        """
        if settings.draws == 1:
            return self
        drawn = {"latent": Drawn(self.blocks["latent"].start, settings, prior)}
        return self._repeated(settings.draws, drawn)

    def _repeated(self, times, starts):
        """This space with every candidate several times, next to each other.

        Args:
            times: how often.
            starts: {block: where its candidates then start}; of other blocks as before.
        """
        blocks = {
            name: block._replace(
                start=starts[name] if name in starts else Repeated(block.start, times),
                moves=np.repeat(
                    np.broadcast_to(block.moves, [self.num_candidates, block.size]), times, axis=0
                ),
            )
            for name, block in self.blocks.items()
        }
        return self._replace(
            blocks=blocks,
            num_candidates=self.num_candidates * times,
            label=None if self.label is None else np.repeat(self.label, times),
            candidates_per_element=self.candidates_per_element * times,
        )

    def check(self):
        """Checks what each block says.

        Raises:
            InputError: for a block that cannot be searched as it says, or nothing to search.
        """
        for name, block in self.blocks.items():
            if not np.all(np.asarray(block.unit) > 0):
                raise InputError(f"unit={block.unit!r} of {name}: expected a number > 0")
            if not is_whole(block.first_step, 0):
                raise InputError(
                    f"first_step={block.first_step!r} of {name}: expected a whole number >= 0"
                )
        if not any(block.searched for block in self.blocks.values()):
            raise InputError("no block moves: there is nothing to search")

    def in_units(self, values):
        """Those values that move, {block: (B, K, D)}, as a solver sees them."""
        return {
            name: scaled(value, 1.0 / self.blocks[name].unit)
            for name, value in values.items()
            if self.blocks[name].searched
        }

    def out_of_units(self, values, moving):
        """All values, those that move taken from what a solver sees."""
        moved = {name: scaled(value, self.blocks[name].unit) for name, value in moving.items()}
        return {name: moved.get(name, value) for name, value in values.items()}

    def masks(self, origin):
        """Which elements may move of the blocks that are searched.

        Args:
            origin: int (B, K), the candidates' numbers.

        Returns:
            {block: bool (B, K, D), or None where all may}.
        """
        masks = {}
        for name, block in self.blocks.items():
            if block.searched:
                table = np.broadcast_to(block.moves, [self.num_candidates, block.size])
                masks[name] = None if table.all() else tf.gather(tf.constant(table), origin)
        return masks

    def moves(self, masks, step, is_moving):
        """What moves in a step: see `Solver.step`.

        Args:
            masks: from `masks`.
            step: the number of the step, from 0.
            is_moving: bool (B, K), which candidates have not converged; None for all.
        """
        moves = {}
        for name, mask in masks.items():
            first_step = self.blocks[name].first_step
            conditions = [] if mask is None else [mask]
            if is_moving is not None:
                conditions.append(is_moving[..., None])
            if first_step:
                conditions.append(tf.reshape(step >= first_step, [1, 1, 1]))
            moves[name] = conditions[0] if conditions else None
            for condition in conditions[1:]:
                moves[name] &= condition
        return moves


def _require_condition_gradient(generator):
    if not generator.condition_gradient:
        raise GeneratorError(
            f"the generator {generator.name!r} takes whole numbers for its condition, or a class's "
            "number: no gradient reaches it, and it cannot be searched. Expected one that takes a "
            "condition (B, C)"
        )
