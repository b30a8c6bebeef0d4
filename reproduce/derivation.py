"""``python -m reproduce derivation``: run the derivation notebook and set it as a page.

The notebook derives Theorem 1 line by line from the definition, in polynomials; its formulas are
set as MathML, which browsers draw without any script.
"""

from __future__ import annotations

import argparse
import html
import json
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from markdown_it import MarkdownIt

from cep_core.check.verdicts import Check, Verdict
from cep_core.command_line import results_folder
from cep_core.files import write_text
from cep_core.terminal import say
from reproduce.figures.notebooks import (
    NOTEBOOKS,
    NotebookError,
    kernel_of_this_interpreter,
    run_notebook,
)
from reproduce.stages import STAGES, begin, write_stage

NOTEBOOK = "derivation.ipynb"
PAGE = "derivation.html"
STATEMENT = (
    "Theorem 1, its order of limits and the conservation law of C-EP, derived line by line from "
    "the network's own definition"
)

SECTIONS = (
    "A 2-2-1 network at its steady state",
    "Two linear maps",
    "The nudged phase",
    "Backpropagation through time",
    "Any primitive function",
    "The order of the limits",
    "No limit at all: a conservation law",
)
"""Parts of the derivation, as the notebook calls them."""

_HEADING = re.compile(r"## \d+\. (.+)")
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


def text_to_html(text: str) -> str:
    """Set Markdown with LaTeX formulas between dollar signs as HTML with MathML."""
    formulas: list[str] = []

    def keep(found: re.Match[str]) -> str:
        shown = found.group(1) is not None
        display = "block" if shown else "inline"
        formulas.append(convert(found.group(1) or found.group(2), display=display))
        return f"FORMULA{len(formulas) - 1}ENDS"

    page = MarkdownIt("commonmark", {"html": False}).render(_FORMULA.sub(keep, text))
    return re.sub(r"FORMULA(\d+)ENDS", lambda found: formulas[int(found.group(1))], page)


def _output_to_html(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return f"<pre>{html.escape(''.join(output['text']))}</pre>"
    data = output.get("data", {})
    if "text/latex" in data:
        formula = "".join(data["text/latex"]).strip().strip("$").removeprefix(r"\displaystyle")
        return f'<div class="formula">{convert(formula, display="block")}</div>'
    return f"<pre>{html.escape(''.join(data.get('text/plain', [])))}</pre>"


def notebook_to_html(notebook: Path) -> str:
    """Text and results of an executed notebook as an HTML fragment, code folded away."""
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text_to_html(source))
            continue
        results = "".join(_output_to_html(output) for output in cell["outputs"])
        if results:
            code = f"<details><summary>code</summary><pre>{html.escape(source)}</pre></details>"
            parts.append(results + code)
    return "\n".join(parts)


def sections_of(notebook: Path) -> dict[str, list[dict[str, Any]]]:
    """Code cells of an executed notebook by the title of their section, its number left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    title = ""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            found.setdefault(title, []).append(cell)
            continue
        heading = _HEADING.match("".join(cell["source"]))
        title = heading.group(1).strip() if heading else title
    return found


def check_section(title: str, cells: list[dict[str, Any]] | None) -> Check:
    """Judge a section: it is there, every cell of it has run, and formulas or answers came out."""
    name, statement = f"derivation/{title}", f"{STATEMENT}: {title}"
    if cells is None:
        return Check(name, statement, Verdict.NOT_RUN, reason="the notebook has no such section")
    outputs = sum(len(cell["outputs"]) for cell in cells)
    left = sum(cell["execution_count"] is None for cell in cells)
    numbers = {"cells": len(cells), "results": outputs}
    if left or not outputs:
        reason = f"{left} cells have not run" if left else "no formula came out"
        return Check(name, statement, Verdict.FAIL, numbers, reason)
    reason = "every formula was produced, and every identity asserted, by the run"
    return Check(name, statement, Verdict.PASS, numbers, reason)


def derive(folder: Path) -> list[Check]:
    """Run the notebook into ``folder`` and set it as ``derivation.html`` there; judge its parts."""
    try:
        with kernel_of_this_interpreter():
            run_notebook(NOTEBOOKS / NOTEBOOK, folder, {})
    except NotebookError as error:
        return [Check("derivation/notebook", STATEMENT, Verdict.FAIL, reason=str(error))]
    write_text(folder / PAGE, notebook_to_html(folder / NOTEBOOK))
    found = sections_of(folder / NOTEBOOK)
    return [check_section(title, found.get(title)) for title in SECTIONS]


def add_command(commands: Any) -> None:
    """Add ``derivation`` to the command line's subparsers."""
    parser = commands.add_parser("derivation", help="run the derivation notebook")
    parser.add_argument("--out", type=results_folder, default=STAGES / "derivation", metavar="DIR")
    parser.set_defaults(command=_command)


def _command(arguments: argparse.Namespace) -> int:
    begun = begin(Path(__file__), NOTEBOOKS / NOTEBOOK)
    checks = derive(arguments.out)
    files = [name for name in (NOTEBOOK, PAGE) if (arguments.out / name).is_file()]
    verdict = write_stage(
        arguments.out, stage="derivation", checks=checks, begun=begun, files=files
    )
    for check in checks:
        say(f"  {check.verdict:<12} {check.name}  {check.reason}")
    say(f"derivation: {verdict}, {begun.seconds:.0f} s")
    return 0 if verdict is Verdict.PASS else 1
