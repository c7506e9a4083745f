"""What the light does to a picture: brightness, contrast, unevenness, negatives."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import tensorflow as tf

from igc_tf.ranges import Range, check_ranges
from igc_tf.search.observations.base import ImageObservation, Parameter, column

# this share of the pixels, the brightest, is taken to be ink: of a thin 1 there is hardly more
_INK = 0.03
# below this contrast there is nothing to be restored
_LEAST_GAIN = 0.08
# what an explanation costs that leaves nothing of the picture: more than any difference
_EMPTY = 1.0


@dataclass(frozen=True)
class Light(ImageObservation):
    """Contrast and brightness: what is generated times a gain, plus an offset, clipped.

        observed = clip(background + gain · (generated - background) + offset · range)

    It starts from the data: the offset is where the darker quarter of the pixels ends, the gain
    reaches from there to the ink.

    Attributes:
        low, high: the bounds of the data.
        weight: of the penalty.
        gains: whether the contrast is found, too; else only brightness.
    """

    low: float = -0.5
    high: float = 0.5
    weight: Annotated[float, Range(0)] = 0.0
    gains: bool = True
    parameters = (
        Parameter("gain", "times", _LEAST_GAIN, 3.0, 1.0, 0.5),
        Parameter("offset", "of the range", -1.0, 1.0, 0.0, 0.5),
    )

    def __post_init__(self):
        check_ranges(self)

    @property
    def moves(self):
        """The gain only where it is to be found."""
        return self.gains, True

    def start(self, batch, generator):
        """Read off the data (B, 1, 2)."""
        values = tf.sort(_unit(batch.data, self.low, self.high), axis=1)
        count = values.shape[1]
        page = values[:, count // 4]
        ink = tf.reduce_mean(values[:, count - max(1, int(_INK * count)) :], axis=1)
        gain = tf.maximum(ink - page, _LEAST_GAIN) if self.gains else tf.ones_like(page)
        return tf.stack([gain, page], axis=1)[:, tf.newaxis]

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        gain, offset = column(nuisance, 0), column(nuisance, 1) * (self.high - self.low)
        lit = self.low + gain * (generated - self.low) + offset
        return tf.clip_by_value(lit, self.low, self.high)

    def undo(self, data, nuisance):
        """See `Observation.undo`."""
        gain, offset = column(nuisance, 0), column(nuisance, 1) * (self.high - self.low)
        dark = (data - self.low - offset) / gain
        return tf.clip_by_value(self.low + dark, self.low, self.high)

    def penalty(self, nuisance):
        """See `Observation.penalty`; an empty picture, which all classes fit, explains nothing."""
        return super().penalty(nuisance) + _empty(nuisance)

    def says(self, nuisance):
        """See `Observation.says`."""
        gain, offset = (float(value) for value in nuisance)
        words = []
        if gain < 0.8:
            words.append(f"faint (contrast {gain:.2f})")
        return " ".join(filter(None, [*words, _brighter(offset)]))


@dataclass(frozen=True)
class UnevenLight(ImageObservation):
    """A background that is not the same everywhere: a field added to the picture, and a gain.

        observed = clip(background + gain · (generated - background) + field · range)

    The field has `cells` × `cells` values, between which it is interpolated bilinearly. It starts
    from the data: what is left of a picture after a morphological opening, which removes what is
    narrower than `opening` pixels, strokes for one. That itself, finer than the cells, is what
    `undo` takes away.

    Attributes:
        low, high: the bounds of the data.
        cells: values of the field along each side.
        opening: width of the square that is opened with, pixels, odd.
        weight: of the penalty.
    """

    low: float = -0.5
    high: float = 0.5
    cells: Annotated[int, Range(1)] = 4
    opening: Annotated[int, Range(3)] = 7
    weight: Annotated[float, Range(0)] = 0.0

    def __post_init__(self):
        check_ranges(self)

    @property
    def parameters(self):
        cells = range(self.cells)
        field = tuple(
            Parameter(f"light {i + 1},{j + 1}", "of the range", -1.0, 1.0, 0.0, 0.5)
            for i in cells
            for j in cells
        )
        return (Parameter("contrast", "times", _LEAST_GAIN, 3.0, 1.0, 0.5), *field)

    def start(self, batch, generator):
        """Read off the data (B, 1, 1 + cells²)."""
        field = (self._opened(batch.data) - self.low) / (self.high - self.low)
        gain = self._gain(batch.data - self._opened(batch.data)) / (self.high - self.low)
        down, across = (_shares(self.cells, side) for side in field.shape[1:3])
        cells = tf.einsum("ih,bhw,jw->bij", down, tf.reduce_mean(field, -1), across)
        flat = tf.reshape(cells, [-1, self.cells**2])
        return tf.concat([gain[:, tf.newaxis], flat], axis=1)[:, tf.newaxis]

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        cells = tf.reshape(nuisance[:, 1:], [-1, self.cells, self.cells, 1])
        field = tf.image.resize(cells, generated.shape[1:3]) * (self.high - self.low)
        lit = self.low + column(nuisance, 0) * (generated - self.low) + field
        return tf.clip_by_value(lit, self.low, self.high)

    def undo(self, data, nuisance):
        """See `Observation.undo`: the field as fine as the data show, the contrast restored."""
        above = data - self._opened(data)
        return tf.clip_by_value(self.low + above / column(nuisance, 0), self.low, self.high)

    def penalty(self, nuisance):
        """See `Light.penalty`."""
        return super().penalty(nuisance) + _empty(nuisance)

    def _opened(self, data):
        """What is wider than the square: the least around every pixel, then the most of that."""
        eroded = -_pooled(-data, self.opening)
        return _pooled(eroded, self.opening)

    def _gain(self, above):
        values = tf.sort(tf.reshape(above, [-1, _size(above)]), axis=1)
        ink = values[:, -max(1, int(_INK * values.shape[1])) :]
        return tf.maximum(tf.reduce_mean(ink, axis=1), _LEAST_GAIN * (self.high - self.low))

    def says(self, nuisance):
        """See `Observation.says`."""
        field = nuisance[1:]
        if field.max() - field.min() > 0.15:
            return f"under uneven light (up to {100 * field.max():.0f} % brighter)"
        return _brighter(field.mean())


def _shares(cells, side):
    """How large a part of each of so many equal cells each pixel of a side is, (cells, side)."""
    ends = np.arange(cells + 1)[:, np.newaxis] * side / cells
    covered = np.clip(ends - np.arange(side), 0, 1)
    return tf.constant(np.diff(covered, axis=0) * cells / side, tf.float32)


@dataclass(frozen=True)
class Polarity(ImageObservation):
    """A negative: dark is light, of the whole picture or of some of its columns or rows.

    Each parameter is 0, as generated, or 1, inverted: discrete, and not searched. The picture
    starts inverted if its border is bright; of columns and rows those whose ends are.

    Attributes:
        part: "whole"; "columns" or "rows".
        size: how many columns or rows there are; 1 for the whole.
        low, high: the bounds of the data.
        weight: of the penalty.
    """

    part: Literal["whole", "columns", "rows"] = "whole"
    size: Annotated[int, Range(1)] = 1
    low: float = -0.5
    high: float = 0.5
    weight: Annotated[float, Range(0)] = 0.0
    moves = False

    def __post_init__(self):
        check_ranges(self)

    @property
    def parameters(self):
        if self.part == "whole":
            return (Parameter("negative", "0 or 1", 0.0, 1.0, 0.0, 1.0),)
        usual = float(self.size) ** 0.5
        return tuple(
            Parameter(f"negative {self.part[:-1]} {i}", "0 or 1", 0.0, 1.0, 0.0, usual)
            for i in range(self.size)
        )

    def start(self, batch, generator):
        """What is bright at the border (B, 1, 1); of columns and rows (B, 1, size)."""
        data = tf.reduce_mean(batch.data, axis=-1)
        if self.part == "whole":
            sides = [_ends(data, 1), _ends(data, 2)]
            flat = [tf.reshape(side, [-1, side.shape[1] * side.shape[2]]) for side in sides]
            brightness = tf.reduce_mean(tf.concat(flat, axis=1), axis=1, keepdims=True)
        else:
            across = 1 if self.part == "columns" else 2
            brightness = tf.reduce_mean(_ends(data, across), axis=across)
        is_bright = brightness > (self.low + self.high) / 2
        return tf.cast(is_bright, tf.float32)[:, tf.newaxis]

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        shape = {"whole": [-1, 1, 1, 1], "columns": [-1, 1, self.size, 1]}
        flags = tf.reshape(nuisance, shape.get(self.part, [-1, self.size, 1, 1]))
        middle = (self.low + self.high) / 2
        return middle + (generated - middle) * (1.0 - 2.0 * flags)

    def undo(self, data, nuisance):
        """See `Observation.undo`: a negative's negative."""
        return self.apply(data, nuisance)

    def says(self, nuisance):
        """See `Observation.says`."""
        inverted = int((nuisance > 0.5).sum())
        if not inverted:
            return ""
        return "as a negative" if self.part == "whole" else f"{inverted} {self.part} negative"


@dataclass(frozen=True)
class Contrast(ImageObservation):
    """Less contrast about the middle of the range; it is known how much, and is not searched.

        observed = middle + contrast · (generated - middle)

    Undone, data are stretched about the middle, and clipped: a change by less than
    (1 - contrast) / 2 of the range leaves black and white as they are, and no change counts more
    than 1 / contrast times. So attacks have less to go by. Without any greys ("Towards the First
    Adversarially Robust Neural Network Model on MNIST", Schott et al. 2019, Binary ABS) a change of
    any size may turn a pixel from black to white.

    Attributes:
        contrast: of what is seen, in times that of what is generated.
        low, high: the bounds of the data.
        passes: whether gradients pass as if nothing were clipped ("Estimating or Propagating
            Gradients Through Stochastic Neurons", Bengio et al. 2013): the true ones of clipped
            values are 0, and hide from attacks what a larger change does.
    """

    contrast: Annotated[float, Range(0, 1, above=True)] = 0.4
    low: float = -0.5
    high: float = 0.5
    passes: bool = True
    moves = False
    parameters = (Parameter("contrast about the middle", "times", 0.0, 1.0, 1.0, 1.0),)

    def __post_init__(self):
        check_ranges(self)

    def start(self, batch, generator):
        """The contrast, (B, 1, 1)."""
        return tf.fill([tf.shape(batch.data)[0], 1, 1], float(self.contrast))

    def apply(self, generated, nuisance):
        """See `Observation.apply`."""
        middle = (self.low + self.high) / 2
        return middle + column(nuisance, 0) * (generated - middle)

    def undo(self, data, nuisance):
        """See `Observation.undo`."""
        middle = (self.low + self.high) / 2
        stretched = middle + (data - middle) / column(nuisance, 0)
        clipped = tf.clip_by_value(stretched, self.low, self.high)
        return stretched + tf.stop_gradient(clipped - stretched) if self.passes else clipped


def _ends(data, axis):
    """The first two and the last two of data (B, H, W) along an axis."""
    size = data.shape[axis]
    return tf.gather(data, [0, 1, size - 2, size - 1], axis=axis)


def _empty(nuisance):
    """What it costs where nothing is left above the page, (B, K, P) -> (B, K)."""
    return tf.where(nuisance[..., 0] <= _LEAST_GAIN * (1 + 1e-5), _EMPTY, 0.0)


def _brighter(amount):
    return f"on a page that is brighter by {100 * amount:.0f} %" if amount > 0.1 else ""


def _unit(data, low, high):
    """Data as (N, elements), from 0 to 1."""
    return (tf.reshape(data, [-1, _size(data)]) - low) / (high - low)


def _size(data):
    return data.shape[1] * data.shape[2] * data.shape[3]


def _pooled(data, width):
    """The largest value around every pixel; nothing lies outside of the picture."""
    for window in ([1, width, 1, 1], [1, 1, width, 1]):
        data = tf.nn.max_pool2d(data, window, 1, "SAME")
    return data
