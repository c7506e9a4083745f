"""A classifier as a Keras model whose gradient reaches the data: what attacks and saliency need."""

import math
import numbers
from dataclasses import replace

import keras
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.engine import Search
from igc_tf.search.state import Batch

GRADIENTS = ("envelope", "unrolled", "bpda")


class DifferentiableClassifier(keras.Model):
    """Data (N, ...) -> logits (N, C), the scores / temperature; three gradients to the data.

    The logits are those of the search, whichever gradient is asked for:

    - "envelope": what was found is held fixed. Where a search has converged that is the gradient
      of the least difference (envelope theorem), and it costs no more than the search. Where the
      condition is searched there is none: what was found is the answer.
    - "unrolled": exact (but for what an observation passes on, see `Contrast`), through the encoder
      and every step. A step keeps nothing but where it
      began, and is computed again when its gradient is asked for, so that the memory is that of
      one step and of the steps' values.
    - "bpda": the search is taken for its encoder ("Obfuscated Gradients Give a False Sense of
      Security", Athalye et al. 2018, §4.1, backward pass differentiable approximation): what it
      found is held fixed but moves with the data as the encoder's latents do.

    The search is not compiled with XLA, which has no gradient through the steps of a loop.

    Through choices, such as which classes a plan keeps, no gradient passes.

    Args:
        classifier: a `SearchClassifier`.
        gradient: one of `GRADIENTS`.
        temperature: T, in units of the scores; None for that of the classifier's calibration.

    Attributes:
        classifier: the `SearchClassifier`.
        temperature: T.

    Raises:
        InputError: for another gradient, "envelope" where the condition is searched
            (`InverseClassifier`), "bpda" without an encoder that the search starts from, a
            temperature that is no finite number above 0, or none where the classifier is not
            calibrated; when called, for data of another shape.
    """

    def __init__(self, classifier, gradient="envelope", temperature=None):
        super().__init__(name=f"{classifier.generator.name}_{gradient}", trainable=False)
        if gradient not in GRADIENTS:
            raise InputError(f"gradient={gradient!r}: expected one of {', '.join(GRADIENTS)}")
        if gradient == "envelope" and classifier.search.space.label is None:
            raise InputError(
                "gradient='envelope': the condition is searched, and held fixed it has no gradient "
                "to the data; expected 'unrolled'"
            )
        if gradient == "bpda" and classifier.settings.start != "encoder":
            raise InputError(
                f"gradient='bpda': the search starts from the {classifier.settings.start}; "
                "expected settings with the start 'encoder', whose gradient is taken for its own"
            )
        if temperature is None:
            if classifier.calibration is None:
                raise InputError(
                    "temperature=None: the classifier is not calibrated; expected a number > 0, or "
                    "a call of calibrate before"
                )
            temperature = classifier.calibration.temperature
        if not isinstance(temperature, numbers.Real) or not 0 < temperature < math.inf:
            raise InputError(f"temperature={temperature!r}: expected a finite number > 0")
        self.classifier = classifier
        self.temperature = float(temperature)
        search = classifier.search
        if search.settings.jit_compile:
            settings = replace(search.settings, jit_compile=False)
            search = Search(search.generator, search.space, settings)
        self._search = search
        self._result = {"envelope": _envelope, "unrolled": _unrolled, "bpda": _bpda}[gradient]

    def call(self, data, training=None):
        """Returns the logits, float32 (N, C), of data (N, ...) in the generator's bounds."""
        del training  # a search has no such mode
        data, shape = tf.cast(data, tf.float32), self.classifier.data_shape
        # what lacks a channel would be compared with every row of every reconstruction
        if not data.shape[1:].is_compatible_with(shape):
            raise InputError(f"data of shape {tuple(data.shape)}: expected (N, *{shape})")
        result = self._result(self._search, Batch(data))
        return self.classifier.scores(result) / self.temperature


def _unrolled(search, batch):
    """The `Result` of a batch, differentiable through every step."""

    def advance(state, steps):
        for _ in range(steps):
            state = _recomputed_step(search, state)
        return state

    *_, state = search.follow(batch, advance=advance)
    return search.finish(state)


def _envelope(search, batch):
    """The `Result` of a batch, what was found held fixed."""
    return search.finish(_found(search, batch)._replace(batch=search.init(batch).batch))


def _bpda(search, batch):
    """The `Result` of a batch, what was found moving with the data as where it started."""
    start = search.init(batch)
    found = _found(search, batch)
    # the values of 0 that carry the starts' gradients
    gradients = {
        name: tf.gather(value - tf.stop_gradient(value), found.candidates.origin, batch_dims=1)
        for name, value in start.candidates.values.items()
    }

    def carry(values):
        return {name: value + gradients[name] for name, value in values.items()}

    candidates = found.candidates._replace(
        values=carry(found.candidates.values), best_values=carry(found.candidates.best_values)
    )
    return search.finish(found._replace(batch=start.batch, candidates=candidates))


def _found(search, batch):
    """The `State` at the end of the plan, without gradients."""
    batch = batch._replace(data=tf.stop_gradient(batch.data))
    *_, state = search.follow(batch)
    return tf.nest.map_structure(
        lambda leaf: None if leaf is None else tf.stop_gradient(leaf), state
    )


def _recomputed_step(search, state):
    """One step, of which nothing is kept but where it began."""
    leaves = tf.nest.flatten(state)
    floats = [i for i, leaf in enumerate(leaves) if leaf is not None and leaf.dtype.is_floating]

    def advance(values):
        given = list(leaves)
        for i, value in zip(floats, values, strict=True):
            given[i] = value
        return tf.nest.flatten(search.advance(tf.nest.pack_sequence_as(state, given), 1))

    @tf.custom_gradient
    def step(*values):
        after = advance(values)

        def backward(*upstream, variables=()):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                again = [after for after in advance(values) if after is not None]
            gradients = tape.gradient(
                again, values, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            # the generator's weights stay as they are
            return gradients, [None] * len(variables)

        return [leaf for leaf in after if leaf is not None], backward

    known = iter(step(*(leaves[i] for i in floats)))
    return tf.nest.pack_sequence_as(
        state, [None if leaf is None else next(known) for leaf in leaves]
    )
