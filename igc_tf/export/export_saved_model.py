"""A classifier as a TensorFlow SavedModel, the whole search inside."""

import keras
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.export.describe_classifier import describe_classifier
from igc_tf.runs import RunDirectory, new_directory


def export_saved_model(classifier, directory, batch_size=100):
    """Writes a SavedModel that needs TensorFlow, but not this package.

    Its signatures, for any N:

    - `classify` (also `serving_default`): `images` float32 (N, ...) -> `label` int32 (N,),
      `difference` float32 (N, C) and `reconstruction` float32 (N, ...), the label's.
      Values outside the classifier's `data_range`, or not finite, are refused.
    - `generate`: `condition` (N, C), `latent` (N, Z) -> `images` (N, ...), all float32.

    Settings and versions are kept in `assets.extra/classifier.json`.

    Args:
        classifier: an `InvertedGeneratorClassifier`.
        directory: must not exist, or be empty; appears when the export is complete.
        batch_size: images searched at once. More are searched in turn, in parts of equal size, so
            that a large N does not take more memory than this many.

    Raises:
        OutputError: if something is in `directory`; before work starts.
        InputError: for a batch size below 1.
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise InputError(f"batch_size={batch_size!r}: expected a whole number >= 1")
    signature = classifier.signature
    with new_directory(directory) as path:
        archive = keras.export.ExportArchive()
        archive.track(classifier.generator)
        # the first endpoint becomes serving_default too
        archive.add_endpoint(
            "classify",
            _classify_endpoint(classifier, batch_size),
            [tf.TensorSpec([None, *signature.data_shape], tf.float32, name="images")],
        )
        archive.add_endpoint(
            "generate",
            _generate_endpoint(classifier.generator),
            [
                tf.TensorSpec([None, signature.condition_size], tf.float32, name="condition"),
                tf.TensorSpec([None, signature.latent_size], tf.float32, name="latent"),
            ],
        )
        archive.write_out(path, verbose=False)
        extra = RunDirectory(path / "assets.extra")
        extra.write_json("classifier.json", describe_classifier(classifier))


def _classify_endpoint(classifier, batch_size):
    shape = classifier.signature.data_shape
    answer_signature = {
        "label": tf.TensorSpec([None], tf.int32),
        "difference": tf.TensorSpec([None, classifier.classes], tf.float32),
        "reconstruction": tf.TensorSpec([None, *shape], tf.float32),
    }

    def classify(images):
        with tf.control_dependencies(_range_assertions(images, classifier.data_range)):
            count = tf.shape(images)[0]
        parts = tf.maximum(1, _ceiling_quotient(count, batch_size))
        size = _ceiling_quotient(count, parts)
        images = tf.concat([images, tf.zeros([parts * size - count, *shape])], axis=0)
        answers = tf.map_fn(
            lambda part: classifier.answer(classifier.search(*part)),
            (
                tf.reshape(images, [parts, size, *shape]),
                tf.reshape(tf.range(parts * size), [parts, size]),
            ),
            fn_output_signature=answer_signature,
            parallel_iterations=1,
        )
        return {
            name: tf.reshape(values, [parts * size, *values.shape[2:]])[:count]
            for name, values in answers.items()
        }

    return classify


def _generate_endpoint(generator):
    def generate(condition, latent):
        data = generator([condition, latent], training=False)
        return {"images": tf.cast(data, tf.float32)}

    return generate


def _range_assertions(images, data_range):
    low, high = data_range if data_range is not None else (images.dtype.min, images.dtype.max)
    tolerance = 1e-6
    # written so that NaN fails too
    inside = tf.logical_and(images >= low - tolerance, images <= high + tolerance)
    return [tf.Assert(tf.reduce_all(inside), [f"images: expected values in [{low:g}, {high:g}]"])]


def _ceiling_quotient(dividend, divisor):
    return -(-dividend // divisor)
