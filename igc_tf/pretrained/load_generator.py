"""Loads a generator by name or from a file."""

from pathlib import Path

import keras

from igc_tf.errors import InputError, first_line
from igc_tf.pretrained.card import generator_card, generator_names
from igc_tf.pretrained.families import build_from_card
from igc_tf.pretrained.shipped_weights import set_shipped_weights


def load_generator(generator, precision=None):
    """Loads a generator that ships, or any Keras model from a file.

    Args:
        generator: a name ("mnist-cagan-compact"), or the path of a `.keras` file.
        precision: what its layers compute in, a Keras dtype policy; with "mixed_bfloat16" a search
            takes less time where the processor multiplies bfloat16 matrices (AMX, tensor cores),
            and its differences are rougher. None leaves what was saved; shipped: "float32".

    Returns:
        A Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`.

    Raises:
        InputError: for neither a name nor a `.keras` file that exists and loads, for shipped
            weights that do not match their card, or for a policy that Keras does not know.
    """
    policy = None if precision is None else keras.dtype_policies.get(precision)
    model = _loaded(generator)
    if policy is not None:
        _compute_in(policy, model)
    return model


def _loaded(generator):
    if str(generator) in generator_names():
        return _shipped(str(generator))
    path = Path(generator)
    if path.suffix != ".keras" or not path.is_file():
        raise InputError(
            f"generator {str(generator)!r}: expected one of {generator_names()} "
            "or the path of an existing .keras file"
        )
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:
        reason = first_line(error)
        raise InputError(f"{path} holds no Keras model that can be loaded: {reason}") from error


def _shipped(name):
    card = generator_card(name)
    return set_shipped_weights(build_from_card(card), card)


def _compute_in(policy, model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            _compute_in(policy, layer)
        else:
            layer.dtype_policy = policy
