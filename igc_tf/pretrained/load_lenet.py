"""Loads a LeNet by name."""

from igc_tf.classifiers.network import build_lenet
from igc_tf.pretrained.card import lenet_card
from igc_tf.pretrained.shipped_weights import set_shipped_weights


def load_lenet(name="mnist-lenet"):
    """Loads a LeNet that ships.

    Args:
        name: one of `lenet_names()`.

    Returns:
        A Keras model `images (B, 28, 28, 1) in [-0.5, 0.5] -> probabilities (B, outputs)`.

    Raises:
        InputError: for a name that does not ship, or weights that do not match their card.
    """
    card = lenet_card(name)
    model = build_lenet(card["outputs"], tuple(card["data_shape"]), card["activation"])
    return set_shipped_weights(model, card)
