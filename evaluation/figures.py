"""Figures of the programs here: accuracies, curves, groups of bars, heat maps."""

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from igc_tf.plots.images import fold, plain
from igc_tf.plots.judgement import per_cent


def plot_accuracy_over_time(panels, title=""):
    """Accuracy against the time that it takes, with 95 % intervals.

    Args:
        panels: {heading: points}; a point is a dict with `kind`, `label`, `milliseconds` above 0,
            `accuracy` (0 to 1) and `interval` (its two ends). The points of one kind have one
            colour, and a line joins them in their order.
        title: above the figure.

    Returns:
        A matplotlib figure: milliseconds on a logarithmic axis, accuracies in per cent, each label
        beside its point, the kinds in a legend below.
    """
    figure = Figure(figsize=(max(5.5, 4.6 * len(panels)), 4.4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    kinds = list(dict.fromkeys(point["kind"] for points in panels.values() for point in points))
    handles = {}
    for axis, (heading, points) in zip(axes, panels.items(), strict=True):
        for number, kind in enumerate(kinds):
            chosen = [point for point in points if point["kind"] == kind]
            if not chosen:
                continue
            times = [point["milliseconds"] for point in chosen]
            values, errors = per_cent(
                [point["accuracy"] for point in chosen], [point["interval"] for point in chosen]
            )
            handles[kind] = axis.errorbar(
                times, values, errors, marker="o", capsize=3, color=f"C{number}", linewidth=1
            )
            for point, time, value in zip(chosen, times, values, strict=True):
                axis.annotate(
                    plain(point["label"]),
                    (time, value),
                    xytext=(4, 4),
                    textcoords="offset points",
                    fontsize=8,
                    color=f"C{number}",
                )
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_title(plain(heading), fontsize=10)
        axis.set_xlabel("milliseconds an image")
        axis.grid(alpha=0.3, which="both")
    axes[0].set_ylabel("accuracy, %")
    _title_and_legend(figure, title, handles.values(), handles, 3)
    return figure


def plot_epochs(curves, ylabel, title=""):
    """Shares over the epochs of a training.

    Args:
        curves: {name: a share, 0 to 1, for each epoch from the first, or None}.
        ylabel: what is a share.
        title: above the figure.

    Returns:
        A matplotlib figure, in per cent.
    """
    figure = Figure(figsize=(5.5, 3.8), layout="constrained")
    axis = figure.subplots()
    for name, values in curves.items():
        shares = 100 * np.asarray(values, float)
        # a line leads over the epochs of which nothing is known
        known = np.flatnonzero(~np.isnan(shares))
        axis.plot(known + 1, shares[known], ".-", label=plain(name))
    axis.set(xlabel="epoch", ylabel=f"{plain(ylabel)}, %", title=plain(title))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


def plot_scatter(points, xlabel, ylabel, title=""):
    """One number against another, the points of each group in a colour of its own.

    Args:
        points: {name of a group: [(x, y), ...]}.
        xlabel, ylabel: what the numbers are.
        title: above the figure.

    Returns:
        A matplotlib figure, its legend below.
    """
    figure = Figure(figsize=(6.5, 5.4), layout="constrained")
    axis = figure.subplots()
    colours = colormaps["tab20"](np.linspace(0, 1, 20))
    for number, (name, pairs) in enumerate(points.items()):
        colour = colours[number % len(colours)]
        axis.plot(*zip(*pairs, strict=True), "o", color=colour, markersize=5, label=plain(name))
    axis.set(xlabel=plain(xlabel), ylabel=plain(ylabel), title=plain(title))
    axis.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def plot_curves(panels, xlabel, title="", logarithmic=()):
    """Curves of several quantities over one, a panel for each quantity.

    Args:
        panels: {quantity: {name: (values of x, values of the quantity)}}; the curves of one name
            have one colour in all panels.
        xlabel: what x is.
        title: above the figure.
        logarithmic: the quantities whose axis is logarithmic.

    Returns:
        A matplotlib figure: the panels side by side, at most three in a row, the names below.
    """
    rows, columns = fold(len(panels), 3)
    size = max(5.0, 4.0 * columns), 3.2 * rows + 0.6
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    handles = {}
    for axis, (quantity, curves) in zip(axes, panels.items(), strict=False):
        for name, (x, y) in curves.items():
            marker = "." if len(x) <= 50 else ""
            colour = f"C{names.index(name) % 10}"
            (handles[name],) = axis.plot(x, y, marker=marker, color=colour, linewidth=1.2)
        if quantity in logarithmic:
            axis.set_yscale("log")
        axis.set(xlabel=plain(xlabel), ylabel=plain(quantity))
        # so few that numbers of six digits stand apart
        axis.locator_params(axis="x", nbins=5)
        axis.grid(alpha=0.3)
    _title_and_legend(figure, title, handles.values(), handles, 4)
    return figure


def plot_embeddings(panels, class_names, title=""):
    """Points in the plane, coloured by their class, a panel for each set.

    Args:
        panels: {heading: (points (N, 2), labels (N,))}.
        class_names: C names, at most 20.
        title: above the figure.

    Returns:
        A matplotlib figure: at most two panels in a row, without ticks, the classes below.
    """
    rows, columns = fold(len(panels), 2)
    figure = Figure(figsize=(4.2 * columns, 4.2 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    colours = colormaps["tab10" if len(class_names) <= 10 else "tab20"].colors
    for axis, (heading, (points, labels)) in zip(axes, panels.items(), strict=False):
        handles = [
            axis.scatter(*points[labels == number].T, s=3, color=colours[number])
            for number in range(len(class_names))
        ]
        axis.set(xticks=[], yticks=[])
        axis.set_title(plain(heading), fontsize=10)
    _title_and_legend(figure, title, handles, class_names, 10, markerscale=4)
    return figure


def plot_bars(group_names, series, ylabel, errors=None, limits=None, title=""):
    """Groups of bars: one group for each class, say, and in it one bar for each method.

    Args:
        group_names: G names, below the groups.
        series: {name: G numbers}, one bar in each group.
        ylabel: what the numbers are.
        errors: {name: G numbers}, the half lengths of error bars; None for none.
        limits: (low, high) of the vertical axis; None to let the numbers decide.
        title: above the figure.

    Returns:
        A matplotlib figure, its legend below.
    """
    count, bars = len(group_names), len(series)
    names = [plain(name) for name in group_names]
    figure = Figure(figsize=(max(5.0, 0.25 * count * (bars + 1) + 1.5), 4.2), layout="constrained")
    axis = figure.subplots()
    width = 0.85 / bars
    for i, (name, values) in enumerate(series.items()):
        places = np.arange(count) + (i - (bars - 1) / 2) * width
        deviations = None if errors is None else errors[name]
        axis.bar(places, values, 0.92 * width, yerr=deviations, capsize=3, label=plain(name))
    is_long = count * max(map(len, names)) > 60
    axis.set_xticks(
        range(count), names, rotation=45 if is_long else 0, ha="right" if is_long else "center"
    )
    axis.set(ylabel=plain(ylabel), ylim=limits)
    axis.set_title(plain(title), fontsize=11)
    axis.grid(alpha=0.3, axis="y")
    axis.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=min(bars, 5), fontsize=8)
    return figure


def plot_experiments(panels, references, reference_name):
    """Accuracies of one experiment per panel, which varies one setting.

    Args:
        panels: {setting: [(its value, row)]}; a row has `accuracies`, one per repetition, and
            `interval`, both in [0, 1].
        references: {setting: (value, accuracy)}, drawn as stars; the value is one of the panel's.
        reference_name: where they come from, for the legend.

    Returns:
        A matplotlib figure: each repetition a dot, the 95 % interval over the images a bar.
    """
    figure = Figure(figsize=(4 * len(panels), 3.4), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, (setting, points) in zip(axes, panels.items(), strict=True):
        places = range(len(points))
        values = [f"{value:g}" for value, _ in points]
        means, errors = per_cent(
            [np.mean(row["accuracies"]) for _, row in points],
            [row["interval"] for _, row in points],
        )
        axis.errorbar(places, means, errors, marker="s", capsize=4, label="mean, 95 % interval")
        for place, (_, row) in zip(places, points, strict=True):
            repetitions = 100 * np.array(row["accuracies"])
            axis.plot([place] * len(repetitions), repetitions, ".", color="black", markersize=4)
        if setting in references:
            value, accuracy = references[setting]
            place = values.index(f"{value:g}")
            axis.plot(place, 100 * accuracy, "*", markersize=12, label=plain(reference_name))
            axis.legend(fontsize=8)
        axis.set_xticks(places, values)
        axis.set(xlabel=plain(setting))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy, %")
    return figure


def plot_heat_maps(maps, axis_values, titles, axis_names, quantity, title=""):
    """Heat maps over two numbers that have the same values; all share one scale from 0.

    Args:
        maps: (N, V, V), at least 0; indexed by the first and then by the second number.
        axis_values: V equally spaced values, ascending.
        titles: N texts.
        axis_names: what the first number, to the right, and the second, upwards, are.
        quantity: what the maps hold, beside the scale.
        title: above the figure.

    Returns:
        A matplotlib figure; light is low. On the dashed diagonal both numbers are equal.
    """
    rows, columns = fold(len(maps), 3)
    figure = Figure(figsize=(3.2 * columns + 0.8, 3.1 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    half = (axis_values[1] - axis_values[0]) / 2
    low, high = axis_values[0] - half, axis_values[-1] + half
    for axis in axes.ravel()[len(maps) :]:
        axis.set_axis_off()
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
        axis.set_title(plain(text), fontsize=9)
        axis.set_xlabel(plain(axis_names[0]), fontsize=8)
        axis.set_ylabel(plain(axis_names[1]), fontsize=8)
    figure.colorbar(picture, ax=axes, label=plain(quantity), shrink=0.8)
    figure.suptitle(plain(title), fontsize=11)
    return figure


def _title_and_legend(figure, title, handles, names, columns, **options):
    """Gives a figure of several panels its title, and below them one legend for all."""
    figure.suptitle(plain(title), fontsize=11)
    figure.legend(
        handles,
        [plain(name) for name in names],
        loc="outside lower center",
        ncols=min(len(names), columns),
        fontsize=8,
        **options,
    )
