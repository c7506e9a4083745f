"""A generator is tried on a few inputs before anybody relies on it."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from igc_tf.errors import GeneratorError, first_line
from igc_tf.generators.keras_files import each_layer

# what data are scaled to, the narrow ranges first
_USUAL_BOUNDS = ((-0.5, 0.5), (0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
# a linear last layer overshoots a little
_OVERSHOOT = 0.05
_FIRST, _SECOND = (0, 0), (0, 1)
# of the greatest value, how much two calls may differ; and the layers of which that is more
_FINE, _COARSE = 1e-4, 0.03
_ROUGH = ("bfloat16", "float16")


class Trial(NamedTuple):
    """What was found.

    Attributes:
        data_shape: of one example, without the batch axis.
        condition_gradient: whether gradients reach the condition; a search of the condition
            needs them.
    """

    data_shape: tuple[int, ...]
    condition_gradient: bool


def try_generator(generator, are_said):
    """Tries a generator on four examples, on two of them in another order, and its gradients.

    Args:
        generator: a `Generator` that knows its layout, latents, prior and bounds.
        are_said: whether nothing but the owner's word is known of its bounds.

    Returns:
        A `Trial`.

    Raises:
        GeneratorError: if it makes anything but one batch of finite data within the bounds, if its
            bounds are evidently another's, if an input does nothing, if no gradient reaches the
            latent, if two calls differ, or if an example depends on its neighbours.
    """
    values = _examples(generator)
    data = _call(generator, values)
    _check_bounds(data, generator.bounds, are_said)
    _check_inputs_matter(data, generator)

    def call(chosen):
        return _call(generator, {name: value[chosen] for name, value in values.items()})

    _check_repeatable("the generator", generator.model, call, data, [3, 0])
    return Trial(data.shape[1:], _condition_gradient(generator, values))


def try_encoder(generator):
    """Tries a generator's encoder on two examples and two conditions.

    Args:
        generator: a `Generator` with an encoder that also knows the shape of its data.

    Raises:
        GeneratorError: if the generator has no latent, or the encoder makes anything but one
            finite latent for each example and condition, if two calls differ, or if an example
            depends on its neighbours.
    """
    latent_size, bounds = generator.latent_size, generator.bounds
    if latent_size is None:
        raise GeneratorError("an encoder was given, but the generator has no latent to encode")
    low, high = np.clip(bounds, *np.where(np.isfinite(bounds), bounds, (-1.0, 1.0)))
    shape = [2, *generator.data_shape]
    data = np.random.default_rng(0).uniform(low, high, shape).astype(np.float32)
    condition = _two_conditions(generator.layout)[np.newaxis]

    def call(chosen):
        try:
            return generator.encode(tf.constant(data[chosen]), tf.constant(condition)).numpy()
        except Exception as error:
            raise GeneratorError(
                f"the encoder could not be called on data {data.shape} and conditions "
                f"{condition.shape}: {first_line(error)}"
            ) from error

    latent = call([0, 1])
    if latent.shape != (2, 2, latent_size):
        raise GeneratorError(
            f"the encoder returned shape {latent.shape} for 2 examples and 2 conditions: expected "
            f"(2, 2, {latent_size})"
        )
    if not np.isfinite(latent).all():
        raise GeneratorError("the encoder returned values that are not finite")
    # the second, beside itself
    _check_repeatable("the encoder", generator.encoder, call, latent, [1, 1])


def _examples(generator):
    """Two conditions, each with the same two latents."""
    values = {"condition": np.tile(_two_conditions(generator.layout), [2, 1])}
    if generator.latent_size is not None:
        shape = [generator.latent_size]
        draws = [generator.prior.sample(shape, seed).numpy() for seed in (_FIRST, _SECOND)]
        values["latent"] = np.stack([draws[0], draws[0], draws[1], draws[1]])
    return values


def _two_conditions(layout):
    """The first value of every label, and the last, (2, C)."""
    columns = np.array([[0] * layout.num_labels, [size - 1 for size in layout.sizes]])
    return layout.one_hot(layout.labels_of(columns))


def _call(generator, values):
    batch = len(values["condition"])
    try:
        data = generator({name: tf.constant(value) for name, value in values.items()})
    except Exception as error:
        shapes = ", ".join(f"{name} {value.shape}" for name, value in values.items())
        raise GeneratorError(
            f"the generator could not be called on {shapes}: {first_line(error)}"
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
    data = data.numpy()
    if not np.isfinite(data).all():
        raise GeneratorError("the generator returned values that are not finite")
    return data


def _check_bounds(data, bounds, are_said):
    low, high = bounds
    least, most = float(data.min()), float(data.max())
    slack = _OVERSHOOT * (high - low) if np.isfinite(high - low) else 0.0
    if least < low - slack or most > high + slack:
        usual = [b for b in _USUAL_BOUNDS if b[0] - 1e-3 <= least and most <= b[1] + 1e-3]
        example = f", e.g. bounds={usual[0]}" if usual else ""
        raise GeneratorError(
            f"what the generator makes lies in [{least:.4g}, {most:.4g}]: expected "
            f"[{low:g}, {high:g}], its bounds; say the bounds of the data it was trained "
            f"on{example}"
        )
    for usual in _USUAL_BOUNDS:
        is_narrower = usual[1] - usual[0] < 0.75 * (high - low) < np.inf
        if are_said and is_narrower and _saturates(data, usual):
            raise GeneratorError(
                f"what the generator makes fills [{least:.4g}, {most:.4g}], as if its bounds were "
                f"{usual} and not ({low:g}, {high:g}); say the bounds of the data it was trained on"
            )


def _saturates(data, bounds):
    """Whether data stay within bounds, with more than a few values at either end."""
    near = 0.02 * (bounds[1] - bounds[0])
    at_low, at_high = data < bounds[0] + near, data > bounds[1] - near
    inside = data.min() > bounds[0] - near and data.max() < bounds[1] + near
    return inside and min(at_low.sum(), at_high.sum()) > max(3, 0.005 * data.size)


def _check_inputs_matter(data, generator):
    layout = generator.layout
    # differences of float32 that rounding explains
    least = 1e-6 * np.abs(data).max()
    if max(layout.sizes) > 1 and not np.abs(data[0::2] - data[1::2]).max() > least:
        raise GeneratorError(
            "the generator makes the same of two different conditions: expected that the "
            f"condition {layout.element_names} decides what is made"
        )
    if generator.latent_size is not None and not np.abs(data[:2] - data[2:]).max() > least:
        raise GeneratorError(
            "the generator makes the same of two different latents: expected that the latent "
            "decides what is made; a search would have nothing to find"
        )


def _check_repeatable(what, model, call, made, chosen):
    """Checks that a model makes the same of the same examples.

    Args:
        what: what the model is called in a message.
        model: a Keras model.
        call: what it makes of the examples of these numbers.
        made: what it made of all.
        chosen: numbers of some, beside others than among all.

    Raises:
        GeneratorError: if it makes something else.
    """
    is_rough = any(layer.compute_dtype in _ROUGH for layer in each_layer(model))
    allowed = (_COARSE if is_rough else _FINE) * max(np.abs(made).max(), 1e-6)
    beside_others = np.abs(call(chosen) - made[chosen]).max()
    if beside_others <= allowed:
        return
    difference = np.abs(call(np.arange(len(made))) - made).max()
    if difference > allowed:
        raise GeneratorError(
            f"two calls of {what} with the same inputs differ by up to {difference:.3g}: expected "
            "the same outside of training (training=False)"
        )
    raise GeneratorError(
        f"what {what} makes of an example depends on the others of its batch, by up to "
        f"{beside_others:.3g}: expected that examples do not depend on each other outside of "
        "training (training=False)"
    )


def _condition_gradient(generator, values):
    """Checks the gradient to the latent; returns whether one reaches the condition."""
    values = {name: tf.constant(value[2:]) for name, value in values.items()}
    has_latent = generator.latent_size is not None
    if has_latent:
        # where searches start, and elsewhere
        mean = tf.constant(generator.prior.mean, tf.float32)
        start = tf.fill([1, generator.latent_size], mean)
        values["latent"] = tf.concat([start, values["latent"][1:]], axis=0)
    with tf.GradientTape() as tape:
        tape.watch(values)
        data = generator(values)
        # in no direction that a normalisation would keep constant
        weights = tf.random.stateless_normal(tf.shape(data), _FIRST)
        objective = tf.reduce_sum(weights * data)
    gradients = tape.gradient(objective, values)
    if has_latent:
        gradient = gradients["latent"]
        places = ("at the prior's mean, where searches start", "at a latent drawn from the prior")
        if gradient is None:
            raise GeneratorError(
                "no gradient reaches the generator's latent: expected that every operation on the "
                "way to the data can be differentiated"
            )
        for row, place in zip(gradient.numpy(), places, strict=True):
            if not np.isfinite(row).all():
                raise GeneratorError(f"the gradient to the latent is not finite {place}")
            if not row.any():
                raise GeneratorError(
                    f"the gradient to the latent is zero {place}: a search could not move"
                )
    gradient = gradients["condition"]
    return gradient is not None and bool(np.isfinite(gradient).all() and np.any(gradient))
