"""Figures of pen trajectories."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from igc_tf.data import pen_positions
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
    """
    rows = -(-len(series) // columns)
    figure = Figure(figsize=(1.15 * columns, 1.35 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
        axis.set_aspect("equal")
    for i, (axis, trajectory) in enumerate(zip(axes, series, strict=False)):
        steps = np.ones(len(trajectory), bool)
        if mask is not None:
            present = np.asarray(mask[i]).reshape(len(mask[i]), -1).any(axis=1)
            steps = np.broadcast_to(present, len(trajectory))
        if targets is not None:
            _draw_pen(axis, np.asarray(targets[i])[steps], "0.65")
        _draw_pen(axis, np.asarray(trajectory)[steps], "tab:blue")
        axis.set_title(plain(captions[i]), fontsize=8)
    figure.suptitle(plain(title), fontsize=11)
    return figure


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
