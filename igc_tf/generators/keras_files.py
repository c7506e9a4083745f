"""Keras models, made under any of Keras' settings, and in files: JSON and weights, or `.keras`."""

import contextlib
import hashlib
import io
import json
import os
import re
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from igc_tf.errors import InputError, first_line
from igc_tf.ranges import check_kind
from igc_tf.runs.directory import open_npz

# what Keras writes of a Lambda layer's Python code, and of a SavedModel that is a layer
_FOREIGN = ("__lambda__", "TFSMLayer")
# beside the weights of a model that is kept
CARD = "card.json"
# the dtype policies that the programs offer
Precision = Literal["float32", "mixed_bfloat16"]


@contextlib.contextmanager
def dtype_policy(name):
    """Layers made inside take this policy, e.g. "float32" or "mixed_bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def each_layer(model):
    """Yields every layer of a model, those in nested models and in layers too, but no models."""
    for layer in model._flatten_layers(include_self=False):
        if not isinstance(layer, keras.Model):
            yield layer


@contextlib.contextmanager
def keras_defaults():
    """Networks built inside are the same whatever Keras' configuration file says.

    They keep channels last and take float32 inputs; the dtype policy is not changed, unless it
    follows the file.
    """
    data_format, floatx = keras.config.image_data_format(), keras.config.floatx()
    policy = keras.config.dtype_policy()
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    if policy.name == floatx:
        keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_image_data_format(data_format)
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def model_names(folder):
    """Returns the names of the models that a folder keeps, in alphabetical order."""
    return sorted(path.parent.name for path in Path(folder).glob(f"[!.]*/{CARD}"))


def model_directory(model, folder):
    """Returns the directory of a model that a folder keeps by name, or of a path with a card.

    Returns:
        The `Path`, or None for neither.

    Raises:
        InputError: for what is neither a name nor a path.
    """
    check_kind("model", model, str | os.PathLike, "a name, or a path")
    if str(model) in model_names(folder):
        return Path(folder) / str(model)
    return Path(model) if (Path(model) / CARD).is_file() else None


def model_config(model):
    """Returns the configuration from which `build_model` makes the model anew, JSON-ready.

    Raises:
        InputError: for a model that does not tell its configuration, or has layers that Keras would
            not make of it.
    """
    try:
        config = _without_compilation(json.loads(model.to_json()))
    except (NotImplementedError, TypeError, ValueError) as error:
        raise InputError(
            f"the model {model.name!r} does not tell how to make it again: {first_line(error)} "
            "(a class of your own needs get_config, see Keras' guide to saving)"
        ) from error
    if foreign := sorted(set(_foreign_layers(config, model.name))):
        raise InputError(
            f"the layers {foreign} of the model {model.name!r} hold Python code or another file's "
            "graph, which Keras does not load by default: expected operations of keras.ops, or a "
            "class of your own (keras.saving.register_keras_serializable)"
        )
    return config


def build_model(config, custom_objects=None):
    """Builds a model of a `model_config`, its weights not yet set.

    The configuration decides alone, whatever Keras' configuration file says. A model that is frozen
    as a whole, as the averages are that training keeps, may be trained again.

    Args:
        config: of `model_config`.
        custom_objects: {name: class or function} that Keras does not know.

    Raises:
        InputError: if Keras cannot; names what is missing.
    """
    with keras_defaults():
        try:
            model = keras.models.model_from_json(json.dumps(config), custom_objects)
        except Exception as error:
            raise InputError(f"the model cannot be made: {_innermost_cause(error)}") from error
    if not model.trainable:
        model.trainable = True
    return model


def write_weights(model, path, dtype="float32"):
    """Writes a model's weights, in its own order, as an NPZ file.

    Args:
        model: a Keras model.
        path: of the file.
        dtype: of what is float32 in the model: "float32" or "float16". An array with numbers too
            large for that stays float32; what NumPy has no type for, such as bfloat16, becomes it.
    """
    stored = (_stored(weight, dtype) for weight in model.get_weights())
    np.savez_compressed(path, **{f"{i:03d}": weight for i, weight in enumerate(stored)})


def _stored(weight, dtype):
    """A weight as `write_weights` writes it."""
    if weight.dtype.isbuiltin != 1:
        return weight.astype(np.float32)
    if weight.dtype != np.float32:
        return weight
    with np.errstate(over="ignore"):
        rounded = weight.astype(dtype)
    is_kept = np.array_equal(np.isfinite(rounded), np.isfinite(weight))
    return rounded if is_kept else weight


def keep_weights(model, directory, name, dtype="float32"):
    """Writes a model's weights into a directory; what its card says of them, JSON-ready.

    Args:
        model: a Keras model.
        directory: a `RunDirectory`.
        name: of the file.
        dtype: as for `write_weights`.

    Raises:
        OutputError: if the directory cannot be written.
    """
    path = directory.write(name, lambda path: write_weights(model, path, dtype))
    return {
        "file": path.name,
        "dtype": dtype,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "digest": weights_digest(model, dtype),
    }


def read_weights(model, path, sha256=None):
    """Sets a model's weights to those of a file of `write_weights`.

    Args:
        model: a built Keras model.
        path: of the file.
        sha256: of the file's bytes, in hexadecimal; None for any.

    Raises:
        InputError: for a file that cannot be read, has another hash or does not fit the model.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and digest != sha256:
        raise InputError(f"{path} has SHA-256 {digest}: expected {sha256}, as its card says")
    with open_npz(
        io.BytesIO(data), lambda why: InputError(f"{path} holds no weights: {why}")
    ) as file:
        weights = [file[key] for key in file.files]
    found, expected = ([w.shape for w in arrays] for arrays in (weights, model.get_weights()))
    if found != expected:
        raise InputError(f"{path} holds weights of shapes {found}: expected {expected}")
    model.set_weights([w.astype(np.float32) if w.dtype == np.float16 else w for w in weights])


def read_keras_file(path, custom_objects=None):
    """Loads a `.keras` file.

    Args:
        path: of the file.
        custom_objects: {name: class or function} that Keras does not know.

    Raises:
        InputError: if Keras cannot; names what is missing.
    """
    with keras_defaults():
        try:
            return keras.models.load_model(path, custom_objects, compile=False)
        except Exception as error:
            raise InputError(
                f"{path} holds no Keras model that can be loaded: {_innermost_cause(error)}"
            ) from error


def compute_in(model, precision):
    """Lets every layer of a model (`each_layer`) compute in a dtype policy.

    Args:
        model: a Keras model.
        precision: "float32", "mixed_bfloat16" or another policy of Keras'.

    Raises:
        InputError: for a policy that Keras does not know.
    """
    try:
        policy = keras.dtype_policies.get(precision)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"precision={precision!r}: expected 'float32', 'mixed_bfloat16' or another dtype "
            "policy of Keras'"
        ) from error
    for layer in each_layer(model):
        layer.dtype_policy = policy


def weights_digest(model, dtype="float32"):
    """Returns the SHA-256 of a model's weights, in hexadecimal: which model a result is of.

    Args:
        model: a Keras model.
        dtype: that the numbers are rounded to first, as `write_weights` does.
    """
    digest = hashlib.sha256()
    for weight in model.get_weights():
        rounded = _stored(weight, dtype).astype(weight.dtype)
        digest.update(np.ascontiguousarray(rounded).tobytes())
    return digest.hexdigest()


def _foreign_layers(config, name):
    """The names of the layers that load what is no configuration; `name` is of the one around."""
    if isinstance(config, dict):
        own = config.get("config")
        name = own.get("name", name) if isinstance(own, dict) else name
        if config.get("class_name") in _FOREIGN:
            yield name
        config = [*config.values()]
    if isinstance(config, list):
        for value in config:
            yield from _foreign_layers(value, name)


def _without_compilation(config):
    """A configuration without optimizers and losses, which only training needs."""
    if isinstance(config, dict):
        return {
            key: _without_compilation(value)
            for key, value in config.items()
            if key != "compile_config"
        }
    return [_without_compilation(value) for value in config] if isinstance(config, list) else config


def _innermost_cause(error):
    """What Keras found missing: its own message wraps it in the whole configuration."""
    text, seen = str(error), error
    while seen.__cause__ or seen.__context__:
        seen = seen.__cause__ or seen.__context__
        text += f"\nException encountered: {seen}"
    missing = re.findall(r"Could not locate (class|function) '([^']+)'", text)
    if missing:
        kind, name = missing[-1]
        name = name.split(">")[-1]
        return (
            f"it uses the {kind} {name!r}, which Keras does not know here. Import the module that "
            "registers it (keras.saving.register_keras_serializable), or give "
            f'custom_objects={{"{name}": {name}}}'
        )
    if "lambda" in text.lower() and "safe_mode" in text:
        return (
            "it holds a Lambda layer, Python code that loading would run. If you trust the file, "
            "load it with keras.models.load_model(path, safe_mode=False) and give "
            "igc_tf.Generator the model"
        )
    causes = [part.strip() for part in text.split("Exception encountered:") if part.strip()]
    return first_line(ValueError(causes[-1])) if causes else first_line(error)
