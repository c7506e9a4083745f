"""Figures of how a classifier judges: how often right, what for what, how sure it may be."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from igc_tf.plots.images import (
    CLASSES_ABREAST,
    Sheet,
    fill,
    finite_bounds,
    fold,
    plain,
    text_extent,
    to_pixels,
)

# more classes than this have no room for numbers, and more than that none for all names
_NUMBERED, _NAMED = 20, 60
_READINGS_ABREAST = 8
# letters: of a caption that stands in one line, and of a name in a caption
_ONE_LINE, _LONGEST = 13, 30
_ORANGE = "tab:orange"
_RIGHT, _WRONG, _MISSED = (_ORANGE, "-"), ("tab:red", "-"), (_ORANGE, ":")


def per_cent(shares, intervals):
    """Shares in per cent, and how far their error bars reach.

    Args:
        shares: N numbers, 0 to 1.
        intervals: of each its two ends.

    Returns:
        `(values (N,), lengths (2, N))`, to the lower and to the upper end.
    """
    values = 100 * np.asarray(shares, float)
    ends = 100 * np.asarray(intervals, float).T
    # a mean may lie outside of the interval of a rounded count, by less than the rounding
    return values, np.maximum([values - ends[0], ends[1] - values], 0)


def plot_accuracies(rows, references, title=""):
    """Accuracy against noise, with 95 % intervals, beside reference curves.

    Args:
        rows: dicts with `sigma`, `accuracy` (0 to 1) and `interval` (its two ends), in any order.
        references: {name: [(sigma, accuracy), ...]}, likewise.
        title: above the figure.

    Returns:
        A matplotlib figure; accuracies in per cent.
    """
    figure = Figure(figsize=(5.5, 3.8), layout="constrained")
    axis = figure.subplots()
    rows = sorted(rows, key=lambda row: row["sigma"])
    sigmas = [row["sigma"] for row in rows]
    values, errors = per_cent([row["accuracy"] for row in rows], [row["interval"] for row in rows])
    axis.errorbar(sigmas, values, errors, marker="o", capsize=4, label="this run (95 % interval)")
    for name, points in references.items():
        points = [(sigma, 100 * accuracy) for sigma, accuracy in sorted(points)]
        axis.plot(*zip(*points, strict=True), "s--", label=plain(name))
    axis.set(xlabel="noise sigma", ylabel="accuracy, %")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.suptitle(fill(title, figure.get_figwidth(), 11), fontsize=11)
    return figure


def plot_confusion(counts, class_names, title=""):
    """How often each class is taken for each other one.

    Args:
        counts: whole numbers (C, C): row the truth, column the answer.
        class_names: C texts.
        title: above the figure.

    Returns:
        A matplotlib figure; each row is coloured by its shares, with the counts in it where there
        is room. Long names are cut.
    """
    counts = np.asarray(counts)
    classes = len(counts)
    names = [plain(_cut(name, _LONGEST)) for name in class_names]
    size = 9 if classes <= _NUMBERED else 6
    side = np.clip(0.45 * classes + 1.8, 3.6, 12.0)
    side += max(text_extent(name, size)[0] for name in names)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axis = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture = axis.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
    every = -(-classes // _NAMED)
    places = np.arange(0, classes, every)
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
    confidence = 100 * np.array([row["confidence"] for row in rows])
    accuracy, errors = per_cent(
        [row["accuracy"] for row in rows], [row["interval"] for row in rows]
    )
    axis.plot([0, 100], [0, 100], "--", color="0.5", linewidth=1)
    axis.errorbar(confidence, accuracy, errors, marker="o", capsize=4)
    axis.set(ylabel="right, % (95 % interval)", title=plain(title), xlim=(0, 102), ylim=(0, 102))
    axis.grid(alpha=0.3)
    below.bar(confidence, [row["count"] for row in rows], width=3.0, color="C0")
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.set(xlabel="probability of the answer, %", ylabel="answers")
    return figure


def plot_cases(
    images, reconstructions, differences, predictions, labels, class_names, bounds, title=""
):
    """Strips of reconstructions, one case after the other (Figs. 3 and 4 of the paper).

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        reconstructions: (N, C, H, W, ...).
        differences: data difference per class (N, C), written under each reconstruction;
            not-a-number for a class that was dropped.
        predictions: the classifier's answers (N,); framed, orange where right or where the truth
            is not known, red where wrong. The right class then has a dashed orange frame.
        labels: the right classes (N,), or None where they are not known.
        class_names: C names.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: for each case the C reconstructions and then the input. More than
        twelve classes take several lines.
    """
    lines, per_line = fold(len(class_names), CLASSES_ABREAST)
    sheet = Sheet(bounds)
    for case, image in enumerate(images):
        label = None if labels is None else labels[case]
        # where classes take several lines, the first case's captions are too far away
        is_named = case == 0 or lines > 1
        for i, name in enumerate(class_names):
            sheet.show(
                case * lines + i // per_line,
                i % per_line,
                reconstructions[case, i],
                above=name if is_named else "",
                below=_difference(differences[case, i]),
                frame=_frame(i, predictions[case], label),
            )
        sheet.show(
            case * lines,
            per_line,
            image,
            above="input" if is_named else "",
            below=_read(predictions[case], label, class_names),
        )
    return sheet.figure(title)


def plot_readings(
    images, reconstructions, predictions, labels, class_names, bounds, captions, title=""
):
    """What was read in each image: the image, and below it what it was taken for.

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        reconstructions: (N, H', W', ...), of the predicted classes.
        predictions: the classifier's answers (N,); framed, orange where right or where the truth
            is not known, red where wrong. -1 for an image that was rejected, which has no frame.
        labels: the right classes (N,), or None where they are not known; -1 for none of them.
        class_names: C names.
        bounds: (low, high) of the images, drawn as black and white.
        captions: N texts, one above each image.
        title: above the figure.

    Returns:
        A matplotlib figure. More than eight images take several lines.
    """
    _, per_line = fold(len(images), _READINGS_ABREAST)
    sheet = Sheet(bounds, (1.27, 1.27))
    for case, image in enumerate(images):
        label = None if labels is None else labels[case]
        answer = predictions[case]
        frame = _frame(answer, answer, label) if answer >= 0 else None
        below = _read(answer, label, class_names)
        line, column = divmod(case, per_line)
        sheet.show(2 * line, column, image, above=captions[case])
        sheet.show(2 * line + 1, column, reconstructions[case], below=below, frame=frame)
    return sheet.figure(title)


def plot_label_cases(
    images, reconstructions, differences, predictions, labels, layout, bounds, title=""
):
    """Every value of every label, one case a row (multi-label classification of the paper, §1.3).

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        reconstructions: (N, C, H, W, ...), with one label held at one of its values each, in the
            order of the condition's elements.
        differences: data difference of each (N, C), written under it.
        predictions: the classifier's answers (N, L), framed as by `plot_cases`.
        labels: the right values (N, L), or None where they are not known.
        layout: the `ConditionLayout` of the C elements.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: in each row the input and then a group of pictures for each label.
    """
    sheet = Sheet(bounds)
    for row, image in enumerate(images):
        sheet.show(row, 0, image, above="" if row else "input")
        for i, (label, offset) in enumerate(zip(layout.labels, layout.offsets, strict=True)):
            right = None if labels is None else labels[row, i]
            for value in range(len(label.values)):
                element = offset + value
                sheet.show(
                    row,
                    # an empty column before each group
                    2 + i + element,
                    reconstructions[row, element],
                    above="" if row else _value_name(label, value),
                    below=_difference(differences[row, element]),
                    frame=_frame(value, predictions[row, i], right),
                )
    return sheet.figure(title)


def plot_inverse_cases(images, reconstructions, conditions, labels, layout, bounds, title=""):
    """What inverse classification found, one case a column.

    Args:
        images, reconstructions: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        conditions: the class vectors found (N, C); the bars of the right values are orange.
        labels: the right classes (N,), with several labels (N, L), or None where they are not
            known.
        layout: the `ConditionLayout` of the C elements.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: per case the input, its reconstruction and the class vector.
    """
    count, elements = len(images), range(layout.size)
    bounds = finite_bounds(bounds, images, reconstructions)
    names = [plain(_cut(name, _ONE_LINE)) for name in layout.element_names]
    is_long = max(map(len, names)) > 2
    found = layout.offsets + layout.best_values(conditions).numpy()
    right = [()] * count
    if labels is not None:
        right = layout.offsets + np.reshape(labels, [count, layout.num_labels])

    def said(of_case):
        return ", ".join(_cut(layout.element_names[element], _LONGEST) for element in of_case)

    captions = [plain(_caption(*map(said, of_case))) for of_case in zip(found, right, strict=True)]
    width = max(1.35, 0.12 * layout.size, *(text_extent(text, 8)[0] for text in captions))
    size = width * count + 0.8, 5.2 if is_long else 4.6
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(3, count, squeeze=False)
    for column, (input_axis, made_axis, axis) in enumerate(axes.T):
        _draw(input_axis, images[column], bounds)
        _draw(made_axis, reconstructions[column], bounds)
        colours = [_ORANGE if c in right[column] else "tab:blue" for c in elements]
        axis.bar(elements, conditions[column], color=colours)
        axis.set(ylim=(0, 1), yticks=[0, 1] if column == 0 else [])
        axis.set_xticks(elements, names, fontsize=6, rotation=90 if is_long else 0)
        axis.set_xlabel(captions[column], fontsize=8)
    for axis, name in zip(axes[:, 0], ("input", "reconstruction", "class vector"), strict=True):
        axis.set_ylabel(name, fontsize=9)
    figure.suptitle(fill(title, size[0], 11), fontsize=11)
    return figure


def _draw(axis, image, bounds):
    """Draws one image, without ticks and frame."""
    axis.imshow(to_pixels(image, bounds), cmap="gray", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _difference(value):
    return "dropped" if np.isnan(value) else f"{value:.3f}"


def _frame(value, prediction, label):
    """The frame of what is predicted or right; None for what is neither."""
    if value == prediction:
        return _RIGHT if label in (None, value) else _WRONG
    return _MISSED if value == label else None


def _read(prediction, label, class_names):
    """What a case was read as, and what it is if that is known; -1 is none of the classes."""

    def name(value):
        return "none of them" if value < 0 else _cut(class_names[value], _LONGEST)

    return _caption(name(prediction), "" if label is None else name(label))


def _caption(read, right):
    """What a case was read as, and what it is; "" if that is not known."""
    read = f"read {read}"
    if not right:
        return read
    parts = f"is {right}", read
    return (", " if sum(map(len, parts)) <= _ONE_LINE else "\n").join(parts)


def _cut(text, letters):
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _value_name(label, value):
    if label.values == ("0", "1"):
        return label.name if value else f"not {label.name}"
    return f"{label.name} {label.values[value]}"
