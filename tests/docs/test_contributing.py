"""The diagram of the house shows the floors that the imports keep to."""

from tests.docs.pages import ROOT, blocks
from tests.test_house import _FLOORS


def test_the_diagram_has_the_floors_in_their_order():
    diagram = next(
        text for kind, text in blocks(ROOT / "docs" / "contributing.md") if kind == "text"
    )
    names = {name for floor in _FLOORS for name in floor}
    rows = []
    for line in diagram.splitlines():
        words = [word for word in line[:28].split() if word in names]
        if words and "/" not in line[:28]:
            rows.append(tuple(words))
    assert rows[::-1] == list(_FLOORS)
