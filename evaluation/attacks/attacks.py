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
        victim: a `LibraryVictim`, `NetworkVictim` or `NeighbourVictim`.
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
            return one_by_one(model, images, labels, threat, bounds)

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


def one_by_one(model, images, labels, threat, bounds, batch_size=25):
    """Makes one pixel after another black or white, the most harmful of those that seem so.

    In each round the gradient says which changes promise most, as "The limitations of deep
    learning in adversarial settings" (Papernot et al. 2016) does; the model is asked about these.

    Args:
        model: images (N, ...) -> logits (N, C), differentiable.
        images: (N, ...) in the bounds.
        labels: the right classes (N,).
        threat: a `Threat` by "l0".
        bounds: `(low, high)`.
        batch_size: images at once.

    Returns:
        float32 (N, ...), within the threat.
    """
    found = images.reshape(len(images), -1).copy()
    is_free = np.ones(found.shape, bool)
    for begin in range(0, len(images), batch_size):
        goes_on = np.arange(begin, min(begin + batch_size, len(images)))
        for _ in range(int(threat.size)):
            here, right = found[goes_on], labels[goes_on]
            gradient = _gradient(model, here.reshape(-1, *images.shape[1:]), right)
            value = np.where(gradient > 0, *bounds[::-1]).astype(here.dtype)
            promise = np.where(is_free[goes_on], gradient * (value - here), -np.inf)
            # (G, A): those that the model is asked about
            places = np.argsort(-promise, axis=1)[:, :_ASKED]
            values = np.take_along_axis(value, places, axis=1)
            asked = np.repeat(here[:, np.newaxis], places.shape[1], axis=1)
            np.put_along_axis(asked, places[..., np.newaxis], values[..., np.newaxis], axis=2)
            logits = model(asked.reshape(-1, *images.shape[1:])).numpy()
            losses = cross_entropy(logits, np.repeat(right, places.shape[1])).numpy()
            is_wrong = logits.argmax(axis=1) != np.repeat(right, places.shape[1])
            harm = np.where(is_wrong, np.inf, losses).reshape(places.shape)
            best, rows = harm.argmax(axis=1), np.arange(len(goes_on))
            place = places[rows, best]
            found[goes_on, place], is_free[goes_on, place] = values[rows, best], False
            goes_on = goes_on[np.isfinite(harm[rows, best])]
            if not len(goes_on):
                break
    return found.reshape(images.shape)


def _gradient(model, images, labels):
    """The cross entropy's, (N, D)."""
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = cross_entropy(model(images), labels)
    return np.nan_to_num(tape.gradient(loss, images).numpy()).reshape(len(images), -1)
