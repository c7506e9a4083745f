"""A classifier as an HLO program, for devices that XLA compiles for."""

import re

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.export.endpoint import answers, describe_classifier
from igc_tf.runs import RunDirectory, new_directory
from igc_tf.search.engine import Search


def export_hlo(classifier, directory, batch_size=100):
    """Writes the classification of one batch as a program for XLA, with its weights.

    `igc_tf.export.hlo_program.HLOProgram` runs it under JAX, without TensorFlow. The files:

    - `program.hlo.pb`: a serialised `HloModuleProto`, not yet optimised for any device. Its
      parameters are the images, then the weights; it returns a tuple.
    - `weights.npz`: the weights under the names that `program.json` gives them.
    - `program.json`: `inputs` and `outputs` in order, each with name, shape and dtype;
      `custom_calls`, device libraries that the program would need (normally none); the settings.

    Random starts, which searches of a class vector have, depend on an example's place in its batch.
    Those of `predict` depend on its place among all, so that from the second batch on it can find
    something else than the program.

    Args:
        classifier: a `SearchClassifier`.
        directory: must not exist, or be empty; appears when the export is complete.
        batch_size: N, the number of images that the program takes; HLO knows fixed shapes only.
            None for what suits.

    Raises:
        OutputError: if something is in `directory`; before work starts.
        InputError: for a batch size below 1, or a search that reads variables or tensors other
            than the generator's weights.
    """
    batch_size = classifier.checked_batch_size(batch_size)
    generator = classifier.generator
    variables = generator.variables
    weights = {f"{i:03d} {variable.path}": variable.numpy() for i, variable in enumerate(variables)}
    images = tf.TensorSpec([batch_size, *classifier.data_shape], tf.float32)
    arguments = [images, *(tf.TensorSpec(value.shape, value.dtype) for value in weights.values())]
    with new_directory(directory) as path:
        program = tf.function(
            _stateless_classify(classifier, batch_size), jit_compile=True, autograph=False
        )
        concrete = program.get_concrete_function(*arguments)
        if concrete.captured_inputs:
            raise InputError(
                f"the search reads {len(concrete.captured_inputs)} tensors that are neither images "
                "nor weights of the generator: an HLO program needs constants instead"
            )
        compiler_ir = program.experimental_get_compiler_ir(*arguments)
        run = RunDirectory(path)
        program_bytes = compiler_ir(stage="hlo_serialized", platform_name="CPU")
        (path / "program.hlo.pb").write_bytes(program_bytes)
        np.savez_compressed(path / "weights.npz", **weights)
        text = compiler_ir(stage="hlo", platform_name="CPU")
        # structures of functions are flattened in the order of their keys
        outputs = concrete.structured_outputs
        run.write_json(
            "program.json",
            {
                "batch_size": batch_size,
                "inputs": [
                    _described(name, argument)
                    for name, argument in zip(("images", *weights), arguments, strict=True)
                ],
                "outputs": [_described(name, outputs[name]) for name in sorted(outputs)],
                "custom_calls": sorted(set(re.findall(r'custom_call_target="([^"]*)"', text))),
                **describe_classifier(classifier),
            },
        )


def _stateless_classify(classifier, batch_size):
    """A function (images, *weights) -> outputs that reads nothing else."""
    bound_to = classifier.search

    def classify(images, *weights):
        generator = classifier.generator.bind(weights)
        search = Search(generator, bound_to.space, classifier.settings)
        return answers(classifier, search, images, tf.range(batch_size))

    return classify


def _described(name, tensor):
    return {"name": name, "shape": list(tensor.shape), "dtype": tensor.dtype.name}
