"""Latent arithmetic, tried: G' - M' + W' on a generator that knows no classes."""

from typing import NamedTuple

import numpy as np

from igc_tf.errors import InputError
from igc_tf.generators.latent_arithmetic import analogy, latent_path, to_typical_length
from igc_tf.metrics import proportion, slant, stroke_width

# an answer of which LeNet is less sure than this does not make an example of its class
_SURE = 0.9
# examples of a kind that a mean needs at least
_LEAST = 8
_SHOWN = 12
_STEPS = 11
# the outer parts of a class that have an attribute, and its opposite
_OUTER = 0.25


class Kind(NamedTuple):
    """A digit with an attribute.

    Attributes:
        digit: its class.
        attribute: "slant" or "stroke width".
        has_more: of the attribute: the outer quarter of its class that has most, or least.
    """

    digit: int
    attribute: str
    has_more: bool

    def __str__(self):
        return f"{_WORDS[self.attribute][self.has_more]} {self.digit}"


_WORDS = {"slant": ("upright", "slanted"), "stroke width": ("thin", "thick")}


class Equation(NamedTuple):
    """having - lacking + target, which should make an example of `goal`."""

    having: Kind
    lacking: Kind
    target: Kind
    goal: Kind

    def __str__(self):
        return f"{self.having} - {self.lacking} + {self.target}"


def _equation(attribute, source, digit, moved="attribute"):
    more, less = Kind(source, attribute, True), Kind(source, attribute, False)
    if moved == "attribute":
        return Equation(more, less, Kind(digit, attribute, False), Kind(digit, attribute, True))
    # the class is what is moved: both have the attribute, and the target lacks it
    having = Kind(digit, attribute, True)
    return Equation(having, more, less, Kind(digit, attribute, False))


EQUATIONS = (
    _equation("slant", 1, 7),
    _equation("slant", 4, 9),
    _equation("stroke width", 1, 7),
    _equation("stroke width", 0, 3),
    _equation("slant", 1, 7, "class"),
    _equation("stroke width", 3, 8, "class"),
)


class Samples:
    """What an unconditional generator makes, read and measured.

    Args:
        generator: a `Generator` of one class.
        classifier: a Keras model, images -> probabilities of classes.
        count: of samples.
        seed: of their latents.

    Raises:
        InputError: for a generator with several classes, or without a latent.
    """

    def __init__(self, generator, classifier, count, seed):
        if generator.condition_size != 1 or generator.latent_size is None:
            raise InputError(
                f"the generator {generator.name!r} has a condition of "
                f"{generator.condition_size} values: expected a generator without classes, of "
                "one value and a latent; with classes the condition would do the work"
            )
        self.generator, self.classifier = generator, classifier
        self.latents = generator.draw_latents(count, seed)
        self.images = self.made(self.latents)
        self.digits, self.sureness, self.measures = self.read(self.images)

    def made(self, latents):
        """Images of latents (N, Z)."""
        return self.generator.generate(np.zeros(len(latents), int), latents)

    def read(self, images):
        """What LeNet answers (N,), how sure it is (N,), and {attribute: measures (N,)}."""
        probabilities = self.classifier.predict(images, batch_size=1000, verbose=0)
        background = self.generator.background
        measures = {
            "slant": slant(images, background),
            "stroke width": stroke_width(images, background),
        }
        return probabilities.argmax(axis=1), probabilities.max(axis=1), measures

    def of(self, kind):
        """The numbers of the samples of a `Kind`."""
        mine = np.flatnonzero((self.digits == kind.digit) & (self.sureness >= _SURE))
        if len(mine) < _LEAST / _OUTER:
            return mine[:0]
        order = mine[np.argsort(self.measures[kind.attribute][mine])]
        outer = round(_OUTER * len(order))
        return order[-outer:] if kind.has_more else order[:outer]

    def threshold(self, kind):
        """The median of a `Kind`'s attribute among all samples of its digit."""
        mine = (self.digits == kind.digit) & (self.sureness >= _SURE)
        return float(np.median(self.measures[kind.attribute][mine]))

    def are(self, images, kind):
        """Which images are of a `Kind`: read as its digit, on its side of the median, bool (N,)."""
        digits, _, measures = self.read(images)
        has_more = measures[kind.attribute] > self.threshold(kind)
        return (digits == kind.digit) & (has_more == kind.has_more)


def try_equation(samples, equation, trials, averaged, seed):
    """Tries one equation, in several ways and beside chance.

    Args:
        samples: `Samples`.
        equation: an `Equation`.
        trials: how often each way is tried.
        averaged: latents of each kind in a mean, drawn anew for each trial; at most all.
        seed: of the draws.

    Returns:
        `(rows, pictures)`: a dict for each way with `equation`, `way`, `count` (trials), `correct`,
        `accuracy` (how often the image was of the goal) and its `interval`; and {what: images}.
        With too few samples of a kind both are empty but for one row, which says what is `missing`.
    """
    kinds = {str(kind): samples.of(kind) for kind in equation[:3]}
    missing = [f"{name}: {len(places)}" for name, places in kinds.items() if len(places) < _LEAST]
    row = {"part": "arithmetic", "equation": str(equation), "goal": str(equation.goal)}
    if missing:
        return [{**row, "way": None, "missing": missing}], {}
    rng = np.random.default_rng(seed)
    having, lacking, target = kinds.values()
    whole = analogy(samples.latents, having, lacking, target)
    means = np.stack(
        [
            analogy(
                samples.latents, *(_few(rng, places, averaged) for places in kinds.values())
            ).latent
            for _ in range(trials)
        ]
    )
    chosen = samples.latents[rng.choice(target, trials)]
    prior = samples.generator.prior
    aside = rng.normal(size=chosen.shape)
    aside *= np.linalg.norm(whole.direction) / np.linalg.norm(aside, axis=1, keepdims=True)
    ways = {
        "means of latents, G' - M' + W'": means,
        "the same, as long as draws are": to_typical_length(means, prior),
        "each of W moved by G' - M'": chosen + whole.direction,
        "chance: each of W moved as far in a random direction": chosen + aside.astype(np.float32),
        "chance: draws of the prior": samples.generator.draw_latents(trials, [seed, 1]),
    }
    rows = []
    for way, latents in ways.items():
        are = samples.are(samples.made(latents), equation.goal)
        rows.append({**row, "way": way, **proportion(int(are.sum()), trials)})
    few = samples.latents[target[:_SHOWN]]
    pictures = {
        f"G, {equation.having}": samples.images[having[:_SHOWN]],
        f"M, {equation.lacking}": samples.images[lacking[:_SHOWN]],
        f"W, {equation.target}": samples.made(few),
        "W moved by G' - M'": samples.made(few + whole.direction),
        "means: M', G', W', and from W' to G' - M' + W'": _means(samples, whole),
    }
    return rows, pictures


def _means(samples, whole):
    """Images of the three means, and of a path to the answer."""
    path = latent_path(np.stack([whole.target, whole.latent]), _SHOWN - 3)
    return samples.made(np.concatenate([[whole.lacking, whole.having], path]))[:_SHOWN]


def _few(rng, numbers, count):
    return rng.choice(numbers, min(count, len(numbers)), replace=False)


def paths(samples, count, seed):
    """Images on the way from one sample to the next: {name: images}.

    Args:
        samples: `Samples`.
        count: of pairs.
        seed: of their choice.
    """
    rng = np.random.default_rng(seed)
    pairs = samples.latents[rng.choice(len(samples.latents), [count, 2], replace=False)]
    mean = samples.generator.prior.mean
    return {
        f"{form} {number + 1}": samples.made(latent_path(pair, _STEPS, form, mean))
        for number, pair in enumerate(pairs)
        for form in ("linear", "spherical")
    }
