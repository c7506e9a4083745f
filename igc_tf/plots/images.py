"""Sheets of images: what a search makes of one, samples, images with captions."""

import textwrap
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from igc_tf.errors import InputError
from igc_tf.runs.directory import missing_letters

# more classes than this are laid out in several lines
CLASSES_ABREAST = 12
# letters that fit above a picture, and in an inch of text of one point; and the least in a line
# that is as wide as a sheet
_CAPTION, _LETTERS, _NARROWEST = 13, 132, 24
# inches: of a picture, and at least; around the sheet, between its cells, of an empty column, and
# around a caption
_SIDE, _LEAST, _MARGIN, _GAP, _EMPTY, _PAD = 0.88, 0.15, 0.06, 0.07, 0.18, 0.04
# points: of the title, of what stands above and beside pictures, and of what stands below
_TITLE, _LARGE, _SMALL = 11, 9, 8


def finite_bounds(bounds, *images):
    """Returns the bounds of images, with numbers in the place of infinite ones.

    Args:
        bounds: (low, high).
        *images: arrays of any shape.

    Returns:
        (low, high); an infinite one is replaced by the least or greatest finite value of all
        images, 0 if there is none.
    """
    low, high = bounds
    if np.isfinite(bounds).all():
        return low, high
    values = np.concatenate([np.ravel(array) for array in images])
    values = values[np.isfinite(values)]
    values = values if len(values) else np.zeros(1)
    low = low if np.isfinite(low) else float(values.min())
    return low, high if np.isfinite(high) else float(values.max())


def to_unit_range(images, bounds):
    """Brings images from their bounds to [0, 1]; what lies outside is clipped.

    Args:
        images: any shape.
        bounds: (low, high); infinite ones as by `finite_bounds`.

    Returns:
        float32 of the same shape.
    """
    images = np.asarray(images, np.float32)
    low, high = finite_bounds(bounds, images)
    return np.clip((images - low) / max(high - low, 1e-12), 0, 1, dtype=np.float32)


def tile_images(images, columns, gap=1, background=None):
    """Lays images out in rows.

    Args:
        images: (N, H, W) or (N, H, W, channels), N at least 1.
        columns: images per row.
        gap: pixels between them.
        background: the value of gaps and empty places; the images' least finite value if None.

    Returns:
        float32 (rows · (H + gap) - gap, columns · (W + gap) - gap), and the channels, if any.
    """
    images = np.asarray(images, np.float32)
    count, height, width = images.shape[:3]
    rows = -(-count // columns)
    if background is None:
        background, _ = finite_bounds((-np.inf, np.inf), images)
    size = rows * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.full((*size, *images.shape[3:]), background, np.float32)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def check_image(shape):
    """Checks that what has this shape can be drawn.

    Args:
        shape: of one image.

    Raises:
        InputError: it is no image's.
    """
    if len(shape) != 2 and not (len(shape) == 3 and shape[2] in (1, 3, 4)):
        raise InputError(
            f"an image has shape {tuple(shape)}: expected (H, W) or (H, W, channels) with 1, 3 or "
            "4 channels"
        )


def to_pixels(image, bounds):
    """Brings an image to what matplotlib draws.

    Args:
        image: (H, W) or (H, W, channels).
        bounds: as for `to_unit_range`.

    Returns:
        float32 (H, W) or (H, W, channels) of 3 or 4 channels, in [0, 1].

    Raises:
        InputError: it is no image.
    """
    check_image(np.shape(image))
    pixels = to_unit_range(image, bounds)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def plain(text):
    """Returns a text that matplotlib draws as it stands.

    Dollars would start a formula, and what is no valid Unicode (bytes of a file's name that are no
    UTF-8) would stop the drawing.

    Args:
        text: anything; a string of it is made.
    """
    text = str(text).encode("utf-8", "replace").decode("utf-8")
    return text.replace("$", r"\$")


def fold(count, most):
    """How many lines, of how many each, `count` things take if at most `most` fit in one."""
    lines = max(1, -(-count // most))
    return lines, -(-count // lines)


def fill(text, width, points):
    """Breaks a text of so many points into plain lines that fit in about so many inches."""
    return plain(textwrap.fill(str(text), max(_NARROWEST, int(_LETTERS / points * width))))


class Sheet:
    """Pictures in rows and columns, with captions and frames, and the figure of them.

    Rows and columns are as large as what stands in them; an empty column is a narrow gap. All
    pictures share one `Axes`, whose unit is an inch: one for each would take several times as long.

    Args:
        bounds: (low, high) of the images, drawn as black and white; infinite ones as by
            `finite_bounds`, of all pictures together.
        size: (width, height) in inches; a picture of another shape is narrower or lower, but no
            sliver: it is stretched to `_LEAST`.
    """

    def __init__(self, bounds, size=(_SIDE, _SIDE)):
        self._bounds, self._size = bounds, size
        self._pictures, self._names, self._lines = {}, {}, {}

    def show(self, row, column, image, above="", below="", frame=None):
        """Places an image.

        Args:
            row, column: from 0.
            image: (H, W) or (H, W, channels).
            above: a caption, cut to two lines about as wide as the picture.
            below: a caption, in lines as they stand.
            frame: (colour, line style), or None.
        """
        check_image(np.shape(image))
        height, width = np.shape(image)[:2]
        scale = min(self._size[0] / width, self._size[1] / height)
        width, height = max(scale * width, _LEAST), max(scale * height, _LEAST)
        above = _wrapped(above, int(_CAPTION * self._size[0] / _SIDE))
        self._pictures[row, column] = _Picture(image, width, height, above, plain(below), frame)

    def name(self, row, column, text, letters=_CAPTION):
        """Places a text in the place of a picture, cut to two lines of so many letters."""
        self._names[row, column] = _wrapped(text, letters)

    def underline(self, row, text):
        """Places a text below a whole row, in lines as wide as the sheet."""
        self._lines[row] = text

    def figure(self, title):
        """Returns the figure, with a title above in lines as wide as the sheet."""
        widths, heights = self._measure()
        inside = np.sum(widths + _GAP) - _GAP
        title = fill(title, inside, _TITLE)
        lines = {row: fill(text, inside, _SMALL) for row, text in self._lines.items()}
        extents = [text_extent(title, _TITLE)]
        for row, text in lines.items():
            extents.append(text_extent(text, _SMALL))
            heights[row, 3] = extents[-1][1]
        width = max(inside, *(extent[0] for extent in extents)) + 2 * _MARGIN
        lefts = (width - inside) / 2 + np.cumsum([0, *(widths + _GAP)])
        tops = _MARGIN + extents[0][1] + np.cumsum([0, *(heights.sum(axis=1) + _GAP)])
        height = tops[-1] - _GAP + _MARGIN

        figure = Figure(figsize=(width, height))
        figure.suptitle(title, y=1 - _MARGIN / height, va="top", fontsize=_TITLE)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        middles = tops[:-1] + heights[:, 0] + heights[:, 1] / 2
        bounds = finite_bounds(self._bounds, *(shown.image for shown in self._pictures.values()))
        for (row, column), picture in self._pictures.items():
            picture.draw(axes, lefts[column] + widths[column] / 2, middles[row], bounds)
        for (row, column), name in self._names.items():
            right = lefts[column] + widths[column]
            axes.text(right, middles[row], name, ha="right", va="center", fontsize=_LARGE)
        for row, text in lines.items():
            top = tops[row] + heights[row, :3].sum() + _PAD
            axes.text(width / 2, top, text, ha="center", va="top", fontsize=_SMALL)
        return figure

    def _measure(self):
        """Widths of the columns, and of the rows (R, 4): captions, pictures, captions, nothing."""
        rows, columns = np.max([*self._pictures, *self._names], axis=0) + 1
        widths, heights = np.full(columns, _EMPTY), np.zeros((rows, 4))
        for (row, column), picture in self._pictures.items():
            above, below = text_extent(picture.above, _LARGE), text_extent(picture.below, _SMALL)
            widths[column] = max(widths[column], picture.width, above[0], below[0])
            heights[row, :3] = np.maximum(heights[row, :3], (above[1], picture.height, below[1]))
        for (row, column), name in self._names.items():
            width, height = text_extent(name, _LARGE)
            widths[column] = max(widths[column], width)
            heights[row, 1] = max(heights[row, 1], height)
        return widths, heights


class _Picture(NamedTuple):
    image: np.ndarray
    width: float
    height: float
    above: str
    below: str
    frame: tuple | None

    def draw(self, axes, x, y, bounds):
        """Draws it on axes whose unit is an inch, downwards, around a point."""
        pixels = to_pixels(self.image, bounds)
        left, top = x - self.width / 2, y - self.height / 2
        extent = left, left + self.width, top + self.height, top
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto")
        if self.above:
            axes.text(x, top - _PAD, self.above, ha="center", va="bottom", fontsize=_LARGE)
        if self.below:
            bottom = top + self.height + _PAD
            axes.text(x, bottom, self.below, ha="center", va="top", fontsize=_SMALL)
        if self.frame is not None:
            colour, style = self.frame
            axes.add_patch(
                Rectangle(
                    (left, top),
                    self.width,
                    self.height,
                    fill=False,
                    linewidth=3,
                    edgecolor=colour,
                    linestyle=style,
                    capstyle="projecting",
                )
            )


def plot_search(image, snapshots, class_names, bounds, title=""):
    """The search of one image, one row per class (Fig. 2 of the paper).

    Args:
        image: (H, W) or (H, W, channels), in `bounds`.
        snapshots: {steps: reconstructions (C, H, W, ...)}; one column each, in order.
        class_names: C names.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: per class the reconstructions, and the input beside them. More than
        twelve classes stand in several groups of rows side by side.

    Raises:
        InputError: for snapshots of another number of classes.
    """
    steps = sorted(snapshots)
    for step in steps:
        if len(snapshots[step]) != len(class_names):
            raise InputError(
                f"{len(snapshots[step])} reconstructions of step {step}: expected one for each of "
                f"the {len(class_names)} classes"
            )
    _, rows = fold(len(class_names), CLASSES_ABREAST)
    sheet = Sheet(bounds)
    for i, name in enumerate(class_names):
        # each group has a column of names before it, and an empty one after it
        group, row = divmod(i, rows)
        left = group * (len(steps) + 3)
        sheet.name(row, left, name)
        pictures = {f"step {step}": snapshots[step][i] for step in steps} | {"input": image}
        for column, (what, picture) in enumerate(pictures.items(), start=left + 1):
            sheet.show(row, column, picture, above=what if row == 0 else "")
    return sheet.figure(title)


def plot_class_samples(rows, bounds, title="", columns=None, name_width=_CAPTION):
    """Samples of every class, one class a row.

    Args:
        rows: {class name: images (N, H, W, ...)}, the same N, at least 1, for all.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.
        columns: images side by side; N if None, else a row has several lines.
        name_width: letters in a line of a name, which has at most two.

    Returns:
        A matplotlib figure.

    Raises:
        InputError: for what is no image, or none at all.
    """
    count = len(next(iter(rows.values())))
    if not count:
        raise InputError("no images to draw: expected at least one of each class")
    columns = count if columns is None else columns
    lines = -(-count // columns)
    sheet = Sheet((0, 1), (0.6 * columns, 0.6 * lines))
    bounds = finite_bounds(bounds, *rows.values())
    for row, (name, images) in enumerate(rows.items()):
        check_image(np.shape(images)[1:])
        sheet.name(row, 0, name, name_width)
        sheet.show(row, 1, tile_images(to_unit_range(images, bounds), columns, background=0.0))
    return sheet.figure(title)


def plot_captioned(images, captions, bounds, columns=10, title=""):
    """Images in rows, each with a caption above it.

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        captions: N texts.
        bounds: (low, high) of the images, drawn as black and white.
        columns: images in a row.
        title: above the figure.

    Returns:
        A matplotlib figure.
    """
    sheet = Sheet(bounds)
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        sheet.show(*divmod(i, columns), image, above=caption)
    return sheet.figure(title)


def plot_explanations(images, compared, observed, reconstructions, captions, bounds, title=""):
    """What happened to images, one case a row.

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        compared: likewise, without what was undone in them.
        observed: likewise, what the answered class made of that.
        reconstructions: likewise, the same as nothing happened to it.
        captions: N sentences, one under each row.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: in each row the input, what was read of it, what the class made of
        that, what it is undistorted, and the residual.
    """
    names = ("input", "as it was read", "explained as", "undistorted", "residual")
    bounds = finite_bounds(bounds, images, compared, observed, reconstructions)
    sheet = Sheet(bounds, (1.33, 1.33))
    for row, caption in enumerate(captions):
        left = np.abs(compared[row] - observed[row]) + bounds[0]
        pictures = images[row], compared[row], observed[row], reconstructions[row], left
        for column, (name, picture) in enumerate(zip(names, pictures, strict=True)):
            sheet.show(row, column, picture, above=name if row == 0 else "")
        sheet.underline(row, caption)
    return sheet.figure(title)


def _wrapped(text, letters):
    """A plain text in at most two lines of so many letters, the second cut."""
    lines = textwrap.wrap(str(text), letters)
    if len(lines) > 2:
        # `max_lines` would drop the whole of a long word that does not fit
        lines = lines[0], f"{lines[1][: letters - 1]}…"
    return plain("\n".join(lines))


def text_extent(text, points):
    """(width, height) in inches that a text takes beside others, with the room around it."""
    if not text:
        return 0.0, 0.0
    font, lines = FontProperties(size=points), text.split("\n")
    with missing_letters():
        sizes = [text_to_path.get_text_width_height_descent(line, font, False) for line in lines]
    # drawn letters stand on whole pixels, and lie a little further apart
    return 1.06 * max(sizes)[0] / 72, 1.25 * points * len(lines) / 72 + 2 * _PAD
