"""How Sphinx builds this documentation: `sphinx-build -W docs docs/_build`."""

import os
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parent), str(_HERE)]

import api_pages  # noqa: E402
import result_files  # noqa: E402
import result_tables  # noqa: E402

import igc_tf  # noqa: E402

project = "igc_tf"
author = "the igc_tf developers"
version = release = igc_tf.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["colon_fence", "substitution"]
myst_heading_anchors = 3
myst_substitutions = result_tables.numbers()

# docstrings write code in single backticks
default_role = "code"
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"igc_tf {version}"
html_static_path = []

api_pages.write_api_pages(igc_tf, _HERE / "api")


class ResultTable(SphinxDirective):
    """`result-table NAME`: one of `result_tables.TABLES`."""

    required_arguments = 1

    def run(self):
        """Returns the table's nodes."""
        return self.parse_text_to_nodes(result_tables.TABLES[self.arguments[0]]())


class ResultFigure(SphinxDirective):
    """`result-figure PROGRAM/RUN/FILE.png`: a picture beside a result, and its caption."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Returns the figure's node."""
        path = result_files.figure(self.arguments[0])
        here = Path(self.env.doc2path(self.env.docname)).parent
        uri = Path(os.path.relpath(path, here)).as_posix()
        (caption,) = self.parse_text_to_nodes(" ".join(self.content))
        picture = nodes.image(uri=uri, alt=caption.astext())
        return [nodes.figure("", picture, nodes.caption("", "", *caption.children))]


def as_restructured_text(app, what, name, obj, options, lines):
    """Autodoc's hook: changes a docstring's lines in place."""
    del app, what, name, obj, options
    lines[:] = api_pages.escape_docstring("\n".join(lines)).split("\n")


def skip_tuple_fields(app, what, name, obj, skip, options):
    """Autodoc's hook: a NamedTuple's fields are in its docstring, "Alias for field 0" is not."""
    del app, what, name, options
    return True if type(obj).__name__ == "_tuplegetter" else skip


def setup(app):
    """Connects the above."""
    app.add_directive("result-table", ResultTable)
    app.add_directive("result-figure", ResultFigure)
    app.connect("autodoc-skip-member", skip_tuple_fields)
    # before napoleon, which looks for sections
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
