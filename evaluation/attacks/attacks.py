"""The attacks: each changes images within a threat so that a victim gets them wrong."""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np

from evaluation.attacks.apgd import APGD, LOSSES, random_in
from evaluation.attacks.pixels import ASKED, BLOCKS, few_pixels, salt_and_pepper

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


TIERS = get_args(Attack.__annotations__["tier"])


def attacks_of(victim, rivals, bounds, steps, restarts, tries):
    """All attacks of a victim.

    Args:
        victim: a `LibraryVictim`, `NetworkVictim` or `NeighbourVictim`.
        rivals: static networks, `NetworkVictim`s, whose adversarial images are tried on it.
        bounds: `(low, high)` of the data.
        steps: of each start of APGD; in the whole protocol once also `BUDGET` times as many.
        restarts: starts of APGD in the whole protocol, the first at the image itself, the others
            at random; else it has that first one.
        tries: of each kind of random change.

    Returns:
        A list of `Attack`s.
    """

    def random(images, labels, threat, seed):
        return _first_wrong(victim, images, labels, threat, bounds, tries, seed)

    def transfer(rival):
        def run(images, labels, threat, seed):
            attack = APGD("cross-entropy", steps, seed=seed)
            return attack(rival.models["gradient"], images, labels, threat, bounds)

        return Attack(f"transfer from {rival.name}", ("linf", "l2"), "cheap", run)

    found = [Attack("noise", ("linf", "l2", "l0"), "cheap", random)]
    found += [transfer(rival) for rival in rivals if rival.name != victim.name]
    if hasattr(victim, "reconstructions"):

        def latents(images, labels, threat, seed):
            return towards_reconstructions(victim, images, labels, threat, bounds)

        found.append(Attack("descent in the latents", ("linf", "l2", "l0"), "cheap", latents))
    return [*found, *_along_gradients(victim, bounds, steps, restarts)]


def _along_gradients(victim, bounds, steps, restarts):
    """The attacks by each of a victim's models."""

    def ascent(name, tier, model, loss, steps=steps, restarts=1):
        def run(images, labels, threat, seed):
            return APGD(loss, steps, restarts, seed=seed)(model, images, labels, threat, bounds)

        return Attack(name, ("linf", "l2"), tier, run)

    def pixels(name, tier, model, **options):
        def run(images, labels, threat, seed):
            return few_pixels(model, images, labels, threat, bounds, seed=seed, **options)

        return Attack(name, ("l0",), tier, run)

    for gradient, model in victim.models.items():
        ending = f", {gradient}" if len(victim.models) > 1 else ""
        tier = "dear" if gradient in victim.dear else "cheap"
        one, blocks = f"pixels, one by one{ending}", f"pixels, in blocks{ending}"
        yield pixels(one, tier, model)
        for loss in LOSSES:
            yield ascent(f"APGD, {loss}{ending}", tier, model, loss)
        if gradient in victim.strong:
            yield pixels(blocks, "dear", model, shapes=BLOCKS)
            more = f"{blocks}, {BUDGET} times as many asked about"
            yield pixels(more, "whole", model, shapes=BLOCKS, asked=BUDGET * ASKED)
            for loss in LOSSES:
                name, longer = f"APGD, {loss}{ending}", BUDGET * steps
                yield ascent(f"{name}, {restarts} starts", "whole", model, loss, restarts=restarts)
                yield ascent(f"{name}, {longer} steps", "whole", model, loss, steps=longer)


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
