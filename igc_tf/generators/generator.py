"""A generator: a Keras model and everything that the library may assume of its data."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError
from igc_tf.generators.signature import read_signature
from igc_tf.ranges import Range, check_ranges

# images that were converted twice end up this far outside of their bounds
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Prior:
    """N(mean, standard_deviation²), from which each element of a latent is drawn in training.

    Attributes:
        mean: of every element.
        standard_deviation: of every element, above 0.

    Raises:
        InputError: for a value outside its range.
    """

    mean: Annotated[float, Range()] = 0.0
    standard_deviation: Annotated[float, Range(0, above=True)] = 1.0

    def __post_init__(self):
        check_ranges(self)

    def z_score(self, latent):
        """How many standard deviations each element of `latent` lies from the mean."""
        return (latent - self.mean) / self.standard_deviation

    def sample(self, shape, seed):
        """Draws float32 of this shape; `seed` is two integers, and decides the draw."""
        return self.mean + self.standard_deviation * tf.random.stateless_normal(shape, seed)


class Generator:
    """A conditional generator, with the facts that belong to it.

    Args:
        model: a Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`, or
            `condition (B, C) -> data (B, ...)`.
        layout: the `ConditionLayout` of its conditions; default C classes "0", "1", …
        bounds: (low, high) of its data; either may be infinite.
        background: what the data are where nothing is; default `low`, or 0 where it is infinite.
        prior: the `Prior` of its latents.
        name: what it is called in results; default the model's.
        card: what is known of its making, JSON-ready, or None.

    Raises:
        GeneratorError: if the model is of another form; the message says how.
        InputError: for facts that do not fit the model.
    """

    def __init__(
        self,
        model,
        layout=None,
        bounds=(-0.5, 0.5),
        background=None,
        prior=None,
        name=None,
        card=None,
    ):
        signature = read_signature(model)
        self.model = model
        self.condition_size, self.latent_size, self.data_shape = signature
        self.layout = layout if layout is not None else ConditionLayout.classes(self.condition_size)
        if self.layout.size != self.condition_size:
            raise InputError(
                f"the layout has {self.layout.size} values, {self.layout.to_dict()}: the "
                f"generator's condition has {self.condition_size} elements"
            )
        low, high = map(float, bounds)
        if not low < high:
            raise InputError(f"bounds={bounds!r}: expected (low, high), low less than high")
        self.bounds = (low, high)
        if background is None:
            background = low if np.isfinite(low) else 0.0
        self.background = float(background)
        self.prior = prior if prior is not None else Prior()
        self.name = name if name is not None else model.name
        self.card = card

    @classmethod
    def of(cls, generator):
        """Returns a `Generator` as it is, and one made of anything else."""
        return generator if isinstance(generator, cls) else cls(generator)

    @property
    def variables(self):
        """The model's variables, trainable ones first: the order of `bind`."""
        return [*self.model.trainable_variables, *self.model.non_trainable_variables]

    def __call__(self, values):
        """Generates data.

        Args:
            values: `{"condition": (N, C), "latent": (N, Z)}`, float32; the latent only where the
                generator has one.

        Returns:
            float32 (N, ...).
        """
        return tf.cast(self.model(self._inputs(values), training=False), tf.float32)

    def bind(self, weights):
        """Returns this generator as a function that reads `weights` instead of its variables.

        Args:
            weights: tensors in the order of `variables`.
        """
        trainable = len(self.model.trainable_variables)

        def generate(values):
            data, _ = self.model.stateless_call(
                weights[:trainable], weights[trainable:], self._inputs(values), training=False
            )
            return tf.cast(data, tf.float32)

        return generate

    def _inputs(self, values):
        if self.latent_size is None:
            return values["condition"]
        return [values["condition"], values["latent"]]

    def sample(self, labels, seed):
        """Generates one example for each label, its latent drawn from the prior.

        Args:
            labels: integers (N,), or (N, L) for several labels.
            seed: decides the latents.

        Returns:
            float32 (N, ...), a NumPy array.
        """
        values = {"condition": tf.constant(self.layout.one_hot(labels))}
        if self.latent_size is not None:
            values["latent"] = self.prior.sample([len(labels), self.latent_size], [seed, 0])
        return self(values).numpy()

    def check(self, data, what="images"):
        """Returns data as float32, checked against the generator's.

        Args:
            data: (N, ...).
            what: what they are called in a message.

        Raises:
            InputError: for another shape, for values that are not finite or out of bounds.
        """
        data = np.asarray(data, np.float32)
        if data.shape[1:] != self.data_shape or data.ndim != len(self.data_shape) + 1:
            expected = ", ".join(map(str, self.data_shape))
            raise InputError(f"{what} have shape {data.shape}: expected (N, {expected})")
        if data.size and not np.isfinite(data).all():
            raise InputError(f"{what} hold values that are not finite")
        low, high = self.bounds
        if data.size and not (data.min() >= low - _TOLERANCE and data.max() <= high + _TOLERANCE):
            raise InputError(
                f"{what} lie in [{data.min():g}, {data.max():g}]: expected [{low:g}, {high:g}], "
                "the generator's bounds"
            )
        return data

    def digest(self):
        """Returns the SHA-256 of the weights, in hexadecimal: which generator a result is of."""
        digest = hashlib.sha256()
        for weight in self.model.get_weights():
            digest.update(np.ascontiguousarray(weight).tobytes())
        return digest.hexdigest()
