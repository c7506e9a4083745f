"""Loads a generator by name or from a file."""

import hashlib
import io
from pathlib import Path

import keras
import numpy as np

from igc_tf.first_line import first_line
from igc_tf.models.cagan_networks import build_generator
from igc_tf.models.cagan_size import CAGANSize
from igc_tf.pretrained.generator_card import FOLDER, generator_card, generator_names


def load_generator(generator):
    """Loads a generator that ships, or any Keras model from a file.

    Args:
        generator: a name ("mnist-cagan-compact"), or the path of a `.keras` file.

    Returns:
        A Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`, float32.

    Raises:
        ValueError: for neither a name nor a `.keras` file that exists and loads, or for shipped
            weights that do not match their card.
    """
    if str(generator) in generator_names():
        return _shipped(str(generator))
    path = Path(generator)
    if path.suffix != ".keras" or not path.is_file():
        raise ValueError(
            f"generator {str(generator)!r}: expected one of {generator_names()} "
            "or the path of an existing .keras file"
        )
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:
        reason = first_line(error)
        raise ValueError(f"{path} holds no Keras model that can be loaded: {reason}") from error


def weights_digest(generator):
    """Returns the SHA-256 of a model's weights, in hexadecimal: which generator a result is of."""
    digest = hashlib.sha256()
    for weight in generator.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def _shipped(name):
    card = generator_card(name)
    data = (FOLDER / card["weights"]["file"]).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != card["weights"]["sha256"]:
        raise ValueError(
            f"the weights of {name} have SHA-256 {digest}: expected {card['weights']['sha256']}"
        )
    architecture = dict(card["architecture"])
    architecture["hidden_units"] = tuple(architecture["hidden_units"])
    model = build_generator(
        CAGANSize(**architecture),
        card["condition_size"],
        card["latent_size"],
        tuple(card["data_shape"]),
    )
    with np.load(io.BytesIO(data), allow_pickle=False) as weights:
        model.set_weights([weights[key].astype(np.float32) for key in weights.files])
    return model
