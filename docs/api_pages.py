"""Pages of the API reference, and docstrings as Sphinx wants them."""

import pkgutil
import re

_SECTIONS = {
    *("Args", "Attributes", "Exits", "Raises", "Returns", "Yields"),
    *("Example", "Examples", "Note"),
}


def write_api_pages(package, folder):
    """Writes one page per package of the library, with every public module of it.

    Args:
        package: the package, imported.
        folder: where; made if it is missing, and emptied of pages of packages that are gone.
    """
    root = package.__name__
    folder.mkdir(parents=True, exist_ok=True)
    pages = {}
    for module in pkgutil.walk_packages(package.__path__, f"{root}."):
        parts = module.name.split(".")
        if any(part.startswith("_") for part in parts):
            continue
        page = parts[1] if len(parts) > 2 or module.ispkg else root
        pages.setdefault(page, []).append(module.name)
    for page, modules in pages.items():
        name = root if page == root else f"{root}.{page}"
        lines = [f"# {name}", ""]
        if page == root:
            lines += _passed_on(package)
        for module in modules:
            title = [] if module == name else [f"## {module}", ""]
            lines += [*title, "```{eval-rst}", f".. automodule:: {module}"]
            # what a package only passes on is described where it is defined
            lines += ["   :ignore-module-all:", "```", ""]
        text = "\n".join(lines)
        path = folder / f"{page}.md"
        # an unchanged page is not read again
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()


def _passed_on(package):
    """Lines that list what a package passes on, each name linked to where it is described."""
    lines = []
    for name in package.__all__:
        module = getattr(getattr(package, name), "__module__", None)
        if module is not None:
            lines.append(f"- {{py:obj}}`{package.__name__}.{name} <{module}.{name}>`")
    return [*lines, ""]


def escape_docstring(text):
    """Returns a docstring's plain sentences as reStructuredText.

    Code stands in single backticks there, also before an s or at the end of a line; |z| is an
    absolute value and *args are arguments. A paragraph that is indented below one that is not is
    an example, and stays as it is; what is indented below `Args:` and its like is not.

    Args:
        text: of the docstring, without common indentation.
    """
    parts = [[]]  # prose and examples in turn
    above = ""
    for line in text.split("\n"):
        in_example = len(parts) % 2 == 0
        starts_example = line.startswith("    ") and parts[-1][-1:] == [""] and _is_prose(above)
        if not in_example and starts_example:
            parts.append([] if above.endswith("::") else ["::", ""])
        elif in_example and line and not line.startswith(" "):
            parts[-1] += [""] if parts[-1][-1] else []
            parts.append([])
        parts[-1].append(line)
        above = line or above
    blocks = ["\n".join(lines) for lines in parts]
    blocks[::2] = map(_escaped, blocks[::2])
    return "\n".join(blocks)


def _is_prose(line):
    """Whether a line may stand above an example."""
    return line and not line.startswith(" ") and line.rstrip(":") not in _SECTIONS


def _escaped(text):
    parts = re.split(r"(``[^`]+``|(?<!:)`[^`]+`)", text)
    parts[::2] = [re.sub(r"[|*\\]|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    for i in range(1, len(parts), 2):
        code = " ".join(parts[i].strip("`").split())
        # markup may not touch a word, except with an escaped space between them
        before = "\\ " if re.search(r"[^\s(\[{'\"/-]$", parts[i - 1]) else ""
        after = "\\ " if re.match(r"[^\s)\]}'\"/.,:;!?-]", parts[i + 1]) else ""
        parts[i] = f"{before}``{code}``{after}"
    return "".join(parts)
