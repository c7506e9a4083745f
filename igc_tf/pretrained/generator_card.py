"""The cards of the generators that ship."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent


def generator_names():
    """Returns the names `load_generator` knows."""
    return sorted(path.stem for path in FOLDER.glob("[!.]*.json"))


def generator_card(name):
    """Returns a generator's card: architecture, training, metrics, best search settings, hash.

    Raises:
        ValueError: for a name that does not ship.
    """
    if name not in generator_names():
        raise ValueError(f"no generator {name!r} ships: expected one of {generator_names()}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
