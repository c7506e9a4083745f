"""Reads event files back without TensorBoard's own sampling."""

import tensorflow as tf


def read_summaries(directory):
    """Returns `{(run, tag): {step: value}}` of all event files under `directory`.

    The value is an array for scalars, an image (H, W, channels) of uint8 for images, and rows of
    (left, right, count) for histograms; what belongs to HParams is left out.
    """
    values = {}
    for path in sorted(directory.rglob("events.out.tfevents.*")):
        run = str(path.parent.relative_to(directory))
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                plugin = value.metadata.plugin_data.plugin_name
                if plugin == "hparams":
                    continue
                array = tf.make_ndarray(value.tensor)
                if plugin == "images":
                    array = tf.io.decode_png(array[2]).numpy()
                steps = values.setdefault((run, value.tag), {})
                assert event.step not in steps, f"{run}, {value.tag}: step {event.step} twice"
                steps[event.step] = array
    return values
