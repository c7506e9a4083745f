"""Figures. Each function returns an array or a matplotlib figure and writes nothing."""

import numpy as np
from matplotlib.figure import Figure


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


def plot_inverse_cases(images, reconstructions, conditions, labels, class_names, title=""):
    """What inverse classification found, one case a column.

    Args:
        images, reconstructions: (N, H, W, 1) in [-0.5, 0.5], N at least 1.
        conditions: the class vectors found (N, C); the right class's bar is orange.
        labels: the right labels (N,).
        class_names: C names.
        title: above the figure.

    Returns:
        A matplotlib figure: per case the input, its reproduction and the class vector.
    """
    count, classes = len(images), len(class_names)
    figure = Figure(figsize=(1.35 * count + 0.8, 4.6), layout="constrained")
    axes = figure.subplots(3, count, squeeze=False)
    for column in range(count):
        _show(axes[0, column], images[column])
        _show(axes[1, column], reconstructions[column])
        axis = axes[2, column]
        colours = ["tab:orange" if c == labels[column] else "tab:blue" for c in range(classes)]
        axis.bar(range(classes), conditions[column], color=colours)
        axis.set(ylim=(0, 1), yticks=[0, 1] if column == 0 else [])
        axis.set_xticks(range(classes), class_names, fontsize=6)
        read = class_names[conditions[column].argmax()]
        axis.set_xlabel(f"is {class_names[labels[column]]}, read {read}", fontsize=8)
    for row, name in enumerate(("input", "reproduced", "class vector")):
        axes[row, 0].set_ylabel(name, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def plot_inverse_experiments(panels, references):
    """Accuracies of inverse classification, one panel per varied setting.

    Args:
        panels: {setting: [(its value, row)]}; a row has `accuracies`, one per repetition, and
            `interval`, both in [0, 1].
        references: {setting: (value, accuracy)}, the document's.

    Returns:
        A matplotlib figure: each repetition a dot, the 95 % interval over the images a bar.
    """
    figure = Figure(figsize=(4 * len(panels), 3.4), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, (setting, points) in zip(axes, panels.items(), strict=True):
        places = range(len(points))
        values = [f"{value:g}" for value, _ in points]
        means = np.array([100 * np.mean(row["accuracies"]) for _, row in points])
        bounds = np.array([[100 * bound for bound in row["interval"]] for _, row in points])
        errors = np.maximum(np.abs(bounds.T - means), 0)
        axis.errorbar(places, means, errors, marker="s", capsize=4, label="mean, 95 % interval")
        for place, (_, row) in zip(places, points, strict=True):
            repetitions = 100 * np.array(row["accuracies"])
            axis.plot([place] * len(repetitions), repetitions, ".", color="black", markersize=4)
        if setting in references:
            value, accuracy = references[setting]
            axis.plot(values.index(f"{value:g}"), 100 * accuracy, "*", markersize=12, label="000")
            axis.legend(fontsize=8)
        axis.set_xticks(places, values)
        axis.set(xlabel=setting)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy, %")
    return figure


def plot_class_bars(class_names, series, ylabel, title=""):
    """Figures of every class as groups of bars.

    Args:
        class_names: C names, below the groups.
        series: {name: C numbers}, one bar in each group.
        ylabel: what the numbers are.
        title: above the figure.

    Returns:
        A matplotlib figure.
    """
    count = len(class_names)
    figure = Figure(figsize=(max(5.0, 0.75 * count + 1), 3.8), layout="constrained")
    axis = figure.subplots()
    width = 0.8 / len(series)
    for i, (name, values) in enumerate(series.items()):
        offset = (i - (len(series) - 1) / 2) * width
        axis.bar(np.arange(count) + offset, values, width, label=name)
    axis.set_xticks(range(count), class_names)
    axis.set(ylabel=ylabel)
    axis.set_title(title, fontsize=10)
    axis.grid(alpha=0.3, axis="y")
    axis.legend(fontsize=8)
    return figure


def plot_class_samples(rows, title=""):
    """Samples of every class, one class a row.

    Args:
        rows: {class name: images (N, H, W, 1) in [-0.5, 0.5]}, the same N for all.
        title: above the figure.

    Returns:
        A matplotlib figure.
    """
    columns = len(next(iter(rows.values())))
    figure = Figure(figsize=(0.6 * columns + 0.8, 0.6 * len(rows) + 0.6), layout="constrained")
    axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axis, (name, images) in zip(axes, rows.items(), strict=True):
        _show(axis, tile_images(images, columns))
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.suptitle(title, fontsize=10)
    return figure


def _show(axis, image):
    axis.imshow(image[..., 0], cmap="gray", vmin=-0.5, vmax=0.5)
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)
