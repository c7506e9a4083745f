"""Arithmetic in the space of latents: averages, differences, and paths between them.

"Generative Adversarial Networks", section "Controlling the Output", after Radford et al. 2016,
§6.3.2: with the mean latents G' of examples that have an attribute, M' of others that lack it but
are alike otherwise, and W' of the kind that should get it, the generator makes of G' - M' + W' an
example of W's kind with G's attribute.
"""

import itertools
from typing import NamedTuple

import numpy as np

from igc_tf.errors import InputError
from igc_tf.ranges import checked_whole

# vectors whose angle is smaller than this are joined by a straight line: it is the limit of the arc
_LEAST_ANGLE = 1e-4


class Analogy(NamedTuple):
    """G' - M' + W' with its parts, float32 (Z,) each.

    Attributes:
        having: G', the mean latent of examples with the attribute.
        lacking: M', that of examples without it, alike otherwise.
        target: W', that of the examples that should get it.
    """

    having: np.ndarray
    lacking: np.ndarray
    target: np.ndarray

    @property
    def direction(self):
        """G' - M', which gives the attribute to the latent it is added to."""
        return self.having - self.lacking

    @property
    def latent(self):
        """G' - M' + W'."""
        return self.direction + self.target


def mean_latent(latents, chosen=None, name="latents"):
    """Averages latents.

    Args:
        latents: (N, Z).
        chosen: which of them, bool (N,) or their numbers; None for all.
        name: what they are called in a message.

    Returns:
        float32 (Z,).

    Raises:
        InputError: for another shape, for a choice of others than these, or if none is chosen.
    """
    latents = _checked(latents, "latents")
    if chosen is not None:
        # a list without numbers has no type of its own
        chosen = np.asarray(chosen) if np.size(chosen) else []
        try:
            latents = latents[chosen] if len(chosen) else latents[:0]
        except IndexError as error:
            raise InputError(
                f"{name}: {error}; expected whole numbers below {len(latents)}, or as many booleans"
            ) from error
    if not len(latents):
        raise InputError(f"{name}: no example is chosen, expected at least one to average")
    return latents.mean(axis=0, dtype=np.float64).astype(np.float32)


def analogy(latents, having, lacking, target):
    """Averages the latents of three kinds of examples, for G' - M' + W'.

    Args:
        latents: (N, Z), of which N examples were generated.
        having: which of the examples have the attribute, bool (N,) or their numbers.
        lacking: which lack it and are alike otherwise.
        target: which are of the kind that should get it.

    Returns:
        An `Analogy`; give `generator.generate` its `latent`, or `latents + its direction`.

    Raises:
        InputError: for another shape, for examples that there are not, or if a kind has none.
    """
    kinds = {"having": having, "lacking": lacking, "target": target}
    return Analogy(**{name: mean_latent(latents, chosen, name) for name, chosen in kinds.items()})


def to_typical_length(latents, prior):
    """Scales latents to the length that most draws of the prior have.

    Independent normal numbers of Z elements lie about √Z standard deviations from their mean, in a
    thin shell; a mean of many lies far inside, where a generator has seen nothing in training.

    Args:
        latents: (Z,) or (N, Z); none at the prior's mean.
        prior: a `Prior`.

    Returns:
        float32 of the same shape, √Z standard deviations from the mean each, in the same direction.

    Raises:
        InputError: for a latent at the prior's mean, which has no direction.
    """
    scores = np.asarray(prior.z_score(np.asarray(latents, np.float64)))
    lengths = np.linalg.norm(scores, axis=-1, keepdims=True)
    if not lengths.all():
        raise InputError("a latent lies at the prior's mean: expected one with a direction")
    scores *= np.sqrt(scores.shape[-1]) / lengths
    return (prior.mean + prior.standard_deviation * scores).astype(np.float32)


def latent_path(points, steps, form="linear", centre=0.0):
    """Goes from latent to latent in equal steps.

    Args:
        points: (P, Z), P at least 2; each is passed.
        steps: from one to the next, at least 1.
        form: "linear", along straight lines; or "spherical", along arcs around the centre (Shoemake
            1985, §3.3), on which a generator meets latents as long as those it was trained on.
        centre: of the arcs: the mean of the prior.

    Returns:
        float32 (steps · (P - 1) + 1, Z), from the first point to the last.

    Raises:
        InputError: for fewer points or steps, another form, and for arcs between points of which
            one lies at the centre or the two on opposite sides of it.
    """
    points = _checked(points, "points")
    steps = checked_whole("steps", steps)
    if len(points) < 2:
        raise InputError(f"{len(points)} points: expected at least 2")
    if form not in ("linear", "spherical"):
        raise InputError(f"form={form!r}: expected 'linear' or 'spherical'")
    shares = np.arange(steps)[:, np.newaxis] / steps
    join = _line if form == "linear" else _arc
    points = points.astype(np.float64) - centre
    legs = [join(*ends, shares) for ends in itertools.pairwise(points)]
    return (np.concatenate([*legs, points[-1:]]) + centre).astype(np.float32)


def _line(start, end, shares):
    return (1 - shares) * start + shares * end


def _arc(start, end, shares):
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    if lengths == 0:
        raise InputError("a point lies at the centre: expected points with a direction from it")
    angle = np.arccos(np.clip(start @ end / lengths, -1, 1))
    if angle > np.pi - _LEAST_ANGLE:
        raise InputError("two points lie on opposite sides of the centre: any arc would join them")
    if angle < _LEAST_ANGLE:
        return _line(start, end, shares)
    first, second = np.sin((1 - shares) * angle), np.sin(shares * angle)
    return (first * start + second * end) / np.sin(angle)


def _checked(latents, name):
    latents = np.asarray(latents, np.float32)
    if latents.ndim != 2:
        raise InputError(f"{name} have shape {latents.shape}: expected (N, Z)")
    return latents
