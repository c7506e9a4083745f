"""What a figure shows, read off its axes."""

import io
import warnings

import numpy as np
from matplotlib.colors import to_hex


def pictures(figure):
    """The axes of a figure that hold a picture, from top left to bottom right, row by row."""
    return [axis for axis in figure.axes if axis.images]


def pixels(axis):
    """The values that are drawn, (H, W) or (H, W, channels) in [0, 1]."""
    return np.asarray(axis.images[0].get_array())


def frame(axis):
    """(colour, line style) of the frame around a picture, or None."""
    spines = list(axis.spines.values())
    if not spines[0].get_visible():
        return None
    (found,) = {(to_hex(spine.get_edgecolor()), spine.get_linestyle()) for spine in spines}
    return found


def saved(figure):
    """Draws the figure as a program does; fails where matplotlib would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(io.BytesIO(), format="png", dpi=30)
    return figure
