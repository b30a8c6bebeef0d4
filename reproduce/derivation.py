"""``python -m reproduce derivation``: run the derivation notebook and set it as a page.

The notebook derives Theorem 1 line by line from the definition, in polynomials; its formulas are
set as MathML, which browsers draw without any script.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import time
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from markdown_it import MarkdownIt

from cep_core.check.verdicts import Check, Verdict
from cep_core.files import write_text
from reproduce.figures.notebooks import (
    NOTEBOOKS,
    NotebookError,
    kernel_of_this_interpreter,
    run_notebook,
)
from reproduce.stages import STAGES, write_stage
from reproduce.terminal import say

NOTEBOOK = "derivation.ipynb"
STATEMENT = (
    "Theorem 1, its order of limits and the conservation law of C-EP, derived line by line from "
    "the network's own definition"
)

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


def derive(folder: Path) -> Check:
    """Run the notebook into ``folder`` and set it as ``derivation.html`` there."""
    started = time.monotonic()
    try:
        with kernel_of_this_interpreter():
            run_notebook(NOTEBOOKS / NOTEBOOK, folder, {})
    except NotebookError as error:
        return Check("derivation", STATEMENT, Verdict.FAIL, reason=str(error))
    write_text(folder / "derivation.html", notebook_to_html(folder / NOTEBOOK))
    seconds = time.monotonic() - started
    reason = "every formula was produced, and every identity asserted, by the run"
    return Check("derivation", STATEMENT, Verdict.PASS, reason=reason, seconds=round(seconds, 1))


def add_command(commands: Any) -> None:
    """Add ``derivation`` to the command line's subparsers."""
    parser = commands.add_parser("derivation", help="run the derivation notebook")
    parser.add_argument("--out", type=Path, default=STAGES / "derivation", metavar="DIR")
    parser.set_defaults(command=_command)


def _command(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    check = derive(arguments.out)
    write_stage(arguments.out, stage="derivation", checks=[check], started=started)
    say(f"derivation: {check.verdict}, {check.seconds:.0f} s. {check.reason}")
    return 0 if check.verdict is Verdict.PASS else 1
