"""The search of a few images, for TensorBoard."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from igc_tf.plots import tile_images
from igc_tf.tensorboard.summary_writer import summary_writer


def log_search(directory, classifier, images, labels, class_names, name="search"):
    """Searches images once more and writes what happened for `tensorboard --logdir`.

    Each class is a TensorBoard run, so that an image's C curves lie over each other in one chart:
    the scalars `data difference, NAME/…` and `loss, NAME/…` at every step. The run
    `reconstructions` shows, for a few steps, what every class makes of the image, the input at the
    right end; and, once, classes (rows) against those steps (columns), as the paper's Fig. 2.

    Args:
        directory: above the runs; created if missing. What the same `name` wrote there is replaced.
        classifier: an `InvertedGeneratorClassifier`.
        images: (N, H, W, channels) in [-0.5, 0.5]; a handful, 1, 3 or 4 channels.
        labels: the right classes (N,).
        class_names: C names.
        name: of this set of images, such as "sigma 0.4".

    Returns:
        The `Classification` that was written: with histories and snapshots.

    Raises:
        InputError: for images that the classifier refuses.
    """
    directory = Path(directory)
    steps = classifier.settings.steps
    snapshots = sorted({0, *(round(steps * part) for part in (0.1, 0.25, 0.5, 0.75)), steps})
    found = classifier.classify(images, history=True, snapshots=snapshots)
    captions = [
        f"image {i + 1}: is {class_names[label]}, read {class_names[answer]}"
        for i, (label, answer) in enumerate(zip(labels, found.labels, strict=True))
    ]
    curves = {"data difference": found.difference_history, "loss": found.loss_history}
    for c, class_name in enumerate(class_names):
        with summary_writer(directory / f"class {class_name}", name).as_default():
            for quantity, history in curves.items():
                for caption, values in zip(captions, history[:, :, c], strict=True):
                    for step, value in enumerate(values):
                        tf.summary.scalar(f"{quantity}, {name}/{caption}", value, step=step)
    with summary_writer(directory / "reconstructions", name).as_default():
        for i, caption in enumerate(captions):
            for step in snapshots:
                _picture(
                    f"reconstructions, {name}/{caption}",
                    [*found.snapshots[step][i], images[i]],
                    len(class_names) + 1,
                    step,
                )
            _picture(
                f"classes by steps, {name}/{caption}",
                [
                    image
                    for c in range(len(class_names))
                    for image in (*(found.snapshots[step][i, c] for step in snapshots), images[i])
                ],
                len(snapshots) + 1,
                steps,
            )
    return found


def _picture(tag, images, columns, step):
    sheet = tile_images(np.stack(images), columns)
    # generated data may leave the pixel range where the generator's own range is wider
    tf.summary.image(tag, np.clip(sheet[np.newaxis] + 0.5, 0, 1), step=step)
