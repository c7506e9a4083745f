"""The attacks: each changes images within a threat so that a victim gets them wrong."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from evaluation.attacks.apgd import APGD, cross_entropy, random_in

# pixels that a round of the greedy search asks the victim about
_ASKED = 20
# of the way to another class's image that a round of descent in the latents goes, and its rounds
_SHARE, _ROUNDS = 0.2, 20


class Attack(NamedTuple):
    """One attack of one victim.

    Attributes:
        name: in tables.
        norms: of the threats that it can keep to.
        is_dear: whether only those images are attacked that the cheap attacks have left.
        run: `(images, labels, threat, seed) -> changed images`; the threat is kept to.
    """

    name: str
    norms: tuple[str, ...]
    is_dear: bool
    run: Callable


def attacks_of(victim, rivals, bounds, steps, restarts, tries):
    """All attacks of a victim.

    Args:
        victim: a `LibraryVictim` or `NetworkVictim`.
        rivals: static networks, `NetworkVictim`s, whose adversarial images are tried on it.
        bounds: `(low, high)` of the data.
        steps, restarts: of APGD.
        tries: of each kind of random change.

    Returns:
        A list of `Attack`s, the cheap ones first.
    """

    def random(images, labels, threat, seed):
        return _first_wrong(victim, images, labels, threat, bounds, tries, seed)

    found = [Attack("noise", ("linf", "l2", "l0"), False, random)]

    def gradient_attack(model, loss, restarts):
        def run(images, labels, threat, seed):
            attack = APGD(loss, steps, restarts, seed=seed)
            return attack(model, images, labels, threat, bounds)

        return run

    found += [
        Attack(
            f"transfer from {rival.name}",
            ("linf", "l2"),
            False,
            gradient_attack(rival.models["gradient"], "cross-entropy", 1),
        )
        for rival in rivals
        if rival.name != victim.name
    ]
    if hasattr(victim, "reconstructions"):

        def latents(images, labels, threat, seed):
            return towards_reconstructions(victim, images, labels, threat, bounds)

        found.append(Attack("descent in the latents", ("linf", "l2", "l0"), False, latents))
    for gradient, model in victim.models.items():

        def pixels(images, labels, threat, seed, model=model):
            return greedy_pixels(model, images, labels, threat, bounds)

        ending = f", {gradient}" if len(victim.models) > 1 else ""
        is_dear = gradient.startswith("unrolled")
        found.append(Attack(f"pixels, one by one{ending}", ("l0",), is_dear, pixels))
        found += [
            Attack(
                f"APGD, {loss}{ending}",
                ("linf", "l2"),
                is_dear,
                gradient_attack(model, loss, restarts),
            )
            for loss in ("cross-entropy", "logit-ratio")
        ]
    return sorted(found, key=lambda attack: attack.is_dear)


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


def greedy_pixels(model, images, labels, threat, bounds):
    """Makes one pixel after another black or white, the most harmful of those that seem so.

    In each round the gradient says which changes promise most, as "The limitations of deep
    learning in adversarial settings" (Papernot et al. 2016) does; the model is asked about these.
    """
    low, high = bounds
    found = images.copy()
    for number, label in enumerate(labels):
        flat = found[number].reshape(-1)
        is_free = np.ones(flat.size, bool)
        for _ in range(int(threat.size)):
            here = tf.constant(flat.reshape(1, *images.shape[1:]))
            with tf.GradientTape() as tape:
                tape.watch(here)
                loss = cross_entropy(model(here), [label])
            gradient = np.nan_to_num(tape.gradient(loss, here).numpy().reshape(-1))
            value = np.where(gradient > 0, high, low).astype(flat.dtype)
            promise = np.where(is_free, gradient * (value - flat), -np.inf)
            places = np.argsort(-promise)[:_ASKED]
            asked = np.repeat(flat[np.newaxis], len(places), axis=0)
            asked[np.arange(len(places)), places] = value[places]
            logits = model(asked.reshape(-1, *images.shape[1:])).numpy()
            losses = cross_entropy(logits, np.full(len(places), label)).numpy()
            wrong = logits.argmax(axis=1) != label
            best = int(np.argmax(np.where(wrong, np.inf, losses)))
            flat[places[best]], is_free[places[best]] = value[places[best]], False
            if wrong[best]:
                break
    return found
