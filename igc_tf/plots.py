"""Figures. Each function returns an array or a matplotlib figure and writes nothing."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from igc_tf.data.trajectory_data import pen_positions
from igc_tf.padding import PADDING


def tile_images(images, columns, gap=1):
    """Lays images out in rows.

    Args:
        images: (N, H, W, channels).
        columns: images per row.
        gap: pixels between them, of the lowest value -0.5.

    Returns:
        float32 (rows · (H + gap) - gap, columns · (W + gap) - gap, channels).
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    sheet = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, channels), -0.5, np.float32
    )
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def plot_search(image, snapshots, class_names, title=""):
    """The search of one image, one row per class (the paper's Fig. 2).

    Args:
        image: (H, W, 1) in [-0.5, 0.5].
        snapshots: {steps: reconstructions (C, H, W, 1)}; one column each, in order.
        class_names: C names.
        title: above the figure.

    Returns:
        A matplotlib figure: per class the reconstructions, and the input beside them.
    """
    steps = sorted(snapshots)
    rows, columns = len(class_names), len(steps) + 1
    figure = Figure(figsize=(1.0 * columns + 0.6, 0.95 * rows + 0.8), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for row, name in enumerate(class_names):
        for column, step in enumerate(steps):
            _show(axes[row, column], snapshots[step][row])
        _show(axes[row, -1], image)
        axes[row, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    for column, step in enumerate(steps):
        axes[0, column].set_title(f"step {step}", fontsize=9)
    axes[0, -1].set_title("input", fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def plot_cases(images, reconstructions, differences, answers, labels, class_names, title=""):
    """Strips of reconstructions, one case a row (the paper's Figs. 3 and 4).

    Args:
        images: (N, H, W, 1) in [-0.5, 0.5], N at least 1.
        reconstructions: (N, C, H, W, 1).
        differences: data difference per class (N, C), written under each reconstruction.
        answers: the classifier's labels (N,); framed.
        labels: the right labels (N,), or None where they are not known.
        class_names: C names.
        title: above the figure.

    Returns:
        A matplotlib figure: in each row the C reconstructions and then the input.
    """
    rows, columns = len(images), len(class_names) + 1
    figure = Figure(figsize=(0.95 * columns, 1.25 * rows + 0.7), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for row in range(rows):
        for column in range(columns - 1):
            axis = axes[row, column]
            _show(axis, reconstructions[row, column])
            axis.set_xlabel(f"{differences[row, column]:.3f}", fontsize=8, labelpad=2)
            if column == answers[row]:
                for spine in axis.spines.values():
                    spine.set(visible=True, color="tab:orange", linewidth=3)
        _show(axes[row, -1], images[row])
        is_known = labels is not None
        caption = f"is {class_names[labels[row]]}, " if is_known else ""
        axes[row, -1].set_xlabel(
            f"{caption}read {class_names[answers[row]]}", fontsize=8, labelpad=2
        )
    for column, name in enumerate(class_names):
        axes[0, column].set_title(name, fontsize=9)
    axes[0, -1].set_title("input", fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def plot_label_cases(images, reconstructions, differences, answers, labels, names, title=""):
    """Both values of every binary label, one case a row (multi-label classification, 002 §1.3).

    Args:
        images: (N, H, W, 1) in [-0.5, 0.5], N at least 1.
        reconstructions: (N, L, 2, H, W, 1), with the label at 0 and at 1.
        differences: data difference of each (N, L, 2), written under it.
        answers: the classifier's labels (N, L); framed, orange where right and red where wrong.
        labels: the right labels (N, L).
        names: of the L labels.
        title: above the figure.

    Returns:
        A matplotlib figure: in each row the input and then L pairs of reconstructions.
    """
    count, pairs = len(images), len(names)
    # a narrow empty column before each pair
    widths = [1, *[0.25, 1, 1] * pairs]
    figure = Figure(figsize=(0.95 * sum(widths) + 0.3, 1.2 * count + 0.9), layout="constrained")
    axes = figure.subplots(count, len(widths), squeeze=False, width_ratios=widths)
    for row in range(count):
        _show(axes[row, 0], images[row])
        for label, name in enumerate(names):
            axes[row, 1 + 3 * label].set_axis_off()
            for value in range(2):
                axis = axes[row, 2 + 3 * label + value]
                _show(axis, reconstructions[row, label, value])
                axis.set_xlabel(f"{differences[row, label, value]:.3f}", fontsize=8, labelpad=2)
                if value == answers[row, label]:
                    color = "tab:orange" if value == labels[row, label] else "tab:red"
                    for spine in axis.spines.values():
                        spine.set(visible=True, color=color, linewidth=3)
                if row == 0:
                    axis.set_title(name if value else f"not {name}", fontsize=8)
    axes[0, 0].set_title("input", fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def plot_accuracies(rows, references, title=""):
    """Accuracy against noise, with 95 % intervals, beside reference curves.

    Args:
        rows: dicts with `sigma`, `accuracy` and `interval`.
        references: {name: [(sigma, accuracy), ...]}.
        title: above the figure.

    Returns:
        A matplotlib figure.
    """
    figure = Figure(figsize=(5.5, 3.8), layout="constrained")
    axis = figure.subplots()
    sigmas = [row["sigma"] for row in rows]
    values = np.array([100 * row["accuracy"] for row in rows])
    bounds = np.array([[100 * bound for bound in row["interval"]] for row in rows])
    errors = np.abs(bounds.T - values)
    axis.errorbar(sigmas, values, errors, marker="o", capsize=4, label="this run (95 % interval)")
    for name, points in references.items():
        axis.plot(*zip(*[(s, 100 * a) for s, a in points], strict=True), "s--", label=name)
    axis.set(xlabel="noise sigma", ylabel="accuracy, %", title=title)
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


def plot_letters(series, captions, targets=None, columns=10, title=""):
    """Draws pen trajectories: their velocities, integrated.

    Args:
        series: (N, T, 3), x velocity, y velocity, pen force; maybe padded.
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
    x, y = pen_positions(trajectory).T
    force = np.where(trajectory[1:, 2] == PADDING, 0.0, trajectory[1:, 2])
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
        values, errors: (groups, bars), per cent; NaN leaves a bar out.
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
    axis.legend(loc="lower left", fontsize=8)
    axis.set_title(title, fontsize=11)
    return figure


def _show(axis, image):
    axis.imshow(image[..., 0], cmap="gray", vmin=-0.5, vmax=0.5)
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)
