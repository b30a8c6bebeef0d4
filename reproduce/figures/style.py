"""How figures look, and how they are written: PNG, SVG, PDF and the numbers as CSV."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure as Canvas

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
"""Okabe and Ito's palette, told apart by colour-blind readers too."""

GREY = "#4d4d4d"

DIGITS = 4
"""Of coordinates in a drawing; a curve of 100 steps drifts by less than a twentieth of a point."""

_PLACED = re.compile(r'( [xy]=)"(-?\d+\.\d+)"')
"""Where marks and pieces of text stand; the digits of paths are shortened with them."""

STYLE: Any = {
    "font.size": 9,
    "font.sans-serif": ["DejaVu Sans"],  # what Matplotlib brings; every text names the whole list
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "c-ep",
    "pdf.fonttype": 42,
    "axes.formatter.limits": (-2, 3),
    "axes.formatter.use_mathtext": True,
}


def shorten(path: Path) -> None:
    """Write an SVG anew with no more digits and names than a viewer needs."""
    from scour import scour  # noqa: PLC0415 - needed where something is drawn

    options = scour.sanitizeOptions()
    options.strip_comments = options.remove_metadata = options.strip_xml_prolog = True
    options.shorten_ids = options.strip_ids = True
    options.digits = DIGITS
    options.indent_type, options.newlines = "none", False
    made = scour.scourString(path.read_text(encoding="utf-8"), options)
    path.write_text(_PLACED.sub(_rounded, made), encoding="utf-8")


def _rounded(found: re.Match[str]) -> str:
    return f'{found[1]}"{float(found[2]):.{DIGITS}g}"'


def save(canvas: Canvas, frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write ``name`` in ``folder`` as PNG, SVG (text as text), PDF and CSV."""
    with mpl.rc_context(STYLE):
        canvas.savefig(folder / f"{name}.png", dpi=150)
        canvas.savefig(folder / f"{name}.svg", metadata={"Date": None})
        shorten(folder / f"{name}.svg")
        canvas.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
    frame.to_csv(folder / f"{name}.csv", float_format="%.9g")
