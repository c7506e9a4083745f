"""Training a generator with the classifier's own searches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.replicas import replica_count
from igc_tf.ranges import Range, check_ranges
from igc_tf.search.differences import resolve_difference
from igc_tf.search.engine import Search
from igc_tf.search.objective import Comparison
from igc_tf.search.settings import SearchSettings
from igc_tf.search.space import Space
from igc_tf.search.state import Batch, State
from igc_tf.training.augmentation import Variation, noise_half
from igc_tf.training.known_lens import KnownLens, random_gaps, relit
from igc_tf.training.losses import class_separation_loss


class Searched(NamedTuple):
    """A search of a training batch, and what it should have found.

    Attributes:
        search: the `Search`.
        state: its `State` with K candidates, the values held fixed; but for what an encoder gave
            the latents at the start.
        start: the latents (B, K, Z) that an encoder gave, with gradients to it; else None.
        right: (B, K), 1 where a candidate is right; one of each label's is.
    """

    search: Search
    state: State
    start: tf.Tensor | None
    right: tf.Tensor


@dataclass(frozen=True)
class ClassSeparation(Variation):
    """Asks that the right class reproduce an image best, after a short search like a user's.

    In each training step some images are searched with the generator as it is; with the latents
    found held fixed, the generator's weights then descend on

        weight · class_separation_loss + reconstruction_weight · (the right class's difference).

    At a minimum of the difference that is the gradient through the search (envelope theorem); a
    short search only comes near one, so here it is an approximation. This project's addition; the
    paper trains with the adversarial loss alone.

    Where the search starts from an encoder (`settings.start`), the encoder is trained together with
    the generator: what the search added to its latents is held fixed, the latents are not, and

        latent_weight · mean |latent|

    of them is added. With no steps at all, what is trained is what one pass answers.

    With a `decision`, the class_separation_loss of that difference is added: what is found by one
    difference should be told apart by another, too.

    Where a condition holds several labels, the search is that of multi-label classification
    (`Space.per_value`), and each label's right value should reproduce best; like the adversarial
    losses, both terms are sums over the labels.

    The images vary (see `Variation`); what a perturbation changes makes the start of the search
    confuse the classes.

    Attributes:
        settings: of the short search. Its reach, steps × learning rate, should be about that of
            the search the generator is meant for (the paper's: 100 × 0.001).
        images: how many of a batch's images are searched.
        candidates: with how many classes each of them is searched: the right one, and the others
            that are nearest where the search begins; None for all, and for several labels. Fewer
            take less time, but nothing keeps far classes from learning to imitate an image: let
            a run among all classes follow.
        temperature: of the cross entropy, in units of the data difference.
        decision: a difference, by name or callable, that should separate the classes as well as
            the one that is descended on; None for that one alone.
        decision_temperature: of its cross entropy, in its units.
        rivals: among how many wrong values of each label, the nearest, the decision looks for
            confusion; the others hardly enter the cross entropy.
        weight: of the cross entropies, beside the adversarial loss's 1.
        reconstruction_weight: of the right class's difference, likewise.
        latent_weight: of the encoder's mean absolute latent, likewise.
        hint_weight: of the cross entropy of what a layer upon the encoder's features says of the
            class, likewise; the layer goes when training ends. While the search still
            confuses classes, its loss gives the encoder little signal; this loss gives it directly.
        reach: times all that `distortion` does.
        observed: the share of the images to which something happens that the search is told (see
            `KnownLens`), so that the classes separate on what is seen of them, too.
        lit: the share of the images whose light is changed and then undone (see `relit`).

    Raises:
        InputError: for a value outside its range.
    """

    settings: SearchSettings = field(
        default_factory=lambda: SearchSettings(steps=8, learning_rate=0.0125)
    )
    images: Annotated[int, Range(1)] = 64
    candidates: Annotated[int | None, Range(2)] = None
    temperature: Annotated[float, Range(0, above=True)] = 0.005
    decision: str | Callable | None = None
    decision_temperature: Annotated[float, Range(0, above=True)] = 0.0015
    rivals: Annotated[int, Range(1)] = 2
    weight: Annotated[float, Range(0)] = 1.0
    reconstruction_weight: Annotated[float, Range(0)] = 10.0
    latent_weight: Annotated[float, Range(0)] = 0.03
    hint_weight: Annotated[float, Range(0)] = 0.0
    reach: Annotated[float, Range(0)] = 1.0
    observed: Annotated[float, Range(0, 1)] = 0.0
    lit: Annotated[float, Range(0, 1)] = 0.0

    def __post_init__(self):
        check_ranges(self)
        if self.decision is not None:
            resolve_difference(self.decision)
        if self.settings.draws > 1:
            raise InputError(f"settings.draws={self.settings.draws!r}: expected 1 in training")
        if self.observed and self.settings.observation is not None:
            raise InputError(
                f"observed={self.observed!r} with settings.observation="
                f"{self.settings.observation!r}: expected one of both"
            )

    @property
    def changes(self):
        """Whether more happens to the images than a turn, a shift, and noise."""
        return bool(self.observed or self.lit or self.missing or self.perturbation.changes)

    def search_of(self, generator):
        """Returns the `Search` of these settings over a `Generator`.

        Raises:
            InputError: if its conditions are fewer than the candidates, or hold several labels;
                or for an observation that it cannot train with.
        """
        layout = generator.layout
        if self.candidates is not None and (layout.num_labels > 1 or self.candidates > layout.size):
            raise InputError(
                f"candidates={self.candidates!r}: the generator's condition holds "
                f"{layout.num_labels} labels of {layout.sizes} values; expected None, or for a "
                "single label at most its values"
            )
        restriction = self.settings.restriction(generator.prior)
        space = Space.per_value(generator, restriction, latent_start=self.settings.start)
        observation = self.settings.observation_for(generator)
        if self.observed:
            observation = KnownLens(generator.bounds)
        if observation is not None:
            if observation.num_starts > 1:
                raise InputError(
                    f"settings.observation={self.settings.observation!r} begins with "
                    f"{observation.num_starts} starts of each class: expected one, such as "
                    "'contrast'"
                )
            space = space.observed(observation)
        return Search(generator, space, self.settings)

    def search(self, search, data, condition, seed):
        """Searches the first `images` of a batch; under the tape of `loss` if by an encoder.

        Of several replicas each searches its part of them.

        Args:
            search: from `search_of`.
            data: (B, ...) in the generator's bounds.
            condition: (B, C), for each label one-hot.
            seed: int32 (2,), decides distortion and noise.

        Returns:
            A `Searched`, for `loss`.
        """
        batch, right = self._varied(search, data, condition, seed)
        state = search.init(batch)
        if self.candidates is not None:
            terms = search.terms(state)
            nearest = _right_and_nearest(terms.difference, right, self.candidates)
            state = search.keep(state, nearest, terms.loss)
            right = tf.gather(right, nearest, batch_dims=1)
        start = state.candidates.values["latent"] if self.settings.start == "encoder" else None
        if self.settings.steps:
            state = search.advance(state, self.settings.steps)
        state = tf.nest.map_structure(_fixed, state)
        if start is not None:
            values = state.candidates.values
            moved = {**values, "latent": start + (values["latent"] - _fixed(start))}
            state = state._replace(candidates=state.candidates._replace(values=moved))
        return Searched(search, state, start, right)

    def _varied(self, search, data, condition, seed):
        """The first `images` as they are searched, a `Batch`, and their conditions (B, C)."""
        images = self.images // replica_count()
        data, right = data[:images], condition[:images]
        affine_seed, noise_seed, sigma_seed = tf.unstack(tf.random.split(seed, 3))
        lens_seed, light_seed = tf.unstack(tf.random.experimental.stateless_split(affine_seed))
        gap_seed = tf.random.experimental.stateless_fold_in(lens_seed, 1)
        bounds, starts, visible = search.generator.bounds, None, None
        data = self.distort(data, affine_seed, bounds, self.reach)
        if self.observed:
            nuisance = search.observation.draw(tf.shape(data)[0], self.observed, lens_seed)
            data = search.observation.apply(data, nuisance)
            starts = {"nuisance": nuisance[:, tf.newaxis]}
        if self.lit:
            data, undo = relit(data, self.lit, light_seed, bounds)
        if self.sigma:
            data = noise_half(data, noise_seed, sigma_seed, self.sigma, bounds)
        if self.lit:
            data = undo(data)
        loss, others = self._confusion(search), (starts, right)
        data = self.perturbation.of(loss, data, others, bounds, light_seed)
        if self.missing:
            visible = random_gaps(data, self.missing, gap_seed)
        return Batch(data, visible, starts=starts), right

    def _confusion(self, search):
        """`(data, starts, right) -> (B,)`: how little the start of the search tells the classes."""

        def confusion(data, starts, right):
            terms = search.terms(search.init(Batch(data, starts=starts)))
            split = search.generator.layout.split
            pairs = zip(split(terms.difference), split(right), strict=True)
            return tf.add_n([class_separation_loss(*pair, self.temperature) for pair in pairs])

        return confusion

    def loss(self, searched):
        """The terms, weighted, and what to report.

        Args:
            searched: from `search`.

        Returns:
            `(loss, logs)`: a scalar, and scalars by name: `separation_loss`; `separated`, how
            often a label's right value was nearest, by the decision if there is one;
            `reconstruction`, the right value's difference; with an encoder `latent_size`, its mean
            absolute latent in standard deviations of the prior.
        """
        search, state, start, right = searched
        logs, latent_loss = {}, 0.0
        if start is not None:
            size = tf.reduce_mean(tf.abs(search.generator.prior.z_score(start)))
            logs["latent_size"], latent_loss = size, self.latent_weight * size
        terms, _, observed = search.evaluate(state)
        labels = self._per_label(search, right)
        differences = self._per_label(search, terms.difference)
        separation, separated = _separation(differences, labels, self.temperature)
        if self.decision is not None:
            decided, decided_labels = self._decided(searched, observed, differences, labels)
            further, separated = _separation(decided, decided_labels, self.decision_temperature)
            separation += further
        reconstruction = tf.reduce_mean(tf.reduce_sum(terms.difference * right, axis=1))
        logs |= {
            "separation_loss": separation,
            "separated": separated,
            "reconstruction": reconstruction / len(labels),
        }
        loss = self.weight * separation + self.reconstruction_weight * reconstruction
        return loss + latent_loss, logs

    def _decided(self, searched, observed, differences, labels):
        """Each label's right value and its rivals: the decision's differences, which are right.

        Returns:
            Two lists over the labels, of (B, 1 + rivals); fewer where a label has fewer values.
        """
        chosen, right, first = [], [], 0
        for difference, is_right in zip(differences, labels, strict=True):
            count = min(1 + self.rivals, difference.shape[1])
            nearest = _right_and_nearest(difference, is_right, count)
            chosen.append(first + nearest)
            right.append(tf.gather(is_right, nearest, batch_dims=1))
            first += difference.shape[1]
        contestants, origin = (
            tf.gather(tensor, tf.concat(chosen, axis=1), batch_dims=1)
            for tensor in (observed, searched.state.candidates.origin)
        )
        decision, space = resolve_difference(self.decision), searched.search.space
        decided = Comparison(decision, searched.state.batch, space, origin)(contestants)
        return tf.split(decided, [part.shape[1] for part in right], axis=1), right

    def _per_label(self, search, tensor):
        """(B, K) in a part for each label; a single one where some candidates were dropped."""
        return [tensor] if self.candidates is not None else search.generator.layout.split(tensor)


def _separation(differences, right, temperature):
    """The mean cross entropy, summed over labels, and how often a right value is nearest."""
    losses, separated = [], []
    for difference, is_right in zip(differences, right, strict=True):
        losses.append(class_separation_loss(difference, is_right, temperature))
        hit = tf.argmin(difference, axis=1) == tf.argmax(is_right, axis=1)
        separated.append(tf.cast(hit, tf.float32))
    return tf.reduce_mean(tf.add_n(losses)), tf.reduce_mean(tf.stack(separated))


def _right_and_nearest(differences, right, count):
    """The places (B, count) of the right candidate, first, and of the nearest others."""
    return tf.math.top_k(tf.where(right > 0, float("inf"), -differences), count).indices


def _fixed(leaf):
    return None if leaf is None else tf.stop_gradient(leaf)
