"""The derivation, line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reproduce.derivation import PAGE
from reproduce.report.sections import Section

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered


PAPER = 44
"""Characters of a formula that a line of paper holds."""


def _data(gathered: Gathered) -> Mapping[str, Any]:
    """The derivation as it was set by its stage; empty if it was not."""
    standing = gathered.stages["derivation"]
    if standing is None or PAGE not in standing.stage.files or PAGE in standing.foreign:
        return {"derivation": ""}
    return {"derivation": _inside((gathered.folder / "derivation" / PAGE).read_text("utf-8"))}


def _inside(page: str) -> str:
    """The derivation below the section's heading; wide formulas can be scrolled by keyboard too."""
    lowered = re.sub(r"<(/?)h([12])>", lambda h: f"<{h[1]}h{int(h[2]) + 2}>", page)
    return re.sub(r'<div class="formula">(.*?)</div>', _formula, lowered, flags=re.DOTALL)


def _formula(found: re.Match[str]) -> str:
    """A formula that can be scrolled by keyboard too, and shrinks on paper as far as it must."""
    rows = re.split(r"<mtr", found[1])
    longest = max(len(re.sub(r"<[^>]*>|\s", "", "<mtr" + row)) for row in rows)
    fit = min(1.0, PAPER / max(longest, 1))
    opening = '<div class="formula" tabindex="0" role="group" aria-label="formula"'
    return f'{opening} style="--fit: {fit:.2f}">{found[1]}</div>'


SECTION = Section(50, "The derivation, line by line", "Derivation", "derivation", _data)
