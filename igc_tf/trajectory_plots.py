"""Figures of pen trajectories. Each function returns a matplotlib figure and writes nothing."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from igc_tf.data.trajectories import pen_positions
from igc_tf.padding import PADDING


def plot_letters(series, captions, targets=None, columns=10, title=""):
    """Draws pen trajectories: their velocities, integrated.

    Args:
        series: (N, T, 3), x velocity, y velocity, change of pen force; maybe padded.
        captions: N texts.
        targets: (N, T, 3), drawn in grey behind; a series is then drawn only as far as its
            target goes. None draws the series alone.
        columns: letters in a row.
        title: above the figure.

    Returns:
        A matplotlib figure. The harder the pen presses, the thicker the line.
    """
    rows = -(-len(series) // columns)
    figure = Figure(figsize=(1.15 * columns, 1.35 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for i, axis in enumerate(axes):
        axis.set_axis_off()
        axis.set_aspect("equal")
        if i >= len(series):
            continue
        trajectory = series[i]
        if targets is not None:
            trajectory = np.where(targets[i] == PADDING, PADDING, trajectory)
            _draw_pen(axis, targets[i], "0.65")
        _draw_pen(axis, trajectory, "tab:blue")
        axis.set_title(captions[i], fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def _draw_pen(axis, trajectory, color):
    trajectory = np.where(trajectory == PADDING, 0.0, trajectory)
    x, y = pen_positions(trajectory).T
    force = trajectory[:, 2].cumsum()[1:]
    force = (force - force.min()) / max(np.ptp(force), 1e-6)
    points = np.stack([x, y], axis=1)
    lines = LineCollection(
        np.stack([points[:-1], points[1:]], axis=1),
        linewidths=0.6 + 2.2 * force,
        colors=color,
        capstyle="round",
    )
    axis.add_collection(lines)
    axis.autoscale_view()


def plot_heat_maps(maps, axis_values, titles, labels=("a", "b"), title=""):
    """Heat maps over class vectors with two entries (001's first figure).

    Args:
        maps: (N, V, V), indexed by the first and then the second entry; all share one scale.
        axis_values: V values of the entries.
        titles: N texts.
        labels: what the two entries stand for.
        title: above the figure.

    Returns:
        A matplotlib figure; light is low, as in the document. The dashed diagonal is where the
        larger entry changes.
    """
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    figure = Figure(figsize=(3.2 * columns + 0.8, 3.1 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    half = (axis_values[1] - axis_values[0]) / 2
    low, high = axis_values[0] - half, axis_values[-1] + half
    for axis, values, text in zip(axes.ravel(), maps, titles, strict=False):
        picture = axis.imshow(
            np.transpose(values),
            cmap="magma_r",
            vmin=0,
            vmax=np.max(maps),
            origin="lower",
            extent=(low, high, low, high),
        )
        axis.plot([low, high], [low, high], "--", color="0.5", linewidth=1)
        axis.set_title(text, fontsize=9)
        axis.set_xlabel(f"entry of {labels[0]}", fontsize=8)
        axis.set_ylabel(f"entry of {labels[1]}", fontsize=8)
    for axis in axes.ravel()[len(maps) :]:
        axis.set_axis_off()
    figure.colorbar(picture, ax=axes, label="mean squared error", shrink=0.8)
    figure.suptitle(title, fontsize=11)
    return figure


def plot_bars(values, errors, group_names, bar_names, title=""):
    """Groups of bars with error bars (001's second figure).

    Args:
        values, errors: (groups, bars), per cent.
        group_names: one text per group.
        bar_names: one text per bar of each group.
        title: above the figure.

    Returns:
        A matplotlib figure.
    """
    values, errors = np.asarray(values, float), np.asarray(errors, float)
    groups, bars = values.shape
    figure = Figure(figsize=(2.6 * groups + 2.4, 4.2), layout="constrained")
    axis = figure.subplots()
    width = 0.85 / bars
    for bar, name in enumerate(bar_names):
        x = np.arange(groups) + (bar - (bars - 1) / 2) * width
        axis.bar(x, values[:, bar], 0.92 * width, yerr=errors[:, bar], capsize=3, label=name)
    axis.set(xticks=range(groups), ylabel="accuracy, %", ylim=(0, 105))
    axis.set_xticklabels(group_names)
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=bars, fontsize=8)
    axis.set_title(title, fontsize=11)
    return figure
