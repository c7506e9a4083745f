"""Any Keras model that generates data of a condition, in the one form that the library calls."""

import inspect
import math
import re
from typing import NamedTuple

import keras

from igc_tf.errors import GeneratorError
from igc_tf.generators.keras_files import keras_defaults
from igc_tf.generators.layers import EmbeddedMixture, LabelIndex

_CONDITION_WORDS = {
    *("condition", "conditions", "cond", "label", "labels", "class", "classes", "category"),
    *("categories", "attribute", "attributes", "onehot", "y", "c"),
}
_LATENT_WORDS = {"latent", "latents", "noise", "random", "z", "code"}


class Form(NamedTuple):
    """How a model wants to be called, as far as it does not say itself.

    Attributes:
        condition_input: the input that is the condition: its name, its key, or 0 or 1.
        condition_size: C.
        latent_size: Z.
        condition_index: whether the model takes the number of the class instead of a condition;
            None to find out.
    """

    condition_input: str | int | None = None
    condition_size: int | None = None
    latent_size: int | None = None
    condition_index: bool | None = None


class Adapted(NamedTuple):
    """A model in the form that the library calls.

    Attributes:
        model: a Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`, or
            `condition (B, C) -> data (B, ...)`.
        condition_size: C.
        latent_size: Z; None without a latent.
    """

    model: keras.Model
    condition_size: int
    latent_size: int | None


def adapt(model, form):
    """Returns an `Adapted` that shares the weights of a Keras model.

    Inputs may come in either order: as a list, a functional model's dictionary or a subclassed
    model's arguments.
    Where the model takes the number of a class and looks up Keras' embedding, a condition becomes
    the same mixture of the embeddings; otherwise its largest element decides the number, and no
    gradient reaches the condition.

    Args:
        model: a Keras model, functional or subclassed.
        form: a `Form`: what the caller says of it.

    Raises:
        GeneratorError: for something else, and where the model's form is not certain; the message
            says what was seen and which argument settles it.
    """
    if not isinstance(model, keras.Model):
        raise GeneratorError(
            f"the generator is a {type(model).__name__}: expected a Keras model "
            "that maps [condition, latent] to data"
        )
    with keras_defaults():
        if getattr(model, "inputs", None):
            return _functional(model, form)
        return _subclassed(model, form)


def _functional(model, form):
    inputs = list(model.inputs)
    if len(model.outputs) != 1:
        raise GeneratorError(
            f"the generator has {len(model.outputs)} outputs: expected one tensor of data"
        )
    if len(inputs) > 2:
        raise GeneratorError(
            f"the generator has {len(inputs)} inputs, {_seen(inputs)}: expected two, condition "
            "(B, C) and latent (B, Z), or the condition alone"
        )
    for tensor in inputs:
        if tensor.shape[0] is not None or None in tensor.shape[1:]:
            raise GeneratorError(
                f"the generator's input is {_seen([tensor])}: expected a known size, but any batch "
                "size, (None, ...)"
            )
    number = _condition_number(model, inputs, form)
    if _takes_index(model, inputs[number], form):
        model = _of_conditions(model, number, form)
        inputs = list(model.inputs)
    condition, latent = inputs[number], (inputs[1 - number] if len(inputs) == 2 else None)
    if len(condition.shape) != 2:
        raise GeneratorError(
            f"the generator's condition {condition.name!r} has shape {tuple(condition.shape)}: "
            "expected (None, C)"
        )
    _agree("condition_size", form.condition_size, condition.shape[1], condition)
    latent_size = None if latent is None else math.prod(latent.shape[1:])
    _agree("latent_size", form.latent_size, latent_size, latent)
    outer, data = [condition] if latent is None else [condition, latent], model.outputs[0]
    if latent is not None and len(latent.shape) != 2:
        outer[1] = keras.Input([latent_size], name="latent")
        shaped = keras.layers.Reshape(latent.shape[1:])(outer[1])
        data = _called(model, [condition, shaped] if number == 0 else [shaped, condition])
    elif _is_usual(model, outer):
        return Adapted(model, condition.shape[1], latent_size)
    adapted = keras.Model(outer if len(outer) > 1 else outer[0], data, name=model.name)
    return Adapted(adapted, condition.shape[1], latent_size)


def _structure(model):
    """What a functional or sequential model is called with: a tensor, a list or a dictionary."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def _called(model, tensors):
    """The only output of a model for tensors in the order of its `inputs`."""
    inputs = keras.tree.pack_sequence_as(_structure(model), tensors)
    return keras.tree.flatten(model(inputs))[0]


def _is_usual(model, inputs):
    """Whether a model is called with these inputs in this order, and returns a tensor."""
    if isinstance(model, keras.Sequential):
        return True
    given = model.input
    is_same = given is inputs[0]
    if isinstance(given, (list, tuple)) and len(inputs) == 2:
        is_same = all(one is other for one, other in zip(given, inputs, strict=True))
    return is_same and not isinstance(model.output, (list, tuple, dict))


def _condition_number(model, inputs, form):
    """Which of the inputs is the condition."""
    names = [tensor.name for tensor in inputs]
    given = _structure(model)
    entries = given.items() if isinstance(given, dict) else ()
    keys = [next((key for key, tensor in entries if tensor is one), one.name) for one in inputs]
    wanted = form.condition_input
    if wanted is not None:
        places = [i for i in range(len(inputs)) if wanted in (i, names[i], keys[i])]
        if not places:
            raise GeneratorError(
                f"condition_input={wanted!r}: the generator's inputs are {_seen(inputs)}"
            )
        return places[0]
    if len(inputs) == 1:
        if _kind(names[0]) == "latent":
            raise GeneratorError(
                f"the generator's only input is {_seen(inputs)}: expected a condition; if it is "
                f"one, say condition_input={names[0]!r}"
            )
        return 0
    told = _told([_kind(name) or _kind(key) for name, key in zip(names, keys, strict=True)])
    if told is not None:
        return told
    are_indices = [_looks_up(model, tensor) or "int" in tensor.dtype for tensor in inputs]
    if sum(are_indices) == 1:
        return are_indices.index(True)
    fits = [_fits(inputs[i], inputs[1 - i], form) for i in range(2)]
    if sum(fits) == 1:
        return fits.index(True)
    raise GeneratorError(
        f"the generator's inputs are {_seen(inputs)}: which is the condition? Say "
        "condition_input=0 for the first, condition_input=1 for the second, or call the inputs "
        "'condition' and 'latent'"
    )


def _told(kinds):
    """Which of two inputs is the condition, by their `_kind`; None where these do not tell."""
    if kinds.count("condition") == 1:
        return kinds.index("condition")
    return 1 - kinds.index("latent") if kinds.count("latent") == 1 else None


def _fits(condition, latent, form):
    """Whether the sizes that were said settle it."""
    said = {form.condition_size: condition, form.latent_size: latent}
    said.pop(None, None)
    return bool(said) and all(size == math.prod(tensor.shape[1:]) for size, tensor in said.items())


def _kind(name):
    words = set(re.split(r"[^a-z]+", str(name).lower()))
    is_condition, is_latent = bool(words & _CONDITION_WORDS), bool(words & _LATENT_WORDS)
    if is_condition == is_latent:
        return None
    return "condition" if is_condition else "latent"


def _seen(inputs):
    return " and ".join(f"{tensor.name!r} {tuple(tensor.shape)}" for tensor in inputs)


def _agree(what, said, found, tensor):
    if said is not None and said != found:
        seen = "there is none" if tensor is None else f"input {_seen([tensor])}"
        raise GeneratorError(
            f"{what}={said!r}, as said or as in the layout: the generator's is {found}, {seen}"
        )


def _consumers(model, tensor):
    """The layers and operations that one of a model's inputs goes into."""
    return [
        operation
        for operation in getattr(model, "operations", model.layers)
        for node in operation._inbound_nodes
        if any(given is tensor for given in node.input_tensors)
    ]


def _looks_up(model, tensor):
    """Whether an input goes into embeddings and nowhere else."""
    used_by = _consumers(model, tensor)
    return bool(used_by) and all(isinstance(op, keras.layers.Embedding) for op in used_by)


def _is_table(embedding):
    """Whether what an embedding looks up is a row of its table, and nothing is masked."""
    # a class of one's own may do anything with the row
    return not embedding.mask_zero and type(embedding).call is keras.layers.Embedding.call


def _takes_index(model, condition, form):
    if form.condition_index is not None:
        return form.condition_index
    return math.prod(condition.shape[1:]) == 1 and (
        len(condition.shape) == 1 or "int" in condition.dtype or _looks_up(model, condition)
    )


def _of_conditions(model, number, form):
    """A model of the same weights that takes a condition (B, C) instead of a class's number."""
    index = model.inputs[number]
    operations = _consumers(model, index)
    told = ("input_dim", "num_tokens", "num_classes")
    sizes = [getattr(operation, name, None) for name in told for operation in operations]
    size = next((size for size in [form.condition_size, *sizes] if size is not None), None)
    if size is None:
        raise GeneratorError(
            f"the generator's condition is a number, {_seen([index])}: say how many classes it has "
            "(condition_size=10)"
        )
    new = [keras.Input(one.shape[1:], dtype=one.dtype, name=one.name) for one in model.inputs]
    new[number] = keras.Input([size], name="condition")
    inputs = keras.tree.pack_sequence_as(_structure(model), new)
    if not _looks_up(model, index) or not all(map(_is_table, operations)):
        tensors = list(new)
        tensors[number] = LabelIndex(index.shape[1:], index.dtype)(new[number])
        return keras.Model(inputs, _called(model, tensors), name=model.name)
    embeddings = min(operation.input_dim for operation in operations)
    if size > embeddings:
        raise GeneratorError(
            f"condition_size={size}: the generator has embeddings for {embeddings} classes"
        )

    def mixture(layer):
        if all(layer is not operation for operation in operations):
            return layer
        return EmbeddedMixture(layer, layer.compute_output_shape(index.shape)[1:])

    return keras.models.clone_model(model, input_tensors=inputs, clone_function=mixture)


class _Arranged(keras.Model):
    """Calls a subclassed model with condition and latent where it wants them.

    Args:
        source: the model.
        condition_number: which of its inputs the condition is, 0 or 1.
        as_list: whether it takes them as a list.
        index: makes a class's number of the condition, or None.
    """

    def __init__(self, source, condition_number, as_list, index):
        super().__init__(name=source.name)
        self.source = source
        self.condition_number = condition_number
        self.as_list = as_list
        self.index = index
        self.takes_training = "training" in inspect.signature(source.call).parameters

    def call(self, inputs, training=False):
        inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        condition = inputs.pop(0)
        inputs.insert(
            self.condition_number, condition if self.index is None else self.index(condition)
        )
        inputs = [inputs] if self.as_list else inputs
        return self.source(*inputs, **({"training": training} if self.takes_training else {}))


def _subclassed(model, form):
    if form.condition_size is None:
        raise GeneratorError(
            f"the generator {model.name!r} does not tell its input shapes: say condition_size and, "
            "if it has a latent, latent_size"
        )
    index = LabelIndex((), "int32") if form.condition_index else None
    order = (0, False) if form.latent_size is None else _order(model, form.condition_input)
    return Adapted(_Arranged(model, *order, index), form.condition_size, form.latent_size)


def _order(model, condition_input):
    """How a subclassed model of two inputs is called: `condition_number` and `as_list`."""
    parameters = [
        name
        for name in inspect.signature(model.call).parameters
        if name not in ("training", "mask", "args", "kwargs")
    ]
    number = condition_input if condition_input in (0, 1) else None
    if number is None and len(parameters) == 2:
        if condition_input in parameters:
            number = parameters.index(condition_input)
        else:
            number = _told([_kind(name) for name in parameters])
    if number is None or len(parameters) not in (1, 2):
        raise GeneratorError(
            f"the generator {model.name!r} takes {parameters}, and which is the condition it does "
            "not tell: say condition_input=0 if it is called with [condition, latent], "
            "condition_input=1 for [latent, condition]"
        )
    return number, len(parameters) == 1
