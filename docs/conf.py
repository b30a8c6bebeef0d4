"""How the documentation is built: ``tox -e docs``."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]
os.environ |= {"PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1"}  # of the examples

import cep_core  # noqa: E402 - from the checkout

project = "C-EP, verified and reproduced"
copyright = "the authors, MIT licence"  # noqa: A001 - Sphinx's own name
version = release = cep_core.__version__

extensions = [
    "myst_nb",  # Markdown, with examples that are run and shown with their output
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "as_mathml",
    "newest_report",
    "public_face",  # before napoleon would read a sentence as a type
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_render_markdown_format = "myst"  # with tables

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_use_rtype = False
default_role = None

nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"torch\..*"),  # their documentation is elsewhere, and this page asks no other host
    (r"py:.*", r"dict\[str"),  # a type that is written over two lines
    (r"py:.*", r"(numpy|NDArray|collections|typing|enum|Path|pathlib)\.?.*"),
]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"
