"""Attacks that change few pixels, but these to any colour."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evaluation.attacks.apgd import compiled, compiled_logits, cross_entropy

# changes of each shape that a round of the greedy search asks the victim about
ASKED = 20
# changed images at once
_AT_ONCE = 600
# height and width of what it changes at once
SINGLE, BLOCKS = ((1, 1),), ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))


def salt_and_pepper(images, count, bounds, rng):
    """Images of which so many random pixels are black or white."""
    flat = images.reshape(len(images), -1).copy()
    places = rng.random(flat.shape).argsort(axis=1)[:, :count]
    np.put_along_axis(flat, places, rng.choice(bounds, places.shape).astype(flat.dtype), axis=1)
    return flat.reshape(images.shape)


def few_pixels(
    model, images, labels, threat, bounds, shapes=SINGLE, asked=ASKED, seed=0, batch_size=25
):
    """Makes pixels black or white, in each round those that do most harm for their number.

    The gradient says which changes promise most, as "The limitations of deep learning in
    adversarial settings" (Papernot et al. 2016) does; the model is asked about these. Where no
    gradient leads anywhere, any may be asked about.

    Args:
        model: images (N, H, W, channels) -> logits (N, C), differentiable.
        images: (N, H, W, channels) in the bounds.
        labels: the right classes (N,).
        threat: a `Threat` by "l0".
        bounds: `(low, high)`.
        shapes: heights and widths of the blocks that are changed at once.
        asked: blocks of each shape that the model is asked about in a round.
        seed: of the choice among what promises the same.
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
    search = _Search(model, bounds, blocks, asked, np.random.default_rng(seed))
    return np.concatenate([search.change(*part, int(threat.size)) for part in parts])


class _Search:
    """The greedy search of `few_pixels`.

    Args:
        model, bounds, asked: see there.
        blocks: of each shape the places of each block, (K, size).
        rng: decides between what promises the same.
    """

    def __init__(self, model, bounds, blocks, asked, rng):
        self._gradient = compiled(model)
        self._logits = compiled_logits(model, _AT_ONCE)
        self._bounds, self._blocks, self._asked, self._rng = bounds, blocks, asked, rng

    def change(self, images, labels, most):
        """Images (N, ...), of each at most so many pixels changed."""
        found = images.reshape(len(images), -1).copy()
        is_free = np.ones(found.shape, bool)
        goes_on = np.arange(len(images))
        while len(goes_on):
            here, right, free = found[goes_on], labels[goes_on], is_free[goes_on]
            loss, value, promise = self._towards(here, right, images.shape[1:])
            left = most - (~free).sum(axis=1)
            useful = free & (value != here)
            # (G, A, D): the changes that the model is asked about
            changes = np.concatenate(
                [self._promising(promise, useful, left, blocks) for blocks in self._blocks], axis=1
            )
            tried = np.where(changes, value[:, np.newaxis], here[:, np.newaxis])
            logits = self._logits(tried.reshape(-1, *images.shape[1:]))
            again = np.repeat(right, changes.shape[1])
            losses = cross_entropy(logits, again).numpy().reshape(changes.shape[:2])
            count = changes.sum(axis=2)
            is_wrong = (logits.argmax(axis=1) != again).reshape(losses.shape)
            harm = (losses - loss[:, np.newaxis]) / np.maximum(count, 1)
            harm = np.where(is_wrong, np.inf, np.where(count > 0, harm, -np.inf))
            rows, best = np.arange(len(goes_on)), harm.argmax(axis=1)
            found[goes_on], change = tried[rows, best], changes[rows, best]
            is_free[goes_on] = free & ~change
            size = change.sum(axis=1)
            goes_on = goes_on[~is_wrong[rows, best] & (size > 0) & (size < left)]
        return found.reshape(images.shape)

    def _towards(self, here, right, shape):
        """The cross entropy (G,), the colour that each pixel is led to, and what that promises."""
        loss, _, gradient = self._gradient(here.reshape(-1, *shape), right, right)
        gradient = gradient.reshape(here.shape)
        farther = sum(self._bounds) / 2 - here
        leads = np.where(gradient == 0, farther, gradient)
        value = np.where(leads > 0, *self._bounds[::-1]).astype(here.dtype)
        return loss, value, gradient * (value - here)

    def _promising(self, promise, useful, left, blocks):
        """What the blocks of a shape change that promise most per pixel, bool (G, A, D)."""
        count = useful[:, blocks].sum(axis=2)
        worth = (promise * useful)[:, blocks].sum(axis=2) / np.maximum(count, 1)
        worth = np.where((count > 0) & (count <= left[:, np.newaxis]), worth, -np.inf)
        # in any order first: ties are then broken by chance
        order = self._rng.permutation(len(blocks))
        best = order[np.argsort(-worth[:, order], axis=1, kind="stable")[:, : self._asked]]
        found = np.zeros((*best.shape, useful.shape[1]), bool)
        np.put_along_axis(found, blocks[best], True, axis=2)
        is_allowed = np.isfinite(np.take_along_axis(worth, best, axis=1))
        return found & is_allowed[..., np.newaxis] & useful[:, np.newaxis]
