"""Training a generator with the classifier's own searches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.difference import resolve_difference
from igc_tf.search.generator_search import GeneratorSearch
from igc_tf.search.search_settings import SearchSettings
from igc_tf.search.search_space import SearchSpace
from igc_tf.training.augmentation import noise_half, random_affine
from igc_tf.training.losses import class_separation_loss


class _Searched(NamedTuple):
    """The engine that searched data (B, ...), and what it found.

    Attributes:
        engine: a `GeneratorSearch` with K candidates.
        data: (B, ...).
        right: (B, K), 1 where a candidate is right; one of each label's is.
        values: per block (B·K, D).
    """

    engine: GeneratorSearch
    data: tf.Tensor
    right: tf.Tensor
    values: tuple


@dataclass(frozen=True)
class ClassSeparation:
    """Asks that the right class reproduce an image best, after a short search like a user's.

    In each training step some images are searched with the generator as it is; with the latents
    found held fixed, the generator's weights then descend on

        weight · class_separation_loss + reconstruction_weight · (the right class's difference).

    At a minimum of the difference that is the gradient through the search (envelope theorem); a
    short search only comes near one, so here it is an approximation. This project's addition; the
    paper trains with the adversarial loss alone.

    With a `decision`, the class_separation_loss of that difference is added: what is found by one
    difference should be told apart by another, too.

    Where a condition holds several labels, the search is that of multi-label classification
    (`SearchSpace.per_label_value`), and each label's right value should reproduce best; like the
    adversarial losses, both terms are sums over the labels.

    Attributes:
        settings: of the short search. Its reach, steps × learning rate, should be about that of
            the search the generator is meant for (the paper's: 100 × 0.001).
        images: how many of a batch's images are searched.
        candidates: with how many classes each of them is searched: the right one, and the others
            that are nearest where the search begins; None for all, and for several labels. Fewer
            take less time, but nothing keeps far classes from learning to imitate an image: let
            a run among all classes follow.
        labels: how many labels a condition holds, each one-hot over equally many values.
        temperature: of the cross entropy, in units of the data difference.
        decision: a difference, by name or callable, that should separate the classes as well as
            the one that is descended on; None for that one alone.
        decision_temperature: of its cross entropy, in its units.
        rivals: among how many wrong values of each label, the nearest, the decision looks for
            confusion; the others hardly enter the cross entropy.
        weight, reconstruction_weight: of the cross entropies and of the right class's difference,
            beside the adversarial loss's 1.
        distortion: whether each image is first turned, stretched and shifted a little (see
            `random_affine`), so that the classes also separate on images not trained with.
        sigma: if positive, every other image (by chance) gets Gaussian noise, of a deviation
            drawn from 0..sigma, and is clipped to [-0.5, 0.5].

    Raises:
        InputError: for a value outside its range.
    """

    settings: SearchSettings = field(
        default_factory=lambda: SearchSettings(steps=8, learning_rate=0.0125)
    )
    images: int = 64
    candidates: int | None = None
    labels: int = 1
    temperature: float = 0.005
    decision: str | Callable | None = None
    decision_temperature: float = 0.0015
    rivals: int = 2
    weight: float = 1.0
    reconstruction_weight: float = 10.0
    distortion: bool = False
    sigma: float = 0.0

    def __post_init__(self):
        for name, least in (
            ("images", 1),
            ("labels", 1),
            ("rivals", 1),
            ("weight", 0),
            ("reconstruction_weight", 0),
        ):
            if not getattr(self, name) >= least:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number >= {least}")
        for name in ("temperature", "decision_temperature"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number > 0")
        if self.candidates is not None and (self.candidates < 2 or self.labels > 1):
            raise InputError(
                f"candidates={self.candidates!r} with labels={self.labels!r}: expected a whole "
                "number >= 2 and a single label, or None"
            )
        if self.decision is not None:
            resolve_difference(self.decision)
        if not self.sigma >= 0:
            raise InputError(f"sigma={self.sigma!r}: expected a number >= 0")

    def engine(self, generator):
        """Returns the `GeneratorSearch` of these settings over a functional generator.

        Raises:
            InputError: if its conditions cannot be the values of that many labels, or are fewer
                than the candidates.
        """
        conditions, latent_size = (tensor.shape[1] for tensor in generator.inputs)
        if conditions % self.labels:
            raise InputError(
                f"the generator has {conditions} conditions: expected a multiple of {self.labels}, "
                "the labels"
            )
        if self.candidates is not None and self.candidates > conditions:
            raise InputError(
                f"candidates={self.candidates!r}: the generator has {conditions} conditions"
            )
        space = SearchSpace.per_label_value(
            self.labels,
            conditions // self.labels,
            latent_size,
            self.settings.restriction(),
        )
        return GeneratorSearch(generator, space, self.settings)

    def search(self, engine, data, condition, seed):
        """Searches the first `images` of a batch.

        Args:
            engine: from `engine`.
            data: (B, ...) in [-0.5, 0.5].
            condition: (B, C), for each label one-hot.
            seed: int32 (2,), decides distortion and noise.

        Returns:
            What `loss` takes.
        """
        data, condition = data[: self.images], condition[: self.images]
        affine_seed, noise_seed, sigma_seed = tf.unstack(tf.random.split(seed, 3))
        if self.distortion:
            data = random_affine(data, affine_seed)
        if self.sigma:
            data = noise_half(data, noise_seed, sigma_seed, self.sigma, (-0.5, 0.5))
        if self.candidates is not None:
            engine, condition = self._among_nearest(engine, data, condition)
        result = engine.search(data, tf.range(tf.shape(data)[0]))
        found = [tf.reshape(value, [-1, value.shape[-1]]) for value in result.values]
        return _Searched(engine, data, condition, tuple(map(tf.stop_gradient, found)))

    def loss(self, searched):
        """The terms, weighted, and what to report.

        Args:
            searched: from `search`.

        Returns:
            `(loss, logs)`: a scalar, and scalars by name: `separation_loss`; `separated`, how
            often a label's right value was nearest, by the decision if there is one;
            `reconstruction`, the right value's difference.
        """
        engine, data, right, values = searched
        generated = engine.generate(values)
        differences = engine.differences(data, generated)
        reconstruction = tf.reduce_mean(tf.reduce_sum(differences * right, axis=1))
        separation, separated = self._separation(differences, right, self.temperature)
        if self.decision is not None:
            decisive, right = self._decisive(data, generated, differences, right)
            further, separated = self._separation(decisive, right, self.decision_temperature)
            separation += further
        logs = {
            "separation_loss": separation,
            "separated": separated,
            "reconstruction": reconstruction / self.labels,
        }
        return self.weight * separation + self.reconstruction_weight * reconstruction, logs

    def _among_nearest(self, engine, data, condition):
        """A search among `candidates` classes of each image, and which of them is right, (B, K)."""
        start = [block.start_values(tf.zeros([1], tf.int32)) for block in engine.space.blocks]
        repeats = tf.concat([tf.shape(data)[:1], tf.ones_like(tf.shape(data)[1:])], axis=0)
        differences = engine.differences(data, tf.tile(engine.generate(start), repeats))
        chosen = self._right_and_nearest(differences, condition, self.candidates)[:, 0]
        classes, latent_size = (block.shape[1] for block in engine.space.blocks)
        space = SearchSpace.latent_per_condition(
            tf.one_hot(chosen, classes), latent_size, self.settings.restriction()
        )
        right = tf.gather(condition, chosen, batch_dims=1)
        return GeneratorSearch(engine.generator, space, self.settings), right

    def _separation(self, differences, right, temperature):
        """The mean cross entropy, and how often a label's right value is nearest."""
        loss = class_separation_loss(differences, right, temperature, self.labels)
        nearest = tf.argmin(self._per_label(differences), axis=-1)
        separated = nearest == tf.argmax(self._per_label(right), axis=-1)
        return tf.reduce_mean(loss), tf.reduce_mean(tf.cast(separated, tf.float32))

    def _decisive(self, data, generated, differences, right):
        """The decision's differences of the right values and their rivals, and which are right.

        Returns:
            Both (B, L·V), V = 1 + rivals values of each label (all, where there are fewer).
        """
        values = right.shape[1] // self.labels
        contestants = min(1 + self.rivals, values)
        chosen = self._right_and_nearest(differences, right, contestants)
        shape = tf.shape(data)
        generated = tf.reshape(generated, tf.concat([[-1, values], shape[1:]], axis=0))
        generated = tf.gather(generated, tf.reshape(chosen, [-1, contestants]), batch_dims=1)
        generated = tf.reshape(generated, [-1, *data.shape[1:]])
        targets = tf.repeat(data, self.labels * contestants, axis=0)
        differences = resolve_difference(self.decision)(targets, generated)
        right = tf.gather(self._per_label(right), chosen, batch_dims=2)
        flat = [-1, self.labels * contestants]
        return tf.reshape(differences, flat), tf.reshape(right, flat)

    def _right_and_nearest(self, differences, right, count):
        """The numbers (B, L, count) of each label's right value, first, and of its rivals."""
        right = self._per_label(right)
        nearness = tf.where(right > 0, float("inf"), -self._per_label(differences))
        return tf.math.top_k(nearness, count).indices

    def _per_label(self, tensor):
        return tf.reshape(tensor, [-1, self.labels, tensor.shape[1] // self.labels])
