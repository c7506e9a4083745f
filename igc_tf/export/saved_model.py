"""A classifier as a TensorFlow SavedModel, the whole search inside."""

import tensorflow as tf

from igc_tf.export.endpoint import (
    answer_signature,
    answers,
    describe_classifier,
    takes_masks,
    usable,
    usable_masks,
)
from igc_tf.runs import RunDirectory, new_directory, written_by_tensorflow


def export_saved_model(classifier, directory, batch_size=100):
    """Writes a SavedModel that needs TensorFlow, but not this package.

    Its signatures, for any N:

    - `classify` (also `serving_default`): `images` float32 (N, ...) -> `label` int32, `score`
      float32 (N, C), `difference` and `reconstruction` float32, as the classifier's `answer`
      describes them. Values out of bounds, or not finite, are refused; where a caller compiles
      the signature with XLA, which drops assertions, such an example gets the label -1 and
      not-a-number elsewhere. So does, compiled or not, one whose search ends in scores that are
      not finite.
    - `classify_masked`: likewise, with `mask` float32 (N, ...) in [0, 1], 0 where nothing is to
      be compared and images may hold anything, but not in all of an example. Not with a
      difference that cannot take a mask.
    - `generate`: `condition` (N, C) and, where there is one, `latent` (N, Z) -> `images` (N, ...),
      all float32.

    What `describe_classifier` says is kept in `assets.extra/classifier.json`.

    Args:
        classifier: a `SearchClassifier`.
        directory: must not exist, or be empty; appears when the export is complete.
        batch_size: examples searched at once. More are searched in turn, in parts of equal size,
            so that a large N does not take more memory than this many. None for what suits.

    Raises:
        OutputError: if something is in `directory`, before work starts; if it cannot be written.
        InputError: for a batch size below 1.
    """
    batch_size = classifier.checked_batch_size(batch_size)
    generator = classifier.generator
    data = tf.TensorSpec([None, *classifier.data_shape], tf.float32, name="images")
    mask = tf.TensorSpec([None, *classifier.data_shape], tf.float32, name="mask")
    with new_directory(directory) as path:
        classify = _classify_endpoint(classifier, batch_size)
        endpoints = {"classify": (lambda images: classify(images), [data])}
        if takes_masks(classifier):
            endpoints["classify_masked"] = classify, [data, mask]
        endpoints["generate"] = _generate_endpoint(generator)
        # not by `keras.export.ExportArchive`, which traces each of them twice
        module, signatures = tf.Module(), {}
        for name, (function, specs) in endpoints.items():
            endpoint = tf.function(function, autograph=False)
            setattr(module, name, endpoint)
            signatures[name] = endpoint.get_concrete_function(*specs)
        signatures["serving_default"] = signatures["classify"]
        module.all_variables = [one for each in signatures.values() for one in each.variables]
        with written_by_tensorflow(directory):
            tf.saved_model.save(module, path, signatures)
        extra = RunDirectory(path / "assets.extra")
        extra.write_json("classifier.json", describe_classifier(classifier))


def _classify_endpoint(classifier, batch_size):
    shape = classifier.data_shape
    signature = answer_signature(classifier)
    background = tf.constant(classifier.generator.background, tf.float32)

    def classify(images, mask=None):
        assertions = []
        if mask is not None:
            expected = "mask: expected values in [0, 1], some of each example > 0"
            assertions.append(tf.Assert(tf.reduce_all(usable_masks(mask)), [expected]))
            # what is hidden may be anything
            images = tf.where(mask > 0, images, background)
        low, high = classifier.generator.bounds
        expected = f"images: expected values in [{low:g}, {high:g}]"
        is_usable = usable(images, classifier.generator.bounds)
        assertions.append(tf.Assert(tf.reduce_all(is_usable), [expected]))
        with tf.control_dependencies(assertions):
            count = tf.shape(images)[0]
        parts = tf.maximum(1, _ceiling_quotient(count, batch_size))
        # networks take no empty batches
        size = tf.maximum(1, _ceiling_quotient(count, parts))

        def in_parts(tensor):
            padding = tf.zeros([parts * size - count, *shape])
            return tf.reshape(tf.concat([tensor, padding], axis=0), [parts, size, *shape])

        indices = tf.reshape(tf.range(parts * size), [parts, size])
        inputs = (in_parts(images), indices, *([] if mask is None else [in_parts(mask)]))
        found = tf.map_fn(
            lambda part: answers(classifier, classifier.search, *part),
            inputs,
            fn_output_signature=signature,
            parallel_iterations=1,
        )
        return {
            name: tf.reshape(values, [parts * size, *values.shape[2:]])[:count]
            for name, values in found.items()
        }

    return classify


def _generate_endpoint(generator):
    """The function, and the list of its arguments' specifications."""
    condition = tf.TensorSpec([None, generator.condition_size], tf.float32, name="condition")
    if generator.latent_size is None:
        return lambda condition: {"images": generator({"condition": condition})}, [condition]
    latent = tf.TensorSpec([None, generator.latent_size], tf.float32, name="latent")

    def generate(condition, latent):
        return {"images": generator({"condition": condition, "latent": latent})}

    return generate, [condition, latent]


def _ceiling_quotient(dividend, divisor):
    return -(-dividend // divisor)
