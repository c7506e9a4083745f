"""The guide names everything that ships."""

import re

from igc_tf.classifiers import network_names
from igc_tf.generators import generator_names
from igc_tf.generators.store import recorded_settings
from tests.docs.pages import ROOT, cells

_GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")


def _rows(head):
    """[[the names of each cell]] of the table whose first column is called so."""
    (table,) = re.findall(rf"^\| {head} \|.*\n(?:\|.*\n)*", _GUIDE, flags=re.M)
    return [[re.findall(r"`([^`]+)`", cell) for cell in row] for row in cells(table.strip())]


def test_every_generator_that_ships_is_in_the_table_with_its_settings():
    found = {name: of[1] for of in _rows("generator") for name in of[0]}
    assert found == {name: list(recorded_settings(name)) for name in generator_names()}


def test_every_network_that_ships_is_in_the_table():
    assert sorted(name for of in _rows("network") for name in of[0]) == network_names()
