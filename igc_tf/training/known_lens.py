"""What training images are seen through.

Lenses that the search is told, light that is undone, pixels of which it is known that they are
missing.
"""

import numpy as np
import tensorflow as tf

from igc_tf.generators.replicas import draw_rows
from igc_tf.search import Batch
from igc_tf.search.observations import (
    AnyOf,
    Begun,
    Blur,
    Identity,
    Light,
    MotionBlur,
    Outline,
    UnevenLight,
)

# the ranges that the lenses are drawn from, evenly
_BLUR = (0.4, 2.2)
_MOTION = (2.0, 9.0)
_OUTLINE = (0.4, 1.4)
# the field: values along each side of the picture, its height, and the contrast under it
_CELLS = 4
_FIELD = (0.0, 0.7)
_CONTRAST = (0.3, 1.0)
# the probability that a pixel is missing, or the sides of what is, as shares of the picture's
_MISSING = (0.3, 0.95)
_SIDES = (0.2, 0.5)


class KnownLens(AnyOf):
    """A lens that is known for each image: none, a Gaussian blur, a motion, or an outline.

    An `Observation` whose nuisance is not searched but drawn by `draw`, and given to the search
    with the batch. It costs nothing.

    Args:
        bounds: (low, high) of the data; the background is `low`.
    """

    def __init__(self, bounds):
        low, high = bounds
        lenses = Blur(background=low), MotionBlur(background=low), Outline(low=low, high=high)
        super().__init__(Identity(), *lenses, name="lens")
        self.num_starts = 1
        self.moves = False

    def start(self, batch, generator):
        """None, (B, 1, P): where no lens is told."""
        return tf.tile(self.neutral[None, None], [tf.shape(batch.data)[0], 1, 1])

    def begin(self, batch, generator):
        """See `Observation.begin`: a lens cannot be undone."""
        return Begun(self.start(batch, generator), batch.data[:, tf.newaxis], None)

    def draw(self, count, share, seed):
        """Draws lenses.

        Args:
            count: of the images.
            share: of the images that are seen through one of the three.
            seed: int32 (2,).

        Returns:
            The nuisance, float32 (count, P).
        """
        which, blur, motion, angle, outline = tf.unstack(_uniform(5, count, seed))
        # 0 where nothing is done, else evenly 1 to 3
        kinds = len(self.parts) - 1
        lens = tf.where(which < share, 1.0 + tf.floor(kinds * which / max(share, 1e-6)), 0.0)
        values = {
            "lens": tf.minimum(lens, float(kinds)),
            "blur": _between(blur, _BLUR),
            "motion": _between(motion, _MOTION),
            "motion angle": _between(angle, (-90.0, 90.0)),
            "outline": _between(outline, _OUTLINE),
        }
        return tf.stack([values[name] for name in self.names], axis=1)


def relit(data, share, seed, bounds):
    """Puts some images under uneven light, and says how that is undone.

    Args:
        data: float32 (B, H, W, channels).
        share: of the images that are lit.
        seed: int32 (2,).
        bounds: (low, high) of the data.

    Returns:
        `(data, undo)`: float32 (B, H, W, channels); and a function that undoes, in what has become
        of them, the light of those images, as far as it can be: half of it by `UnevenLight`, half,
        where the light was even, by `Light`.
    """
    low, high = bounds
    uneven, even = UnevenLight(low, high, cells=_CELLS), Light(low, high)
    count = tf.shape(data)[0]
    which_seed, field_seed = tf.unstack(tf.random.experimental.stateless_split(seed))
    which, height, contrast = tf.unstack(_uniform(3, count, which_seed))
    contrast = _between(contrast, _CONTRAST)
    # the brighter the page, the less is left above it
    height = tf.minimum(_between(height, _FIELD), 1.0 - 0.7 * contrast)
    cells = draw_rows(
        lambda count: tf.random.stateless_uniform([count, _CELLS**2], field_seed), count
    )
    field = height[:, tf.newaxis] * cells
    uneven_lit = uneven.apply(data, tf.concat([contrast[:, tf.newaxis], field], axis=1))
    even_lit = even.apply(data, tf.stack([contrast, height], axis=1))
    is_uneven, is_even = which < share / 2, (which >= share / 2) & (which < share)

    def chosen(uneven, even, otherwise):
        data = tf.where(is_even[:, None, None, None], even, otherwise)
        return tf.where(is_uneven[:, None, None, None], uneven, data)

    def undo(data):
        parts = [part.undo(data, part.start(Batch(data), None)[:, 0]) for part in (uneven, even)]
        return chosen(*parts, data)

    return chosen(uneven_lit, even_lit, data), undo


def random_gaps(data, share, seed):
    """Draws which pixels of some images are missing.

    Args:
        data: the images (B, H, W, channels).
        share: of the images that have gaps: half of them single pixels, half of them a rectangle.
        seed: int32 (2,).

    Returns:
        float32 (B, H, W, 1), 0 where a pixel is missing, else 1.
    """
    count, (height, width) = tf.shape(data)[0], data.shape[1:3]
    image_seed, pixel_seed = tf.unstack(tf.random.experimental.stateless_split(seed))
    which, probability, *rectangle = tf.unstack(_uniform(6, count, image_seed))
    pixels = draw_rows(
        lambda count: tf.random.stateless_uniform([count, height, width], pixel_seed), count
    )
    is_single = pixels < _between(probability, _MISSING)[:, None, None]
    inside = []
    for length, side, place in zip((height, width), rectangle[:2], rectangle[2:], strict=True):
        extent = length * _between(side, _SIDES)[:, None]
        first = (length - extent) * place[:, None]
        centres = np.arange(length, dtype=np.float32) + 0.5
        inside.append((centres > first) & (centres < first + extent))
    is_covered = inside[0][:, :, None] & inside[1][:, None]
    which = which[:, None, None]
    is_missing = tf.where(which < share / 2, is_single, is_covered & (which < share))
    return 1.0 - tf.cast(is_missing, tf.float32)[..., tf.newaxis]


def _uniform(rows, count, seed):
    """Numbers in [0, 1), (rows, count): a column for each image."""
    return draw_rows(lambda count: tf.random.stateless_uniform([rows, count], seed), count, axis=1)


def _between(uniform, ends):
    return ends[0] + (ends[1] - ends[0]) * uniform
