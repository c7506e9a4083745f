"""The cards of the models that ship."""

import json
from pathlib import Path

from igc_tf.errors import InputError

FOLDER = Path(__file__).parent


def generator_names():
    """Returns the names `load_generator` knows."""
    return _names("generator")


def generator_card(name):
    """Returns a generator's card: architecture, training, metrics, best search settings, hash.

    Raises:
        InputError: for a name that does not ship.
    """
    return _card(name, "generator")


def lenet_names():
    """Returns the names `load_lenet` knows."""
    return _names("lenet")


def lenet_card(name):
    """Returns a LeNet's card: architecture, training, metrics, hash.

    Raises:
        InputError: for a name that does not ship.
    """
    return _card(name, "lenet")


def _names(kind):
    return [name for name, card in _cards().items() if card["kind"] == kind]


def _card(name, kind):
    names = _names(kind)
    if name not in names:
        raise InputError(f"no {kind} {str(name)!r} ships: expected one of {names}")
    return _cards()[name]


def _cards():
    """Every card, read anew, by name in alphabetical order."""
    paths = sorted(FOLDER.glob("[!.]*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
