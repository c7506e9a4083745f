"""Who is attacked: the classifier by some settings, and plain networks."""

import keras
import numpy as np

from igc_tf.classifiers.differentiable import GRADIENTS
from igc_tf.errors import InputError


class LibraryVictim:
    """The classifier of a generator.

    Attributes:
        name: in tables.
        models: {gradient: a Keras model, images -> logits}, all with the same logits.
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

    def predict(self, images):
        """Returns the answers (N,)."""
        scores = self.classifier.predict(images, batch_size=self.batch_size, verbose=0)
        return scores.argmax(axis=1)

    def reconstructions(self, images):
        """Returns what each class makes of images, (N, C, ...)."""
        return self.classifier.classify(images, batch_size=self.batch_size).reconstructions


class NetworkVictim:
    """A plain network.

    Attributes:
        name: in tables.
        models: {"gradient": a Keras model, images -> logits}.

    Args:
        name: in tables.
        network: a Keras model, images -> probabilities, by a softmax in its last layer.

    Raises:
        InputError: for a network that ends in something else.
    """

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
        self.name, self.models = name, {"gradient": keras.Model(network.inputs, logits)}

    def predict(self, images):
        """Returns the answers (N,)."""
        logits = self.models["gradient"].predict(images, batch_size=1000, verbose=0)
        return np.argmax(logits, axis=1)
