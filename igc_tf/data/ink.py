"""Finds the ink in a picture and arranges it in a frame as MNIST does."""

import numpy as np

from igc_tf.errors import ImageFileError

# MNIST fits the ink into a box of 20 x 20 and puts its centre of mass at pixel (14, 14) of 28 x 28.
_BOX = 20 / 28
_CENTRE = 14 / 28
# A picture whose values differ from its page by less than this holds no ink.
_LEAST_CONTRAST = 0.1
# Whatever is fainter than this part of the strongest ink is not part of the drawing.
_FAINTEST_INK = 0.05
# Parts of each side, from the edge inwards: where the page is looked at, and where the lines of a
# form are looked for.
_BORDER = 0.025
_MARGIN = 0.15
# Ink that is arranged has its centre of mass this near to the frame's centre, as a part of the
# frame's side, and is at least so long. Among the 5,000 bundled digits: at most 0.021, and 0.714.
_OFF_CENTRE = 0.05
_LEAST_LENGTH = 0.6
# Ink as long as this fills its frame, and is left wherever it is.
_FILLS = 0.85
# A drawing shows its page at this part of its border at least, and its ink lies on at most this
# part of it; ink is what differs from the page by a quarter of the most.
_PAGE_AT_BORDER, _MOST_INK, _INK = 0.9, 0.4, 0.25
# A drawing in its frame whose strongest ink is below this is strengthened.
_FAINT = 0.8


def arrange_ink(grey, size, is_light=True):
    """Crops, scales and centres the ink of a picture.

    Ink is what differs from the page, dark on light or light on dark. The lines of a form along
    the edge and specks of dust are left out. The ink's longer side is scaled to 5/7 of the frame
    and its centre of mass put into the middle, as in MNIST. A picture that has the frame's size,
    the right polarity and its ink in the middle already is not moved, only strengthened where it
    is faint.

    Args:
        grey: float64 (H, W) in [0, 1].
        size: (height, width) of the frame, pixels.
        is_light: whether ink is light in the frame, on a dark background.

    Returns:
        float64 of that size, in [0, 1]: 0 and 1 are dark and light.

    Raises:
        ImageFileError: if there is no ink.
    """
    difference = beside_page(grey)
    # The fourth power lets strong strokes outvote a large but faint shadow on the page.
    fourth = difference**4
    is_light_ink = fourth[difference > 0].sum() >= fourth[difference < 0].sum()
    everything = np.maximum(difference if is_light_ink else -difference, 0)
    ink = everything.copy()
    lines = _form_lines(ink / ink.max())
    ink[lines] = 0
    if ink.max() < _LEAST_CONTRAST:
        raise ImageFileError("is blank (no ink but a line along its edge)")
    strength = ink.max()
    ink /= strength
    grain = _grain(np.abs(difference) / strength, lines)
    ink[ink < np.clip(2 * grain, _FAINTEST_INK, 0.5)] = 0
    drawing = _without_specks(ink)
    fits = grey.shape == tuple(size) and is_light_ink == is_light and not lines.any()
    # A picture that noise lies on is not taken apart.
    if fits and (2 * grain > 0.5 or any(map(_is_arranged, (ink, drawing)))):
        if strength >= _FAINT:
            return grey
        drawn = np.clip(everything / strength, 0, 1)
    else:
        drawn = _centre(_fit(drawing, size), size)
    return drawn if is_light else 1 - drawn


def beside_page(grey):
    """Returns how a drawing differs from its page, float64 (H, W).

    Args:
        grey: float64 (H, W) in [0, 1].

    Raises:
        ImageFileError: if there is no ink.
    """
    difference = grey - _page(grey)
    if np.abs(difference).max() < _LEAST_CONTRAST:
        raise ImageFileError("is blank (no ink)")
    return difference


def is_drawing(grey):
    """Whether a picture is ink on an even page, as `arrange_ink` takes it.

    Args:
        grey: float64 (H, W) in [0, 1].
    """
    difference = np.abs(grey - _page(grey))
    strongest = difference.max()
    if strongest < 2 * _LEAST_CONTRAST:
        return False
    is_ink = difference > _INK * strongest
    page = 1 - is_ink[_rim(grey.shape, _BORDER)].mean()
    return bool(page >= _PAGE_AT_BORDER and is_ink.mean() <= _MOST_INK)


def _page(grey):
    """The value of the page: the middle one of three medians.

    A line along the edge spoils that of the border, a round digit that fills its picture that of
    the margin, a broad stroke that of the whole picture.
    """
    parts = [grey[_rim(grey.shape, share)] for share in (_BORDER, _MARGIN)]
    return np.median([np.median(part) for part in (*parts, grey)])


def _rim(shape, share):
    """bool (H, W): the outermost pixels, this share of each side wide but at least one."""
    height, width = (max(1, round(share * side)) for side in shape)
    rim = np.ones(shape, bool)
    rim[height:-height, width:-width] = False
    return rim


def _components(mask):
    """Connected parts: their numbers (H, W), from 1, and a pair of slices for each."""
    from scipy import ndimage

    numbers, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return numbers, ndimage.find_objects(numbers)


def _form_lines(ink):
    """bool (H, W): lines along the edge, of a form or a scanner, that belong to no drawing.

    A line lies in the margin almost wholly, and runs along most of a side. Ink that would be all
    there is, is no line.
    """
    from scipy import ndimage

    lines = np.zeros(ink.shape, bool)
    numbers, slices = _components(ink > 0.25)
    margin = _rim(ink.shape, _MARGIN)
    for number, box in enumerate(slices, start=1):
        spans = max(
            (part.stop - part.start) / side for part, side in zip(box, ink.shape, strict=True)
        )
        if spans < 0.7:
            continue
        part = numbers[box] == number
        if (part & margin[box]).sum() > 0.9 * part.sum():
            lines[box] |= part
    if lines.any():
        # Their blurred rims, too.
        lines = ndimage.binary_dilation(lines, np.ones((3, 3)), iterations=2)
        if not (ink[~lines] > 0.25).any():
            lines[:] = False
    return lines


def _grain(difference, lines):
    """How much the page varies at its border, as a part of the strongest ink."""
    border = _rim(difference.shape, _BORDER) & ~lines
    if not border.any():
        border = _rim(difference.shape, _MARGIN) & ~lines
    return np.percentile(difference[border], 90) if border.any() else 0.0


def _without_specks(ink):
    """The ink without what is small beside the drawing and lies apart from it."""
    numbers, slices = _components(ink > 0)
    if len(slices) < 2:
        return ink
    masses = np.bincount(numbers.ravel(), ink.ravel(), minlength=len(slices) + 1)[1:]
    largest = masses.argmax()
    length = max(part.stop - part.start for part in slices[largest])
    kept = np.zeros(len(slices) + 1, bool)
    kept[largest + 1] = True
    # From the largest on, so that a dotted stroke is followed dot by dot.
    for number in np.argsort(-masses):
        gap = min(_gap(slices[number], slices[other - 1]) for other in np.flatnonzero(kept)[:100])
        share = masses[number] / masses[largest]
        if share >= 0.2 or (share >= 0.005 and gap <= 0.25 * length):
            kept[number + 1] = True
        elif share < 0.005:
            break
    return np.where(kept[numbers], ink, 0)


def _gap(first, second):
    """Pixels between two boxes, the longer of both directions; 0 where they touch or overlap."""
    return max(
        max(a.start - b.stop, b.start - a.stop, 0) for a, b in zip(first, second, strict=True)
    )


def _extent(ink):
    """The slices of the rows and the columns that hold ink."""
    ends = [np.flatnonzero(ink.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    return tuple(slice(first, last + 1) for first, last in ends)


def _is_arranged(ink):
    """Whether ink lies in its frame as MNIST's, or fills it."""
    sides = np.array(ink.shape)
    length = max(
        (part.stop - part.start) / side for part, side in zip(_extent(ink), sides, strict=True)
    )
    centre = [(ink.sum(axis=1 - axis) @ np.arange(sides[axis])) / ink.sum() for axis in (0, 1)]
    off = np.abs(np.array(centre) / sides - _CENTRE).max()
    return length >= _FILLS or (length >= _LEAST_LENGTH and off <= _OFF_CENTRE)


def _fit(ink, size):
    """Crops to what is above 0 and scales it to the frame's box; strongest value 1."""
    from PIL import Image

    crop = ink[_extent(ink)]
    scale = min(_BOX * side / length for side, length in zip(size, crop.shape, strict=True))
    height, width = (max(1, round(length * scale)) for length in crop.shape)
    # Pillow widens a filter when it shrinks, which is what antialiases; Hamming's is close to the
    # mean of an area, without the blur of the bilinear one, but leaves blocks when it enlarges.
    resampling = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BILINEAR
    scaled = Image.fromarray(crop.astype(np.float32)).resize((width, height), resampling)
    scaled = np.asarray(scaled, dtype=np.float64)
    # Shrinking makes thin strokes faint; MNIST's are white whatever the pen was.
    return np.clip(scaled / scaled.max(), 0, 1)


def _centre(box, size):
    """Puts the centre of mass into the middle of the frame, keeping the whole box inside."""
    frame = np.zeros(size)
    mass = box.sum()
    corner = []
    for axis, (side, length) in enumerate(zip(size, box.shape, strict=True)):
        centre = (box.sum(axis=1 - axis) * np.arange(length)).sum() / mass
        corner.append(min(max(round(_CENTRE * side - centre), 0), side - length))
    top, left = corner
    frame[top : top + box.shape[0], left : left + box.shape[1]] = box
    return frame
