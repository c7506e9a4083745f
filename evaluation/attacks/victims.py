"""Who is attacked: the classifier by some settings, plain networks, the nearest neighbour."""

import warnings
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from evaluation.attacks.apgd import compiled_logits
from igc_tf.classifiers.differentiable import GRADIENTS
from igc_tf.classifiers.network import Stretch, network_within
from igc_tf.errors import ForeignDataWarning, InputError
from igc_tf.search.observations import Contrast, Undone


class LibraryVictim:
    """The classifier of a generator.

    Attributes:
        name: in tables.
        models: {gradient: a Keras model, images -> logits}, all with the same logits; and through
            half and twice as many steps as the search takes, which have their own. Of what sees
            images at more contrast also "clipped", whose gradient passes nothing that is clipped.
        exact: the one of them with the exact gradient.
        strong: the names of those by which pixels are attacked in blocks, and all images in the
            whole protocol.
        dear: the names of those that go through every step of the search.
        classifier: the `SearchClassifier`.
        batch_size: images at once.
    """

    def __init__(self, name, classifier, temperature, batch_size=50):
        has_encoder = classifier.settings.start == "encoder"
        self.name, self.classifier, self.batch_size = name, classifier, batch_size
        self.models = {
            gradient: classifier.as_model(gradient, temperature)
            for gradient in GRADIENTS
            if gradient != "bpda" or has_encoder
        }
        for factor in (0.5, 2):
            steps, other = _with_steps(classifier, factor)
            if steps:
                model = other.as_model("unrolled", temperature)
                self.models[f"unrolled through {steps} steps"] = model
        self.exact = self.models["unrolled"]
        lack = getattr(classifier.search.observation, "observation", None)
        if isinstance(lack, Contrast):
            seen = Undone(replace(lack, passes=False))
            other = type(classifier)(classifier.generator, classifier.settings, seen)
            self.exact = self.models["clipped"] = other.as_model("unrolled", temperature)
        # without steps the encoder's gradient is the unrolled one, which is computed more dearly
        same = has_encoder and not classifier.settings.steps
        ways = ("bpda", "clipped") if same else ("unrolled", "bpda", "clipped")
        self.strong = tuple(way for way in ways if way in self.models)
        through = ("unrolled", "clipped") if classifier.settings.steps else ("unrolled",)
        self.dear = {way for way in self.models if way.startswith(through)}
        self._temperature = temperature

    def logits(self, images):
        """Returns the logits (N, C)."""
        with warnings.catch_warnings():
            # that it reproduces what an attack made badly: it is told of images as people have them
            warnings.simplefilter("ignore", ForeignDataWarning)
            scores = self.classifier.predict(images, batch_size=self.batch_size, verbose=0)
        return scores / self._temperature

    def predict(self, images):
        """Returns the answers (N,)."""
        return self.logits(images).argmax(axis=1)

    def reconstructions(self, images):
        """Returns what each class makes of images, (N, C, ...)."""
        return self.classifier.classify(images, batch_size=self.batch_size).reconstructions


def _with_steps(classifier, factor):
    """How many times as many steps, 0 if there are none, and a classifier that takes them."""
    settings = classifier.settings
    plan = settings.plan or ((settings.steps, None),)
    plan = tuple((steps and max(1, round(factor * steps)), keep) for steps, keep in plan)
    steps = sum(count for count, _ in plan)
    other = replace(settings, steps=steps, plan=plan if settings.plan else None)
    return steps, type(classifier)(classifier.generator, other)


class _StaticVictim:
    """What answers without a search.

    Attributes:
        name: in tables.
        models: {"gradient": images -> logits}, differentiable; see `NetworkVictim`.
        exact: the one with the exact gradient.
        dear: the names of those that go through a search: none.
        batch_size: images at once.
    """

    dear = frozenset()

    def __init__(self, name, model, batch_size):
        self.name, self.batch_size = name, batch_size
        self.models, self.exact = {"gradient": model}, model
        # some attacks ask about one image after the other: Keras' predict would take its time
        self._logits = compiled_logits(model, batch_size)

    @property
    def strong(self):
        """The names of its models: the whole protocol goes by each."""
        return tuple(self.models)

    def logits(self, images):
        """Returns the logits (N, C)."""
        return self._logits(images)

    def predict(self, images):
        """Returns the answers (N,)."""
        return self.logits(images).argmax(axis=1)


class NetworkVictim(_StaticVictim):
    """A plain network.

    One that sees images at more contrast has two `models`, "gradient", which passes what is
    clipped, and "clipped", which does not.

    Args:
        name: in tables.
        network: a Keras model, images in [-0.5, 0.5] -> probabilities, by a softmax in its last
            layer.
        bounds: (low, high) of the images that are attacked.

    Raises:
        InputError: for a network that ends in something else.
    """

    def __init__(self, name, network, bounds):
        last = network.layers[-1]
        if getattr(last, "activation", None) is not keras.activations.softmax:
            raise InputError(
                f"{name}: its last layer is {last.name!r}; expected a softmax, before which the "
                "logits are"
            )
        super().__init__(name, network_within(_logits(network), bounds), batch_size=1000)
        if any(isinstance(layer, Stretch) for layer in network.layers):
            clipping = keras.models.clone_model(network, clone_function=_clipped)
            clipping.set_weights(network.get_weights())
            self.exact = self.models["clipped"] = network_within(_logits(clipping), bounds)


def _logits(network):
    """Of a probability that is rounded to 0 or 1 there is no gradient: of its logit there is."""
    last = network.layers[-1]
    logits = last.input
    if isinstance(last, keras.layers.Dense):
        logits = keras.ops.matmul(logits, last.kernel) + last.bias
    return keras.Model(network.inputs[0], logits)


def _clipped(layer):
    config = layer.get_config()
    if isinstance(layer, Stretch):
        config["passes"] = False
    return type(layer).from_config(config)


class NeighbourVictim(_StaticVictim):
    """The class of the nearest image that is known; its logits are the least squared distances.

    Args:
        known: `LabelledData` of one label, with images of every class.

    Raises:
        InputError: for other data.
    """

    def __init__(self, known):
        missing = set(range(len(known.class_names))) - set(np.unique(known.labels))
        if known.labels.ndim > 1 or missing:
            raise InputError(
                f"{known.name}: labels {known.labels.shape} without classes {sorted(missing)}; "
                "expected one label of each image, and images of every class"
            )
        flat = known.images.reshape(len(known), -1)
        classes = [tf.constant(flat[known.labels == n]) for n in range(len(known.class_names))]
        squares = [tf.reduce_sum(images**2, axis=1) for images in classes]

        def logits(images):
            given = tf.reshape(images, [-1, flat.shape[1]])
            distances = []
            for rows, square in zip(classes, squares, strict=True):
                nearest = tf.argmin(square - 2 * tf.matmul(given, rows, transpose_b=True), axis=1)
                # once more, exactly, and with a gradient
                distances.append(tf.reduce_sum((given - tf.gather(rows, nearest)) ** 2, axis=1))
            return -tf.stack(distances, axis=1)

        super().__init__("nearest neighbour", logits, batch_size=100)
