"""Who is attacked: the classifier by some settings, and plain networks."""

import warnings
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from igc_tf.classifiers.differentiable import GRADIENTS
from igc_tf.errors import InputError


class LibraryVictim:
    """The classifier of a generator.

    Attributes:
        name: in tables.
        models: {gradient: a Keras model, images -> logits}, all with the same logits; and through
            half and twice as many steps as the search takes, which have their own.
        exact: the one of them with the exact gradient.
        classifier: the `SearchClassifier`.
        sees_greys: whether a change tells that leaves every value on its side of the middle.
        batch_size: images at once.
    """

    def __init__(self, name, classifier, temperature, batch_size=50):
        has_encoder = classifier.settings.start == "encoder"
        self.name, self.classifier, self.batch_size = name, classifier, batch_size
        self.sees_greys = classifier.settings.observation != "black_and_white"
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
        self._temperature = temperature

    def logits(self, images):
        """Returns the logits (N, C)."""
        with warnings.catch_warnings():
            # that it reproduces what an attack made badly: it is told of images as people have them
            warnings.simplefilter("ignore", UserWarning)
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
    steps = sum(of for of, _ in plan)
    other = replace(settings, steps=steps, plan=plan if settings.plan else None)
    return steps, type(classifier)(classifier.generator, other)


class NetworkVictim:
    """A plain network.

    Attributes:
        name: in tables.
        models: {"gradient": a Keras model, images -> logits}.
        exact: that model.
        sees_greys: True.
        batch_size: images at once.

    Args:
        name: in tables.
        network: a Keras model, images -> probabilities, by a softmax in its last layer.

    Raises:
        InputError: for a network that ends in something else.
    """

    sees_greys = True

    def __init__(self, name, network):
        last = network.layers[-1]
        if getattr(last, "activation", None) is not keras.activations.softmax:
            raise InputError(
                f"{name}: its last layer is {last.name!r}; expected a softmax, before which the "
                "logits are"
            )
        # of a probability that is rounded to 0 or 1 there is no gradient: of its logit there is
        logits = last.input
        if isinstance(last, keras.layers.Dense):
            logits = keras.ops.matmul(logits, last.kernel) + last.bias
        self.name, self.batch_size = name, 1000
        self.exact = keras.Model(network.inputs, logits)
        self.models = {"gradient": self.exact}
        # some attacks ask about one image after the other: Keras' predict would take its time
        self._compiled = tf.function(self.exact, reduce_retracing=True)

    def logits(self, images):
        """Returns the logits (N, C)."""
        starts = range(0, len(images), self.batch_size)
        parts = [tf.constant(images[n : n + self.batch_size], tf.float32) for n in starts]
        return np.concatenate([self._compiled(part) for part in parts])

    def predict(self, images):
        """Returns the answers (N,)."""
        return self.logits(images).argmax(axis=1)
