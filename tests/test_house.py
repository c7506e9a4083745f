"""The plan of the house: what may import what, and how its files are called."""

import ast
from pathlib import Path

import pytest

import igc_tf

_PACKAGE = Path(igc_tf.__file__).parent
# from the ground; what stands on one floor may import from its own and from those below
_FLOORS = (
    ("errors", "lazy", "ranges", "runs"),
    ("metrics",),
    ("data",),
    ("generators",),
    ("search",),
    ("plots", "tensorboard", "export"),
    ("classifiers",),
    ("training",),
    ("serve", "reproduce"),
    ("distributed",),
    ("cli",),
)
_FLOOR = {name: number for number, names in enumerate(_FLOORS) for name in names}


def _modules():
    return sorted(path for path in _PACKAGE.rglob("*.py") if path != _PACKAGE / "__init__.py")


def _name(path):
    return ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    )


def _imported(path):
    """The modules of the package that a module imports, inside functions too."""
    found, modules = set(), {_name(path) for path in _modules()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("igc_tf"):
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                found.add(inside if inside in modules else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("igc_tf")}
    return found


def _room(name):
    return name.split(".")[1] if "." in name else None


def test_every_room_has_a_floor():
    assert {_room(_name(path)) for path in _modules()} == set(_FLOOR)


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_no_import_climbs(path):
    here = _FLOOR[_room(_name(path))]
    rooms = {_room(name) for name in _imported(path)} & set(_FLOOR)
    assert not [room for room in rooms if _FLOOR[room] > here]


def test_no_circle_of_imports():
    names = {_name(path) for path in _modules()}
    graph = {_name(path): _imported(path) & names - {_name(path)} for path in _modules()}
    # a package's own __init__ imports its modules, which do not import it back
    done, open_ = set(), []

    def visit(name):
        assert name not in open_, f"a circle: {' -> '.join([*open_[open_.index(name) :], name])}"
        if name in done:
            return
        open_.append(name)
        for other in sorted(graph[name]):
            visit(other)
        done.add(open_.pop())

    for name in sorted(graph):
        visit(name)


def test_no_function_hides_its_module():
    for path in _PACKAGE.rglob("__init__.py"):
        public = {
            alias.asname or alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        modules = {inside.stem for inside in path.parent.glob("*.py")}
        assert not public & modules, f"{path}: {public & modules}"


def test_a_file_is_a_subject():
    lengths = {
        _name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in _modules()
        if path.name != "__init__.py"
    }
    assert len(lengths) <= 137
    assert len([name for name, length in lengths.items() if length <= 40]) <= 12
    assert {name: length for name, length in lengths.items() if length > 400} == {}
