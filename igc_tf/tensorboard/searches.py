"""The searches of a few examples, and the latents found for some hundreds, for TensorBoard."""

import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector

from igc_tf.plots import tile_images, to_unit_range
from igc_tf.runs import RunDirectory
from igc_tf.tensorboard.writers import clear_summaries, summary_writer


def log_search(directory, classifier, data, labels=None, name="search"):
    """Searches a few examples and writes what happened for `tensorboard --logdir`.

    Each candidate is a TensorBoard run, so that an example's curves lie over each other in one
    chart: the scalars `data difference, NAME/…` and `loss, NAME/…` at every step until it is
    dropped. It is called by its class, and by its number among those of the class, of several
    starts or draws: `class 3, start 2`; `start 2` or `found` where the class itself is searched.
    Of images, the run `reconstructions` shows, for a few steps, what the best candidate of every
    class makes of the image, the input at the right end; and, once, classes (rows) against those
    steps (columns), as the paper's Fig. 2.

    Args:
        directory: above the runs; created if missing. What the same `name` wrote there is replaced.
        classifier: a `SearchClassifier`.
        data: (N, ...) in the generator's bounds; a handful.
        labels: the right ones, or None.
        name: of these examples, such as "sigma 0.4".

    Returns:
        The classification that was written: with histories and snapshots.

    Raises:
        InputError: for data that the classifier refuses.
    """
    directory, steps = Path(directory), classifier.settings.steps
    stops = sorted({0, *(round(steps * part) for part in (0.1, 0.25, 0.5, 0.75)), steps})
    found = classifier.classify(data, history=True, snapshots=stops)
    captions = _captions(classifier.generator.layout, found.predictions, labels)
    curves = {"data difference": found.difference_history, "loss": found.loss_history}
    for k, run in enumerate(_runs(classifier)):
        if np.isnan(found.loss_history[:, :, k]).all():
            # dropped before the first step
            clear_summaries(directory / run, name)
            continue
        with summary_writer(directory / run, name).as_default():
            for quantity, history in curves.items():
                for caption, values in zip(captions, history[:, :, k], strict=True):
                    for step in np.flatnonzero(~np.isnan(values)):
                        tf.summary.scalar(f"{quantity}, {name}/{caption}", values[step], step=step)
    data_shape = classifier.generator.data_shape
    if len(data_shape) == 3:
        with summary_writer(directory / "reconstructions", name).as_default():
            for i, caption in enumerate(captions):
                # beside it, unless an observation shows it in another frame
                beside = [data[i]] if classifier.data_shape == data_shape else []
                _draw_search(classifier.generator, found.snapshots, beside, i, f"{name}/{caption}")
    return found


def log_latents(directory, classifier, data, found, labels, name="search"):
    """Writes the latents that were found for TensorBoard's projector.

    The run `latents NAME` holds `latents.tsv`, `metadata.tsv` (label, prediction, data
    difference), `sprites.png` and `projector_config.pbtxt`; and two histograms of |z-score| (the
    paper, §1.2): of the answered class's latents and of all other classes'.

    Args:
        directory: above the run; created if missing. What the same `name` wrote there is replaced.
        classifier: an `InvertedGeneratorClassifier`.
        data: (N, H, W, channels), as for `classify`, some hundreds; 1, 3 or 4 channels.
        found: what `classifier.classify(data)` returned.
        labels: the right classes (N,).
        name: of this set of images, such as "sigma 0.4".
    """
    generator, names = classifier.generator, classifier.class_names
    run = RunDirectory(Path(directory) / f"latents {_in_a_path(name)}")
    # those of the best classes, also where they are refused
    answered = np.arange(len(names)) == found.best[:, np.newaxis]
    latents, differences = found.latents[answered], found.differences[answered]
    run.write("latents.tsv", lambda path: np.savetxt(path, latents, fmt="%.6g", delimiter="\t"))
    rows = [
        f"{names[label]}\t{names[best]}\t{difference:.4f}\n"
        for label, best, difference in zip(labels, found.best, differences, strict=True)
    ]
    run.write_text("metadata.tsv", "label\tprediction\tdifference\n" + "".join(rows))
    sheet = 255 * to_unit_range(_square_sheet(np.asarray(data), generator), generator.bounds)
    run.write("sprites.png", lambda path: keras.utils.save_img(path, sheet, scale=False))
    height, width = np.shape(data)[1:3]
    embedding = projector.EmbeddingInfo(
        tensor_name=f"latents {name}",
        tensor_path="latents.tsv",
        metadata_path="metadata.tsv",
        sprite=projector.SpriteMetadata(image_path="sprites.png", single_image_dim=[width, height]),
    )
    projector.visualize_embeddings(str(run.path), projector.ProjectorConfig(embeddings=[embedding]))
    z_scores, steps = np.abs(generator.prior.z_score(found.latents)), classifier.settings.steps
    with summary_writer(run.path, name).as_default():
        for which, values in (("answered", z_scores[answered]), ("other", z_scores[~answered])):
            # of classes that were dropped on the way there is none
            values = values[np.isfinite(values)]
            tf.summary.histogram(f"absolute z-score/{which} classes", values, step=steps)


def _runs(classifier):
    """The names of the candidates' runs, in order."""
    space, names = classifier.search.space, []
    for k in range(space.num_candidates):
        of_class = "" if space.label is None else f"class {classifier.class_names[space.label[k]]}"
        start = k % space.candidates_per_element + 1
        of_start = f"start {start}" if space.candidates_per_element > 1 else ""
        names.append(_in_a_path(", ".join(filter(None, [of_class, of_start]))) or "found")
    return names


def _in_a_path(name):
    """A name whose slashes do not lead to another directory, but look like it."""
    return name.replace("/", "∕")


def _captions(layout, predictions, labels):
    """One for each example: its number, what it is and what it was read as."""

    def named(values):
        return " ".join(
            label.values[value] if value >= 0 else "none of them"
            for label, value in zip(layout.labels, np.atleast_1d(values), strict=True)
        )

    captions = []
    for i, prediction in enumerate(predictions):
        truth = "" if labels is None else f" is {named(labels[i])},"
        captions.append(f"image {i + 1}:{truth} read {named(prediction)}")
    return captions


def _draw_search(generator, snapshots, beside, i, caption):
    """What each class makes of image number i, at each of the kept steps.

    Args:
        beside: the image, or nothing, to be drawn beside it.
    """
    each = [kept[i] for kept in snapshots.values()]
    for step, made in zip(snapshots, each, strict=True):
        columns = len(made) + len(beside)
        _picture(f"reconstructions, {caption}", [*made, *beside], columns, step, generator)
    rows = [picture for made in zip(*each, strict=True) for picture in (*made, *beside)]
    columns, last = len(snapshots) + len(beside), max(snapshots)
    _picture(f"classes by steps, {caption}", rows, columns, last, generator)


def _picture(tag, images, columns, step, generator):
    sheet = tile_images(np.stack(images), columns)
    tf.summary.image(tag, to_unit_range(sheet, generator.bounds)[np.newaxis], step=step)


def _square_sheet(images, generator):
    """All images row by row in as many rows as columns, as the projector wants its sprites."""
    columns = math.isqrt(len(images) - 1) + 1
    missing = columns**2 - len(images)
    empty = np.full([missing, *images.shape[1:]], generator.background, images.dtype)
    return tile_images(np.concatenate([images, empty]), columns, gap=0)
