"""Figures of images: what a search makes of them, case by case."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from igc_tf.errors import InputError
from igc_tf.plots.charts import fold, plain

# more classes than this are laid out in several lines
_CLASSES_ABREAST = 12
_READINGS_ABREAST = 8
# characters that fit above a picture
_CAPTION = 13
_RIGHT, _WRONG = "tab:orange", "tab:red"


def to_unit_range(images, bounds):
    """Brings images from their bounds to [0, 1]; what lies outside is clipped.

    Args:
        images: any shape.
        bounds: (low, high); an infinite one is replaced by the least or greatest value there is.

    Returns:
        float32 of the same shape.
    """
    images = np.asarray(images, np.float32)
    low, high = bounds
    if images.size:
        low = low if np.isfinite(low) else float(images.min())
        high = high if np.isfinite(high) else float(images.max())
    return np.clip((images - low) / max(high - low, 1e-12), 0, 1, dtype=np.float32)


def tile_images(images, columns, gap=1, background=None):
    """Lays images out in rows.

    Args:
        images: (N, H, W) or (N, H, W, channels), N at least 1.
        columns: images per row.
        gap: pixels between them.
        background: the value of the gaps and of empty places; the images' least value if None.

    Returns:
        float32 (rows · (H + gap) - gap, columns · (W + gap) - gap), and the channels, if any.
    """
    images = np.asarray(images, np.float32)
    count, height, width = images.shape[:3]
    rows = -(-count // columns)
    background = images.min() if background is None else background
    size = rows * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.full((*size, *images.shape[3:]), background, np.float32)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def plot_search(image, snapshots, class_names, bounds, title=""):
    """The search of one image, one row per class (Fig. 2 of the paper).

    Args:
        image: (H, W) or (H, W, channels), in `bounds`.
        snapshots: {steps: reconstructions (C, H, W, ...)}; one column each, in order.
        class_names: C names.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: per class the reconstructions, and the input beside them. More than
        twelve classes stand in several groups of rows side by side.
    """
    steps = sorted(snapshots)
    groups, rows = fold(len(class_names), _CLASSES_ABREAST)
    columns = groups * (len(steps) + 1)
    names = [_wrapped(name) for name in class_names]
    margin = _margin(names)
    size = columns + (margin + 0.4) * groups, 0.95 * rows + 0.8
    figure, axes = _grid(rows, columns, size, title)
    for i, name in enumerate(names):
        row, left = i % rows, i // rows * (len(steps) + 1)
        pictures = {f"step {step}": snapshots[step][i] for step in steps} | {"input": image}
        for column, (what, picture) in enumerate(pictures.items(), start=left):
            _show(axes[row, column], picture, bounds)
            if row == 0:
                axes[row, column].set_title(what, fontsize=9)
        axes[row, left].set_ylabel(name, rotation=0, ha="right", va="center")
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
    lines, per_line = fold(len(class_names), _CLASSES_ABREAST)
    names = [_wrapped(name) for name in class_names]
    height = 1.25 if lines == 1 else 1.45
    size = 0.95 * (per_line + 1), height * lines * len(images) + 0.7
    figure, axes = _grid(lines * len(images), per_line + 1, size, title)
    for case, image in enumerate(images):
        label = None if labels is None else labels[case]
        for i, name in enumerate(names):
            axis = axes[case * lines + i // per_line, i % per_line]
            _show(axis, reconstructions[case, i], bounds)
            _mark(axis, differences[case, i], i, predictions[case], label)
            # where classes take several lines, the first case's captions are too far away
            if case == 0 or lines > 1:
                axis.set_title(name, fontsize=9)
        axis = axes[case * lines, -1]
        _show(axis, image, bounds)
        axis.set_xlabel(_read(predictions[case], label, class_names), fontsize=8, labelpad=2)
        if case == 0 or lines > 1:
            axis.set_title("input", fontsize=9)
    return figure


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
    lines, per_line = fold(len(images), _READINGS_ABREAST)
    figure, axes = _grid(2 * lines, per_line, (1.35 * per_line + 0.2, 3.1 * lines + 0.5), title)
    for case, image in enumerate(images):
        line, column = divmod(case, per_line)
        above, below = axes[2 * line, column], axes[2 * line + 1, column]
        _show(above, image, bounds)
        above.set_title(_wrapped(captions[case]), fontsize=9)
        _show(below, reconstructions[case], bounds)
        label = None if labels is None else labels[case]
        below.set_xlabel(_read(predictions[case], label, class_names), fontsize=8)
        if predictions[case] >= 0:
            _frame(below, _RIGHT if label in (None, predictions[case]) else _WRONG)
    return figure


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
    count = len(images)
    # a narrow empty column before each group
    widths = [1.0]
    for size in layout.sizes:
        widths += [0.25, *[1.0] * size]
    size = 0.95 * sum(widths) + 0.3, 1.2 * count + 0.9
    figure, axes = _grid(count, len(widths), size, title, width_ratios=widths)
    for row in range(count):
        _show(axes[row, 0], images[row], bounds)
        for i, (label, offset) in enumerate(zip(layout.labels, layout.offsets, strict=True)):
            right = None if labels is None else labels[row, i]
            for value in range(len(label.values)):
                element = offset + value
                axis = axes[row, 2 + i + element]
                _show(axis, reconstructions[row, element], bounds)
                _mark(axis, differences[row, element], value, predictions[row, i], right)
                if row == 0:
                    axis.set_title(_value_name(label, value), fontsize=8)
    axes[0, 0].set_title("input", fontsize=8)
    return figure


def plot_class_samples(rows, bounds, title="", columns=None, name_width=_CAPTION):
    """Samples of every class, one class a row.

    Args:
        rows: {class name: images (N, H, W, ...)}, the same N for all.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.
        columns: images side by side; N if None, else a row has several lines.
        name_width: letters in a line of a name, which has at most two.

    Returns:
        A matplotlib figure.
    """
    count = len(next(iter(rows.values())))
    columns = count if columns is None else columns
    lines = -(-count // columns)
    names = [_wrapped(name, name_width) for name in rows]
    size = 0.6 * columns + _margin(names) + 0.4, 0.6 * lines * len(rows) + 0.6
    figure, axes = _grid(len(rows), 1, size, title)
    for axis, name, images in zip(axes[:, 0], names, rows.values(), strict=True):
        sheet = tile_images(to_unit_range(images, bounds), columns, background=0.0)
        _show(axis, sheet, (0, 1))
        axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
    return figure


def plot_captioned(images, captions, bounds, columns=10, title=""):
    """Images in rows, each with a caption above it.

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        captions: N texts.
        bounds: (low, high) of the images, drawn as black and white.
        columns: images in a row.
        title: above the figure.

    Returns:
        A matplotlib figure.
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = _grid(rows, columns, (0.95 * columns, 1.2 * rows + 0.5), title)
    for axis, image, caption in zip(axes.ravel(), images, captions, strict=False):
        _show(axis, image, bounds)
        axis.set_title(_wrapped(caption), fontsize=8)
    return figure


def plot_inverse_cases(images, reconstructions, conditions, labels, class_names, bounds, title=""):
    """What inverse classification found, one case a column.

    Args:
        images, reconstructions: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        conditions: the class vectors found (N, C); the right class's bar is orange.
        labels: the right classes (N,), or None where they are not known.
        class_names: C names.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: per case the input, its reconstruction and the class vector.
    """
    count, classes = len(images), len(class_names)
    names = [plain(textwrap.shorten(name, _CAPTION, placeholder="…")) for name in class_names]
    is_long = max(map(len, names)) > 2
    size = max(1.35, 0.12 * classes) * count + 0.8, 5.2 if is_long else 4.6
    figure, axes = _grid(3, count, size, title)
    for column in range(count):
        _show(axes[0, column], images[column], bounds)
        _show(axes[1, column], reconstructions[column], bounds)
        axis = axes[2, column]
        label = None if labels is None else labels[column]
        colours = [_RIGHT if c == label else "tab:blue" for c in range(classes)]
        axis.set_axis_on()
        axis.bar(range(classes), conditions[column], color=colours)
        axis.set(ylim=(0, 1), yticks=[0, 1] if column == 0 else [])
        axis.set_xticks(range(classes), names, fontsize=6, rotation=90 if is_long else 0)
        prediction = int(np.argmax(conditions[column]))
        axis.set_xlabel(_read(prediction, label, class_names), fontsize=8)
    for row, name in enumerate(("input", "reconstruction", "class vector")):
        axes[row, 0].set_ylabel(name, fontsize=9)
    return figure


def plot_explanations(images, compared, observed, reconstructions, captions, bounds, title=""):
    """What happened to images, one case a row.

    Args:
        images: (N, H, W) or (N, H, W, channels), in `bounds`, N at least 1.
        compared: likewise, without what was undone in them.
        observed: likewise, what the answered class made of that.
        reconstructions: likewise, the same as nothing happened to it.
        captions: N sentences, one under each row.
        bounds: (low, high) of the images, drawn as black and white.
        title: above the figure.

    Returns:
        A matplotlib figure: in each row the input, what was read of it, what the class made of
        that, what it is undistorted, and what is left over.
    """
    names = ("input", "as it was read", "explained as", "undistorted", "left over")
    figure, axes = _grid(len(images), len(names), (7.0, 1.65 * len(images) + 0.6), title)
    for row, axis in enumerate(axes):
        parts = images[row], compared[row], observed[row], reconstructions[row]
        left = np.abs(compared[row] - observed[row]) + bounds[0]
        for i, picture in enumerate((*parts, left)):
            _show(axis[i], np.clip(picture, *bounds), bounds)
            if row == 0:
                axis[i].set_title(names[i], fontsize=9)
        axis[2].set_xlabel(plain(captions[row]), fontsize=8)
    return figure


def _grid(rows, columns, size, title, **layout):
    """A figure of so many inches, and its axes (rows, columns), on which nothing is drawn yet."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **layout)
    for axis in axes.ravel():
        axis.set_axis_off()
    # about so many letters fit in an inch
    figure.suptitle(textwrap.fill(plain(title), int(12 * size[0])), fontsize=11)
    return figure, axes


def _show(axis, image, bounds):
    """Draws one image, without ticks and frame."""
    pixels = to_unit_range(image, bounds)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
        raise InputError(
            f"an image has shape {np.shape(image)}: expected (H, W) or (H, W, channels) with 1, 3 "
            "or 4 channels"
        )
    axis.set_axis_on()
    axis.imshow(pixels, cmap="gray", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)


def _mark(axis, difference, value, prediction, label):
    """Writes the difference under a reconstruction and frames it, if it is predicted or right."""
    caption = "dropped" if np.isnan(difference) else f"{difference:.3f}"
    axis.set_xlabel(caption, fontsize=8, labelpad=2)
    if value == prediction:
        _frame(axis, _RIGHT if label in (None, value) else _WRONG)
    elif value == label:
        _frame(axis, _RIGHT, ":")


def _frame(axis, colour, style="-"):
    for spine in axis.spines.values():
        spine.set(visible=True, linewidth=3, color=colour, linestyle=style)


def _read(prediction, label, class_names):
    """What a case was read as, and what it is if that is known; -1 is none of the classes."""

    def name(value):
        return "none of them" if value < 0 else class_names[value]

    read = f"read {name(prediction)}"
    if label is None:
        return plain(read)
    parts = f"is {name(label)}", read
    return plain((", " if sum(map(len, parts)) <= _CAPTION else "\n").join(parts))


def _value_name(label, value):
    if label.values == ("0", "1"):
        name = label.name if value else f"not {label.name}"
    else:
        name = f"{label.name} {label.values[value]}"
    return _wrapped(name)


def _wrapped(name, width=_CAPTION):
    """A class's name in at most two lines, of the width of a picture if nothing else is said."""
    return plain("\n".join(textwrap.wrap(str(name), width, max_lines=2, placeholder="…")))


def _margin(names):
    """Inches that names need beside a row."""
    return 0.09 * max(len(line) for name in names for line in name.split("\n"))
