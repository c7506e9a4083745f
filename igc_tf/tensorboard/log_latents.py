"""The latents that searches find, for TensorBoard's embedding projector."""

import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector

from igc_tf.plots import tile_images
from igc_tf.runs import RunDirectory
from igc_tf.tensorboard.summary_writer import summary_writer


def log_latents(
    directory, classifier, images, labels, class_names, name="search", batch_size=100, verbose=0
):
    """Searches images once more and writes the answered classes' latents for TensorBoard.

    The run `latents NAME` holds what the projector reads: `latents.tsv`, `metadata.tsv` (label,
    answer, data difference), `sprites.png` and `projector_config.pbtxt`; and two histograms of
    |z-score| (002 §1.2): of the answered class's latents and of all other classes'.

    Args:
        directory: above the run; created if missing. What the same `name` wrote there is replaced.
        classifier: an `InvertedGeneratorClassifier`.
        images: (N, H, W, channels) in [-0.5, 0.5], some hundreds; 1, 3 or 4 channels.
        labels: the right classes (N,).
        class_names: C names.
        name: of this set of images, such as "sigma 0.4".
        batch_size: images searched at once.
        verbose: 1 shows a progress bar.

    Returns:
        The `Classification` that was written.

    Raises:
        InputError: for images that the classifier refuses.
    """
    images = np.asarray(images, np.float32)
    run = RunDirectory(Path(directory) / f"latents {name}")
    found = classifier.classify(images, batch_size, verbose)
    answered = np.arange(classifier.classes) == found.labels[:, np.newaxis]
    latents, differences = found.latents[answered], found.differences[answered]

    run.write("latents.tsv", lambda path: np.savetxt(path, latents, fmt="%.6g", delimiter="\t"))
    rows = [
        f"{class_names[label]}\t{class_names[answer]}\t{difference:.4f}\n"
        for label, answer, difference in zip(labels, found.labels, differences, strict=True)
    ]
    table = "label\tanswer\tdifference\n" + "".join(rows)
    run.write("metadata.tsv", lambda path: path.write_text(table, encoding="utf-8"))
    sheet = 255 * (_square_sheet(images) + 0.5)
    run.write("sprites.png", lambda path: keras.utils.save_img(path, sheet, scale=False))
    height, width = images.shape[1:3]
    embedding = projector.EmbeddingInfo(
        tensor_name=f"latents {name}",
        tensor_path="latents.tsv",
        metadata_path="metadata.tsv",
        sprite=projector.SpriteMetadata(image_path="sprites.png", single_image_dim=[width, height]),
    )
    projector.visualize_embeddings(str(run.path), projector.ProjectorConfig(embeddings=[embedding]))

    settings = classifier.settings
    restriction = settings.restriction(classifier.prior_mean, classifier.prior_standard_deviation)
    z_scores = np.abs(restriction.z_score(found.latents))
    with summary_writer(run.path, name).as_default():
        for which, values in (("answered", z_scores[answered]), ("other", z_scores[~answered])):
            tf.summary.histogram(f"absolute z-score/{which} classes", values, step=settings.steps)
    return found


def _square_sheet(images):
    """All images row by row in as many rows as columns, as the projector wants its sprites."""
    columns = math.isqrt(len(images) - 1) + 1
    empty = np.full([columns**2 - len(images), *images.shape[1:]], -0.5, images.dtype)
    return tile_images(np.concatenate([images, empty]), columns, gap=0)
