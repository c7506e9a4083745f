"""LeNets that ship, by name."""

from pathlib import Path

import igc_tf
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import build_model, read_weights
from igc_tf.runs import read_json

LENETS = Path(igc_tf.__file__).parent / "classifiers" / "weights"


def lenet_names():
    """Returns the names `load_lenet` knows."""
    return sorted(path.parent.name for path in LENETS.glob("[!.]*/card.json"))


def lenet_card(name):
    """Returns a LeNet's card: network, training, figures, hashes.

    Args:
        name: one of `lenet_names()`, or a directory of `publish_lenet`.

    Raises:
        InputError: for neither.
    """
    return read_json(_directory(name) / "card.json")


def load_lenet(name="mnist-lenet"):
    """Loads a LeNet that ships.

    Args:
        name: one of `lenet_names()`, or a directory of `publish_lenet`.

    Returns:
        A Keras model `images (B, 28, 28, 1) in [-0.5, 0.5] -> probabilities (B, outputs)`.

    Raises:
        InputError: for neither, or weights that do not match their card.
    """
    card = lenet_card(name)
    model = build_model(card["model"])
    weights = card["weights"]
    read_weights(model, _directory(name) / weights["file"], weights["sha256"])
    return model


def _directory(name):
    if str(name) in lenet_names():
        return LENETS / str(name)
    if (Path(name) / "card.json").is_file():
        return Path(name)
    raise InputError(
        f"no lenet {str(name)!r}: expected one of {lenet_names()} or a directory with a card.json"
    )
