"""What happened to an image, measured once it is read: its pose, its blur, and what covers it.

A generator draws digits in many poses of their own, and its encoder finds one that fits: that says
what a picture shows, and not how it lies. So the pose is that of the class's *typical* digit, what
the generator makes at the prior's mean, where it fits best; a picture's slant is part of it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.ndimage import binary_closing, binary_opening

from igc_tf.errors import InputError
from igc_tf.search.engine import Search
from igc_tf.search.observations import Blur, Explanations, Identity, Pose, Undone
from igc_tf.search.settings import SearchSettings
from igc_tf.search.space import Space
from igc_tf.search.state import Batch

# of the range: what differs by more, for one pixel and all around it, is not of the digit
_OUTLIER = 0.25
# of the range: what a covered pixel costs, less than an outlier differs by
_COVERED = 0.06
# (height, width) of the least that covers a picture, pixels
_PATCH = (3, 3)
# of an image: less is not worth a word
_LEAST = 0.02
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
        None of an image of which they are less than 2 %.
    """
    is_outlier = np.abs(compared - observed) > _OUTLIER * (bounds[1] - bounds[0])
    square = np.ones([1, *_PATCH, 1], bool)
    wide = [(0, 0), (_PAD, _PAD), (_PAD, _PAD), (0, 0)]
    patches = binary_closing(np.pad(binary_opening(is_outlier, square), wide), square)
    patches = patches[:, _PAD:-_PAD, _PAD:-_PAD]
    return patches & (patches.mean(axis=(1, 2, 3), keepdims=True) >= _LEAST)


def undone_shifts(observation, nuisances):
    """The (down, right) by which images were shifted back before they were compared, (N, 2) pixels.

    0 of those whose explanation shows the shift, and does not undo it.

    Args:
        observation: an `Observation`.
        nuisances: its parameters (N, P).
    """
    places = _shift_places(observation)
    if not places:
        return np.zeros([len(nuisances), 2], np.float32)
    return np.where(observation.undone(nuisances), nuisances, np.float32(0))[:, places]


def _shift_places(observation):
    """Where an observation's parameters have the shift (down, right); [] of one without."""
    names, wanted = list(observation.names), ("shift down", "shift right")
    return [names.index(name) for name in wanted] if set(wanted) <= set(names) else []


def _shift_explanation(observation):
    """(number, `Pose`) of the explanation by which a shift is undone, and nothing else; or None."""
    for number, part in enumerate(observation.explanations.parts):
        pose = part.observation if isinstance(part, Undone) else None
        if isinstance(pose, Pose) and pose.shifts_only:
            return number, pose
    return None


class _Reading(NamedTuple):
    """How the best classes of N images explain them.

    Attributes:
        compared, observed: (N, H, W, channels), as of a `Classification`.
        nuisances: (N, P).
        latents: (N, Z).
        reconstructions: (N, H, W, channels).
        covered: bool (N, H, W, channels).
        cost: (N,).
    """

    compared: np.ndarray
    observed: np.ndarray
    nuisances: np.ndarray
    latents: np.ndarray
    reconstructions: np.ndarray
    covered: np.ndarray
    cost: np.ndarray


class PoseMeasurement:
    """Measures what happened to images that were read under `Explanations`.

    The class is known, and of each image the following is found, one after the other:

    - What covers it: pixels that the class does not make (`covered_pixels`). The encoder reads the
      rest once more. A cover on a picture to which nothing else happened, or that is shifted, if
      an explanation undoes a shift and nothing else, is tried beside what the search has found,
      and taken where it explains the image for less.
    - The width of its blur descends on the mean absolute difference, if a blur explains the image,
      or no lens does.
    - Its pose: that of the typical digit descends on the mean squared difference to the image
      without what was undone in it, from a few angles; what is covered, or lies outside, is not
      compared.

    Args:
        generator: a `Generator` of images.
        observation: an `Explanations`.

    Attributes:
        pose: the `Pose` that is measured.

    Raises:
        InputError: for another observation.
    """

    def __init__(self, generator, observation):
        if not isinstance(observation, Explanations):
            raise InputError(
                "measure: expected settings that find out what happened to an image, such as "
                "'robust'"
            )
        low, high = generator.bounds
        ends = {"background": generator.background}
        ends["high"] = high if generator.background == low else low
        self._generator, self._observation = generator, observation
        reach = max(generator.data_shape[:2]) / 2
        self.pose = Pose(reach=reach, slants=False, angles=_ANGLES, **ends)
        self._shifted = _shift_explanation(observation)
        blur = Blur(_WIDTHS, background=generator.background)
        given = Space.given(generator)
        self._posed = Search(generator, given.observed(self.pose), _POSED)
        self._blurred = Search(generator, given.observed(blur), _BLURRED)

    def __call__(self, data, found):
        """Measures.

        Args:
            data: the images that were read, float32 (N, H, W, channels).
            found: their `Classification`.

        Returns:
            The `Classification`, in which what is said of the best classes was measured.
        """
        rows, best = np.arange(len(found)), found.best
        conditions = np.eye(self._generator.condition_size, dtype=np.float32)[best]
        kept = ("compared", "observed", "nuisances", "latents", "reconstructions")
        reading = self._cheapest(
            conditions, data, *(found.of_best(getattr(found, name)) for name in kept)
        )
        reading = self._with_its_blur(conditions, reading)
        poses = self._measured_poses(conditions, reading)
        measured = {name: getattr(found, name).copy() for name in kept}
        for name, values in measured.items():
            values[rows, best] = getattr(reading, name)
        return replace(found, **measured, poses=poses, pose_model=self.pose)

    def _cheapest(self, conditions, data, compared, observed, nuisances, latents, made):
        """What the search has found, or covers on plain pictures; of each image what costs less."""
        found = self._judged(compared, observed, nuisances, latents, made)
        if self._generator.encoder is None:
            return found
        nothing = np.zeros([len(data), 2], np.float32)
        plain = self._read(conditions, data, nothing)
        readings = [found, self._again(conditions, found), self._again(conditions, plain)]
        if self._shifted is not None:
            # what is covered does not say where the rest lies
            rest = np.where(plain.covered, np.float32(self._generator.background), data)
            _, pose = self._shifted
            shifts = pose.start(Batch(tf.constant(rest)), self._generator).numpy()[:, 0]
            readings.append(self._again(conditions, self._read(conditions, data, shifts)))
        least = np.argmin([reading.cost for reading in readings], axis=0)
        return _Reading(
            *(np.stack(parts)[least, np.arange(len(data))] for parts in zip(*readings, strict=True))
        )

    def _read(self, conditions, data, shifts):
        """Images to which nothing happened but a shift, if an explanation undoes shifts."""
        compared, nuisances = data, np.tile(self._observation.neutral, [len(data), 1])
        if self._shifted is not None:
            number, pose = self._shifted
            # which explanation it is comes after the lens's own parameters
            which = len(self._observation.lenses.parameters)
            nuisances[np.any(shifts != 0, axis=1), which] = number
            nuisances[:, _shift_places(self._observation)] = shifts
            compared = pose.undo(tf.constant(data), tf.constant(shifts)).numpy()
        return self._encoded(conditions, compared, compared, nuisances)

    def _again(self, conditions, reading):
        """What the encoder makes of the rest, as if nothing stood where an image is covered."""
        page = np.float32(self._generator.background)
        shown = np.where(reading.covered, page, reading.compared)
        return self._encoded(conditions, shown, reading.compared, reading.nuisances)

    def _encoded(self, conditions, shown, compared, nuisances):
        known = tf.constant(conditions)
        latents = self._generator.encode(tf.constant(shown), known[:, tf.newaxis])[:, 0]
        made = self._generator({"condition": known, "latent": latents})
        observed = self._observation.lenses.apply(made, self._lens(nuisances))
        return self._judged(compared, observed.numpy(), nuisances, latents.numpy(), made.numpy())

    def _judged(self, compared, observed, nuisances, latents, made):
        """A `_Reading`, and what it costs."""
        covered = covered_pixels(compared, observed, self._generator.bounds)
        low, high = self._generator.bounds
        differences = np.where(covered, _COVERED * (high - low), np.abs(compared - observed))
        price = self._observation.penalty(tf.constant(nuisances[:, np.newaxis]))[:, 0].numpy()
        cost = differences.mean(axis=(1, 2, 3)) + price
        return _Reading(compared, observed, nuisances, latents, made, covered, cost)

    def _lens(self, nuisances):
        """A lens's own parameters of a nuisance (N, P): they come first."""
        return tf.constant(nuisances[:, : len(self._observation.lenses.parameters)])

    def _with_its_blur(self, conditions, reading):
        """A reading whose blur is measured, where no other lens explains it."""
        lenses = self._observation.lenses
        kinds = {type(part): number for number, part in enumerate(lenses.parts)}
        if not {Identity, Blur} <= set(kinds):
            return reading
        # which lens it is comes first
        lens = np.rint(reading.nuisances[:, 0])
        may = np.isin(lens, [kinds[Identity], kinds[Blur]])
        if not may.any():
            return reading
        starts = {"condition": conditions[may], "latent": reading.latents[may]}
        found = self._best_of(self._blurred, reading.compared[may], starts, ~reading.covered[may])
        width = found["nuisance"][:, 0]
        is_blurred = width > _SHARP
        nuisances, observed = reading.nuisances.copy(), reading.observed.copy()
        nuisances[may, 0] = np.where(is_blurred, kinds[Blur], kinds[Identity])
        nuisances[may, list(lenses.names).index("blur")] = np.where(is_blurred, width, 0.0)
        made = tf.constant(reading.reconstructions[may])
        observed[may] = lenses.apply(made, self._lens(nuisances[may])).numpy()
        covered = covered_pixels(reading.compared, observed, self._generator.bounds)
        return reading._replace(nuisances=nuisances, observed=observed, covered=covered)

    def _measured_poses(self, conditions, reading):
        """(N, 4), of the images as they came: what was undone of a shift is added."""
        shifts = undone_shifts(self._observation, reading.nuisances)
        whole = tf.ones_like(reading.compared)
        around = Pose(shifts_only=True, background=0.0)
        inside = around.undo(whole, tf.constant(shifts)).numpy() > 0.5
        prior, size = self._generator.prior, self._generator.latent_size
        starts = {"condition": conditions, "latent": np.full([len(shifts), size], prior.mean)}
        visible = inside & ~reading.covered
        poses = self._best_of(self._posed, reading.compared, starts, visible)["nuisance"].copy()
        poses[:, :2] += shifts
        return poses

    @staticmethod
    def _best_of(search, data, starts, visible):
        """The values {block: (N, D)} of the best of a search's candidates."""
        starts = {name: np.float32(start)[:, np.newaxis] for name, start in starts.items()}
        result = search.run(Batch(data, np.float32(visible), starts=starts))
        return {name: result.of_best(value).numpy() for name, value in result.values.items()}
