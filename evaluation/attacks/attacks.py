"""The attacks: each changes images within a threat so that a victim gets them wrong."""

import math
from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from evaluation.attacks.apgd import APGD, LOSSES, compiled, cross_entropy, random_in

# changes of each shape that a round of the greedy search asks the victim about
_ASKED = 20
# height and width of what it changes at once
_SINGLE, _BLOCKS = ((1, 1),), ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))
# how much more the attacks of the whole protocol may ask than the others
BUDGET = 10
# of the way to another class's image that a round of descent in the latents goes, and its rounds
_SHARE, _ROUNDS = 0.2, 20


class Attack(NamedTuple):
    """One attack of one victim.

    Attributes:
        name: in tables.
        norms: of the threats that it can keep to.
        tier: "cheap" ones are tried on all images; "dear" ones and those of the "whole" protocol
            on what the ones before have left of the first few, and the first fewer.
        run: `(images, labels, threat, seed) -> changed images`; the threat is kept to.
    """

    name: str
    norms: tuple[str, ...]
    tier: Literal["cheap", "dear", "whole"]
    run: Callable


TIERS = ("cheap", "dear", "whole")


def attacks_of(victim, rivals, bounds, steps, restarts, tries):
    """All attacks of a victim.

    Args:
        victim: a `LibraryVictim`, `NetworkVictim` or `NeighbourVictim`.
        rivals: static networks, `NetworkVictim`s, whose adversarial images are tried on it.
        bounds: `(low, high)` of the data.
        steps: of each start of APGD; in the whole protocol once also `BUDGET` times as many.
        restarts: starts of APGD in the whole protocol; else it has one.
        tries: of each kind of random change.

    Returns:
        A list of `Attack`s, tier by tier.
    """

    def random(images, labels, threat, seed):
        return _first_wrong(victim, images, labels, threat, bounds, tries, seed)

    def ascent(model, loss, steps=steps, restarts=1):
        def run(images, labels, threat, seed):
            return APGD(loss, steps, restarts, seed=seed)(model, images, labels, threat, bounds)

        return run

    def pixels(model, **options):
        def run(images, labels, threat, seed):
            return few_pixels(model, images, labels, threat, bounds, **options)

        return run

    found = [Attack("noise", ("linf", "l2", "l0"), "cheap", random)]
    found += [
        Attack(
            f"transfer from {rival.name}",
            ("linf", "l2"),
            "cheap",
            ascent(rival.models["gradient"], "cross-entropy"),
        )
        for rival in rivals
        if rival.name != victim.name
    ]
    if hasattr(victim, "reconstructions"):

        def latents(images, labels, threat, seed):
            return towards_reconstructions(victim, images, labels, threat, bounds)

        found.append(Attack("descent in the latents", ("linf", "l2", "l0"), "cheap", latents))
    for gradient, model in victim.models.items():
        ending = f", {gradient}" if len(victim.models) > 1 else ""
        tier = "dear" if gradient.startswith("unrolled") else "cheap"
        found.append(Attack(f"pixels, one by one{ending}", ("l0",), tier, pixels(model)))
        found += [
            Attack(f"APGD, {loss}{ending}", ("linf", "l2"), tier, ascent(model, loss))
            for loss in LOSSES
        ]
        if gradient not in victim.strong:
            continue
        blocks = partial(pixels, model, shapes=_BLOCKS)
        found.append(Attack(f"pixels, in blocks{ending}", ("l0",), "dear", blocks()))
        more = Attack(
            f"pixels, in blocks{ending}, {BUDGET} times as many asked about",
            ("l0",),
            "whole",
            blocks(asked=BUDGET * _ASKED),
        )
        found.append(more)
        for loss in LOSSES:
            for budget, options in (
                (f"{restarts} starts", {"restarts": restarts}),
                (f"{BUDGET * steps} steps", {"steps": BUDGET * steps}),
            ):
                name = f"APGD, {loss}{ending}, {budget}"
                found.append(Attack(name, ("linf", "l2"), "whole", ascent(model, loss, **options)))
    return sorted(found, key=lambda attack: TIERS.index(attack.tier))


def _first_wrong(victim, images, labels, threat, bounds, tries, seed):
    """Random changes: noise, or salt and pepper; the first that the victim gets wrong."""
    rng, found = np.random.default_rng(seed), images.copy()
    is_left = np.ones(len(images), bool)
    for _ in range(tries):
        left = np.flatnonzero(is_left)
        if not len(left):
            break
        if threat.norm == "l0":
            changed = salt_and_pepper(images[left], int(threat.size), bounds, rng)
        else:
            changed = random_in(threat, images[left], bounds, rng)
        found[left] = changed
        is_left[left] = victim.predict(changed) == labels[left]
    return found


def salt_and_pepper(images, count, bounds, rng):
    """Images of which so many random pixels are black or white."""
    flat = images.reshape(len(images), -1).copy()
    places = rng.random(flat.shape).argsort(axis=1)[:, :count]
    np.put_along_axis(flat, places, rng.choice(bounds, places.shape).astype(flat.dtype), axis=1)
    return flat.reshape(images.shape)


def towards_reconstructions(victim, images, labels, threat, bounds, rounds=_ROUNDS):
    """Goes towards what the nearest other class makes of the image, again and again.

    "Towards the first adversarially robust neural network model on MNIST" (Schott et al. 2019), §5:
    a descent in the latents of another class, whose image then draws the given one.
    """
    here = images
    best, is_wrong = images.copy(), np.zeros(len(images), bool)
    scores = victim.logits(images)
    scores[np.arange(len(labels)), labels] = -np.inf
    target = scores.argmax(axis=1)
    for _ in range(rounds):
        other = victim.reconstructions(here)[np.arange(len(here)), target]
        # a class that a plan has dropped has made nothing
        other = np.where(np.isfinite(other), other, here)
        here = threat.project(here + _SHARE * (other - here), images, bounds)
        wrong = (victim.predict(here) != labels) & ~is_wrong
        best[wrong], is_wrong = here[wrong], is_wrong | wrong
        if is_wrong.all():
            break
    best[~is_wrong] = here[~is_wrong]
    return best


def few_pixels(model, images, labels, threat, bounds, shapes=_SINGLE, asked=_ASKED, batch_size=25):
    """Makes pixels black or white, in each round those that do most harm for their number.

    The gradient says which changes promise most, as "The limitations of deep learning in
    adversarial settings" (Papernot et al. 2016) does; the model is asked about these.

    Args:
        model: images (N, H, W, channels) -> logits (N, C), differentiable.
        images: (N, H, W, channels) in the bounds.
        labels: the right classes (N,).
        threat: a `Threat` by "l0".
        bounds: `(low, high)`.
        shapes: heights and widths of the blocks that are changed at once.
        asked: blocks of each shape that the model is asked about in a round.
        batch_size: images at once.

    Returns:
        float32 (N, H, W, channels), within the threat.
    """
    places = np.arange(images[0].size).reshape(images.shape[1:])
    # of each shape the places that each block consists of, (K, size)
    blocks = [
        sliding_window_view(places, shape, axis=(0, 1)).reshape(-1, math.prod(shape))
        for shape in shapes
    ]
    ends = np.arange(batch_size, len(images), batch_size)
    parts = zip(np.split(images, ends), np.split(labels, ends), strict=True)
    gradients = compiled(model)
    model = tf.function(model, reduce_retracing=True, autograph=False)
    return np.concatenate(
        [
            _fewest(model, gradients, *part, int(threat.size), bounds, blocks, asked)
            for part in parts
        ]
    )


def _fewest(model, gradients, images, labels, most, bounds, blocks, asked):
    """`few_pixels` of one batch."""
    found = images.reshape(len(images), -1).copy()
    is_free = np.ones(found.shape, bool)
    goes_on = np.arange(len(images))
    while len(goes_on):
        here, right, free = found[goes_on], labels[goes_on], is_free[goes_on]
        loss, _, gradient = gradients(here.reshape(-1, *images.shape[1:]), right, right)
        loss, gradient = loss.numpy(), np.nan_to_num(gradient.numpy()).reshape(here.shape)
        farther = sum(bounds) / 2 - here  # where no gradient leads anywhere
        leads = np.where(gradient == 0, farther, gradient)
        value = np.where(leads > 0, *bounds[::-1]).astype(here.dtype)
        promise, left = gradient * (value - here) * free, most - (~free).sum(axis=1)
        # (G, A, D): the changes that the model is asked about
        chosen = [_promising(promise, free, left, shape, asked) for shape in blocks]
        changes = np.concatenate(chosen, axis=1)
        tried = np.where(changes, value[:, np.newaxis], here[:, np.newaxis])
        logits = _asked(model, tried.reshape(-1, *images.shape[1:]))
        again = np.repeat(right, changes.shape[1])
        losses = cross_entropy(logits, again).numpy().reshape(changes.shape[:2])
        is_wrong = (logits.argmax(axis=1) != again).reshape(losses.shape)
        count = changes.sum(axis=2)
        harm = (losses - loss[:, np.newaxis]) / np.maximum(count, 1)
        harm = np.where(is_wrong, np.inf, np.where(count > 0, harm, -np.inf))
        rows, best = np.arange(len(goes_on)), harm.argmax(axis=1)
        found[goes_on], change = tried[rows, best], changes[rows, best]
        is_free[goes_on] = free & ~change
        goes_on = goes_on[~is_wrong[rows, best] & (change.sum(axis=1) < left)]
    return found.reshape(images.shape)


def _promising(promise, free, left, blocks, asked):
    """What the most promising blocks of a shape change, for each pixel's sake, bool (G, A, D)."""
    count = free[:, blocks].sum(axis=2)
    worth = promise[:, blocks].sum(axis=2) / np.maximum(count, 1)
    worth = np.where((count > 0) & (count <= left[:, np.newaxis]), worth, -np.inf)
    best = np.argsort(-worth, axis=1)[:, :asked]
    found = np.zeros((*best.shape, free.shape[1]), bool)
    np.put_along_axis(found, blocks[best], True, axis=2)
    is_allowed = np.isfinite(np.take_along_axis(worth, best, axis=1))
    return found & is_allowed[..., np.newaxis] & free[:, np.newaxis]


def _asked(model, images, batch_size=600):
    """The logits of many images."""
    starts = range(0, len(images), batch_size)
    parts = [tf.constant(images[n : n + batch_size], tf.float32) for n in starts]
    return np.concatenate([model(part) for part in parts])
