"""What a served model can be asked: its signatures, and requests and answers in their format."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout
from igc_tf.data.picture import PictureFrame
from igc_tf.errors import InputError, first_line
from igc_tf.export.endpoint import takes_masks
from igc_tf.ranges import bounds_from_json
from igc_tf.serve.options import ServiceOptions


class Signature(NamedTuple):
    """Something that a model is asked for.

    Attributes:
        inputs: {name: `TensorSpec`}, whose first dimension is that of the examples.
        outputs: likewise.
        compute: (indices, {name: array (N, ...)}) -> {name: array (N, ...)}; the indices are each
            example's number in its request, which random starts depend on.
        check: {name: array} -> None, or raises an `InputError`.
        joins: whether examples of several requests may be computed together: what one gets does
            not depend on the others.
    """

    inputs: dict
    outputs: dict
    compute: Callable
    check: Callable
    joins: bool

    @property
    def values(self):
        """How many numbers and names an example has at most; infinity where that is open."""
        sizes = [spec.shape[1:].num_elements() for spec in self.inputs.values()]
        return math.inf if None in sizes else sum(sizes) + len(sizes)


class ServedModel(NamedTuple):
    """A model behind a service.

    Attributes:
        version: a whole number, as text.
        signatures: {name: `Signature`}.
        layout: the `ConditionLayout` of its answers; None where it is not known.
        frame: the `PictureFrame` that picture files are brought into; None where its data are no
            pictures, or it is not known.
        batch_size: examples of several requests that are computed at once.
    """

    version: str
    signatures: dict
    layout: ConditionLayout | None
    frame: PictureFrame | None
    batch_size: int

    def signature(self, name):
        """Returns the `Signature` of a name.

        Raises:
            InputError: for another name.
        """
        if not isinstance(name, str) or name not in self.signatures:
            raise InputError(f"no signature {name!r}: expected one of {sorted(self.signatures)}")
        return self.signatures[name]


def served_model(model, options):
    """Returns the `ServedModel` of a classifier, or of a SavedModel.

    Args:
        model: a `SearchClassifier`; or the directory of a SavedModel, whose name is the version if
            it is a number.
        options: a `ServiceOptions`.

    Raises:
        InputError: if the directory holds no SavedModel, or one that is damaged, has no signature,
            or has an output that is neither a number nor a truth value; for options that join
            requests to a SavedModel.
    """
    if not isinstance(model, str | Path):
        return _of_classifier(model, model.checked_batch_size(options.max_batch))
    for name in ("max_batch", "max_wait"):
        value = getattr(options, name)
        if value != getattr(ServiceOptions, name):
            raise InputError(
                f"{name}={value}: expected none, {model} is a SavedModel, whose requests are "
                "answered one after the other; those to a generator can be joined"
            )
    return _of_saved_model(Path(model))


def _of_classifier(classifier, batch_size):
    generator = classifier.generator
    data = tf.TensorSpec([None, *classifier.data_shape], tf.float32)

    def classify(indices, arrays):
        return classifier.answers(arrays["images"], arrays.get("mask"), batch_size, indices)

    def check(arrays):
        classifier.checked(arrays["images"], arrays.get("mask"))

    def generate(indices, arrays):
        parts = [
            generator({k: v[i : i + batch_size] for k, v in arrays.items()}).numpy()
            for i in range(0, len(indices), batch_size)
        ]
        return {"images": np.concatenate(parts)}

    # the first answer compiles the search, so that no client waits for that
    empty = np.full([1, *classifier.data_shape], generator.background, np.float32)
    answered = classify(np.zeros(1, int), {"images": empty})
    outputs = {
        name: tf.TensorSpec([None, *value.shape[1:]], value.dtype)
        for name, value in answered.items()
    }
    plain = Signature({"images": data}, outputs, classify, check, True)
    signatures = {"serving_default": plain, "classify": plain}
    if takes_masks(classifier):
        signatures["classify_masked"] = Signature(
            {"images": data, "mask": data}, outputs, classify, check, True
        )
    sizes = {"condition": generator.condition_size, "latent": generator.latent_size}
    inputs = {n: tf.TensorSpec([None, size], tf.float32) for n, size in sizes.items() if size}
    made = tf.TensorSpec([None, *generator.data_shape], tf.float32)
    signatures["generate"] = Signature(inputs, {"images": made}, generate, _accept, True)
    try:
        frame = generator.picture_frame_of(classifier.data_shape)
    except InputError:
        frame = None
    return ServedModel("1", signatures, generator.layout, frame, batch_size)


def _of_saved_model(directory):
    if not tf.saved_model.contains_saved_model(str(directory)):
        raise InputError(f"{directory} holds no SavedModel: expected a saved_model.pb in it")
    try:
        model = tf.saved_model.load(str(directory))
    except Exception as error:
        # TensorFlow raises errors of many kinds for a damaged file
        raise InputError(
            f"{directory} holds a SavedModel that cannot be loaded: {first_line(error)}"
        ) from error

    def signature(name, function):
        def compute(indices, arrays, model=model):
            # the functions live as long as the model does
            del indices, model
            try:
                return {name: value.numpy() for name, value in function(**arrays).items()}
            except tf.errors.InvalidArgumentError as error:
                raise InputError(_reason(error)) from error

        inputs, outputs = function.structured_input_signature[1], function.structured_outputs
        for output, spec in outputs.items():
            if np.dtype(spec.dtype.as_numpy_dtype).kind not in "iufb":
                raise InputError(
                    f"{directory}: the output {output!r} of {name!r} is of type "
                    f"{spec.dtype.name}: expected truth values, or numbers that NumPy knows"
                )
        # a random start depends on an example's place in the call, which it finds by itself
        return Signature(inputs, outputs, compute, _accept, False)

    signatures = {name: signature(name, function) for name, function in model.signatures.items()}
    if not signatures:
        raise InputError(
            f"{directory} holds a SavedModel without a signature: expected one at least"
        )
    version = directory.resolve().name
    return ServedModel(
        version if version.isascii() and version.isdecimal() else "1",
        signatures,
        *_described(directory),
        batch_size=1,
    )


def _described(directory):
    """Layout and frame that `export` wrote beside a SavedModel; None of one of another origin."""
    try:
        text = (directory / "assets.extra" / "classifier.json").read_text(encoding="utf-8")
        described = json.loads(text)
        layout = ConditionLayout.from_dict(described["layout"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
    try:
        bounds = bounds_from_json(described["bounds"])
        shape, arrange = tuple(described["data_shape"]), described.get("arrange")
        return layout, PictureFrame(shape, bounds, described["background"], arrange)
    except (InputError, KeyError):
        return layout, None


def _accept(arrays):
    del arrays


def _reason(error):
    """One line of TensorFlow's many: the model's own assertion, if that is what failed."""
    assertion = re.search(r"assertion failed: \[(.*)\]", error.message)
    return assertion.group(1) if assertion else first_line(error)
