"""What a figure shows, read off its axes, and off where on them things are drawn."""

import io
import itertools
import warnings
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.transforms import Bbox

# inches: that a caption may be away from its picture, and from the picture's middle
_NEAR, _OFF = 0.08, 0.03


class Shown(NamedTuple):
    """A picture of a sheet, its box in inches, and what stands around it; "" and None: nothing."""

    pixels: np.ndarray
    box: Bbox
    above: str
    below: str
    beside: str
    frame: tuple | None


def pictures(figure):
    """The pictures of a sheet, from top left to bottom right, row by row: a list of `Shown`."""
    (axes,), renderer = figure.axes, _renderer(figure)
    texts = [(text.get_text(), _box(text, renderer)) for text in axes.texts]
    frames = [
        (patch, _inches(patch.get_path().get_extents(patch.get_transform()), figure))
        for patch in axes.patches
    ]
    found = []
    for image in axes.images:
        box = _box(image, renderer)
        above, below, beside = [], [], []
        for text, other in texts:
            in_column, in_row = np.abs(_middle(other) - _middle(box)) < _OFF
            for near, gap, is_aligned in (
                (above, other.y0 - box.y1, in_column),
                (below, box.y0 - other.y1, in_column),
                (beside, box.x0 - other.x1, in_row),
            ):
                if is_aligned and 0 <= gap < _NEAR:
                    near.append(text)
        around = [
            (to_hex(patch.get_edgecolor()), patch.get_linestyle())
            for patch, other in frames
            if np.allclose(other, box, atol=1e-3)
        ]
        captions = [_only(near, "") for near in (above, below, beside)]
        pixels = np.asarray(image.get_array())
        found.append(Shown(pixels, box, *captions, _only(around, None)))
    # no frame is left over
    assert sum(shown.frame is not None for shown in found) == len(frames)
    return sorted(found, key=lambda shown: (-_middle(shown.box)[1].round(2), shown.box.x0))


def rows(figure):
    """The pictures of a sheet, a list for each row."""
    grouped = itertools.groupby(pictures(figure), lambda shown: _middle(shown.box)[1].round(2))
    return [list(row) for _, row in grouped]


def pixels(axis):
    """The values of the picture of an axis, (H, W) or (H, W, channels) in [0, 1]."""
    return np.asarray(axis.images[0].get_array())


def rendered(figure):
    """The figure's own pixels (H, W, 3), 0 to 255, row 0 at the top."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def untidy(figure):
    """What lies over something else, or beyond the figure's edge: a list of pairs."""
    (axes,), renderer = figure.axes, _renderer(figure)
    artists = [text for text in (figure._suptitle, *axes.texts) if text.get_text()]
    names = [text.get_text() for text in artists]
    names += [f"picture {i}" for i in range(len(axes.images))] + ["the edge"]
    boxes = np.array([_box(artist, renderer).get_points() for artist in (*artists, *axes.images)])
    low, high = boxes[:, 0], boxes[:, 1]
    outside = (low < 0).any(axis=1) | (high > figure.get_size_inches()).any(axis=1)
    over = np.triu((low[:, None] < high).all(axis=2) & (low < high[:, None]).all(axis=2), 1)
    pairs = [*np.argwhere(over), *([i, -1] for i in np.flatnonzero(outside))]
    return [(names[i], names[j]) for i, j in pairs]


def legend(axis_or_figure):
    """The names in the legend of an axis, or of a figure that has one of its own."""
    legends = getattr(axis_or_figure, "legends", None) or [axis_or_figure.get_legend()]
    return [text.get_text() for text in legends[0].get_texts()]


def error_ends(container):
    """(N, 2): the lower and the upper end of each error bar."""
    (bars,) = container[2]
    return np.array([segment[:, 1] for segment in bars.get_segments()])


def saved(figure):
    """Draws the figure as a program does; fails where matplotlib would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(io.BytesIO(), format="png", dpi=30)
    return figure


def _box(artist, renderer):
    return _inches(artist.get_window_extent(renderer), artist.figure)


def _renderer(figure):
    """At the figure's own resolution: texts remember the one at which they were saved."""
    return FigureCanvasAgg(figure).get_renderer()


def _inches(box, figure):
    return Bbox(box.get_points() / figure.dpi)


def _middle(box):
    return np.mean(box.get_points(), axis=0)


def _only(found, nothing):
    assert len(found) <= 1, found
    return found[0] if found else nothing
