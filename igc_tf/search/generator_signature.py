"""What goes into a generator and what comes out."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from igc_tf.errors import GeneratorError, first_line


@dataclass(frozen=True)
class GeneratorSignature:
    """Sizes of a conditional generator `[condition (B, C), latent (B, Z)] -> data (B, ...)`.

    A generator may also do without a latent: `condition (B, C) -> data (B, ...)`.

    Attributes:
        condition_size: C, the number of conditions (classes).
        latent_size: Z; None without a latent.
        data_shape: shape of one example, without the batch axis.
    """

    condition_size: int
    latent_size: int | None
    data_shape: tuple[int, ...]

    @classmethod
    def of(cls, generator, condition_size=None, latent_size=None, needs_latent=True):
        """Reads the signature off a generator and tries it on two examples.

        Args:
            generator: a Keras model, functional or subclassed.
            condition_size, latent_size: needed for a subclassed model, which does not tell its
                input shapes; otherwise read off the model.
            needs_latent: whether a generator without a latent is refused. If not, a subclassed
                model without `latent_size` has none.

        Raises:
            GeneratorError: if it is no Keras model, does not take exactly [condition, latent] (or
                the condition alone, if that will do) of rank 2 with known sizes, or does not
                return one batch of finite data.
        """
        if not isinstance(generator, keras.Layer):
            raise GeneratorError(
                f"the generator is a {type(generator).__name__}: expected a Keras model "
                "that maps [condition, latent] to data"
            )
        sizes = [condition_size, latent_size]
        inputs = getattr(generator, "inputs", None)
        if inputs:
            sizes = cls._input_sizes(inputs, sizes, needs_latent)
        elif None in (sizes if needs_latent else sizes[:1]):
            raise GeneratorError(
                f"the generator {generator.name!r} does not tell its input shapes: "
                "give condition_size and latent_size"
            )
        return cls(*sizes, cls._data_shape(generator, sizes))

    @staticmethod
    def _input_sizes(inputs, expected, needs_latent):
        shapes = [tuple(tensor.shape) for tensor in inputs]
        if len(shapes) == 1 and not needs_latent:
            expected = expected[:1]
        elif len(shapes) != 2:
            raise GeneratorError(
                f"the generator has {len(shapes)} inputs {shapes}: "
                "expected two, [condition (B, C), latent (B, Z)]"
                f"{'' if needs_latent else ', or the condition alone'}"
            )
        if [tensor.name for tensor in inputs] == ["latent", "condition"]:
            raise GeneratorError(
                "the generator's inputs are [latent, condition]: expected [condition, latent]"
            )
        names = ("condition", "latent")[: len(shapes)]
        for name, shape, size in zip(names, shapes, expected, strict=True):
            if len(shape) != 2 or shape[1] is None:
                raise GeneratorError(
                    f"the generator's {name} input has shape {shape}: expected (None, size)"
                )
            if shape[0] is not None:
                raise GeneratorError(
                    f"the generator's {name} input has a fixed batch size, {shape}: "
                    "expected (None, size)"
                )
            if size is not None and size != shape[1]:
                raise GeneratorError(
                    f"the generator's {name} input has {shape[1]} elements: expected {size}"
                )
        return [shape[1] for shape in shapes] + [None] * (2 - len(shapes))

    @staticmethod
    def _data_shape(generator, sizes):
        batch = 2
        inputs = [tf.zeros([batch, size]) for size in sizes if size is not None]
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
