"""What goes into a generator and what comes out."""

from typing import NamedTuple

import keras
import tensorflow as tf

from igc_tf.errors import GeneratorError, first_line


class Signature(NamedTuple):
    """Sizes of a conditional generator.

    Attributes:
        condition_size: C, the number of a condition's elements.
        latent_size: Z; None without a latent.
        data_shape: shape of one example, without the batch axis.
    """

    condition_size: int
    latent_size: int | None
    data_shape: tuple[int, ...]


def read_signature(model):
    """Reads the `Signature` off a functional Keras model and tries it on two examples.

    Raises:
        GeneratorError: if it is no Keras model, does not take [condition, latent] or the condition
            alone, of rank 2 with known sizes, or does not return one batch of finite data.
    """
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise GeneratorError(
            f"the generator is a {type(model).__name__}: expected a Keras model "
            "that maps [condition, latent] to data"
        )
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) not in (1, 2):
        raise GeneratorError(
            f"the generator has {len(shapes)} inputs {shapes}: expected two, "
            "[condition (B, C), latent (B, Z)], or the condition alone"
        )
    for name, shape in zip(("condition", "latent"), shapes, strict=False):
        if len(shape) != 2 or shape[1] is None or shape[0] is not None:
            raise GeneratorError(
                f"the generator's {name} input has shape {shape}: expected (None, size)"
            )
    sizes = [shape[1] for shape in shapes]
    return Signature(sizes[0], (*sizes[1:], None)[0], _data_shape(model, sizes))


def _data_shape(generator, sizes):
    batch = 2
    inputs = [tf.zeros([batch, size]) for size in sizes]
    try:
        data = generator(inputs if len(inputs) > 1 else inputs[0], training=False)
    except Exception as error:
        reason = first_line(error)
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
        raise GeneratorError(
            f"the generator {generator.name!r} could not be called on [{shapes}]: {reason}"
        ) from error
    if not tf.is_tensor(data):
        raise GeneratorError(
            f"the generator returned a {type(data).__name__}: expected one tensor of data"
        )
    if data.shape.rank < 2 or data.shape[0] != batch:
        raise GeneratorError(
            f"the generator returned shape {tuple(data.shape)} for {batch} examples: "
            f"expected ({batch}, ...)"
        )
    if not bool(tf.reduce_all(tf.math.is_finite(tf.cast(data, tf.float32)))):
        raise GeneratorError("the generator returned values that are not finite")
    return tuple(data.shape[1:])
