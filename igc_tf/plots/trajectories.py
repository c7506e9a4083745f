"""Figures of pen trajectories."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from igc_tf.data import pen_positions
from igc_tf.errors import InputError
from igc_tf.plots.images import plain


def plot_letters(series, captions, targets=None, mask=None, columns=10, title=""):
    """Draws pen trajectories: their velocities, integrated.

    Args:
        series: (N, T, 3), x velocity, y velocity, change of pen force.
        captions: N texts.
        targets: (N, T, 3), drawn in grey behind; None for none.
        mask: (N, T), or broadcastable to (N, T, 3), true as far as series and targets go; None if
            to the end.
        columns: letters in a row.
        title: above the figure.

    Returns:
        A matplotlib figure. The harder the pen presses, the thicker the line.

    Raises:
        InputError: for a mask of another shape.
    """
    series, shown = np.asarray(series), _shown(mask, np.shape(series))
    rows = -(-len(series) // columns)
    figure = Figure(figsize=(1.15 * columns, 1.35 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
        axis.set_aspect("equal")
    for i, (axis, trajectory) in enumerate(zip(axes, series, strict=False)):
        if targets is not None:
            _draw_pen(axis, np.asarray(targets[i])[shown[i]], "0.65")
        _draw_pen(axis, trajectory[shown[i]], "tab:blue")
        axis.set_title(plain(captions[i]), fontsize=8)
    figure.suptitle(plain(title), fontsize=11)
    return figure


def _shown(mask, shape):
    """Which steps a mask shows of series of this shape (N, T, 3): bool (N, T)."""
    mask = np.ones(shape[:2]) if mask is None else np.asarray(mask)
    of_steps = mask[..., np.newaxis] if mask.shape == shape[:2] else mask
    try:
        return np.broadcast_to(of_steps, shape).any(axis=2)
    except ValueError as error:
        raise InputError(
            f"mask has shape {mask.shape}: expected {shape[:2]}, or one that broadcasts to {shape}"
        ) from error


def _draw_pen(axis, trajectory, color):
    """Draws (T, 3) velocities and changes of force as one line."""
    points = pen_positions(trajectory)
    force = trajectory[:, 2].cumsum()[1:]
    if len(force):
        force = (force - force.min()) / max(np.ptp(force), 1e-6)
    lines = LineCollection(
        np.stack([points[:-1], points[1:]], axis=1),
        linewidths=0.6 + 2.2 * force,
        colors=color,
        capstyle="round",
    )
    axis.add_collection(lines)
    axis.autoscale_view()
