"""Gives a model the weights that ship with a card."""

import hashlib
import io

import numpy as np

from igc_tf.errors import InputError
from igc_tf.pretrained.card import FOLDER


def set_shipped_weights(model, card):
    """Sets a model's weights, checked against the card; returns the model.

    Args:
        model: a Keras model of the card's architecture.
        card: names the file of weights and its SHA-256.

    Raises:
        InputError: for weights that do not match the card.
    """
    data = (FOLDER / card["weights"]["file"]).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != card["weights"]["sha256"]:
        raise InputError(
            f"the weights of {card['name']} have SHA-256 {digest}: "
            f"expected {card['weights']['sha256']}"
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as weights:
        model.set_weights([weights[key].astype(np.float32) for key in weights.files])
    return model


def weights_digest(model):
    """Returns the SHA-256 of a model's weights, in hexadecimal: which model a result is of."""
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()
