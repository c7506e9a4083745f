"""Requests and answers in TensorFlow Serving's REST format, to and from arrays."""

import base64
from typing import NamedTuple

import numpy as np
import orjson
from tensorflow.core.framework import types_pb2

from igc_tf.errors import ImageFileError, InputError, first_line
from igc_tf.serve.signatures import Signature

_METHOD = "tensorflow/serving/predict"


class Question(NamedTuple):
    """What a request asks for.

    Attributes:
        signature: the `Signature`.
        arrays: {input: array (N, ...)}, checked.
        count: N.
        by_column: whether the answer comes by column; else by row.
    """

    signature: Signature
    arrays: dict
    count: int
    by_column: bool


def read_prediction(model, body):
    """Returns the `Question` of a `:predict` request.

    Args:
        model: the `ServedModel`.
        body: JSON, `{"instances": [row, ...]}` or `{"inputs": columns}`, and perhaps
            `"signature_name"`.

    Raises:
        InputError: if it does not fit the model; the message, one line, says why.
    """
    request = _parsed(body)
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        raise InputError('expected an object with either "instances" or "inputs"')
    signature = model.signature(request.get("signature_name", "serving_default"))
    if "inputs" in request:
        return _question(signature, _of_columns(request["inputs"], signature.inputs), True)
    rows = _rows(request, "instances", signature.inputs)
    return _question(signature, _of_columns(rows, signature.inputs), False)


def read_examples(model, body, check):
    """Returns the `Question` of a `:classify` request.

    Args:
        model: the `ServedModel`.
        body: JSON, `{"examples": [{"images": values}, ...]}`; the values flat, or shaped as the
            data are. With a "mask" in each, only what it shows is compared. Or
            `{"examples": [{"picture": {"b64": file}}, ...]}`, picture files in base64, which are
            brought into the model's frame.
        check: called with the number of examples before each picture is decoded; raises where there
            are too many, or nobody waits any more.

    Raises:
        InputError: as `read_prediction`; also for a model that is no exported classifier.
    """
    if model.layout is None or "classify" not in model.signatures:
        raise InputError("this model tells no class names: ask for :predict")
    request = _parsed(body)
    if not isinstance(request, dict) or "examples" not in request:
        raise InputError('expected an object with "examples"')
    examples = request["examples"]
    rows = examples if isinstance(examples, list) else []
    if any(isinstance(row, dict) and "picture" in row for row in rows):
        request["examples"] = framed = []
        for row in enumerate(rows):
            check(len(rows))
            framed.append({"images": _framed(model, *row)})
    has_masks = any(isinstance(row, dict) and "mask" in row for row in rows)
    usual = "classify_masked" if has_masks else "classify"
    signature = model.signature(request.get("signature_name", usual))
    if "score" not in signature.outputs:
        raise InputError('expected a signature that classifies: "classify" or "classify_masked"')
    columns = _of_columns(_rows(request, "examples", signature.inputs), signature.inputs)
    return _question(signature, columns, False, may_be_flat=True)


def write_prediction(question, outputs):
    """Returns the answer to a `:predict` request: JSON, bytes.

    Raises:
        InputError: if values are not finite; but in a reconstruction they are null.
    """
    outputs = _finite(outputs)
    if question.by_column:
        return _written({"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))})
    if len(outputs) == 1:
        return _written({"predictions": next(iter(outputs.values()))})
    rows = zip(*outputs.values(), strict=True)
    return _written({"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]})


def write_classification(model, outputs):
    """Returns the answer to a `:classify` request: JSON, bytes.

    `result` has TensorFlow Serving's pairs of name and score, `details` what else was found of each
    example: prediction, score and margin of its best class (with several labels, of each),
    differences by name, and the reconstruction: of a label whose candidates were all dropped, null.

    Raises:
        InputError: if other values are not finite.
    """
    layout = model.layout
    names = layout.element_names
    found = _finite(outputs)
    margins = layout.margins(found["score"])
    result, details = [], []
    for i, scores in enumerate(found["score"]):
        labels = np.atleast_1d(found["label"][i])
        elements = [int(o + label) for o, label in zip(layout.offsets, labels, strict=True)]
        differences = found["difference"][i]
        if np.ndim(differences):
            differences = dict(zip(names, differences, strict=True))
        one = {
            "prediction": [names[element] for element in elements],
            "label": labels.tolist(),
            "score": [scores[element] for element in elements],
            "margin": [None if np.isnan(margin) else float(margin) for margin in margins[i]],
        }
        if layout.num_labels == 1:
            one = {name: values[0] for name, values in one.items()}
        result.append([[name, score] for name, score in zip(names, scores, strict=True)])
        reconstruction = found["reconstruction"][i]
        details.append({**one, "difference": differences, "reconstruction": reconstruction})
    return _written({"result": result, "details": details})


def describe_signatures(model, name):
    """Returns TensorFlow Serving's metadata of a model, JSON-ready."""
    definitions = {
        key: {
            "inputs": _tensors(signature.inputs),
            "outputs": _tensors(signature.outputs),
            "method_name": _METHOD,
            "defaults": {},
        }
        for key, signature in model.signatures.items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": model.version},
        "metadata": {"signature_def": {"signature_def": definitions}},
    }


def _tensors(specs):
    def described(shape):
        sizes = [{"size": str(dim.size), "name": dim.name} for dim in shape.dim]
        return {"dim": sizes, "unknown_rank": shape.unknown_rank}

    return {
        name: {
            "dtype": types_pb2.DataType.Name(spec.dtype.as_datatype_enum),
            "tensor_shape": described(spec.shape.as_proto()),
            "name": name,
        }
        for name, spec in specs.items()
    }


def _parsed(body):
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"the body is no JSON: {first_line(error)}") from error


def _framed(model, number, row):
    """The image that a picture file in an example is brought into."""
    if model.frame is None:
        raise InputError('this model takes no picture files: expected "images"')
    match row:
        case {"picture": {"b64": str(encoded), **others}, **more} if not others and not more:
            pass
        case _:
            raise InputError(
                f'example {number}: expected {{"picture": {{"b64": TEXT}}}}, a file in base64, as '
                "in every row"
            )
    try:
        if encoded.startswith("data:"):
            encoded = encoded.partition(",")[2]
        return model.frame.decode(base64.b64decode("".join(encoded.split()), validate=True))
    except ImageFileError as error:
        raise InputError(f"example {number}: the picture {error}") from error
    except ValueError as error:
        raise InputError(f"example {number}: no base64 ({first_line(error)})") from error


def _rows(request, key, specs):
    """A list of rows, as columns."""
    rows = request[key]
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{key}: expected a list of at least one row")
    if not any(isinstance(row, dict) for row in rows):
        return rows
    if all(isinstance(row, dict) and row.keys() == specs.keys() for row in rows):
        return {name: [row[name] for row in rows] for name in specs}
    raise InputError(f"{key}: expected exactly {sorted(specs)} in every row")


def _of_columns(columns, specs):
    """The values of each input of a signature."""
    if not isinstance(columns, dict) and len(specs) == 1:
        columns = {next(iter(specs)): columns}
    if not isinstance(columns, dict) or columns.keys() != specs.keys():
        raise InputError(f"expected exactly the inputs {sorted(specs)}")
    return columns


def _question(signature, columns, by_column, may_be_flat=False):
    arrays = {
        name: _checked(name, columns[name], spec, may_be_flat)
        for name, spec in signature.inputs.items()
    }
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"the inputs have {counts} rows: expected the same number in each")
    signature.check(arrays)
    return Question(signature, arrays, next(iter(counts.values())), by_column)


def _checked(name, values, spec, may_be_flat):
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name}: the rows differ in shape: expected {spec.shape}") from error
    if may_be_flat and array.ndim == 2 and array.shape[1] == spec.shape[1:].num_elements():
        array = array.reshape(-1, *spec.shape[1:])
    if not spec.shape.is_compatible_with(array.shape):
        raise InputError(f"{name} has shape {array.shape}: expected {spec.shape}")
    if not array.ndim or not len(array):
        raise InputError(f"{name}: expected at least one row")
    kinds, expected = ("b", "truth values") if spec.dtype.is_bool else ("iuf", "numbers")
    if array.dtype.kind not in kinds:
        raise InputError(f"{name}: expected {expected}")
    # infinity, where it is too large, which is refused further on
    with np.errstate(over="ignore", invalid="ignore"):
        converted = array.astype(spec.dtype.as_numpy_dtype)
    if spec.dtype.is_integer and not np.array_equal(converted, array):
        low, high = spec.dtype.min, spec.dtype.max
        raise InputError(f"{name}: expected whole numbers from {low} to {high}")
    return converted


def _finite(outputs):
    # of several labels, one whose candidates were all dropped has no reconstruction
    judged = outputs.keys() - {"reconstruction"}
    if not all(np.isfinite(outputs[name]).all() for name in judged):
        raise InputError("the answer holds values that are not finite")
    return {name: np.ascontiguousarray(value) for name, value in outputs.items()}


def _written(answer):
    """Arrays and all as JSON; each number has as many digits as tell it from its neighbours."""
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
