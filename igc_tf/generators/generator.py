"""A generator: a Keras model and everything that the library may assume of its data."""

import copy
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout
from igc_tf.data.picture import PictureFrame
from igc_tf.errors import GeneratorError, InputError
from igc_tf.generators.adapt import Form, adapt
from igc_tf.generators.bounds import read_bounds, settled_background, settled_bounds
from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.trial import try_encoder, try_generator
from igc_tf.ranges import Range, bounds_to_json, check_kind, check_ranges, checked_array, lie_within

# examples that are generated at once; bounds the memory
_BATCH = 500
# arguments of `Generator`, and its attributes, that hold of any model in the place of its own
FACTS = ("layout", "bounds", "background", "prior", "name", "card", "arrange")


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

    It is tried when it is made: what it makes of a few inputs lies in its bounds, both inputs
    matter, gradients reach the latent, two calls agree, and examples do not depend on each other.

    Args:
        model: a Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`, or
            `condition (B, C) -> data (B, ...)`. The inputs may come in another order, by name or
            as a dictionary, and the condition may be the number of a class; see `adapt`.
        layout: the `ConditionLayout` of its conditions; default C classes "0", "1", …
        bounds: (low, high) of its data; either may be infinite. Default: what its last layers
            say; where they say nothing, bounds are needed.
        background: what the data are where nothing is, within the bounds; default `low`, or what is
            nearest to 0 where it is infinite.
        prior: the `Prior` of its latents; default N(0, 1).
        name: what it is called in results; default the model's.
        card: what is known of its making, JSON-ready, or None.
        condition_input: which input is the condition: its name, its key, or 0 or 1; needed where
            neither names nor sizes tell.
        condition_size: C, where the model does not tell: subclassed models, numbers of classes.
        latent_size: Z, of a subclassed model.
        condition_index: whether the model takes the number of a class; default: found out.
        encoder: a Keras model `[data (B, ...), condition (B or 1, K, C)] -> latent (B, K, Z)` that
            says where a search for such data may start (see `build_encoder`), or None.
        arrange: how picture files become its data (see `PictureFrame`); default as its colours say.

    Attributes:
        model: the model in the form above, whatever the form of the one that was given.
        source: the model that was given.
        condition_size: C.
        latent_size: Z; None without a latent.
        data_shape: shape of one example, without the batch axis.
        condition_gradient: whether gradients reach the condition.
        layout, bounds, background, prior, name, card, encoder, arrange: as above.

    Raises:
        GeneratorError: if the model is no such generator, or contradicts what is said of it; the
            message says what was seen and what to do.
        InputError: for facts that do not fit the model.
    """

    def __init__(
        self,
        model,
        layout=None,
        bounds=None,
        background=None,
        prior=None,
        name=None,
        card=None,
        condition_input=None,
        condition_size=None,
        latent_size=None,
        condition_index=None,
        encoder=None,
        arrange=None,
    ):
        check_kind("layout", layout, ConditionLayout | None, "a ConditionLayout, or None")
        check_kind("prior", prior, Prior | None, "a Prior, such as Prior(0.0, 1.0), or None")
        if prior is not None and type(prior) is not Prior:
            raise InputError(f"prior={prior!r}: expected no subclass of Prior: latents are normal")
        if layout is not None and condition_size is None:
            condition_size = layout.size
        self._form = Form(condition_input, condition_size, latent_size, condition_index)
        self.source = model
        self.model, self.condition_size, self.latent_size = adapt(model, self._form)
        self.layout = layout if layout is not None else ConditionLayout.classes(self.condition_size)
        if self.layout.size != self.condition_size:
            raise InputError(
                f"condition_size={condition_size!r}: the layout has {self.layout.size} values, "
                f"{self.layout.element_names}"
            )
        read = read_bounds(self.model)
        self.bounds = settled_bounds(bounds, read)
        self.background = settled_background(background, self.bounds)
        self.prior = prior if prior is not None else Prior()
        self.name = name if name is not None else model.name
        self.card = card
        self.arrange = arrange
        self.encoder = encoder
        self._generate, self._encode = self.model, encoder
        self.data_shape, self.condition_gradient = try_generator(
            self, are_said=not np.isfinite(read).all()
        )
        if encoder is not None:
            try_encoder(self)

    @classmethod
    def of(cls, generator, **facts):
        """Returns a `Generator` as it is, and one made of a model and these facts.

        Raises:
            InputError: for a `Generator` and facts.
        """
        if not isinstance(generator, cls):
            return cls(generator, **facts)
        if facts:
            raise InputError(f"{sorted(facts)}: the generator {generator.name!r} has its own")
        return generator

    def with_model(self, model, encoder=None):
        """Returns the `Generator` of another model with this one's facts.

        Args:
            model: a Keras model of the form of this one's `model`.
            encoder: as for `Generator`.

        Raises:
            GeneratorError: if that is no such generator.
        """
        facts = {name: getattr(self, name) for name in FACTS}
        return Generator(model, encoder=encoder, condition_input=0, **facts)

    def __repr__(self):
        latent = "" if self.latent_size is None else f", latent {self.latent_size}"
        low, high = self.bounds
        return (
            f"<Generator {self.name!r}: condition {self.condition_size}{latent} -> "
            f"{self.data_shape} in [{low:g}, {high:g}]>"
        )

    def facts(self):
        """Returns what `Generator` was told, or found out, of its model: JSON-ready.

        Infinite bounds are None.
        """
        form = self._form._replace(condition_size=self.condition_size, latent_size=self.latent_size)
        form = {name: value for name, value in form._asdict().items() if value is not None}
        return {
            **self.layout.to_dict(),
            "bounds": bounds_to_json(self.bounds),
            "background": self.background,
            "prior": asdict(self.prior),
            **({} if self.arrange is None else {"arrange": self.arrange}),
            **form,
        }

    @property
    def recorded_settings(self):
        """The search settings on its card, {name: dict}; {} where there are none, or no card."""
        return (self.card or {}).get("settings") or {}

    @property
    def recipe(self):
        """The recipe of its training, {field: value}; {} where no card says it."""
        return ((self.card or {}).get("training") or {}).get("recipe") or {}

    @property
    def picture_frame(self):
        """The `PictureFrame` of its data; an `InputError` where they cannot be pictures."""
        return self.picture_frame_of(self.data_shape)

    def picture_frame_of(self, shape):
        """That of data of another shape, such as an observation may show."""
        return PictureFrame(shape, self.bounds, self.background, self.arrange)

    @property
    def variables(self):
        """The variables of the model, then of the encoder: the order of `bind`."""
        return [variable for model in self._models for variable in _ordered(model)]

    @property
    def _models(self):
        return [model for model in (self.model, self.encoder) if model is not None]

    def __call__(self, values):
        """Generates data.

        Args:
            values: `{"condition": (N, C), "latent": (N, Z)}`, float32; the latent only where the
                generator has one.

        Returns:
            float32 (N, ...).
        """
        return tf.cast(self._generate(self._inputs(values), training=False), tf.float32)

    def encode(self, data, condition):
        """Says in one pass from which latents data may be generated.

        Args:
            data: (B, ...), float32.
            condition: (B, K, C), or (1, K, C) for the same conditions everywhere.

        Returns:
            Latents, float32 (B, K, Z).

        Raises:
            GeneratorError: for a generator without an encoder.
        """
        if self._encode is None:
            raise GeneratorError(
                f"the generator {self.name!r} has no encoder: its searches start at the mean of "
                "its latents' prior"
            )
        inputs = [tf.convert_to_tensor(value, tf.float32) for value in (data, condition)]
        return tf.cast(self._encode(inputs, training=False), tf.float32)

    def bind(self, weights):
        """Returns this generator with `weights` in the place of its variables.

        Args:
            weights: tensors in the order of `variables`.
        """
        bound, first = copy.copy(self), 0
        calls = []
        for model in self._models:
            last = first + len(model.variables)
            calls.append(_stateless(model, weights[first:last]))
            first = last
        bound._generate, bound._encode = [*calls, None][:2]
        return bound

    def _inputs(self, values):
        if self.latent_size is None:
            return values["condition"]
        return [values["condition"], values["latent"]]

    def sample(self, labels, seed):
        """Generates one example for each label, its latent drawn from the prior.

        Args:
            labels: integers (N,), or (N, L) for several labels.
            seed: decides the latents; with one seed, fewer labels get the first of more latents.

        Returns:
            float32 (N, ...), a NumPy array.
        """
        has_latent = self.latent_size is not None
        return self.generate(labels, self.draw_latents(len(labels), seed) if has_latent else None)

    def draw_latents(self, count, seed):
        """Draws latents from the prior: those of which `sample` makes its examples.

        Args:
            count: how many.
            seed: decides them; with one seed, fewer are the first of more.

        Returns:
            float32 (count, Z), a NumPy array.

        Raises:
            GeneratorError: for a generator without a latent.
        """
        if self.latent_size is None:
            raise GeneratorError(f"the generator {self.name!r} has no latent")
        shape = [count, self.latent_size]
        normal = np.random.default_rng(seed).standard_normal(shape, np.float32)
        return self.prior.mean + self.prior.standard_deviation * normal

    def generate(self, labels, latents=None):
        """Generates one example for each label and latent, in batches.

        Args:
            labels: integers (N,), or (N, L) for several labels.
            latents: float32 (N, Z); None for a generator without a latent.

        Returns:
            float32 (N, ...), a NumPy array.
        """
        values = {"condition": self.layout.one_hot(labels)}
        if latents is not None:
            values["latent"] = np.asarray(latents, np.float32)
        parts = [np.zeros([0, *self.data_shape], np.float32)]
        for i in range(0, len(labels), _BATCH):
            batch = {name: tf.constant(value[i : i + _BATCH]) for name, value in values.items()}
            parts.append(self(batch).numpy())
        return np.concatenate(parts)

    def check(self, data, what="images", shape=None):
        """Returns data as float32, checked against the generator's.

        Args:
            data: (N, ...).
            what: what they are called in a message.
            shape: of each of them; None for that of what is generated.

        Raises:
            InputError: for another shape, for values that are not finite or out of bounds.
        """
        data = checked_array(what, data, np.float32)
        shape = self.data_shape if shape is None else shape
        if data.shape[1:] != shape or data.ndim != len(shape) + 1:
            expected = ", ".join(map(str, shape))
            raise InputError(f"{what} have shape {data.shape}: expected (N, {expected})")
        if data.size and not np.isfinite(data).all():
            raise InputError(f"{what} hold values that are not finite")
        low, high = self.bounds
        if not lie_within(data, self.bounds):
            raise InputError(
                f"{what} lie in [{data.min():g}, {data.max():g}]: expected [{low:g}, {high:g}], "
                "the generator's bounds"
            )
        return data

    def check_set(self, data):
        """Checks that this generator makes what a labelled set holds.

        Args:
            data: a `LabelledData`.

        Raises:
            InputError: if conditions, their order, shapes or finite bounds differ, or if the card
                says that it was trained on another set.
        """
        # an infinite end says nothing of what is black or white
        bounds = tuple(np.where(np.isinf(self.bounds), data.bounds, self.bounds).tolist())
        ours = self.layout.sizes, self.data_shape, bounds
        theirs = data.layout.sizes, data.data.shape[1:], data.bounds
        if theirs != ours:
            raise InputError(
                f"{data.name} has values of its labels, shape and bounds of its data {theirs}: "
                f"expected {ours}, those of the generator {self.name}"
            )
        self.layout.check_order(data.layout, f"the generator {self.name}", data.name)
        trained_on = self.recipe.get("dataset", data.name)
        if trained_on != data.name:
            raise InputError(
                f"the generator {self.name} was trained on {trained_on}: expected that, not "
                f"{data.name}, or a generator of {data.name}"
            )

    def digest(self):
        """Returns the SHA-256 of the weights, in hexadecimal; an encoder's are not among them."""
        return weights_digest(self.source)

    def digests(self):
        """Which generator a result is of: `generator_sha256`; `encoder_sha256`, None without."""
        encoder = None if self.encoder is None else weights_digest(self.encoder)
        return {"generator_sha256": self.digest(), "encoder_sha256": encoder}


def _ordered(model):
    """A model's variables, trainable ones first."""
    return [*model.trainable_variables, *model.non_trainable_variables]


def _stateless(model, weights):
    """A model as a function that reads weights in the order of `_ordered`."""
    trainable = len(model.trainable_variables)

    def call(inputs, training):
        outputs, _ = model.stateless_call(
            weights[:trainable], weights[trainable:], inputs, training=training
        )
        return outputs

    return call
