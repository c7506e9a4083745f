"""APGD: projected gradient ascent whose steps shorten where it does not get on.

"Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks"
(Croce & Hein 2020), algorithm 1, and its losses.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.ranges import SEED, Range, check_ranges

# the paper's: share of a step that is its own and not the last one's; of steps that have to
# succeed; the first stretch until the steps are judged, what the next are shorter by, and the least
_MOMENTUM, _SUCCESSFUL = 0.75, 0.75
_FIRST, _SHORTER, _LEAST = 0.22, 0.03, 0.06


def cross_entropy(logits, labels, targets=None):
    """−log softmax(logits) of the right class, (N,): what an attacker raises."""
    del targets
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def logit_ratio(logits, labels, targets):
    """The targeted difference of logits ratio (§4.1), (N,), which ignores shift and scale.

        −(z_label − z_target) / (z_1 − (z_3 + z_4) / 2), the z_i in descending order

    Of fewer than four classes the least two stand for the third and fourth.
    """
    ordered = tf.sort(logits, axis=1, direction="DESCENDING")
    last = min(3, logits.shape[1] - 1)
    spread = ordered[:, 0] - (ordered[:, last - 1] + ordered[:, last]) / 2
    right = tf.gather(logits, labels, batch_dims=1)
    return (tf.gather(logits, targets, batch_dims=1) - right) / (spread + 1e-12)


LOSSES = {"cross-entropy": cross_entropy, "logit-ratio": logit_ratio}


def compiled(model, loss=cross_entropy):
    """`(images (N, ...), labels (N,), targets (N,)) -> (losses (N,), logits (N, C), gradients)`.

    All are arrays. Through a search a gradient may not be finite: then it is 0, and leads nowhere.

    Args:
        model: images -> logits, differentiable.
        loss: (logits, labels, targets) -> (N,).
    """

    def asked(images, labels, targets):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = model(images)
            losses = loss(logits, labels, targets)
        return losses, logits, tape.gradient(losses, images)

    function = tf.function(asked, reduce_retracing=True, autograph=False)

    def found(images, labels, targets):
        classes = tf.constant(labels, tf.int64), tf.constant(targets, tf.int64)
        results = function(tf.constant(images, tf.float32), *classes)
        losses, logits, gradients = (result.numpy() for result in results)
        return losses, logits, np.nan_to_num(gradients, nan=0.0, posinf=0.0, neginf=0.0)

    return found


def compiled_logits(model, batch_size):
    """`images (N, ...) -> logits (N, C)`, arrays; of so many images at once.

    Args:
        model: the same of tensors.
        batch_size: images at once.
    """
    function = tf.function(model, reduce_retracing=True, autograph=False)

    def logits(images):
        starts = range(0, len(images), batch_size)
        parts = [tf.constant(images[n : n + batch_size], tf.float32) for n in starts]
        return np.concatenate([function(part) for part in parts])

    return logits


@dataclass(frozen=True)
class APGD:
    """An attack of one loss.

    Attributes:
        loss: a key of `LOSSES`.
        steps: evaluations of the gradient in one start.
        restarts: starts, the first at the image itself, the others at random in the ball.
        targets: with the logit ratio, how many of the other classes, the likeliest first, are
            aimed at, in turn.
        batch_size: images at once.
        seed: of the random starts.

    Raises:
        InputError: for another loss, or a value outside its range.
    """

    loss: str = "cross-entropy"
    steps: Annotated[int, Range(1)] = 100
    restarts: Annotated[int, Range(1)] = 1
    targets: Annotated[int, Range(1)] = 3
    batch_size: Annotated[int, Range(1)] = 50
    seed: Annotated[int, SEED] = 0

    def __post_init__(self):
        check_ranges(self)
        if self.loss not in LOSSES:
            raise InputError(f"loss={self.loss!r}: expected one of {', '.join(LOSSES)}")

    def __call__(self, model, images, labels, threat, bounds, say=lambda found: None):
        """Attacks images.

        Args:
            model: images (N, ...) -> logits (N, C), differentiable.
            images: (N, ...) in the bounds.
            labels: the right classes (N,).
            threat: a `Threat` by "linf" or "l2".
            bounds: `(low, high)`.
            say: called with the number of images that are done.

        Returns:
            float32 (N, ...): of each image the changed one that the model gets wrong, or where
            there is none that of the greatest loss.
        """
        if threat.norm not in ("linf", "l2"):
            raise InputError(f"threat {threat}: expected linf or l2, along which a gradient leads")
        found, asked = [], compiled(model, LOSSES[self.loss])
        for begin in range(0, len(images), self.batch_size):
            part = np.s_[begin : begin + self.batch_size]
            found.append(self._batch(asked, images[part], labels[part], threat, bounds, begin))
            say(len(found[-1]))
        return np.concatenate(found)

    def _batch(self, asked, images, labels, threat, bounds, begin):
        best, is_wrong = images.copy(), np.zeros(len(images), bool)
        best_loss = np.full(len(images), -np.inf)
        for number, targets in self._starts(asked, images, labels):
            left = np.flatnonzero(~is_wrong)
            if not len(left):
                break
            rng = np.random.default_rng([self.seed, begin, number])
            ascent = _Ascent(asked, images[left], labels[left], targets[left], threat, bounds)
            changed, loss, wrong = ascent.run(self.steps, number // self._aims, rng)
            better = wrong | (loss > best_loss[left])
            best[left[better]], best_loss[left[better]] = changed[better], loss[better]
            is_wrong[left] = wrong
        return best

    @property
    def _aims(self):
        """Targets that are tried one after another."""
        return self.targets if self.loss == "logit-ratio" else 1

    def _starts(self, asked, images, labels):
        """The number of each start and the classes aimed at (N,)."""
        logits = asked(images, labels, labels)[1].copy()
        logits[np.arange(len(labels)), labels] = -np.inf
        others = np.argsort(-logits, axis=1)
        for number in range(self.restarts * self._aims):
            place = number % min(self._aims, logits.shape[1] - 1)
            yield number, others[:, place]


class _Ascent:
    """One start of APGD on a batch.

    Args:
        asked: what `compiled` returns.
        images, labels, targets, threat, bounds: as for `APGD`.
    """

    def __init__(self, asked, images, labels, targets, threat, bounds):
        self._asked = asked
        self._images, self._labels, self._targets = images, labels, targets
        self._threat, self._bounds = threat, bounds

    def run(self, steps, restart, rng):
        """Returns the best images, their losses, and whether the model gets them wrong."""
        here = self._images
        if restart:
            here = random_in(self._threat, here, self._bounds, rng)
        loss, wrong, gradient = self._seen(here)
        best, best_loss, best_gradient, is_wrong = here.copy(), loss, gradient, wrong
        width = np.full(len(here), 2.0 * self._threat.size)
        before, last_check, stretch = here, 0, max(1, int(_FIRST * steps))
        check, rises = stretch, np.zeros(len(here))
        width_then, best_then = width.copy(), best_loss.copy()
        for step in range(1, steps):
            ahead = self._moved(here, gradient, width)
            share = _MOMENTUM if step > 1 else 1.0
            following = here + share * (ahead - here) + (1 - share) * (here - before)
            before, here = here, self._threat.project(following, self._images, self._bounds)
            old = loss
            loss, wrong, gradient = self._seen(here)
            rises += loss > old
            # what is wrong is never given up again for what only has a greater loss
            better = (wrong & ~is_wrong) | ((loss > best_loss) & (wrong | ~is_wrong))
            best[better], best_gradient[better] = here[better], gradient[better]
            best_loss, is_wrong = np.where(better, loss, best_loss), is_wrong | wrong
            if is_wrong.all():
                break
            if step == check:
                slow = rises < _SUCCESSFUL * (check - last_check)
                slow |= (width == width_then) & (best_loss == best_then)
                width_then, best_then = width.copy(), best_loss.copy()
                width = np.where(slow, width / 2, width)
                here, gradient = here.copy(), gradient.copy()
                here[slow], gradient[slow] = best[slow], best_gradient[slow]
                loss = np.where(slow, best_loss, loss)
                before = np.where(_wide(slow, here), here, before)
                stretch = max(stretch - int(_SHORTER * steps), int(_LEAST * steps), 1)
                last_check, check, rises = check, check + stretch, np.zeros(len(here))
        return best, best_loss, is_wrong

    def _seen(self, images):
        """`(loss (N,), wrong (N,), gradient (N, ...))` at images."""
        loss, logits, gradient = self._asked(images, self._labels, self._targets)
        return loss, logits.argmax(axis=1) != self._labels, gradient

    def _moved(self, images, direction, width):
        """Images moved by so much along the norm's steepest direction, and projected."""
        width = _wide(np.broadcast_to(width, len(images)), images)
        if self._threat.norm == "linf":
            step = np.sign(direction)
        else:
            length = np.sqrt((direction.reshape(len(images), -1) ** 2).sum(axis=1))
            step = direction / _wide(np.maximum(length, 1e-12), images)
        return self._threat.project(images + width * step, self._images, self._bounds)


def random_in(threat, images, bounds, rng):
    """Images at random in the balls about images: at the edge of "l2", anywhere in "linf"."""
    if threat.norm == "linf":
        change = rng.uniform(-threat.size, threat.size, images.shape)
    else:
        change = rng.standard_normal(images.shape)
        length = np.sqrt((change.reshape(len(images), -1) ** 2).sum(axis=1))
        change *= threat.size / _wide(length, images)
    return threat.project(images + change, images, bounds)


def _wide(values, images):
    """(N,) as it multiplies (N, ...)."""
    return values.reshape(-1, *[1] * (images.ndim - 1))
