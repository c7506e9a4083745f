"""What happened to an image, measured once it is read: its pose, its blur, and what covers it.

A generator draws digits in many poses of their own, and its encoder finds one that fits: that says
what a picture shows, and not how it lies. So the pose is that of the class's *typical* digit, what
the generator makes at the prior's mean, where it fits best; a picture's slant is part of it.
"""

from dataclasses import replace

import numpy as np
import tensorflow as tf
from scipy.ndimage import binary_closing, binary_opening

from igc_tf.errors import InputError
from igc_tf.search.engine import Search
from igc_tf.search.observations import Blur, Identity, Pose
from igc_tf.search.settings import SearchSettings
from igc_tf.search.space import Space
from igc_tf.search.state import Batch

# of the range: what differs by more, for one pixel and all around it, is not of the digit
_OUTLIER = 0.25
# (height, width) of the least that covers a picture, pixels
_PATCH = (3, 3)
_PAD = 3
# the least width of a blur that is one: a picture has some of its own
_SHARP = 0.3
# where a descent to the pose begins; the typical digit is turned by steps that it can bridge
_ANGLES = (-20.0, -10.0, 0.0, 10.0, 20.0)
_WIDTHS = (0.4, 1.0, 1.8)
_POSED = SearchSettings(
    steps=24,
    learning_rate=0.3,
    final_learning_rate=0.0,
    beta_2=0.99,
    difference="mean_squared",
    values="best",
)
_BLURRED = replace(_POSED, steps=12, learning_rate=0.15, difference="mean_absolute")


def covered_pixels(compared, observed, bounds):
    """Where data show what a class does not make of them, in patches at least 3 × 3 pixels large.

    Args:
        compared, observed: float32 (N, H, W, channels) in `bounds`.
        bounds: (low, high).

    Returns:
        bool (N, H, W, channels). Pixels that differ by a quarter of the range, opened and closed by
        the square: single pixels are noise, and thin lines are strokes that lie a little apart.
    """
    is_outlier = np.abs(compared - observed) > _OUTLIER * (bounds[1] - bounds[0])
    square = np.ones([1, *_PATCH, 1], bool)
    wide = [(0, 0), (_PAD, _PAD), (_PAD, _PAD), (0, 0)]
    patches = binary_closing(np.pad(binary_opening(is_outlier, square), wide), square)
    return patches[:, _PAD:-_PAD, _PAD:-_PAD]


def undone_shifts(observation, nuisances):
    """The (down, right) by which images were shifted back before they were read, (N, 2) pixels.

    Args:
        observation: an `Observation`.
        nuisances: its parameters (N, P).
    """
    names = list(observation.names)
    if not {"shift down", "shift right"} <= set(names):
        return np.zeros([len(nuisances), 2], np.float32)
    return nuisances[:, [names.index("shift down"), names.index("shift right")]]


class Measure:
    """Measures what happened to images that were read under `Explanations`.

    Three searches of the best class, in which all but one thing is known:

    - What it does not make is covered; the encoder reads the rest, and what it makes of that stands
      in the place of what the search found.
    - The width of the blur descends on the mean absolute difference, if a blur explains the image,
      or nothing does.
    - The pose of the typical digit descends on the mean squared difference to the image without
      what was undone in it, from a few angles; what is covered, or lies outside, is not compared.

    Args:
        generator: a `Generator` of images.
        observation: an `Explanations`.

    Attributes:
        pose: the `Pose` that is measured.

    Raises:
        InputError: for another observation.
    """

    def __init__(self, generator, observation):
        if not hasattr(observation, "lenses"):
            raise InputError(
                "measure: expected settings that find out what happened to an image, such as "
                "'robust'"
            )
        low, high = generator.bounds
        self._generator, self._observation = generator, observation
        self.pose = Pose(
            reach=max(generator.data_shape[:2]) / 2,
            slants=False,
            angles=_ANGLES,
            background=generator.background,
            high=high if generator.background == low else low,
        )
        blur = Blur(_WIDTHS, background=generator.background)
        given = Space.given(generator)
        self._posed = Search(generator, given.observed(self.pose), _POSED, self.pose)
        self._blurred = Search(generator, given.observed(blur), _BLURRED, blur)

    def __call__(self, found):
        """Measures.

        Args:
            found: a `Classification` of images.

        Returns:
            The `Classification`, whose best class has what the rest of an image shows, and the
            nuisance that was measured.
        """
        rows, best = np.arange(len(found)), found.best
        parts = ("latents", "reconstructions", "observed", "nuisances")
        of_best = {name: getattr(found, name)[rows, best].copy() for name in parts}
        compared = found.compared[rows, best]
        conditions = np.eye(self._generator.condition_size, dtype=np.float32)[best]
        self._read_the_rest(conditions, compared, of_best)
        self._measure_blur(conditions, compared, of_best)
        poses = self._measured_poses(conditions, compared, of_best)
        measured = {name: getattr(found, name).copy() for name in parts}
        for name, values in of_best.items():
            measured[name][rows, best] = values
        return replace(found, **measured, poses=poses, pose=self.pose)

    def _covered(self, compared, of_best):
        return covered_pixels(compared, of_best["observed"], self._generator.bounds)

    def _read_the_rest(self, conditions, compared, of_best):
        """Reads once more what is covered, as if nothing stood there."""
        covered = self._covered(compared, of_best)
        again = np.flatnonzero(covered.any(axis=(1, 2, 3)))
        if self._generator.encoder is None or not len(again):
            return
        shown = np.where(covered[again], np.float32(self._generator.background), compared[again])
        known = tf.constant(conditions[again])
        latents = self._generator.encode(tf.constant(shown), known[:, tf.newaxis])[:, 0]
        made = self._generator({"condition": known, "latent": latents})
        seen = self._observation.lenses.apply(made, self._lens(of_best["nuisances"][again]))
        for name, values in (("latents", latents), ("reconstructions", made), ("observed", seen)):
            of_best[name][again] = values.numpy()

    def _lens(self, nuisances):
        """A lens's own parameters of a nuisance (N, P): they come first."""
        return tf.constant(nuisances[:, : len(self._observation.lenses.parameters)])

    def _measure_blur(self, conditions, compared, of_best):
        lenses = self._observation.lenses
        kinds = {type(part): i for i, part in enumerate(lenses.parts)}
        if not {Identity, Blur} <= set(kinds):
            return
        # which lens it is comes first
        lens = np.rint(of_best["nuisances"][:, 0])
        may = np.flatnonzero(np.isin(lens, [kinds[Identity], kinds[Blur]]))
        if not len(may):
            return
        starts = {"condition": conditions[may], "latent": of_best["latents"][may]}
        found = self._best_of(
            self._blurred, compared[may], starts, ~self._covered(compared, of_best)[may]
        )
        width = found["nuisance"][:, 0]
        place = list(lenses.names).index("blur")
        is_blurred = width > _SHARP
        of_best["nuisances"][may, 0] = np.where(is_blurred, kinds[Blur], kinds[Identity])
        of_best["nuisances"][may, place] = np.where(is_blurred, width, 0.0)
        made = tf.constant(of_best["reconstructions"][may])
        of_best["observed"][may] = lenses.apply(made, self._lens(of_best["nuisances"][may])).numpy()

    def _measured_poses(self, conditions, compared, of_best):
        """(N, 4), of the images as they came: what was undone of a shift is added."""
        shift = undone_shifts(self._observation, of_best["nuisances"])
        undone = Pose(shifts_only=True, background=0.0)
        inside = undone.undo(tf.ones_like(compared), tf.constant(shift)).numpy() > 0.5
        typical = np.full([len(compared), self._generator.latent_size], self._generator.prior.mean)
        starts = {"condition": conditions, "latent": typical}
        visible = inside & ~self._covered(compared, of_best)
        poses = self._best_of(self._posed, compared, starts, visible)["nuisance"].copy()
        poses[:, :2] += shift
        return poses

    @staticmethod
    def _best_of(search, data, starts, visible):
        """The values {block: (N, D)} of the best of a search's candidates."""
        starts = {name: np.float32(start)[:, np.newaxis] for name, start in starts.items()}
        result = search.run(Batch(data, np.float32(visible), starts=starts))
        best = tf.argmax(result.score, axis=1)
        return {
            name: tf.gather(value, best, batch_dims=1).numpy()
            for name, value in result.values.items()
        }
