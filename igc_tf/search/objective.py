"""What a search descends on."""

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.generator import Prior
from igc_tf.ranges import Range, check_ranges


class Terms(NamedTuple):
    """The parts of each candidate's loss, each (B, K): their sum is `loss`.

    Attributes:
        loss: difference + restriction + penalty.
        difference: of the data and what was observed (the paper's L_DD).
        restriction: of the searched values (the paper's L_LR, weighted).
        penalty: of the nuisance.
    """

    loss: tf.Tensor
    difference: tf.Tensor
    restriction: tf.Tensor
    penalty: tf.Tensor


@dataclass(frozen=True)
class LatentRestriction:
    """`weight * mean |z-score(latent)|` (the paper, §1.2): keeps a latent where the prior put them.

    Attributes:
        weight: λ_LR, at least 0.
        norm: "absolute" is the paper's mean |z|; "squared" is mean z² / 2, with which the search
            looks for the most probable latent of a Gaussian prior.
        prior: the `Prior` of the latents that the generator was trained with.

    Raises:
        InputError: for a value outside its range.
    """

    weight: Annotated[float, Range(0)] = 0.03
    norm: Literal["absolute", "squared"] = "absolute"
    prior: Prior = Prior()  # noqa: RUF009  frozen

    def __post_init__(self):
        check_ranges(self)

    def __call__(self, latent):
        """Returns the weighted restriction (B, K) of `latent` (B, K, Z)."""
        z = self.prior.z_score(latent)
        elements = tf.abs(z) if self.norm == "absolute" else tf.square(z) / 2
        return self.weight * tf.reduce_mean(elements, axis=-1)


class Objective:
    """The loss of one batch as a function of the values that move.

    Made once, outside the loop: what depends on the data alone is computed once.

    Values are dictionaries {block: (B, K, D)}. What moves is in the units of its block, value /
    unit, as a solver sees it; `values` brings it back and adds what rests.

    Args:
        generate: `{block: (N, D)} -> data (N, ...)`.
        space: the `Space`.
        difference: a `Difference`.
        batch: the `Batch`.
        resting: the values that do not move, {block: (B, K, D)}.
        origin: int (B, K), the candidates' numbers in the space; needed where an observation is
            undone in the data.

    Attributes:
        units: {block: its unit}.
    """

    def __init__(self, generate, space, difference, batch, resting, origin=None):
        self._generate = generate
        self._blocks = space.blocks
        self._observation = space.observation
        self._resting = resting
        self.units = {name: block.unit for name, block in space.blocks.items()}
        self._judge = Comparison(difference, batch, space, origin)

    def values(self, moving):
        """All blocks' values, of what moves in units."""
        return {
            name: self._resting[name] if name in self._resting else scaled(moving[name], block.unit)
            for name, block in self._blocks.items()
        }

    def show(self, moving):
        """`(generated, observed)`, each (B, K, ...)."""
        return generate_and_observe(self._generate, self._observation, self.values(moving))

    def terms(self, moving):
        """The `Terms`, with gradients to the values and to the generator's weights."""
        return self.terms_of(moving, self.show(moving)[1])

    def gradient(self, moving):
        """`(Terms, {block: gradient})`, in units; tangent to what the blocks project on."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(moving)
            terms = self.terms(moving)
        gradients = tape.gradient(
            terms.loss, moving, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        for name, gradient in gradients.items():
            projection = self._blocks[name].projection
            if projection is not None and projection.tangent is not None:
                value = scaled(moving[name], self._blocks[name].unit)
                gradients[name] = projection.tangent(gradient, value)
        return terms, gradients

    def project(self, moving):
        """Brings values, in units, back into the sets that their blocks project on."""
        projected = {}
        for name, value in moving.items():
            block = self._blocks[name]
            if block.projection is not None:
                value = scaled(
                    block.projection.project(scaled(value, block.unit)), 1.0 / block.unit
                )
            projected[name] = value
        return projected

    def terms_of(self, moving, observed):
        """The `Terms` of values whose observed data (B, K, ...) are known."""
        values = self.values(moving)
        difference = self._judge(observed)
        restriction = penalty = tf.zeros_like(difference)
        for name, block in self._blocks.items():
            if block.restriction is not None:
                restriction += block.restriction(values[name])
        if "nuisance" in values:
            penalty = self._observation.penalty(values["nuisance"])
        return Terms(difference + restriction + penalty, difference, restriction, penalty)


class Comparison:
    """A `Difference` to a batch, or where an observation was undone to each candidate's view of it.

    Args:
        difference: a `Difference`.
        batch: the `Batch`.
        space: the `Space`.
        origin: int (B, K), the candidates' numbers in the space.
    """

    def __init__(self, difference, batch, space, origin):
        self._difference = difference
        self._views = views_of(batch, space, origin)
        # what is undone may bring the data to another shape
        self._shape = batch.data.shape[1:] if self._views is None else self._views.shape[2:]
        if self._views is None:
            self._reference = difference.prepare(batch.data, batch.visible)
            return
        # each candidate is an example of its own; what is undone has no mask (`Search.init`)
        views = tf.reshape(self._views, [-1, *self._views.shape[2:]])
        self._reference = difference.prepare(views, None)

    def __call__(self, observed):
        """The difference (B, K) of what was observed (B, K, ...).

        Raises:
            InputError: for a `Difference` that returns another shape, or an observation that
                changes that of the data.
        """
        candidates, shape = observed.shape[1], observed.shape[2:]
        if not shape.is_compatible_with(self._shape):
            raise InputError(
                f"what is observed has shape {tuple(shape)}: expected {tuple(self._shape)}, that "
                "of what it is compared with"
            )
        if self._views is not None:
            observed = tf.reshape(observed, [-1, 1, *shape])
        each = self._difference(self._reference, observed)
        if not each.shape.is_compatible_with(observed.shape[:2]):
            raise InputError(
                f"the difference returned shape {each.shape}: expected one number for each "
                f"candidate, {observed.shape[:2]}"
            )
        return each if self._views is None else tf.reshape(each, [-1, candidates])


def views_of(batch, space, origin):
    """Target of each candidate (B, K, ...); None if all are compared with the data itself."""
    if batch.begun is None or batch.begun.compared is None:
        return None
    views = batch.begun.compared
    # candidates next to each other share a view where they differ only in what is not undone
    sharing = space.candidates_per_element // views.shape[1]
    return tf.gather(views, origin % space.candidates_per_element // sharing, batch_dims=1)


def generate_and_observe(generate, observation, values):
    """`(generated, observed)`, each (B, K, ...), of values {block: (B, K, D)}."""
    candidates = next(iter(values.values())).shape[1]
    flat = {name: tf.reshape(value, [-1, value.shape[-1]]) for name, value in values.items()}
    nuisance = flat.pop("nuisance", None)
    generated = generate(flat)
    observed = generated if nuisance is None else observation.apply(generated, nuisance)
    return tuple(
        tf.reshape(data, [-1, candidates, *data.shape[1:]]) for data in (generated, observed)
    )


def scaled(value, unit):
    """`value * unit`, without the work where the unit is 1."""
    return value if isinstance(unit, float) and unit == 1.0 else value * unit
