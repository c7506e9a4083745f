"""Figures of how a classifier judges: what it takes for what, and how sure it may be."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from igc_tf.plots.charts import plain

# more classes than this have no room for numbers, and more than that none for all names
_NUMBERED, _NAMED = 20, 60


def plot_confusion(counts, class_names, title=""):
    """How often each class is taken for each other one.

    Args:
        counts: whole numbers (C, C): row the truth, column the answer.
        class_names: C texts.
        title: above the figure.

    Returns:
        A matplotlib figure; each row is coloured by its shares, with the counts in it where there
        is room.
    """
    counts = np.asarray(counts)
    classes = len(counts)
    side = np.clip(0.45 * classes + 1.8, 3.6, 12.0)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axis = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture = axis.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
    names = [plain(name) for name in class_names]
    every = -(-classes // _NAMED)
    places = np.arange(0, classes, every)
    size = 9 if classes <= _NUMBERED else 6
    axis.set_xticks(places, [names[place] for place in places], rotation=90, fontsize=size)
    axis.set_yticks(places, [names[place] for place in places], fontsize=size)
    if classes <= _NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axis.text(column, row, str(count), ha="center", va="center", color=colour)
    axis.set(xlabel="answer", ylabel="truth", title=plain(title))
    figure.colorbar(picture, ax=axis, label="% of the row", shrink=0.8)
    return figure


def plot_calibration(rows, title=""):
    """How often answers are right that are so probable.

    Args:
        rows: of `igc_tf.metrics.reliability`.
        title: above the figure.

    Returns:
        A matplotlib figure: on the dashed diagonal probabilities mean what they say; below, how
        many answers each point stands for.
    """
    figure = Figure(figsize=(4.6, 5.0), layout="constrained")
    axis, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    confidence, accuracy = (
        100 * np.array([row[name] for row in rows]) for name in ("confidence", "accuracy")
    )
    low, high = 100 * np.array([row["interval"] for row in rows]).T
    errors = np.maximum([accuracy - low, high - accuracy], 0)
    axis.plot([0, 100], [0, 100], "--", color="0.5", linewidth=1)
    axis.errorbar(confidence, accuracy, errors, marker="o", capsize=4)
    axis.set(ylabel="right, % (95 % interval)", title=plain(title), xlim=(0, 102), ylim=(0, 102))
    axis.grid(alpha=0.3)
    below.bar(confidence, [row["count"] for row in rows], width=3.0, color="C0")
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.set(xlabel="probability of the answer, %", ylabel="answers")
    return figure
